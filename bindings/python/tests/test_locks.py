"""Locks: nothing is held through a fork, and a wait is told and can be ended."""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import partita
import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there is no fork"),
    # Python warns of forks of processes with threads, which is what these tests are about.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning"),
]


def write_in_child(directory: Path, name: str) -> None:
    """What a child does: it opens the store anew and writes."""
    with partita.Store.open(directory, lock_timeout=10.0) as store:
        store.session(name).write("a", name)
    os._exit(0)


@contextmanager
def committing(directory: Path) -> Iterator[list[int]]:
    """A thread that commits all the time; it gives the number of commits so far."""
    done, end = [0], threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with partita.Store.open(directory, lock_timeout=20.0) as store:
                session = store.session("thread")
                while not end.is_set():
                    session.write("a", str(done[0]))
                    done[0] += 1
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        end.set()
        thread.join()
    assert not failed, failed


def test_open_and_write_work_in_forks_while_a_thread_commits(tmp_path: Path) -> None:
    store = tmp_path / "store"
    fork = multiprocessing.get_context("fork")
    with committing(store) as done:
        for n in range(40):
            child = fork.Process(target=write_in_child, args=(store, f"child-{n}"))
            child.start()
            child.join(60)
            assert child.exitcode == 0, n
    assert done[0] > 0
    with partita.Store.open(store) as opened:
        assert len(opened) == 41
        assert opened.check().faults == []


def test_a_child_that_lives_on_is_in_nobodys_way(tmp_path: Path) -> None:
    store = tmp_path / "store"
    children = []
    with committing(store):
        for _ in range(40):
            child = os.fork()
            if child == 0:
                time.sleep(120)
                os._exit(0)
            children.append(child)
        try:
            with partita.Store.open(store, lock_timeout=10.0) as other:
                for n in range(20):
                    other.session("other").write("a", str(n))
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def test_a_child_holds_nothing_where_its_parent_is_killed_in_the_middle_of_a_commit(tmp_path: Path) -> None:
    store = tmp_path / "store"
    partita.Store.open(store).close()
    said, says = os.pipe()
    for _ in range(6):
        middle = os.fork()
        if middle == 0:
            # It commits all the time in a thread, forks a child that lives on, and is killed at once.
            with committing(store) as done:
                while done[0] < 3:
                    time.sleep(0.001)
                for _ in range(8):
                    child = os.fork()
                    if child == 0:
                        time.sleep(120)
                        os._exit(0)
                    os.write(says, child.to_bytes(8, "little"))
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(middle, 0)
        children = [int.from_bytes(os.read(said, 8), "little") for _ in range(8)]
        try:
            with partita.Store.open(store, lock_timeout=5.0) as other:
                other.session("other").write("a", "after")
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
    os.close(said)
    os.close(says)


@contextmanager
def held(store: Path) -> Iterator[None]:
    with open(store / "lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_an_interrupt_ends_a_wait(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / "store") as store:
        session = store.session("s")
        with held(tmp_path / "store"):
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            begun = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                session.write("a", "text")
            assert time.monotonic() - begun < 10
        session.write("a", "again")
        assert session.read("a") == b"again"


def test_an_interrupt_ends_the_wait_for_a_thread_that_waits(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / "store") as store:
        session = store.session("s")
        others = store.session("others")
        with held(tmp_path / "store"):
            leading = threading.Thread(target=others.write, args=("b", "text"))
            leading.start()
            time.sleep(0.3)
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            begun = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                session.write("a", "text")
            assert time.monotonic() - begun < 10
        leading.join()
        assert others.read("b") == b"text"
        assert "a" not in session.files


def test_a_wait_is_told_to_a_callback_and_what_it_raises_comes_out(tmp_path: Path) -> None:
    told: list[tuple[float, str | None]] = []

    def on_wait(waited: float, holder: str | None) -> None:
        told.append((waited, holder))
        if waited > 2:
            raise TimeoutError("enough")

    with partita.Store.open(tmp_path / "store", on_wait=on_wait) as store:
        session = store.session("s")
        with held(tmp_path / "store"), pytest.raises(TimeoutError, match="enough"):
            session.write("a", "text")
        session.write("a", "text")
    assert len(told) == 2 and 1 <= told[0][0] < 2
    if sys.platform == "linux":
        assert told[0][1] is not None and told[0][1].startswith(f"process {os.getpid()} (")


def test_a_wait_is_logged_once_where_there_is_no_callback(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with partita.Store.open(tmp_path / "store", lock_timeout=2.5) as store:
        session = store.session("s")
        with held(tmp_path / "store"), caplog.at_level(logging.WARNING, "partita"):
            with pytest.raises(partita.Busy, match="written by"):
                session.write("a", "text")
    assert [record.name for record in caplog.records] == ["partita"]
    assert "the store is being written by" in caplog.records[0].getMessage()
