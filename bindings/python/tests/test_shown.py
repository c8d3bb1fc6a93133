"""What listings show of themselves, and what is said of numbers that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

import partita
from partita import Memory, Part, literals


@pytest.fixture
def session() -> Iterator[partita.Session]:
    with partita.Store.in_memory() as store:
        session = store.session("s")
        for number in range(12):
            session.write("a.txt", str(number))
        session.remember("What <b>is</b> here?")
        session.state["plan"] = "look first"
        session.state.append("steps", "read")
        yield session


def test_listings_show_their_first_rows_and_how_many_there_are(session: partita.Session) -> None:
    shown: dict[str, Any] = {
        "<Log of 15 checkpoints>": session.log(),
        "<History of 12 iterations>": session.history("a.txt"),
        "<Memories of 1 memory>": session.memories(),
        "<State of 2 keys>": session.state,
    }
    for title, listing in shown.items():
        text, html = repr(listing), listing._repr_html_()
        assert text.splitlines()[0] == title
        assert html.startswith('<div class="partita">') and "<script" not in html
        assert len(text.splitlines()) <= 12
        # To look takes nothing away.
        assert repr(listing) == text
    assert "and 5 more" in repr(session.log()) and "write" in repr(session.log())
    assert "What <b>is</b> here?" in repr(session.memories())
    assert "&lt;b&gt;is" in session.memories()._repr_html_()
    assert repr(session.state).splitlines()[1:] == ["plan   look first", "steps  a list of 1"]


def test_an_iterator_shows_what_is_still_to_come(session: partita.Session) -> None:
    log = session.log()
    assert next(log).number == 15
    assert repr(log).startswith("<Log of 14 checkpoints>\n14  ")
    assert len(list(log)) == 14 and repr(log) == "<Log of 0 checkpoints>"
    found = session.search("here")
    assert repr(found).startswith("<Memories of 1 memory>")
    assert [memory.number for memory in found] == [1]
    assert repr(found) == "<Memories of 0 memories>"


def test_the_sessions_of_a_store_show_themselves() -> None:
    with partita.Store.in_memory() as store:
        for name in ("one", "two"):
            store.session(name)
        sessions = store.sessions()
        assert repr(sessions).startswith("<Sessions of 2 sessions>\n") and "two" in repr(sessions)
        assert "one" in sessions._repr_html_()
    assert repr(sessions) == "<Sessions: the store is closed>"


def test_a_graph_shows_itself_as_text(session: partita.Session) -> None:
    graph = session.graph()
    assert repr(graph) == f"<Graph>\n{graph}".rstrip() and "<svg" not in repr(graph)


def test_a_number_that_cannot_be_is_partitas_own_error(session: partita.Session) -> None:
    calls: list[Callable[[], object]] = [
        lambda: session.read_at("a.txt", -1),
        lambda: session.iteration("a.txt", -1),
        lambda: session.diff("a.txt", -1, 2),
        lambda: session.restore("a.txt", -1),
        lambda: session.memory(-1),
        lambda: session.memories(start=-1),
        lambda: session.forget(-1),
        lambda: session.trim(keep=-1),
        lambda: session.capacity(-1),
        lambda: session.capacity(1_000, largest=-1),
        lambda: session.plan(2**64),
        lambda: partita.Budget(-1),
        lambda: partita.Budget(1, reserve=-1),
        lambda: partita.Count(tokens=-1, low=0, high=0, exact=True),
        lambda: partita.ModelCall("m", input=-1),
        lambda: partita.Calibration().observe("m", {"prose": 1}, usage=-1),
        lambda: Part.result("c", parts=-1),
        lambda: session.diff("a.txt", 1, 2).unified(context=-1),
        lambda: partita.plan([{"role": "user", "content": "hi"}], limit=-1),
    ]
    for at, call in enumerate(calls):
        with pytest.raises(partita.Invalid, match="0 to 2"):
            call()
            pytest.fail(f"call {at} took it")
    with pytest.raises(TypeError):
        session.read_at("a.txt", "1")  # type: ignore[arg-type]


def test_the_names_of_literals_are_those_that_are_taken(session: partita.Session) -> None:
    for role in get_args(literals.Role):
        assert Memory(role, "x").role == role
    for kind in get_args(literals.MemoryKind):
        assert Memory("user", "x", kind=kind).kind == kind
    for dialect in get_args(literals.Dialect):
        session.context(dialect)
    other = session.fork("other")
    for dialog in get_args(literals.MergedDialog):
        session.plan_merge(other, dialog=dialog, summarizer=str if dialog == "summary" else None)
    for wrong, names in (
        (lambda: session.context("x"), literals.Dialect),  # type: ignore[arg-type]
        (lambda: session.import_transcript("x", format="x"), literals.Format),  # type: ignore[arg-type]
        (lambda: session.export("x"), literals.ExportFormat),  # type: ignore[arg-type]
        (lambda: Memory("x", "x"), literals.Role),  # type: ignore[arg-type]
        (lambda: Memory("user", "x", kind="x"), literals.MemoryKind),  # type: ignore[arg-type]
        (lambda: session.plan_merge(other, dialog="x"), literals.MergedDialog),  # type: ignore[arg-type]
    ):
        with pytest.raises(partita.Invalid) as raised:
            wrong()
        assert all(name in str(raised.value) for name in get_args(names) if name != "auto")
