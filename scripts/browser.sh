# Sourced: finds a headless browser, or installs Debian's where that can be done. Sets `browser`.
browser=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome; do
    if [ -z "$browser" ] && command -v "$name" >/dev/null; then browser=$name; fi
done
if [ -z "$browser" ] && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    { apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1 || true
    browser=$(command -v chromium || true)
fi
if [ -z "$browser" ]; then
    echo "error: no browser: install Chromium (Debian: apt-get install chromium), or name one in CHROMIUM" >&2
    exit 1
fi
