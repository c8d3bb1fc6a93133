"""Another history as checkpoints, and what a store tells of its sessions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import partita


@pytest.fixture
def store() -> partita.Store:
    return partita.Store.in_memory()


def record(session: partita.Session, *, flushes: bool) -> list[partita.ObjectId]:
    ids = []
    with session.import_checkpoints() as history:
        for number in range(1, 6):
            ids.append(
                history.checkpoint(
                    rename={"b": "c"} if number == 3 else {},
                    remove=["gone"] if number == 2 else [],
                    write={"a": str(number), **({"b": "x", "gone": b"y"} if number == 1 else {})},
                    executable=["a"],
                    remember=[f"Commit {number}"],
                    labels={"source": bytes([number])},
                    time=datetime(2026, 1, number, tzinfo=UTC),
                )
            )
            if flushes:
                history.flush()
        assert history.latest is not None and history.latest.number == 5
        assert (history.raw_bytes == 0) == flushes
    return ids


def test_the_same_steps_make_the_same_ids_wherever_the_flushes_fall(store: partita.Store) -> None:
    one, two = store.session("one"), store.session("two")
    assert record(one, flushes=True) == record(two, flushes=False)
    assert [entry.number for entry in two.log()] == [5, 4, 3, 2, 1]
    assert list(two.files) == ["a", "c"] and two.read_at("a", 2) == b"2"
    entry = two.files.entry("a")
    assert entry is not None and entry.executable
    assert [memory.text for memory in two.memories()][-1] == "Commit 5"
    checkpoint = two.latest().checkpoint
    assert checkpoint is not None and checkpoint.labels == {"source": b"\x05"}
    assert checkpoint.time == datetime(2026, 1, 5, tzinfo=UTC)


def test_what_was_not_flushed_is_dropped_when_the_block_raises(store: partita.Store) -> None:
    session = store.session("s")
    with pytest.raises(LookupError), session.import_checkpoints() as history:
        history.checkpoint(write={"a": "1"})
        history.flush()
        history.checkpoint(write={"a": "2"})
        raise LookupError
    assert session.read("a") == b"1"


def test_an_edit_since_is_not_written_over(store: partita.Store) -> None:
    session = store.session("s")
    with session.import_checkpoints() as history:
        history.checkpoint(write={"a": "1"})
    base = session.latest().checkpoint
    assert base is not None
    session.write("a", "mine")
    history = session.import_checkpoints()
    history.rest_on(base)
    with pytest.raises(partita.Conflict):
        history.checkpoint(write={"a": "2"})
        history.flush()
    assert session.read("a") == b"mine"


def test_sizes_and_horizons(store: partita.Store) -> None:
    session = store.session("s")
    for number in range(4):
        session.write(f"file {number}", "x")
    session.remember("hello")
    sizes = store.session_sizes("s")
    assert (sizes.files, sizes.memories) == (4, 1)
    store.session("s2")
    with pytest.raises(partita.NotFound):
        store.session_sizes("absent")
    assert session.horizon() is None
    session.trim(keep=2)
    horizon = session.horizon()
    assert horizon is not None and horizon.checkpoint == 4
    entry = session.files.entry("file 1")
    assert entry is not None and entry.content is not None
    assert store.content_size(entry.content) == 1
