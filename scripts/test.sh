#!/usr/bin/env bash
# Builds and runs every test, in Rust, in Python and in a browser, and ends with one line that adds up all their
# summaries.
#
# The benches crate has no tests and builds other engines, so it is left to `make check` and `make bench`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}
needs "${CARGO%% *}" cc git

output=$(mktemp)
trap 'rm -f "$output"' EXIT

status=0
$CARGO test --workspace --exclude partita-benches --no-fail-fast 2>&1 | tee "$output" || status=$?
# Tokens, budgets and contexts without a store, as whoever only budgets tokens builds them.
$CARGO test -p partita --no-default-features --features tokens --lib 2>&1 | tee -a "$output" || status=$?
# Schedules of threads, under locks with which no other test works.
$CARGO test -p partita --features shuttle --lib schedules 2>&1 | tee -a "$output" || status=$?
# The clients' own types, which are one suite of as many tests as there are bodies and broken controls.
scripts/python-judges.sh 2>&1 | tee -a "$output" || status=$?
# The Python package, from its wheel.
scripts/python-tests.sh 2>&1 | tee -a "$output" || status=$?
# What displays show of planted scripts, in a browser.
scripts/browser-check.sh 2>&1 | tee -a "$output" || status=$?

awk '
    /^test result:/ { passed += $4; failed += $6; ignored += $8; suites += 1 }
    /^bodies judged by the clients. types: / { judged = $7; refused = $NF; passed += judged - refused; failed += refused; suites += 1 }
    /^broken controls refused: / { passed += $4; failed += $6 - $4 }
    /^python suite [a-z-]+: / { passed += $4; failed += $6; ignored += $8; suites += 1 }
    /^pages opened in a browser: / { passed += $6 - $8; failed += $8; suites += 1 }
    /^live control pages detected: / { passed += $5; failed += $7 - $5 }
    END { printf "\ntest summary: %d passed, %d failed, %d ignored, in %d suites\n", passed, failed, ignored, suites }
' "$output"
exit "$status"
