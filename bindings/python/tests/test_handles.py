"""Handles: closing, pickling, forks of the process, other processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import partita
import pytest


def handles(store: partita.Store) -> list[object]:
    """One of each handle of a store."""
    session = store.session("s")
    session.write("a", "1")
    session.state.append("list", "item")
    session.remember("hello")
    return [
        session,
        session.latest(),
        session.begin(),
        session.files,
        session.state,
        session.state["list"],
        session.log(),
        session.history("a"),
        session.memories(),
        store.sessions(),
        store,
    ]


def test_handles_do_not_pickle_and_name_what_does(store: partita.Store) -> None:
    for handle in handles(store):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(handle)
        assert "pickle" in str(caught.value), type(handle)
    for handle in (store, store.session("s"), store.session("s").latest()):
        with pytest.raises(TypeError, match="partita.Store.open|Store.open"):
            pickle.dumps(handle)


USES = {
    "session": lambda s: s.read("a"),
    "name": lambda s: s.name,
    "write": lambda s: s.write("a", "2"),
    "files": lambda s: s.files,
    "snapshot": lambda s: s.latest(),
    "state": lambda s: s.state,
    "log": lambda s: s.log(),
    "begin": lambda s: s.begin(),
}


@pytest.mark.parametrize("use", USES)
def test_a_closed_store_refuses_and_says_how_to_go_on(store: partita.Store, use: str) -> None:
    session = store.session("s")
    session.write("a", "1")
    store.close()
    assert store.closed and repr(store) == "<Store closed>"
    assert repr(session) == "<Session: the store is closed>"
    with pytest.raises(ValueError, match="the store is closed: open it anew with partita.Store.open"):
        USES[use](session)


def test_whatever_came_of_a_closed_store_refuses_too(store: partita.Store) -> None:
    session = store.session("s")
    for n in range(200):
        session.remember(f"memory {n}")
    snapshot, batch, files = session.latest(), session.begin(), session.files
    shown = [snapshot, files, session.view]
    log, memories, sessions = session.log(), session.memories(), store.sessions()
    next(log), next(memories)
    store.close()
    for use in (
        lambda: snapshot.read("a"),
        lambda: batch.write("a", "1"),
        lambda: batch.commit(),
        lambda: files["a"],
        lambda: len(files),
        lambda: next(log),
        lambda: next(memories),
        lambda: next(sessions),
        lambda: store.session("s"),
        lambda: len(store),
    ):
        with pytest.raises(partita.Invalid, match="closed"):
            use()
    assert [repr(each) for each in shown] == [
        f"<{kind}: the store is closed>" for kind in ("Snapshot", "Files", "View")
    ]


def test_closing_twice_is_no_error_and_a_store_opens_again(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / "store") as store:
        store.session("s").write("a", "1")
        store.close()
    store.close()
    with partita.Store.open(tmp_path / "store") as again:
        assert again.open_session("s").read("a") == b"1"
        assert not again.closed and again.directory == (tmp_path / "store")


def test_closing_one_handle_leaves_another_of_the_same_directory(tmp_path: Path) -> None:
    one, two = partita.Store.open(tmp_path / "s"), partita.Store.open(tmp_path / "s")
    one.session("s").write("a", "1")
    one.close()
    two.session("s").write("a", "2")
    assert two.session("s").read_at("a", 1) == b"1"
    two.close()


def test_a_batch_tells_what_was_before_it_also_when_it_has_ended(session: partita.Session) -> None:
    session.write("a", "1")
    with session.batch() as batch:
        batch.write("a", "2")
        session.write("b", "somebody else's")
        assert batch.before.files["a"] == b"1" and "b" not in batch.before.files
    assert session.files["a"] == b"2"
    assert batch.before.files["a"] == b"1" and batch.before.checkpoint == session.at(1).checkpoint


def test_a_batch_that_raises_leaves_nothing(session: partita.Session) -> None:
    with pytest.raises(ZeroDivisionError):
        with session.batch() as batch:
            batch.write("a", "1")
            1 / 0
    assert "a" not in session.files and list(session.log()) == []
    with pytest.raises(partita.Invalid, match="the batch has ended"):
        batch.write("a", "1")


def in_a_fork(work: object) -> None:
    """Runs something in a fork of the process, and asserts that it goes well there."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()  # type: ignore[operator]
            gc.collect()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            # As an interpreter that ends: all handles are dropped, but no pytest runs on.
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_fork_of_the_process_is_refused_and_the_parent_goes_on(tmp_path: Path) -> None:
    store = partita.Store.open(tmp_path / "store")
    session = store.session("s")
    session.write("a", "1")
    kept = [store, session, session.latest(), session.begin(), session.files, session.log()]

    def child() -> None:
        nonlocal store, session
        for use in (
            lambda: session.write("a", "child"),
            lambda: session.read("a"),
            lambda: store.session("t"),
            lambda: next(kept[5]),  # type: ignore[call-overload]
            lambda: session.name,
        ):
            with pytest.raises(partita.Invalid, match="is a fork.*open it anew here with partita.Store.open"):
                use()
        assert repr(session) == "<Session: the store belongs to the process that this is a fork of>"
        # To open it there is what the message says, and dropping the parent's handles harms nobody.
        with partita.Store.open(tmp_path / "store") as own:
            own.session("child").write("b", "2")
        store.close()
        kept.clear()
        del store, session

    in_a_fork(child)
    session.write("a", "2")
    assert session.read("a") == b"2" and store.open_session("child").read("b") == b"2"
    store.close()
    with partita.Store.open(tmp_path / "store", create=False) as again:
        assert again.check().faults == []
        assert again.check().unfinished is None
        assert [entry.name for entry in again.sessions()] == ["child", "s"]


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_store_in_memory_does_not_go_with_a_fork(session: partita.Session) -> None:
    def child() -> None:
        with pytest.raises(partita.Invalid, match="fork"):
            session.write("a", "1")

    in_a_fork(child)
    session.write("a", "1")


WRITER = """
import sys, partita
with partita.Store.open(sys.argv[1], durability="buffered") as store:
    session = store.session(sys.argv[2])
    for n in range(50):
        session.write(f"{sys.argv[3]}/{n}", f"{n}")
        store.session("shared").remember(f"{sys.argv[3]} {n}")
"""


def test_two_interpreters_write_to_one_store(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path / "store")]
    both = [subprocess.Popen([*command, "one", name]) for name in ("a", "b")]
    assert [process.wait(120) for process in both] == [0, 0]
    with partita.Store.open(tmp_path / "store") as store:
        session = store.open_session("one")
        assert sorted(session.files) == sorted(f"{name}/{n}" for name in "ab" for n in range(50))
        said = [memory.text for memory in store.open_session("shared").memories()]
        assert sorted(said) == sorted(f"{name} {n}" for name in "ab" for n in range(50))
        assert [text for text in said if text[0] == "a"] == [f"a {n}" for n in range(50)]
        assert store.check().faults == []


def read_in_another(directory: str) -> bytes:
    with partita.Store.open(directory) as store:
        return store.open_session("s").read("a")


def test_what_the_message_says_to_pickle_is_enough(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / "store") as store:
        store.session("s").write("a", "1")
        directory = pickle.dumps(store.directory)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(read_in_another, (pickle.loads(directory),)) == b"1"
