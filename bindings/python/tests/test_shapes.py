"""`to_dict()` returns what the command prints with `--json`."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import partita
import pytest
from partita import Memory, Part
from test_command import run


@pytest.fixture
def store(tmp_path: Path) -> partita.Store:
    return partita.Store.open(tmp_path / ".partita")


def told(tmp_path: Path, *arguments: str) -> Any:
    done = run(*arguments, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_histories_are_as_the_command_prints_them(tmp_path: Path, store: partita.Store) -> None:
    session = store.session("s")
    session.write("src/lib.rs", "fn parse() {}")
    session.write(b"\xff", "bytes")
    session.rename("src/lib.rs", "src/main.rs")
    session.remove("src/main.rs")
    assert [entry.to_dict() for entry in session.log()] == told(tmp_path, "log", "s")
    iterations = [iteration.to_dict() for iteration in session.history("src/main.rs")]
    assert iterations == told(tmp_path, "history", "s", "src/main.rs")
    plan = session.plan_restore(1).to_dict()
    printed = told(tmp_path, "restore", "s", "--at", "1", "--plan")
    assert printed == {"applied": False, **plan, "checkpoint": None}
    undone = session.undo().to_dict()
    assert undone["operation"]["kind"] == "remove"
    assert undone["number"] == told(tmp_path, "log", "s")[0]["number"]


def test_the_view_is_as_the_command_prints_it(tmp_path: Path, store: partita.Store) -> None:
    session = store.session("s")
    session.remember(Memory.user("Look at " + "this. " * 2_000))
    session.remember(Memory.assistant("I look.", Part.call("c1", "ls", "{}")))
    session.remember(Memory.tool("c1", "a\n", error=True))
    session.write("a", "1")
    session.hide("*.log")
    printed = told(tmp_path, "view", "s")
    assert session.view.to_dict() == printed
    assert [memory.to_dict() for memory in session.view.memories()] == printed["memories"]
    assert [file.to_dict() for file in session.view.files()] == printed["files"]
    assert [rule.to_dict() for rule in session.view.rules()] == printed["rules"]
    report = session.forget("1").to_dict()
    assert report.keys() == told(tmp_path, "recall", "s", "1").keys()
    assert report["checkpoint"].keys() == {"number", "id"}


def test_tokens_are_as_the_command_prints_them(tmp_path: Path, store: partita.Store) -> None:
    session = store.session("s")
    for number in range(20):
        session.remember(f"Question {number}. " + "More. " * 50)
    printed = told(tmp_path, "capacity", "s", "--limit", "1000")
    assert {"counter": printed["counter"], **session.capacity(1_000).to_dict()} == printed
    plan = session.plan(1_000).to_dict()
    printed = told(tmp_path, "plan", "s", "--limit", "1000")
    assert {key: printed[key] for key in plan} == plan
    assert plan["steps"] == [step.to_dict() for step in session.plan(1_000).steps]
    assert partita.count("hi").to_dict() == {"tokens": 1, "exact": True, "low": 1, "high": 1}


def test_reports_of_upkeep_are_as_the_command_prints_them(tmp_path: Path, store: partita.Store) -> None:
    session = store.session("s")
    session.write("a", "secret")
    plan = session.checkout(tmp_path / "out").to_dict()
    printed = told(tmp_path, "checkout", "s", "out", "--plan")
    assert printed.keys() == {"applied", *plan}
    purged = session.purge_file("a", reason="a key").to_dict()
    assert [stone["kind"] for stone in purged["purged"]] == ["content"]
    assert store.stats().to_dict() == told(tmp_path, "stats")
    assert store.check().to_dict() == told(tmp_path, "check")
    gone = store.gc().to_dict()
    assert told(tmp_path, "gc", "--dry-run").keys() == {"applied", *gone}
    store.delete_session("s")
    assert [row.to_dict() for row in store.deleted_sessions()] == told(tmp_path, "sessions", "--deleted")


def test_merges_are_as_the_command_prints_them(tmp_path: Path, store: partita.Store) -> None:
    session = store.session("s")
    session.write("a", "1\n")
    fork = session.fork("t")
    session.write("a", "2\n")
    fork.write("a", "3\n")
    fork.remember("Three is right.")
    fork.pin_memories(1)
    assert [row.to_dict() for row in session.overlap(fork)] == told(tmp_path, "overlap", "s", "t")
    assert [row.to_dict() for row in session.learned(fork)] == told(tmp_path, "learned", "s", "t")
    assert session.plan_merge(fork).to_dict() == told(tmp_path, "merge", "s", "t", "--plan")
    report = session.merge(fork).to_dict()
    assert report["sessions"][0]["base"]["is"] == "checkpoint" and report["conflicts"] == [{"path": "a"}]
    assert [row.to_dict() for row in session.conflicts()] == told(tmp_path, "conflicts", "s")
    resolved = session.resolve("a", side=0).to_dict()
    session.undo()
    assert told(tmp_path, "resolve", "s", "a", "--side", "0")["checkpoint"].keys() == {"number", "id"} <= resolved.keys()
    assert session.conflicts() == []


def test_a_memory_has_all_its_parts() -> None:
    memory = Memory.assistant("I look.", Part.call("c1", "ls", "{}"), Part.media("image/png", b"\xff"))
    assert memory.to_dict() == {
        "role": "assistant",
        "kind": "message",
        "time": None,
        "actor": "",
        "origin": "",
        "parts": [
            {"kind": "text", "text": "I look."},
            {"kind": "call", "id": "c1", "name": "ls", "arguments": "{}"},
            {"kind": "media", "media_type": "image/png", "data": {"base64": "/w=="}},
        ],
        "links": [],
    }


def test_a_pickle_keeps_the_shape_and_a_value_made_by_hand_has_none(store: partita.Store) -> None:
    session = store.session("s")
    session.write("a", "1")
    entry = next(iter(session.log()))
    again = pickle.loads(pickle.dumps(entry))
    assert again == entry and again.to_dict() == entry.to_dict()
    with pytest.raises(partita.Invalid, match="by hand"):
        partita.Fault(segment=None, offset=None, object=None, what="").to_dict()


def test_json_takes_whatever_to_dict_returns(store: partita.Store) -> None:
    budget = partita.Budget(1_000, reserve=10)
    assert json.loads(json.dumps(budget.to_dict())) == {
        "limit": 1_000,
        "reserve": 10,
        "high": None,
        "low": None,
        "prices": None,
        "horizon": 10,
    }
