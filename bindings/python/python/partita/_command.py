"""The command ``partita``."""

from __future__ import annotations

import signal
import sys

from partita._partita import _command


def main() -> int:
    """Runs the command with this process's arguments, and returns its exit code."""
    # As in the native command: the interpreter would note an interrupt and act on it in the end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _command(["partita", *sys.argv[1:]])
