"""LangGraph threads: named, copied, pruned, written to by several at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("langgraph.checkpoint.base")

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.types import _DeltaSnapshot

import partita
from langgraph_line import Line, dialog, thread
from partita._langgraph_sweep import keep_newest
from partita._langgraph_thread import Thread
from partita.langgraph import PartitaSaver


@pytest.fixture
def saver() -> Iterator[PartitaSaver]:
    with PartitaSaver.in_memory() as saver:
        yield saver


@pytest.mark.parametrize(
    "thread_id",
    [
        "",
        " ",
        "a/b//c/",
        "%",
        "%~",
        "%41",
        "A",
        "tab\there",
        "nul\0",
        "\u00e9\u4e00\U0001f600",
        "x" * 245,
        "x" * 246,
        "x" * 5000,
        "\ud800",
        "langgraph/x",
        ".",
        "..",
        "a b",
    ],
)
def test_a_thread_may_have_any_id(saver: PartitaSaver, thread_id: str) -> None:
    Line(saver, "bystander").put({"a": 0}, ["a"])
    line = Line(saver, thread_id)
    line.put({"a": thread_id.encode("utf-8", "surrogatepass")}, ["a"])
    saver.put_writes(line.config, [("a", 1)], "task")
    found = {row.config["configurable"]["thread_id"]: row for row in saver.list(None)}
    assert found.keys() == {"bystander", thread_id}
    assert found[thread_id] == saver.get_tuple(line.config)
    saver.copy_thread(thread_id, thread_id + "x")
    saver.copy_thread("bystander", thread_id + "y")
    listed = {row.config["configurable"]["thread_id"] for row in saver.list(None)}
    assert listed == {"bystander", thread_id, thread_id + "x", thread_id + "y"}
    saver.delete_thread(thread_id)
    saver.delete_thread(thread_id)
    assert saver.get_tuple(thread(thread_id)) is None


def test_the_id_of_a_thread_is_a_text_or_a_number(saver: PartitaSaver) -> None:
    Line(saver, 7).put({"a": 1}, ["a"])  # type: ignore[arg-type]
    for thread_id in (7, "7"):
        found = saver.get_tuple(thread(thread_id))  # type: ignore[arg-type]
        assert found is not None and found.checkpoint["channel_values"] == {"a": 1}
    for odd in (None, True, b"7"):
        with pytest.raises(TypeError, match="a thread_id is a str, got"):
            saver.get_tuple(thread(odd))  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="a thread_id is a str, got"):
            Line(saver, odd).put({"a": 1}, ["a"])  # type: ignore[arg-type]


def test_names_within_a_thread_may_hold_anything(saver: PartitaSaver) -> None:
    names = ["", "\0", "a", "a\0", "a\0\0b", "a|b:c", "\u00ff", "w", "k"]
    lines = {ns: Line(saver, "t", ns) for ns in names}
    for ns, line in lines.items():
        line.put({name: [ns, name] for name in names}, names)
        for task in names:
            saver.put_writes(line.config, [(name, ns) for name in names], task, task_path=task)
    for ns, line in lines.items():
        found = saver.get_tuple(thread("t", ns))
        assert found is not None and found.pending_writes is not None
        assert found.checkpoint["channel_values"] == {name: [ns, name] for name in names}
        assert found.pending_writes == [(t, n, ns) for t in sorted(names) for n in names]
        assert len(list(saver.list(thread("t", ns)))) == 1
    saver.prune(["t"])
    assert len(list(saver.list({"configurable": {"thread_id": "t"}}))) == len(names)


def test_a_copy_of_a_thread_is_one_small_object_and_goes_its_own_way() -> None:
    saver = PartitaSaver.in_memory()
    line = Line(saver)
    for turn in range(20):
        line.put({"messages": dialog(turn)}, ["messages"])
    objects = saver.store.stats().objects
    saver.copy_thread("t", "copy")
    assert saver.store.stats().objects == objects + 1
    copied = Line(saver, "copy")
    copied.config, copied.versions = saver.get_tuple(thread("copy")).config, line.versions  # type: ignore[union-attr]
    copied.put({"messages": dialog(30)}, ["messages"])
    assert len(line.values()["messages"]) == 19
    assert len(list(saver.list(thread("copy")))) == 21
    # A target that is there gets what it lacks, once.
    line.put({"messages": ["own"]}, ["messages"])
    for _ in range(2):
        saver.copy_thread("t", "copy")
        assert len(list(saver.list(thread("copy")))) == 22
    assert len(copied.values()["messages"]) == 30
    for row in saver.list(thread("t")):
        theirs = thread("copy", checkpoint_id=row.checkpoint["id"])
        assert saver.get_tuple(theirs).checkpoint == row.checkpoint  # type: ignore[union-attr]


# Deleting.


def test_what_is_pruned_is_gone_and_what_stays_keeps_its_values(saver: PartitaSaver) -> None:
    line = Line(saver)
    line.put({"early": ["from", "long", "ago"], "long": "z" * 5000}, ["early", "long"])
    for turn in range(10):
        saver.put_writes(line.config, [("n", turn)], "task")
        line.put({"early": 0, "long": 0, "n": turn}, ["n"])
    saver.put_writes(line.config, [("n", "kept")], "task")
    before = saver.get_tuple(line.config)
    saver.prune(["t", "absent"])
    (row,) = saver.list(thread("t"))
    assert row == before
    assert row.checkpoint["channel_values"]["early"] == ["from", "long", "ago"]
    keys = len(saver.store.open_session("langgraph/t").state)
    assert keys == 5  # The record, three values and a write.
    line.put({"early": 0, "long": 0, "n": 1}, ["n"])
    assert line.values()["long"] == "z" * 5000
    saver.prune(["t"], strategy="delete")
    assert saver.get_tuple(thread("t")) is None
    with pytest.raises(ValueError):
        saver.prune([], strategy="other")


def test_a_run_is_deleted_in_all_threads_and_other_runs_keep_their_values(
    saver: PartitaSaver,
) -> None:
    lines = [Line(saver, "t"), Line(saver, "t", "child"), Line(saver, "u")]
    for run in ("one", "two", "one", "three"):
        for line in lines:
            line.put({"list": [run], "by": run}, ["list"] if run == "one" else ["by"], run_id=run)
    saver.delete_for_runs(["one", "absent"])
    for line in lines:
        rows = list(
            saver.list(
                line.config
                | {"configurable": {**line.config["configurable"], "checkpoint_id": None}}
            )
        )
        assert [row.metadata["run_id"] for row in rows] == ["three", "two"]
        assert [row.checkpoint["channel_values"] for row in rows] == [
            {"list": ["one"], "by": "three"},
            {"list": ["one"], "by": "two"},
        ]
    saver.delete_for_runs(["two", "three"])
    assert list(saver.list(None)) == []
    assert list(saver.store.open_session("langgraph/u").state) == []


def delta_line(saver: Any, snapshots: Sequence[int], steps: int) -> Line:
    """A line as a delta channel makes it: writes to each checkpoint, snapshots at some."""
    line = Line(saver)
    total: list[str] = []
    for step in range(steps):
        snapshot = step in snapshots
        values = {"d": _DeltaSnapshot([*total])} if snapshot else {}
        counters = {} if snapshot else {"counters_since_delta_snapshot": {"d": (1, 1)}}
        line.put(values, ["d", "e"], run_id=f"r{step}", **counters)
        saver.put_writes(line.config, [("d", [f"{step}"]), ("e", step)], "task")
        total.append(f"{step}")
    return line


def replayed(saver: Any, config: Any) -> list[str]:
    history = saver.get_delta_channel_history(config=config, channels=["d", "absent"])
    assert history["absent"] == {"writes": []}
    seed = history["d"].get("seed", _DeltaSnapshot([])).value
    return [*seed, *(item for write in history["d"]["writes"] for item in write[2])]


@pytest.mark.parametrize("snapshots", [[], [0], [5], [3, 8], [11]])
def test_no_deletion_breaks_a_delta_channel(snapshots: list[int]) -> None:
    for delete in (
        lambda saver: saver.prune(["t"]),
        lambda saver: (saver.prune(["t"]), saver.prune(["t"])),
        lambda saver: saver.delete_for_runs([f"r{step}" for step in range(2, 9)]),
        lambda saver: (saver.delete_for_runs(["r4", "r5"]), saver.prune(["t"])),
        lambda saver: (saver.delete_for_runs(["r5"]), saver.delete_for_runs(["r4", "r6"])),
        lambda saver: (saver.copy_thread("t", "u"), saver.prune(["t", "u"])),
    ):
        saver = PartitaSaver.in_memory()
        line = delta_line(saver, snapshots, 12)
        expected = [f"{step}" for step in range(11)]
        values = line.values()
        assert replayed(saver, line.config) == expected or 11 in snapshots
        delete(saver)
        assert line.values() == values
        if 11 not in snapshots:
            assert replayed(saver, line.config) == expected
        # It goes on from there.
        line.put({}, ["d"], counters_since_delta_snapshot={"d": (2, 2)})
        assert replayed(saver, line.config) == [f"{step}" for step in range(12)]


def test_of_a_pruned_checkpoint_no_more_stays_than_its_delta_channels_need() -> None:
    saver = PartitaSaver.in_memory()
    delta_line(saver, [5], 12)
    saver.prune(["t"])
    state = saver.store.open_session("langgraph/t").state
    areas = [key[:1] for key in state]
    assert len(list(saver.list(thread("t")))) == areas.count(b"c") == 1
    assert areas.count(b"h") == 6
    # A snapshot, the writes to the delta channel since, and both writes to what stays.
    assert areas.count(b"d") == 1 + 6 + 2


@pytest.mark.parametrize("snapshots", [[], [3, 8], [11]])
def test_the_history_of_a_delta_channel_is_that_of_the_walk_over_tuples(
    saver: PartitaSaver, snapshots: list[int]
) -> None:
    line = delta_line(saver, snapshots, 12)
    others: Any = InMemorySaver()
    delta_line(others, snapshots, 12)
    theirs = list(others.list(thread("t")))
    for row, their in zip(saver.list(thread("t")), theirs, strict=True):
        walked = super(PartitaSaver, saver).get_delta_channel_history(
            config=row.config, channels=["d", "e"]
        )
        ours = saver.get_delta_channel_history(config=row.config, channels=["d", "e"])
        assert ours == walked
        assert ours == others.get_delta_channel_history(config=their.config, channels=["d", "e"])
    latest = saver.get_delta_channel_history(config=thread("t"), channels=["d"])
    assert latest == saver.get_delta_channel_history(config=line.config, channels=["d"])
    assert saver.get_delta_channel_history(config=thread("no"), channels=["d"]) == {
        "d": {"writes": []}
    }


# Writers that meet.


class Late:
    """A session in which somebody else comes first, once, after a batch began."""

    def __init__(self, session: Any, first: list[Any]) -> None:
        self._session = session
        self._first = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def begin(self) -> Any:
        batch = self._session.begin()
        while self._first:
            self._first.pop()()
        return batch


def test_a_checkpoint_put_while_its_parents_are_pruned_keeps_its_values(
    saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(saver)
    old = line.put({"list": dialog(3), "a": 1}, ["list", "a"])
    line.put({"list": [], "a": 2}, ["list", "a"])
    other = Line(saver)
    other.config, other.versions = old, {"list": 1, "a": 1}
    first = [lambda: other.put({"list": dialog(3), "a": 3}, ["a"])]

    def late(thread: Any) -> None:
        thread.session = Late(thread.session, first)
        keep_newest(thread)

    monkeypatch.setattr("partita.langgraph.keep_newest", late)
    saver.prune(["t"])
    assert not first
    (row,) = saver.list(thread("t"))
    assert row.checkpoint["channel_values"] == {"list": dialog(3), "a": 3}


def test_a_checkpoint_whose_parent_is_pruned_before_it_lands_brings_all_its_values(
    saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(saver)
    old = line.put({"list": dialog(3), "a": 1}, ["list", "a"])
    line.put({"list": [], "a": 2}, ["list", "a"])
    other = Line(saver)
    other.config, other.versions = old, {"list": 1, "a": 1}
    first = [lambda: saver.prune(["t"])]
    commit = Thread.commit

    def late(thread: Any, *given: Any) -> None:
        thread.session = Late(thread.session, first)
        commit(thread, *given)

    monkeypatch.setattr(Thread, "commit", late)
    other.put({"list": dialog(3), "a": 3}, ["a"])
    assert not first
    newest = next(saver.list(thread("t")))
    assert newest.checkpoint["channel_values"] == {"list": dialog(3), "a": 3}


def test_a_conflict_that_does_not_end_is_told(
    saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(*given: Any) -> None:
        raise partita.Conflict("somebody else")

    monkeypatch.setattr("partita._langgraph_thread.Thread.commit", conflict)
    with pytest.raises(partita.Conflict):
        Line(saver).put({}, [])
