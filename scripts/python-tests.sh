#!/usr/bin/env bash
# Builds the Python package's wheel, installs it, and judges what was installed: the tests, the types and the stubs.
#
#     scripts/python-tests.sh [PYTEST ARGUMENT...]    # judges all of it
#     scripts/python-tests.sh --stubs                 # writes the stubs anew, after a change of the binding
#
# Makes a virtual environment under the target directory; only the first run, or new requirements, need the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO=${CARGO:-cargo}
. scripts/needs.sh

# The first Python that is new enough, unless one is named.
if [ -z "${PYTHON:-}" ]; then
    for PYTHON in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi
    done
fi
export PYTHON
environment=$(python_environment python-tests bindings/python/tests/requirements.txt)
python=$environment/bin/python
package=bindings/python/python/partita
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stubs() {
    PATH="$environment/bin:$PATH" "$environment/bin/maturin" generate-stubs --features stubs --quiet --locked --profile dev \
        --manifest-path bindings/python/Cargo.toml --interpreter "$python" --out "$work"
    "$python" scripts/python_stubs.py "$work/partita/_partita.pyi"
}

if [ "${1:-}" = --stubs ]; then
    stubs >"$work/stubs.pyi"
    cp "$work/stubs.pyi" "$package/_partita.pyi"
    exit
fi

# With the profile of the other tests, whose dependencies are built then; a wheel for use is built with the profile "wheel".
# With what the stubs are made from, which lies beside the code, so that one build serves both.
install_wheel "$environment" dev "$work" --features stubs
echo "python wheel: $(du -k "$work"/*.whl | cut -f1) KiB"

status=0
judge() {
    local name=$1 passed=1
    shift
    "$@" || passed=0
    if [ "$passed" = 0 ]; then status=1; fi
    echo "python suite $name: $passed passed, $((1 - passed)) failed, 0 ignored"
}
drift() { stubs | diff -u "$package/_partita.pyi" -; }
types() { (cd bindings/python && MYPYPATH=python "$python" -m mypy --strict --cache-dir "$work/mypy" -p partita); }
# From another directory, so that what is installed counts.
user_types() { (cd "$work" && "$python" -m mypy --strict --cache-dir "$work/mypy" "$OLDPWD/bindings/python/tests/test_types.py"); }
stubtest() { (cd "$work" && "$python" -m mypy.stubtest partita --mypy-config-file "$OLDPWD/bindings/python/pyproject.toml" \
    --allowlist "$OLDPWD/bindings/python/tests/stubtest.txt"); }

judge stubs drift
judge types types
judge user-types user_types
judge stubtest stubtest
# What a kernel of a notebook and the tests' own processes import is what was installed, too.
"$python" -m pytest --config-file bindings/python/pyproject.toml --rootdir bindings/python "$@" bindings/python/tests || status=$?
exit "$status"
