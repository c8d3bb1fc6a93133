#!/usr/bin/env bash
# Makes the pictures of docs/images: each display, light and dark, of this project's own history and of a committed transcript.
#
#     docs/screenshots.sh [REPOSITORY]
#
# Needs cargo, git and Chromium, which it installs where it can. Works in a temporary directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARGO=${CARGO:-cargo}
. scripts/browser.sh

COMMITS=60
BYTES_MAX=150000
images=docs/images
repository=${1:-$PWD}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
$CARGO build --quiet -p partita-cli -p partita-tests --bins
target=$($CARGO metadata --quiet --offline --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
partita=$target/debug/partita
export PARTITA_STORE=$work/store

# The newest commits of a history, and a dialog beside them; forks with edits of their own.
git clone --quiet --no-local --depth "$COMMITS" "file://$(cd "$repository" && git rev-parse --show-toplevel)" "$work/clone"
"$partita" import git "$work/clone" --session project >/dev/null 2>&1
"$partita" import transcript tests/data/transcripts/claude-code.jsonl --session project >/dev/null 2>&1
newest=$("$partita" log project --limit 1 | awk '{print $1}')
"$partita" fork project trial --at "$((newest - 4))" >/dev/null
for text in 'one try' 'another try'; do echo "$text" | "$partita" write trial notes/trial.md >/dev/null; done
"$partita" fork project review --at "$((newest - 2))" >/dev/null
echo 'Looks right.' | "$partita" write review notes/review.md >/dev/null
"$partita" show project README.md >/dev/null
for name in lib error id; do "$partita" show project "core/src/$name.rs" >/dev/null; done
"$partita" forget project 5..6 >/dev/null
"$partita" pin project --at "$((newest - 8))" >/dev/null
mkdir "$work/pages"
"$target/debug/displays" "$PARTITA_STORE" project "$work/pages"

# A picture of a page: its name, width and height in pixels, and how bright.
shot() {
    local scheme=1
    if [ "$4" = dark ]; then scheme=0; fi
    "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars \
        --user-data-dir="$work/profile-$1-$4" --blink-settings=preferredColorScheme=$scheme --window-size="$2,$3" \
        --screenshot="$PWD/$images/$1-$4.png" "file://$work/pages/$1.html" >/dev/null 2>&1
    local bytes
    bytes=$(stat -c %s "$images/$1-$4.png")
    if [ "$bytes" -gt "$BYTES_MAX" ]; then
        echo "error: $images/$1-$4.png has $bytes bytes, at most $BYTES_MAX" >&2
        exit 1
    fi
    echo "$images/$1-$4.png, $bytes bytes"
}

mkdir -p "$images"
for scheme in light dark; do
    shot session 1150 480 "$scheme"
    shot diff 1150 400 "$scheme"
    shot capacity 900 720 "$scheme"
    shot store 1150 230 "$scheme"
    shot dag 1080 440 "$scheme"
    shot report 1100 620 "$scheme"
done
