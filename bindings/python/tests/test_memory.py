"""Memory: a million calls leave nothing behind."""

from __future__ import annotations

import gc
import sys
import tracemalloc

import partita

CALLS = 1_000_000
"""In all, of eleven kinds."""


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4_096


def test_a_million_calls_leave_nothing_behind(session: partita.Session) -> None:
    session.write("a", b"x" * 100)
    session.remember("hello")
    session.state["k"] = "v"
    data, path = b"x" * 100, "a"
    files, state, part = session.files, session.state, partita.Part.of_text("x")
    snapshot = session.latest()

    def calls(rounds: int) -> None:
        for _ in range(rounds):
            session.name
            session.id
            repr(session)
            part.text
            part.kind
            hash(part)
            partita.ObjectId.of_content(data)
            snapshot.checkpoint
            session.files
            session.state
            try:
                session.write(path, 3)  # type: ignore[arg-type]
            except TypeError:
                pass

    def reads(rounds: int) -> None:
        for _ in range(rounds):
            files[path]
            state.get("k")
            session.get(path)
            session.memory(1)
            next(session.log())
            path in files
            try:
                files["absent"]
            except KeyError:
                pass

    calls(1_000)
    reads(1_000)
    gc.collect()
    counts = [sys.getrefcount(thing) for thing in (session, data, path, part, snapshot, partita.Invalid)]
    before = resident()
    calls((CALLS - 7 * 10_000) // 11)
    reads(10_000)
    gc.collect()
    assert [sys.getrefcount(thing) for thing in (session, data, path, part, snapshot, partita.Invalid)] == counts
    assert resident() - before < 16 << 20

    tracemalloc.start()
    try:
        calls(100)
        reads(100)
        gc.collect()
        first, _ = tracemalloc.get_traced_memory()
        calls(2_000)
        reads(2_000)
        gc.collect()
        last, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert last - first < 64 << 10


def test_handles_go_with_their_last_reference(store: partita.Store) -> None:
    session = store.session("s")
    count = sys.getrefcount(session)
    kept = [session.latest(), session.files, session.state, session.begin(), session.log(), session.memories()]
    assert sys.getrefcount(session) == count
    for thing in kept:
        assert sys.getrefcount(thing) <= 4
    del session
    assert len(kept[1]) == 0  # type: ignore[arg-type]
