#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS. The ordinary tests replay the corpus on stable; this looks for new inputs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"
CARGO=${CARGO:-cargo}
if ! $CARGO +nightly fuzz --version >/dev/null 2>&1; then
    echo "error: fuzzing wants a nightly toolchain and cargo-fuzz: rustup toolchain install nightly; cargo install cargo-fuzz" >&2
    exit 1
fi
for target in $($CARGO +nightly fuzz list); do
    echo "== $target"
    $CARGO +nightly fuzz run "$target" -- -max_total_time="${FUZZ_SECONDS:-60}"
done
