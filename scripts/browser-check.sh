#!/usr/bin/env bash
# Opens displays of sessions full of planted scripts in a headless browser: none may run, and live ones must be noticed.
#
# Needs Chromium, which it installs where it can, and Python 3.10 or newer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARGO=${CARGO:-cargo}
PYTHON=${PYTHON:-python3}
. scripts/needs.sh
. scripts/browser.sh

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
program=$(program displays)
"$program" hostile "$pages"
"$PYTHON" tests/python/check_pages.py "$browser" "$pages"
