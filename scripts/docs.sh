#!/usr/bin/env bash
# Builds the library's reference and the site of the documentation, warnings as errors.
#
# Makes a virtual environment under the target directory; only the first run, or new requirements, need the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/needs.sh
CARGO=${CARGO:-cargo}

RUSTDOCFLAGS="-D warnings" $CARGO doc -p partita --no-deps
environment=$(python_environment python-docs docs/requirements.txt)
NO_MKDOCS_2_WARNING=1 "$environment/bin/mkdocs" build --quiet --strict
echo "the library's reference: target/doc/partita/index.html"
echo "the documentation's site: target/site/index.html"
