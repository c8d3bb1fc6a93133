"""Examples: they run whole, and go on wherever they were killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import partita

EXAMPLES = Path(__file__).parents[1] / "examples"
STEPS = 11
"""The steps that the agent is asked for, with what was recorded."""


def run(store: Path, *more: str) -> tuple[int, list[str]]:
    """Runs the agent. Returns its exit code and what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    command = [sys.executable, str(EXAMPLES / "agent.py"), "--store", str(store), "--yes", *more]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode, done.stdout.splitlines()


def check(store: Path, room: Path, said: list[str]) -> None:
    """The bug is mended, a person was asked once, and no tool ran twice."""
    assert said[-1].startswith("ended: end_turn"), said
    assert len([line for line in said if line.startswith("ask: ")]) == 1
    tools = [line.split()[1] for line in said if line.startswith("tool: ")]
    assert len(tools) == len(set(tools)) == 3
    with partita.Store.open(store) as opened:
        session = opened.session("mend-tokens")
        session.checkout(room)
        [proposal] = session.proposals()
        assert proposal.status == "applied"
        assert sorted((row.by, row.choice) for row in proposal.decisions) == [
            ("model", "accept"),
            ("person", "accept"),
            ("tests", "accept"),
        ]
        assert [totals.name for totals in session.call_totals()] == ["implement", "plan", "verify"]
        assert [finding.text for finding in session.findings()] == []
    tests = subprocess.run(["python3", "-m", "unittest", "-q"], cwd=room, capture_output=True, text=True, check=False)
    assert tests.returncode == 0 and "Ran 3 tests" in tests.stderr


def test_the_bug_is_there_before_the_agent_is() -> None:
    tests = ["python3", "-B", "-m", "unittest", "-q"]
    done = subprocess.run(tests, cwd=EXAMPLES / "bug", capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "failures=1" in done.stderr and "Ran 3 tests" in done.stderr


def test_the_agent_mends_the_bug(tmp_path: Path) -> None:
    code, said = run(tmp_path / "store")
    assert code == 0
    check(tmp_path / "store", tmp_path / "checkout", said)
    steps = [line for line in said if line.split(":")[0] in ("model", "tool", "gate", "ask")]
    assert len(steps) == STEPS
    code, again = run(tmp_path / "store")
    assert code == 0 and again[-1] == said[-1]


@pytest.mark.parametrize("after", range(1, STEPS + 1))
def test_the_agent_goes_on_where_it_was_killed(after: int, tmp_path: Path) -> None:
    code, said = run(tmp_path / "store", "--kill-after", str(after))
    assert code == 9
    code, rest = run(tmp_path / "store")
    assert code == 0
    check(tmp_path / "store", tmp_path / "checkout", said + rest)


def test_the_agent_is_killed_after_every_step(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(STEPS):
        code, more = run(tmp_path / "store", "--kill-after", "1")
        said += more
        assert code == 9
    code, more = run(tmp_path / "store")
    assert code == 0
    check(tmp_path / "store", tmp_path / "checkout", said + more)
