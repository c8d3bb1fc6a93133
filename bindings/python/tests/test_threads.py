"""Threads and tasks: handles are shared, the interpreter is let go, signals and exceptions come through."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import partita
import pytest

THREADS = 8
EACH = 25


def together(work: Callable[[int], None]) -> None:
    """Runs something in several threads at once, and raises what one of them raised."""
    gate = threading.Barrier(THREADS)

    def begin(number: int) -> None:
        gate.wait(60)
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(begin, number) for number in range(THREADS)]:
            done.result(120)


def test_threads_on_one_session_lose_nothing_that_was_acknowledged(on_disk: partita.Store) -> None:
    session = on_disk.session("one")
    acknowledged: list[tuple[str, str]] = []

    def work(number: int) -> None:
        for n in range(EACH):
            path = f"{number}/{n}"
            assert session.write(path, path).number == 1
            session.remember(path)
            acknowledged.append(("both", path))
            assert session.files[path] == path.encode()

    together(work)
    assert len(acknowledged) == THREADS * EACH
    assert sorted(session.files) == sorted(path for _, path in acknowledged)
    assert sorted(memory.text for memory in session.memories()) == sorted(path for _, path in acknowledged)
    assert on_disk.check().faults == []


def test_threads_on_one_path_get_a_conflict_or_a_number_of_their_own(on_disk: partita.Store) -> None:
    session = on_disk.session("one")
    numbers: list[int] = []
    conflicts: list[partita.Conflict] = []

    def work(number: int) -> None:
        for n in range(EACH):
            try:
                numbers.append(session.write("a", f"{number} {n}").number)
            except partita.Conflict as error:
                conflicts.append(error)

    together(work)
    assert len(numbers) + len(conflicts) == THREADS * EACH
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len(list(session.history("a"))) == len(numbers)


def test_threads_on_sessions_of_their_own(on_disk: partita.Store) -> None:
    def work(number: int) -> None:
        session = on_disk.session(f"s{number}")
        for n in range(EACH):
            with session.batch() as batch:
                batch.write("a", str(n))
                batch.state_append("steps", str(n))

    together(work)
    for number in range(THREADS):
        session = on_disk.open_session(f"s{number}")
        assert [iteration.number for iteration in session.history("a")] == list(range(EACH, 0, -1))
        assert list(session.state["steps"]) == [str(n).encode() for n in range(EACH)]


def test_threads_share_one_iterator_and_one_batch(session: partita.Session) -> None:
    batch = session.begin()
    together(lambda number: [batch.write(f"{number}/{n}", "x") for n in range(EACH)] and None)
    batch.commit()
    assert len(session.files) == THREADS * EACH
    for n in range(100):
        session.remember(str(n))
    log, seen = session.log(), []

    def work(number: int) -> None:
        seen.extend([entry.number for entry in log])

    together(work)
    assert sorted(seen) == list(range(1, 102))


def test_a_store_may_be_closed_under_threads(tmp_path: Path) -> None:
    store = partita.Store.open(tmp_path / "store", durability="buffered")
    session = store.session("s")
    session.write("a", "1")
    ended = []

    def work(number: int) -> None:
        if number == 0:
            store.close()
        try:
            for n in range(1_000):
                session.write(f"{number}", str(n))
        except partita.Invalid as error:
            ended.append(str(error))

    together(work)
    assert all("closed" in line for line in ended) and ended
    with partita.Store.open(tmp_path / "store") as again:
        assert again.check().faults == []


def test_the_interpreter_is_let_go_while_the_core_works(on_disk: partita.Store) -> None:
    """A commit that waits for another process's lock would hold up all threads otherwise."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(on_disk.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None and holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "held\n"
        begun, done = threading.Event(), threading.Event()

        def write() -> None:
            begun.set()
            on_disk.session("s").write("a", "1")
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        assert begun.wait(60)
        # This thread runs on, although the other one is in the core, and lets the holder go.
        assert not done.wait(0.2)
        holder.stdin.write("go\n")
        holder.stdin.flush()
        assert done.wait(60)
        thread.join(60)
    assert holder.returncode == 0


HOLDER = """
import fcntl, sys
from pathlib import Path
with open(Path(sys.argv[1]) / "lock", "r+") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_that_is_held_too_long_is_busy(on_disk: partita.Store) -> None:
    directory = on_disk.directory
    assert directory is not None
    on_disk.session("s")
    with partita.Store.open(directory, lock_timeout=0.1) as hasty:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdin is not None and holder.stdout is not None
        with holder:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(TimeoutError) as caught:
                hasty.session("s").write("a", "1")
            assert isinstance(caught.value, partita.Busy)
            holder.stdin.write("go\n")
            holder.stdin.flush()
        hasty.session("s").write("a", "1")


def test_tasks_use_threads(on_disk: partita.Store) -> None:
    session = on_disk.session("s")

    async def work(number: int) -> int:
        iteration = await asyncio.to_thread(session.write, f"{number}", "x")
        await asyncio.to_thread(session.remember, f"{number}")
        return iteration.number

    async def main() -> list[int]:
        return await asyncio.gather(*(work(number) for number in range(20)))

    assert asyncio.run(main()) == [1] * 20
    assert len(session.files) == len(list(session.memories())) == 20


def busy_store(tmp_path: Path) -> partita.Store:
    store = partita.Store.open(tmp_path / "store", durability="buffered")
    session = store.session("s")
    for round in range(5):
        with session.batch() as batch:
            for n in range(200):
                batch.write(f"{n}", f"{round} {n}" * 20)
    return store


@pytest.mark.parametrize("work", ["check", "gc"])
def test_what_progress_raises_ends_the_work_and_is_raised(tmp_path: Path, work: str) -> None:
    store = busy_store(tmp_path)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        getattr(store, work)(progress=progress)
    assert len(told) == 1 and 0 <= told[0][0] <= told[0][1]
    assert store.check(progress=lambda done, total: None).faults == []
    assert store.session("s").files["1"] == b"4 1" * 20
    store.close()


@pytest.mark.parametrize("work", ["check", "gc"])
def test_an_interrupt_ends_the_work(tmp_path: Path, work: str) -> None:
    store = busy_store(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            getattr(store, work)(progress=lambda done, total: signal.raise_signal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)
    assert store.check().faults == []
    store.close()
