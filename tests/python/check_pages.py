"""Opens pages in a headless browser and asserts that nothing that was planted in them runs.

Reads DIR/pages.json, a list of {"file", "runs", "shows"} and of {"file", "laid_out"}. A page that must not run is held against what the browser made of
it: no script ran, no element or attribute came from a planted text, nothing would be fetched, and the planted text is there
as text. A page that must run is a control: a check that does not notice it proves nothing. A page of the second form measures
the cells of its tables; each must have room for its text if it is laid out, and some must not if it is a control. Exits with 1
if any of it fails.
"""

import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --virtual-time-budget=2000 --dump-dom"
).split()
SECONDS_MAX = 120
ELEMENTS = set(
    "html head meta title style body div span b i p table colgroup col thead tbody tr th td details summary pre del ins "
    "svg rect path circle g text tspan".split()
)
ATTRIBUTES = set(
    "class title style lang charset content http-equiv name role aria-level colspan xmlns width height viewbox rx x y cx cy "
    "r d overflow".split()
)


class Seen(HTMLParser):
    """What is in a page: whether a script ran, what is no part of a display, and the text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.ran = False
        self.foreign = []
        self.text = []
        self.inside = []

    def handle_starttag(self, tag, attributes):
        names = {name for name, _ in attributes}
        self.ran |= "data-ran" in names
        self.inside.append(tag)
        if tag not in ELEMENTS:
            self.foreign.append(f"<{tag}>")
        self.foreign += sorted(f"{tag} {name}=" for name in names - ATTRIBUTES)

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if self.inside and self.inside[-1] == "style":
            if any(word in data for word in ("url(", "@import", "*{display:none")):
                self.foreign.append("a style that was planted")
        else:
            self.text.append(data)


def open_page(browser, path):
    """Returns the page's DOM after its scripts have run."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", path.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX, check=False)
    if done.returncode != 0 or not done.stdout:
        raise SystemExit(f"error: the browser cannot open {path.name}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout.decode()


def squeezed(text):
    return " ".join(text.split())


def faults_of(browser, path, shows):
    seen = Seen()
    seen.feed(open_page(browser, path))
    faults = ["a script ran"] if seen.ran else []
    faults += sorted(set(seen.foreign))
    text = squeezed("".join(seen.text))
    # Labels are cut to fit: their beginning is enough.
    faults += [f"does not show {planted[:24]!r}" for planted in shows if squeezed(planted)[:24] not in text]
    if path.suffix == ".svg":
        ElementTree.parse(path)
    return faults


def narrow_of(browser, path):
    """Returns how many cells with a text a page has, and how many of them have no room for it."""
    dom = open_page(browser, path)
    found = [re.search(rf'data-{name}="([0-9]+)"', dom) for name in ("cells", "narrow")]
    if not all(found):
        raise SystemExit(f"error: {path.name} did not measure its cells")
    return tuple(int(each[1]) for each in found)


def main():
    browser, directory = sys.argv[1], Path(sys.argv[2])
    pages = json.loads((directory / "pages.json").read_text())
    refused = controls = detected = judged = measured = 0
    for page in pages:
        path = directory / page["file"]
        if "laid_out" in page:
            cells, narrow = narrow_of(browser, path)
            measured += cells
            if not page["laid_out"]:
                controls += 1
                detected += narrow > 0
            elif narrow or not cells:
                refused += 1
                print(f"{path.name}: {narrow} of {cells} cells have no room for their text")
            continue
        faults = faults_of(browser, path, page["shows"])
        if page["runs"]:
            controls += 1
            detected += "a script ran" in faults
            continue
        judged += 1
        if faults:
            refused += 1
            print(f"{path.name}: {'; '.join(faults[:10])}")
    print(f"pages opened in a browser: {judged} judged, {refused} refused")
    print(f"cells measured in a notebook's page: {measured}")
    print(f"live control pages detected: {detected} of {controls}")
    sys.exit(1 if refused or detected != controls or not judged or not measured or not controls else 0)


if __name__ == "__main__":
    main()
