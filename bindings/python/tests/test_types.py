"""Types: this file passes `mypy --strict` as a user's would, and runs."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

import partita
from partita import Checkpoint, Iteration, LogEntry, Memory, MergeReport, ObjectId, Part, Policy, Session, Snapshot, StateList
from partita import Step, Store, Turn


def record(session: Session, files: Mapping[str, bytes]) -> list[Iteration]:
    return [session.write(path, data) for path, data in files.items()]


def first(rows: Iterable[LogEntry]) -> LogEntry | None:
    return next(iter(rows), None)


def test_what_a_user_writes_has_types(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store", durability="buffered") as store:
        assert_type(store, Store)
        assert_type(store.directory, Path | None)
        session = assert_type(store.session("s"), Session)
        iteration = assert_type(session.write(Path("a"), "1"), Iteration)
        assert_type(iteration.id, ObjectId)
        assert_type(iteration.time, datetime)
        assert_type(iteration.renamed_from, str | None)
        assert_type(session.read(b"a"), bytes)
        assert_type(session.get("a"), bytes | None)
        assert_type(session.files["a"], bytes)
        assert_type(list(session.files), list[str])
        assert_type(next(session.files.under("a")), str)
        assert_type(session.files.keys(), KeysView[str])
        assert_type(session.files.get("b"), bytes | None)
        assert_type(session.files.get("b", b""), bytes)
        assert_type(session.files.get("b", 3), bytes | int)
        assert [row.path for row in record(store.session("t"), session.files)] == ["a"]
        found = assert_type(session.remember(Memory.user("x", Part.media("image/png", b"y"))), int)
        assert_type(session.memory(found).time, datetime | None)
        assert_type([memory.text for memory in session.memories()], list[str])
        session.state["k"] = bytearray(b"v")
        session.state.append("l", "x")
        held = assert_type(session.state["l"], bytes | StateList)
        if isinstance(held, StateList):
            assert_type(held[0], bytes)
            assert_type(held[0:1], list[bytes])
            assert_type(list(held), list[bytes])
        assert_type(list(session.state), list[bytes])
        labels: dict[str, str | bytes] = {"git": b"8c1e"}
        with session.batch(message="m", time=datetime.now(UTC), labels=labels) as batch:
            assert_type(batch.write("b", "2"), int)
        assert_type(batch.checkpoint, Checkpoint | None)
        assert first(session.log()) == next(iter(session))
        then = assert_type(session.at(1), Snapshot)
        assert_type(dict(then.files), dict[str, bytes])
        assert_type([change.path for change in then.changes(session.latest())], list[str])
        trial = session.fork("trial")
        trial.write("a", "3")
        merged = assert_type(session.merge(trial, dialog="summary", summarizer=lambda memories: "short"), MergeReport)
        assert_type([path for path in merged.conflicts], list[str])
        assert_type([conflict.sides[0].label for conflict in session.conflicts()], list[str])
        assert_type(store.integrate("both", session, trial), tuple[Session, MergeReport])
        assert_type([learned.tokens.tokens for learned in session.learned(trial, counter="cl100k")], list[int])
        turn = assert_type(session.begin_turn(Policy(tools={"read": "read"}, limits={"calls": 1})), Turn)
        assert_type(turn.next(), list[Step] | None)
        assert_type([proposal.newest.id for proposal in session.proposals()], list[ObjectId])
        report = store.check(progress=lambda done, total: None)
        assert_type(report.unfinished, tuple[str, int] | None)
        try:
            store.open_session("absent")
        except partita.NotFound as error:
            assert_type(error.kind, str)
