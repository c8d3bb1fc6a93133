#!/usr/bin/env bash
# Lets this project answer for itself: runs the suites behind the README's promises, records what they showed as
# evidence, edits a file, and shows how the promises stand before, after, and once the suites ran again.
#
#     scripts/evidence.sh [PROMISE...]    # by their numbers, in the order of the README; all of them by default
#
# Works on a clone in a temporary directory, with the build directory of this checkout, and leaves nothing else behind.
# Exit 0 means that each promise was supported at the end. Needs cargo, a C compiler and git.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc git

# The tests behind each promise: words that select tests, by target. Their order is that of the README.
SUITES=(
    "-p partita-tests --test main -- crash:: killed::"
    "-p partita-tests --test main -- damage:: rot::"
    "-p partita-tests --test main -- recover:: survivors::"
    "-p partita-tests --test main -- checkout:: captured::"
    "-p partita-tests --test main -- processes:: locks::"
    "-p partita-tests --test main -- dialogs:: messages::"
    "-p partita --lib -- tokens::"
    "-p partita-tests --test main -- evidence:: proven::"
    "-p partita --lib -- golden::"
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The first sentence of each promise of the README.
mapfile -t promises < <(awk '
    /^## What it promises/ { on = 1; next }
    /^## / { on = 0 }
    on && /^\* / { if (text) print text; text = substr($0, 3); next }
    on && /^  / { text = text " " substr($0, 3) }
    END { print text }' README.md | sed 's/\. .*/./')
if [ "${#promises[@]}" -ne "${#SUITES[@]}" ]; then
    echo "the README has ${#promises[@]} promises, and ${#SUITES[@]} have suites here" >&2
    exit 1
fi
numbers=("$@")
if [ ${#numbers[@]} -eq 0 ]; then numbers=($(seq "${#promises[@]}")); fi

title() { printf '\n== %s\n' "$1"; }

$CARGO build --quiet -p partita-cli
target=$($CARGO metadata --quiet --offline --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
# A copy: the suites build the command anew.
cp "$target/debug/partita" "$work/partita"
git clone --quiet . "$work/tree"
export PARTITA_STORE=$work/store CARGO_TARGET_DIR=$target
partita() { "$work/partita" "$@"; }

title "Run the suites, and claim the promises by what they show"
for number in "${numbers[@]}"; do
    promise=${promises[number - 1]}
    echo "$number. $promise"
    # What a suite reads: the code and the tests, not the documentation.
    # shellcheck disable=SC2086
    partita run partita --dir "$work/tree" --claim "$promise" --inputs 'core/**' --inputs 'bindings/**' --inputs 'sandbox/**' \
        --inputs 'tests/**' --inputs Cargo.toml --inputs Cargo.lock -- $CARGO test --quiet ${SUITES[number - 1]} |
        grep -E '^test result' || echo "   it failed: see below"
done
partita claims partita

title "Edit a file of the library"
echo "// An edit, after which nothing has been run." >>"$work/tree/core/src/lib.rs"
partita capture partita "$work/tree"
partita claims partita
if partita claims partita --check >"$work/said" 2>&1; then
    echo "a promise still counts as supported after an edit of the library" >&2
    exit 1
fi

title "Run the same again"
partita rerun partita --dir "$work/tree" --yes | grep -E '^(test result|claim|[0-9])' || true
partita claims partita --check
