#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS, or those that are named. The ordinary tests replay the corpus on stable; this
# looks for new inputs. Installs what it needs: a nightly toolchain by rustup, cargo-fuzz by cargo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"
CARGO=${CARGO:-cargo}
if ! $CARGO fuzz --version >/dev/null 2>&1; then
    echo "cargo-fuzz is missing: installing it" >&2
    $CARGO install cargo-fuzz --locked
fi
if $CARGO +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal >&2; then
    fuzz() { $CARGO +nightly fuzz "$@"; }
    sanitizer=${FUZZ_SANITIZER:-address}
else
    # Without a nightly toolchain the stable one does, but it cannot build the sanitizer's runtime.
    echo "no nightly toolchain, and none can be installed: fuzzing with the stable one, without a sanitizer" >&2
    fuzz() { RUSTC_BOOTSTRAP=1 $CARGO fuzz "$@"; }
    sanitizer=none
fi
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(fuzz list)
fi
for target in "${targets[@]}"; do
    echo "== $target"
    # New inputs go beside the committed corpus, which is read and left as it is.
    mkdir -p "found/$target"
    fuzz run -s "$sanitizer" "$target" "found/$target" "corpus/$target" -- \
        -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1
done
