#!/usr/bin/env bash
# Builds a program without partita and with it, and fails if partita changes what the program does, or a feature of a
# crate that both use. Cargo gives all crates of a program one set of features, so a feature chosen here is chosen for
# the host. Prints a line per host.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

# The profile of the workspace, so that what it built serves here; the core, which is built for this alone, quickly.
sed -n '/^\[profile\.dev\]/,/^\[profile\.release\]/p' Cargo.toml | sed '$d' >"$work/profile.toml"
build=(--config "$work/profile.toml" --config profile.dev.package.partita.opt-level=0)

# Lists the crates from a registry, each with its features. `default` is a name for others and no code by itself: what it
# turns on is in the list.
crates() {
    $CARGO tree --manifest-path "$1/Cargo.toml" --quiet --edges normal,build --no-dedupe --prefix none \
        --format '{p} [{f}]' "${@:2}" | grep --invert-match '(/' |
        sed --expression='s/\([[,]\)default\(,\|\]\)/\1\2/' --expression='s/\[,/[/; s/,,/,/; s/,\]/]/' | sort --unique
}

status=0
for host in tests/hosts/*/; do
    host=${host%/}
    # The versions of the workspace, which are there already.
    cp Cargo.lock "$host/Cargo.lock"
    crates "$host" >"$work/crates-without"
    crates "$host" --features with >"$work/crates-with"
    $CARGO run --quiet "${build[@]}" --manifest-path "$host/Cargo.toml" >"$work/without"
    $CARGO run --quiet "${build[@]}" --manifest-path "$host/Cargo.toml" --features with >"$work/with"
    failed=0
    changed=$(comm -23 "$work/crates-without" "$work/crates-with")
    if [ -n "$changed" ]; then
        echo "$host: with partita these crates have other features:" "$changed"
        failed=1
    fi
    diff "$work/without" "$work/with" || failed=1
    [ -s "$work/without" ] || failed=1
    [ "$failed" = 0 ] || status=1
    echo "host suite ${host##*/}: $((1 - failed)) passed, $failed failed, 0 ignored"
done
exit "$status"
