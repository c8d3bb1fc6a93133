#!/usr/bin/env bash
# Judges requests by the types of the providers' own Python clients: those of the committed transcripts, of the directory
# that PARTITA_TRANSCRIPTS names, and of hostile prompts.
#
# Makes a virtual environment under the target directory; only the first run, or new requirements, need the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARGO=${CARGO:-cargo}
. scripts/needs.sh
environment=$(python_environment python-judges tests/python/requirements.txt)

requests=$(mktemp)
trap 'rm -f "$requests"' EXIT
status=0
program=$(program requests)
"$program" >"$requests" || status=$?
"$environment/bin/python" tests/python/validate_requests.py "$requests" || status=$?
exit "$status"
