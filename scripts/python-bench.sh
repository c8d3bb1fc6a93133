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
"$environment/bin/maturin" build --quiet --profile wheel --locked --strip --auditwheel skip \
    --manifest-path bindings/python/Cargo.toml --interpreter "$environment/bin/python" --out "$work"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall "$work"/*.whl
PARTITA_PYTHON=$environment/bin/python $CARGO run --quiet --release -p partita-benches -- python "$@"
