"""What the tests share: stores, and the line that `make test` adds up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import partita
import pytest


@pytest.fixture(autouse=True, scope="session")
def interrupts() -> None:
    """Lets an interrupt raise, also where the tests run in the background of a script: there it is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def store() -> partita.Store:
    """A store in memory."""
    return partita.Store.in_memory()


@pytest.fixture
def session(store: partita.Store) -> partita.Session:
    """A session of a store in memory."""
    return store.session("fix-parser")


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[partita.Store]:
    """A store in a directory, closed at the end."""
    with partita.Store.open(tmp_path / "store", durability="buffered") as opened:
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests there were in a line that scripts/test.sh adds up."""
    of = {name: len(rows) for name, rows in terminalreporter.stats.items()}
    failed = of.get("failed", 0) + of.get("error", 0)
    skipped = of.get("skipped", 0) + of.get("xfailed", 0)
    line = f"python suite tests: {of.get('passed', 0)} passed, {failed} failed, {skipped} ignored"
    terminalreporter.write_line(line)
