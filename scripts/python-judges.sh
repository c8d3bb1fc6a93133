#!/usr/bin/env bash
# Judges requests by the types of the providers' own Python clients: those of the committed transcripts, of the directory
# that PARTITA_TRANSCRIPTS names, and of hostile prompts.
#
# Makes a virtual environment under the target directory; only the first run, or new requirements, need the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARGO=${CARGO:-cargo}
PYTHON=${PYTHON:-python3}

if ! command -v "$PYTHON" >/dev/null; then
    echo "error: python3 is missing, which the clients' types need: install Python 3.10 or newer, with venv" >&2
    exit 1
fi

target=$($CARGO metadata --quiet --offline --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
environment=$target/python-judges
requirements=tests/python/requirements.txt
if ! cmp -s "$requirements" "$environment/installed.txt"; then
    rm -rf "$environment"
    if ! "$PYTHON" -m venv "$environment"; then
        echo "error: $PYTHON cannot make a virtual environment: install its venv module (python3-venv)" >&2
        exit 1
    fi
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$environment/installed.txt"
fi

requests=$(mktemp)
trap 'rm -f "$requests"' EXIT
status=0
$CARGO run --quiet -p partita-tests --bin requests >"$requests" || status=$?
"$environment/bin/python" tests/python/validate_requests.py "$requests" || status=$?
exit "$status"
