#!/usr/bin/env bash
# Builds and runs every test, in Rust, in Python and in a browser, and ends with a table of how long each suite took,
# and with one line that adds up all their summaries.
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

# Runs a step. Its name and its seconds stand in the output, for the table.
step() {
    local name=$1 begun=$SECONDS
    shift
    echo "step begins: $name" >>"$output"
    "$@" 2>&1 | tee -a "$output" || status=$?
    echo "step ends: $((SECONDS - begun)) seconds" >>"$output"
}

built() {
    $CARGO test --workspace --exclude partita-benches --no-run &&
        # What tests start: the command, examples, programs of the tests.
        $CARGO build --workspace --exclude partita-benches --bins --examples
}
step "build" built
step "rust" $CARGO test --workspace --exclude partita-benches --no-fail-fast
# Tokens, budgets and contexts without a store, as whoever only budgets tokens builds them.
step "tokens alone" $CARGO test -p partita --no-default-features --features tokens --lib
# Each set of features that somebody may choose.
step "features" scripts/features.sh
# Programs that have partita among their dependencies, and must not notice.
step "hosts" scripts/hosts.sh
# Schedules of threads, under locks with which no other test works.
# They take seconds, and all of the core to be built for them: so it is built as quickly as can be.
step "schedules" $CARGO test --config profile.dev.package.partita.opt-level=0 -p partita --features shuttle --lib schedules
# The clients' own types, which are one suite of as many tests as there are bodies and broken controls.
step "clients' types" scripts/python-judges.sh
# The Python package, from its wheel.
step "python" scripts/python-tests.sh
# What displays show of planted scripts, in a browser.
step "browser" scripts/browser-check.sh

# A suite of Rust tells its own seconds; of a step that tells no suites those of the step are shown.
awk '
    function row(name, seconds, passed) {
        rows[++count] = sprintf("%-34s %8.1f %8s", substr(name, 1, 34), seconds / 60, passed)
    }
    /^step begins: / { step = $0; sub(/^step begins: /, "", step); told = 0; in_step = 0; bad = 0 }
    /^ +Running / { suite = step ": " $2 " " $3; sub(/ \(.*/, "", suite) }
    /^ +Doc-tests / { suite = step ": doc-tests " $2 }
    /^test result:/ {
        passed += $4; failed += $6; ignored += $8; suites += 1; told += 1
        seconds = $NF; sub(/s$/, "", seconds)
        if ($4 + $6 > 0) row(suite, seconds, $6 > 0 ? $6 " FAILED" : $4)
    }
    /^bodies judged by the clients. types: / {
        judged = $7; refused = $NF; passed += judged - refused; failed += refused; suites += 1; in_step += judged - refused; bad += refused
    }
    /^broken controls refused: / { passed += $4; failed += $6 - $4; in_step += $4; bad += $6 - $4 }
    /^(python|host) suite [a-z-]+: / { passed += $4; failed += $6; ignored += $8; suites += 1; in_step += $4; bad += $6 }
    /^pages opened in a browser: / { passed += $6 - $8; failed += $8; suites += 1; in_step += $6 - $8; bad += $8 }
    /^live control pages detected: / { passed += $5; failed += $7 - $5; in_step += $5; bad += $7 - $5 }
    /^step ends: / {
        all += $3
        if (told == 0) row(step, $3, bad > 0 ? bad " FAILED" : in_step > 0 ? in_step : "-")
    }
    END {
        printf "\n%-34s %8s %8s\n", "suite", "minutes", "passed"
        for (at = 1; at <= count; at++) print rows[at]
        printf "%-34s %8.1f %8d\n", "all", all / 60, passed
        printf "\ntest summary: %d passed, %d failed, %d ignored, in %d suites\n", passed, failed, ignored, suites
    }
' "$output"
exit "$status"
