"""Writes to one thread of LangGraph at the same time: they become one commit."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langgraph.checkpoint.base")

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

import partita
from langgraph_line import Line
from partita._langgraph_group import GroupCommit
from partita._langgraph_thread import Thread
from partita.langgraph import PartitaSaver
from test_handles import in_a_fork


class Gate:
    """Holds the first commit up until as many others wait as are wanted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()
        self.groups: list[int] = []
        commit = Thread.commit

        def held(thread: Thread, writes: Sequence[Any]) -> None:
            self.groups.append(len(writes))
            if not self.reached.is_set():
                self.reached.set()
                assert self.open.wait(60)
            commit(thread, writes)

        monkeypatch.setattr(Thread, "commit", held)


def wait_for(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.001)


class Writers:
    """Threads that write, and what came of it."""

    def __init__(self) -> None:
        self.errors: dict[int, BaseException] = {}
        self._threads: list[threading.Thread] = []

    def start(self, write: Callable[[], object]) -> None:
        number = len(self._threads)

        def run() -> None:
            try:
                write()
            except BaseException as error:
                self.errors[number] = error

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def saver() -> Iterator[PartitaSaver]:
    with PartitaSaver.in_memory() as saver:
        yield saver


class Held:
    """A checkpoint, and a write to it that stops at the gate; more are begun behind it."""

    def __init__(self, saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.saver = saver
        self.line = Line(saver)
        self.config = self.line.put({"a": 1}, ["a"])
        self.gate, self.writers = Gate(monkeypatch), Writers()
        self.write("first", "first")
        assert self.gate.reached.wait(60)

    def write(self, task: str, value: object) -> None:
        self.writers.start(lambda: self.saver.put_writes(self.config, [("a", value)], task))

    def wait_for(self, count: int) -> None:
        (group,) = self.saver._groups.values()
        wait_for(lambda: len(group._waiting) == count)

    def let_go(self) -> None:
        self.gate.open.set()
        self.writers.join()

    def written(self) -> set[tuple[str, Any]]:
        return written(self.saver, self.config)


def written(saver: PartitaSaver, config: Any) -> set[tuple[str, Any]]:
    found = saver.get_tuple(config)
    assert found is not None and found.pending_writes is not None
    return {(task, value) for task, _, value in found.pending_writes}


@pytest.fixture
def held(saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(saver, monkeypatch)


def test_what_comes_during_a_commit_goes_into_the_next_one_together(held: Held) -> None:
    for number in range(10):
        held.write(f"task {number}", number)
    held.writers.start(lambda: held.line.put({"a": 2}, ["a"]))
    held.wait_for(11)
    held.let_go()
    assert not held.writers.errors
    assert held.gate.groups == [1, 11]
    assert held.written() == {("first", "first")} | {(f"task {n}", n) for n in range(10)}
    assert held.line.values() == {"a": 2}


def test_two_writes_of_one_task_and_two_checkpoints_are_never_one_commit(held: Held) -> None:
    for count, value in enumerate(["stays", "comes late"], 1):
        held.write("task", value)
        held.wait_for(count)
    for count in (3, 4):
        other = Line(held.saver)
        other.config, other.versions, other.step = held.config, {"a": 1}, count
        held.writers.start(lambda other=other: other.put({"a": 2}, ["a"]))
        held.wait_for(count)
    held.let_go()
    assert not held.writers.errors
    assert held.gate.groups == [1, 1, 2, 1]
    assert held.written() == {("first", "first"), ("task", "stays")}
    assert len(list(held.saver.list(None))) == 3


class Unwritable:
    def __reduce__(self) -> Any:
        raise TypeError("not this")


def test_of_a_group_only_what_cannot_be_written_fails(held: Held) -> None:
    for task, value in (("good", 1), ("bad", Unwritable()), ("other", 2)):
        held.write(task, value)
    held.wait_for(3)
    held.let_go()
    assert [type(error) for error in held.writers.errors.values()] == [TypeError]
    assert held.written() == {("first", "first"), ("good", 1), ("other", 2)}


def test_what_waited_for_a_commit_that_is_interrupted_is_committed_all_the_same(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        held.write(f"task {number}", number)
    held.wait_for(3)
    commit, interrupts = Thread.commit, [KeyboardInterrupt()]

    def interrupted(thread: Thread, writes: Sequence[Any]) -> None:
        if len(writes) == 3:
            raise interrupts.pop()
        commit(thread, writes)

    monkeypatch.setattr(Thread, "commit", interrupted)
    held.let_go()
    assert [type(error) for error in held.writers.errors.values()] == [KeyboardInterrupt]
    assert len(held.written()) == 3
    held.saver.put_writes(held.config, [("a", "more")], "more")
    assert len(held.written()) == 4


@contextmanager
def interrupted_by(handler: Callable[..., None]) -> Iterator[None]:
    """Runs a handler that raises KeyboardInterrupt, shortly after the block begins."""
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_write_that_is_interrupted_while_it_waits_leaves_the_others_alone() -> None:
    committed: list[str] = []
    reached, opened = threading.Event(), threading.Event()

    def commit(writes: Sequence[str]) -> None:
        if not committed:
            reached.set()
            assert opened.wait(60)
        committed.extend(writes)

    group: GroupCommit[str] = GroupCommit(commit)
    writers = Writers()
    writers.start(lambda: group.write(1, "first"))
    assert reached.wait(60)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with interrupted_by(interrupt):
        group.write(2, "interrupted")
    writers.start(lambda: group.write(3, "third"))
    wait_for(lambda: len(group._waiting) == 1)
    opened.set()
    writers.join()
    group.write(4, "fourth")
    assert committed == ["first", "third", "fourth"]
    assert not writers.errors


def test_a_write_that_went_away_is_not_waited_for_when_its_group_is_interrupted_too() -> None:
    committed: list[str] = []
    groups, opened = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]

    def commit(writes: Sequence[str]) -> None:
        if "first" in writes or "leads" in writes:
            at = 0 if "first" in writes else 1
            groups[at].set()
            assert opened[at].wait(60)
            if at == 1:
                raise SystemExit
        committed.extend(writes)

    group: GroupCommit[str] = GroupCommit(commit)
    writers = Writers()
    writers.start(lambda: group.write(1, "first"))
    assert groups[0].wait(60)
    writers.start(lambda: group.write(2, "leads"))
    wait_for(lambda: len(group._waiting) == 1)

    def interrupt(*_: object) -> None:
        if not groups[1].is_set():
            opened[0].set()
            assert groups[1].wait(60)  # By now this one is in the group of the second.
        raise KeyboardInterrupt

    with interrupted_by(interrupt):
        group.write(3, "goes away")
    opened[1].set()
    writers.join()
    writers.start(lambda: group.write(4, "later"))
    writers.join()
    assert committed == ["first", "later"]
    assert [type(error) for error in writers.errors.values()] == [SystemExit]


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_fork_during_a_commit_is_refused_and_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PartitaSaver(tmp_path / "store") as saver:
        held = Held(saver, monkeypatch)

        def child() -> None:
            signal.alarm(30)  # Not to wait for ever.
            with pytest.raises(partita.Invalid, match="is a fork"):
                saver.put_writes(held.config, [("a", 1)], "child")

        try:
            in_a_fork(child)
        finally:
            held.let_go()
        assert not held.writers.errors
        assert held.written() == {("first", "first")}


def test_many_threads_and_processes_write_to_one_thread_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    with PartitaSaver(tmp_path / "store") as one, PartitaSaver(tmp_path / "store") as two:
        config = Line(one).put({"a": 1}, ["a"])
        writers = Writers()
        for number in range(24):
            saver = (one, two)[number % 2]

            def write(saver: PartitaSaver = saver, number: int = number) -> None:
                for step in range(5):
                    saver.put_writes(config, [("a", step)], f"{number} {step}")

            writers.start(write)
        writers.join()
        assert not writers.errors
        assert len(written(two, config)) == 24 * 5


def test_a_serializer_that_writes_to_its_own_thread_is_told() -> None:
    class Nosy(JsonPlusSerializer):
        def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
            if obj == "nosy":
                line.put({"a": 2}, ["a"])
            return super().dumps_typed(obj)

    with PartitaSaver.in_memory(serde=Nosy()) as saver:
        line = Line(saver)
        line.put({"a": 1}, ["a"])
        with pytest.raises(partita.Invalid, match="a serializer writes to the thread"):
            saver.put_writes(line.config, [("a", "nosy")], "task")
        saver.put_writes(line.config, [("a", 1)], "task")
        assert written(saver, line.config) == {("task", 1)}


def test_names_are_not_taken_apart(saver: PartitaSaver) -> None:
    for call in (saver.prune, saver.delete_for_runs):
        with pytest.raises(TypeError, match="are several"):
            call("abc")
