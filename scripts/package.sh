#!/usr/bin/env bash
# Makes the packages of what is published and looks into them: which files they have, that they build from these files
# alone, and that the library's doctests pass there. Publishes nothing. The Python package's source archive is built if
# maturin is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc tar

target=${CARGO_TARGET_DIR:-$PWD/target}
export CARGO_TARGET_DIR=$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Fails unless a list of files has these and no file of tests.
whole() {
    local list=$1 file
    for file in LICENSE-MIT LICENSE-APACHE README.md Cargo.toml "${@:2}"; do
        grep --quiet --line-regexp --fixed-strings "$file" "$list" || { echo "$list: $file is missing" >&2; exit 1; }
    done
    if grep --extended-regexp '(^|/)(tests?|golden|proptest-regressions)(/|\.)' "$list"; then
        echo "$list: files of tests" >&2
        exit 1
    fi
}

$CARGO package --list --allow-dirty -p partita >"$work/partita"
whole "$work/partita" src/lib.rs src/display/html/style.css
$CARGO package --list --allow-dirty -p partita-sandbox >"$work/partita-sandbox"
whole "$work/partita-sandbox" src/lib.rs
$CARGO package --list --allow-dirty -p partita-cli >"$work/partita-cli"
whole "$work/partita-cli" src/main.rs src/lib.rs

# All at once: the command needs libraries that no registry has yet.
$CARGO package --quiet --allow-dirty -p partita -p partita-sandbox -p partita-cli ${VERIFY:---no-verify}

version=$($CARGO pkgid -p partita | sed 's/.*[#@]//')
tar --extract --gzip --file "$target/package/partita-$version.crate" --directory "$work"
cd "$work/partita-$version"
# A workspace of its own, so that it knows nothing of the repository.
printf '\n[workspace]\n' >>Cargo.toml
$CARGO test --quiet --doc
cd - >/dev/null

if ! command -v maturin >/dev/null; then
    echo "skipped the Python package's source archive: maturin is not installed"
    exit
fi
maturin sdist --manifest-path bindings/python/Cargo.toml --out "$work" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
tar --extract --gzip --file "$work/partita-$version.tar.gz" --directory "$work/" --one-top-level=archive --strip-components=1
$CARGO check --quiet --manifest-path "$work/archive/bindings/python/Cargo.toml"
echo "the source archive of the Python package builds: $(wc --bytes <"$work/partita-$version.tar.gz") bytes"
