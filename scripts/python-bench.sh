#!/usr/bin/env bash
# Measures the Python package beside the library: builds and installs the wheel, then runs the bench `python`.
#
#     scripts/python-bench.sh [--rounds N] [--dir DIR]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO=${CARGO:-cargo}
. scripts/needs.sh
environment=$(python_environment python-bench benches/python/requirements.txt)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install_wheel "$environment" wheel "$work"
PARTITA_PYTHON=$environment/bin/python $CARGO run --quiet --release -p partita-benches -- python "$@"
