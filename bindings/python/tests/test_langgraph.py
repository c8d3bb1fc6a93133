"""LangGraph checkpoints: what goes in comes out, in the order that it must have."""

import copy
import json
import os
import pickle
import random
from collections.abc import Iterator
from typing import Any

import pytest

base = pytest.importorskip("langgraph.checkpoint.base")

from langchain_core.messages import HumanMessage
from langgraph.checkpoint.base import CheckpointTuple, empty_checkpoint, get_checkpoint_metadata
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME

from langgraph_line import Line, dialog, thread
from partita.langgraph import PartitaSaver


@pytest.fixture
def saver() -> Iterator[PartitaSaver]:
    with PartitaSaver.in_memory() as saver:
        yield saver


def test_values_that_are_none_or_empty_come_back_and_absent_ones_stay_absent(
    saver: PartitaSaver,
) -> None:
    line = Line(saver)
    values: dict[str, Any] = {
        "none": None,
        "text": "",
        "list": [],
        "map": {},
        "bytes": b"",
        "zero": 0,
        "no": False,
    }
    first = line.put(values, [*values, "absent"])
    assert line.values() == values
    second = line.put({**values, "none": "now"}, ["none"])
    assert line.values(first) == values
    assert line.values(second) == {**values, "none": "now"}
    # Its version moved, and it has no value any more.
    del values["none"]
    line.put(values, ["none"])
    assert line.values() == values
    del line.versions["text"]
    line.put(values)
    assert "text" not in line.values()


def test_a_value_is_inherited_by_its_version_whatever_the_put_brings(saver: PartitaSaver) -> None:
    line = Line(saver)
    first = line.put({"a": "one", "b": [*"xyz"]}, ["a", "b"])
    line.put({}, [])  # Nothing moved: a saver finds the values by their versions.
    assert line.values() == {"a": "one", "b": [*"xyz"]}
    line.put({"a": "two"}, ["a"])
    assert line.values() == {"a": "two", "b": [*"xyz"]}
    fork = Line(saver)
    fork.config, fork.versions = first, {"a": 1, "b": 1}
    fork.put({"a": "other", "b": [*"xyz"]}, ["a"])
    assert fork.values() == {"a": "other", "b": [*"xyz"]}
    assert line.values() == {"a": "two", "b": [*"xyz"]}


def test_a_checkpoint_that_is_put_again_is_replaced_and_its_children_keep_their_values(
    saver: PartitaSaver,
) -> None:
    line = Line(saver)
    first = line.put({"a": "old", "l": ["old"]}, ["a", "l"])
    line.put({"a": "old", "l": ["old"]}, [])
    again = {**empty_checkpoint(), "id": first["configurable"]["checkpoint_id"]}
    again |= {"channel_values": {"a": "new", "l": ["new"]}, "channel_versions": {"a": 9, "l": 9}}
    saver.put(thread("t"), again, {"step": 7}, {"a": 9, "l": 9})  # type: ignore[arg-type, typeddict-unknown-key]
    assert line.values(first) == {"a": "new", "l": ["new"]}
    assert line.values() == {"a": "old", "l": ["old"]}
    assert len(list(saver.list(thread("t")))) == 2


def test_long_values_are_stored_as_their_difference_to_the_version_before() -> None:
    saver = PartitaSaver.in_memory()
    line = Line(saver)
    files = {f"file {at}": os.urandom(500).hex() for at in range(100)}
    line.put({"files": files}, ["files"])
    before = saver.store.stats().stored_bytes
    for at in range(10):
        files[f"file {at}"] = "changed"
        line.put({"files": files}, ["files"])
    assert saver.store.stats().stored_bytes - before < 30_000
    assert line.values()["files"] == files


def test_metadata_is_kept_as_the_other_savers_keep_it(saver: PartitaSaver) -> None:
    line = Line(saver)
    line.config["metadata"] = {"user": "u\0", "count": 3, "writes": "no", "object": object()}
    line.config["configurable"] |= {"langgraph_node": "n", "__private": 1, "flag": True}
    config = copy.copy(line.config)
    line.put({}, [], run_id="r", source="in\0put", parents={"": "p"})
    found = saver.get_tuple(thread("t"))
    assert found is not None
    given: Any = {"source": "in\0put", "step": 0, "run_id": "r", "parents": {"": "p"}}
    expected: Any = get_checkpoint_metadata(config, given)
    del expected["writes"]
    assert found.metadata == expected
    assert found.metadata["source"] == "input"  # type: ignore[comparison-overlap]


def test_versions_of_other_savers_go_on_as_they_were(saver: PartitaSaver) -> None:
    assert saver.get_next_version(None, None) == 1
    assert saver.get_next_version(7, None) == 8
    theirs = InMemorySaver().get_next_version(InMemorySaver().get_next_version(None, None), None)
    ours = saver.get_next_version(theirs, None)
    assert theirs < ours < InMemorySaver().get_next_version(ours, None)


# Writes.


def test_writes_come_back_in_the_order_of_their_paths_tasks_and_places(saver: PartitaSaver) -> None:
    line = Line(saver)
    config = line.put({}, [])
    saver.put_writes(config, [("b", 1), ("a", 2)], "task 2", "~path 1")
    saver.put_writes(config, [("c", [*"xy"]), (INTERRUPT, None)], "task 1", "~path 2")
    saver.put_writes(config, [("d", "no path")], "task 3")
    found = saver.get_tuple(config)
    assert found is not None
    assert found.pending_writes == [
        ("task 3", "d", "no path"),
        ("task 2", "b", 1),
        ("task 2", "a", 2),
        ("task 1", INTERRUPT, None),
        ("task 1", "c", [*"xy"]),
    ]


@pytest.mark.skipif(
    not hasattr(base, "writes_sort_key"), reason="langgraph-checkpoint has it since 4.3"
)
def test_many_writes_are_in_the_order_of_the_sort_key(saver: PartitaSaver) -> None:
    config = Line(saver).put({}, [])
    chance, written = random.Random(1), []
    for _ in range(60):
        path = "".join(chance.choices("~, 0\0\xff", k=chance.randrange(4)))
        task = "".join(chance.choices("ab\0", k=chance.randrange(1, 6))) + str(len(written))
        places = chance.randrange(1, 12)
        saver.put_writes(config, [("c", at) for at in range(places)], task, path)
        written += [(path, task, at) for at in range(places)]
    found = saver.get_tuple(config)
    assert found is not None and found.pending_writes is not None
    expected = [key[1:] for key in sorted(written, key=lambda key: base.writes_sort_key(*key))]
    assert [(task, at) for task, _, at in found.pending_writes] == expected


def test_a_write_stays_as_it_was_first_and_errors_interrupts_and_resumes_are_replaced(
    saver: PartitaSaver,
) -> None:
    config = Line(saver).put({}, [])
    for turn in range(3):
        saver.put_writes(
            config,
            [("a", f"a{turn}"), (ERROR, f"e{turn}"), (RESUME, [f"r{turn}" * 600])],
            "task",
            f"~{turn}",
        )
    saver.put_writes(config, [("ignored", 0), ("b", 1), ("c", 2), ("d", 3)], "task")
    found = saver.get_tuple(config)
    assert found is not None and found.pending_writes is not None
    assert sorted(found.pending_writes, key=lambda write: write[1]) == [
        ("task", ERROR, "e2"),
        ("task", RESUME, ["r2" * 600]),
        ("task", "a", "a0"),
        ("task", "b", 1),
        ("task", "c", 2),
        ("task", "d", 3),
    ]


def test_writes_may_come_before_their_checkpoint_and_stay_when_it_is_put_again(
    saver: PartitaSaver,
) -> None:
    checkpoint: Any = empty_checkpoint()
    config = thread("t", checkpoint_id=checkpoint["id"])
    saver.put_writes(config, [("a", 1)], "task")
    assert saver.get_tuple(config) is None
    for step in range(2):
        saver.put(thread("t"), checkpoint, {"step": step}, {})
        found = saver.get_tuple(config)
        assert found is not None and found.pending_writes == [("task", "a", 1)]


def test_a_message_that_was_written_and_is_in_the_list_then_is_stored_once() -> None:
    saver = PartitaSaver.in_memory()
    line = Line(saver)
    line.put({"messages": dialog(4)}, ["messages"])
    message = HumanMessage(os.urandom(50_000).hex(), id="new")
    saver.put_writes(line.config, [("messages", [message])], "task")
    before = saver.store.stats().stored_bytes
    line.put({"messages": [*dialog(4), message]}, ["messages"])
    assert saver.store.stats().stored_bytes - before < 10_000


# Listing.


def test_a_listing_is_newest_first_by_thread_namespace_checkpoint_and_metadata(
    saver: PartitaSaver,
) -> None:
    lines = [Line(saver, "t"), Line(saver, "t", "child:1"), Line(saver, "other")]
    ids = [line.put({}, [], turn=turn) for turn in range(4) for line in lines]
    ids = [config["configurable"]["checkpoint_id"] for config in ids]

    def listed(config: Any, **chosen: Any) -> list[int]:
        return [ids.index(row.checkpoint["id"]) for row in saver.list(config, **chosen)]

    assert listed(None) == [*reversed(range(12))]
    assert listed({"configurable": {"thread_id": "t"}}) == [10, 9, 7, 6, 4, 3, 1, 0]
    assert listed(thread("t")) == [9, 6, 3, 0]
    assert listed(thread("t", "child:1"), limit=2) == [10, 7]
    assert listed(thread("t"), before=thread("t", checkpoint_id=ids[6])) == [3, 0]
    assert listed(
        {"configurable": {"thread_id": "t"}}, before=thread("t", checkpoint_id=ids[6])
    ) == [4, 3, 1, 0]
    assert listed(None, before=thread("t", checkpoint_id=ids[2]), limit=5) == [1, 0]
    assert listed(thread("t", checkpoint_id=ids[3])) == [3]
    assert listed({"configurable": {"thread_id": "t", "checkpoint_id": ids[4]}}) == [4]
    assert listed(None, filter={"turn": 2}) == [8, 7, 6]
    assert listed(None, filter={"turn": 2, "step": 3}) == []
    assert listed(thread("t"), limit=0) == []
    assert listed(thread("absent")) == []


def test_a_listed_tuple_is_the_tuple_that_get_returns(saver: PartitaSaver) -> None:
    line = Line(saver)
    for turn in range(3):
        line.put({"messages": dialog(turn), "n": turn}, ["messages", "n"])
        saver.put_writes(line.config, [("n", turn)], "task")
    for make in (
        lambda row: row,
        copy.copy,
        copy.deepcopy,
        lambda row: pickle.loads(pickle.dumps(row)),
        lambda row: CheckpointTuple(*row),
        lambda row: row._replace(),
        lambda row: CheckpointTuple(**row._asdict()),
        lambda row: CheckpointTuple._make(row),
        lambda row: row[:],
        lambda row: row + (),
        tuple,
        lambda row: (lambda *parts: parts)(*row),
    ):
        for row in saver.list(thread("t")):
            plain = saver.get_tuple(row.config)
            assert plain is not None
            made = make(row)
            assert made == plain and plain == made and not made != plain and len(made) == 5
            assert repr(tuple(made)) == repr(tuple(plain))
    row = next(saver.list(thread("t")))
    assert isinstance(row, CheckpointTuple)
    config, checkpoint, metadata, parent, writes = row
    assert (row[0], row[1], row[-1]) == (config, checkpoint, writes)
    assert [type(each) for each in row] == [dict, dict, dict, dict, list]
    assert type(checkpoint["channel_values"]) is dict
    assert row.count(None) == 0 and row.index(metadata) == 2 and parent in row
    assert json.loads(json.dumps(row.metadata)) == metadata


def test_a_listing_tells_what_was_when_it_began_and_gives_each_reader_its_own_objects(
    saver: PartitaSaver,
) -> None:
    line = Line(saver)
    line.put({"messages": dialog(2)}, ["messages"])
    rows, same = saver.list(thread("t")), saver.list(thread("t"))
    saver.put_writes(line.config, [("n", 1)], "task")
    line.put({"messages": dialog(3)}, ["messages"])
    saver.prune(["t"])
    saver.delete_thread("t")
    (row,), (other,) = rows, same
    assert row.pending_writes == []
    row.checkpoint["channel_values"]["messages"][0].content = "changed"
    assert other.checkpoint["channel_values"]["messages"] == dialog(2)
    assert list(saver.list(thread("t"))) == []
