#!/usr/bin/env bash
# Tests the Python package's adapters with the oldest version of each framework that its extras allow.
#
#     scripts/python-oldest.sh [PYTEST ARGUMENT...]
#
# Makes a virtual environment under the target directory; only the first run, or new requirements, need the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO=${CARGO:-cargo}
. scripts/needs.sh
tests=bindings/python/tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What pyproject.toml has as NAME>=VERSION, as NAME==VERSION, and what the tests need beside it.
sed -n '/^\[project.optional-dependencies\]/,/^$/s/.*"\([a-z-]*\)>=\([0-9.]*\).*/\1==\2/p' bindings/python/pyproject.toml \
    >"$work/requirements.txt"
echo "the oldest: $(paste -sd ' ' "$work/requirements.txt")"
cat $tests/oldest.txt >>"$work/requirements.txt"
environment=$(python_environment python-oldest "$work/requirements.txt")
python=$environment/bin/python

install_wheel "$environment" dev "$work"
"$python" -m pytest --config-file bindings/python/pyproject.toml --rootdir bindings/python "$@" \
    $tests/test_langgraph*.py $tests/test_agents.py $tests/test_claude.py $tests/test_fs.py
