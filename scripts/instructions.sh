#!/usr/bin/env bash
# Counts the instructions of a step, which do not depend on how busy the machine is, and fails where they are 5 % more
# than what benches/instructions.txt says for this compiler and processor. Hashing, compression and the C library take
# paths that every processor of the kind has. `--record` writes the counts down.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc valgrind

record=$PWD/benches/instructions.txt
built=$(target_directory)/quick
mkdir -p "$built"
work=$(mktemp -d "$built/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
compiler="$(rustc --version | cut -d' ' -f2) $(uname -m)"

CFLAGS="-DDYNAMIC_BMI2=0 -DZSTD_DISABLE_ASM" $CARGO build --quiet --release --features portable \
    --manifest-path benches/quick/Cargo.toml --target-dir "$built/portable"
# Of steps alone: what a run of none costs is taken off.
count() {
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$built/portable/release/partita-quick" "$work/store" steps "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : //p'
    rm -rf "$work/store"
}
status=0
for files in 30 5000; do
    steps=400
    each=$((($(count $files $steps) - $(count $files 1)) / (steps - 1)))
    row="$compiler $files"
    if [ "${1:-}" = --record ]; then
        { grep -v "^$row " "$record" 2>/dev/null || true; echo "$row $each"; } | sort >"$work/record"
        cp "$work/record" "$record"
    fi
    due=$(sed -n "s/^$row //p" "$record" 2>/dev/null || true)
    if [ -z "$due" ]; then
        echo "a step in $files files: $each instructions; not compared, for none are recorded of $compiler"
    elif [ "$((each * 100))" -gt "$((due * 105))" ]; then
        echo "a step in $files files: $each instructions, more than 5 % above the $due of $compiler" >&2
        status=1
    else
        echo "a step in $files files: $each instructions, $due recorded"
    fi
done
exit "$status"
