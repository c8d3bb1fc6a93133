"""LangGraph checkpoints: what goes in comes out, at the price of what changed."""

import copy
import json
import os
import pickle
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("langgraph.checkpoint.base")

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.base import (
    CheckpointTuple,
    empty_checkpoint,
    get_checkpoint_metadata,
    uuid6,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME, _DeltaSnapshot

import partita
from partita.langgraph import PartitaSaver
from test_langgraph_conformance import Xor


class Counting(JsonPlusSerializer):
    """A serializer that counts."""

    dumped = 0
    loaded = 0

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        self.dumped += 1
        return super().dumps_typed(obj)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        self.loaded += 1
        return super().loads_typed(data)


@pytest.fixture
def saver() -> Iterator[PartitaSaver]:
    with PartitaSaver.in_memory() as saver:
        yield saver


class Line:
    """Puts checkpoints one after another."""

    def __init__(self, saver: Any, thread_id: str = "t", ns: str = "") -> None:
        self.saver = saver
        self.config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns}}
        self.versions: dict[str, Any] = {}
        self.step = 0

    def put(self, values: dict[str, Any], changed: Sequence[str] = (), **metadata: Any) -> Any:
        new = {
            name: self.saver.get_next_version(self.versions.get(name), None) for name in changed
        }
        self.versions |= new
        checkpoint: Any = empty_checkpoint()
        checkpoint |= {
            "id": str(uuid6(clock_seq=self.step)),
            "channel_values": values,
            "channel_versions": {**self.versions},
        }
        metadata = {"source": "loop", "step": self.step, **metadata}
        self.config = self.saver.put(self.config, checkpoint, metadata, new)
        self.step += 1
        return self.config

    def values(self, config: Any = None) -> dict[str, Any]:
        found = self.saver.get_tuple(config or self.config)
        assert found is not None
        values: dict[str, Any] = found.checkpoint["channel_values"]
        return values


def thread(thread_id: str, ns: str = "", checkpoint_id: str | None = None) -> Any:
    configurable = {"thread_id": thread_id, "checkpoint_ns": ns}
    if checkpoint_id:
        configurable["checkpoint_id"] = checkpoint_id
    return {"configurable": configurable}


def dialog(count: int) -> list[AnyMessage]:
    return [
        (HumanMessage if at % 2 == 0 else AIMessage)(f"message {at} " + "x" * 1500, id=str(at))
        for at in range(count)
    ]


# Lists.


def test_a_put_serialises_what_is_new_in_a_list_and_a_get_parses_what_is_new() -> None:
    serde = Counting()
    saver = PartitaSaver.in_memory(serde=serde)
    line = Line(saver)
    messages = dialog(100)
    line.put({"messages": messages}, ["messages"])
    for turn in range(5):
        messages = [*line.values()["messages"], HumanMessage(f"more {turn}", id=f"more {turn}")]
        assert messages[:100] == dialog(100)
        dumped = serde.dumped
        line.put({"messages": messages}, ["messages"])
        # The message, the metadata and the rest of the checkpoint.
        assert serde.dumped == dumped + 3
        loaded = serde.loaded
        assert line.values()["messages"] == messages
        assert serde.loaded == loaded + 3


def test_a_list_goes_on_from_what_another_process_stored(tmp_path: Any) -> None:
    with PartitaSaver(tmp_path / "store") as saver:
        line = Line(saver)
        line.put({"messages": dialog(50)}, ["messages"])
    serde = Counting()
    with PartitaSaver(tmp_path / "store", serde=serde) as again:
        line.saver = again
        messages = [*line.values()["messages"], *dialog(52)[50:]]
        dumped = serde.dumped
        line.put({"messages": messages}, ["messages"])
        assert serde.dumped == dumped + 4
    with PartitaSaver(tmp_path / "store") as once_more:
        line.saver = once_more
        # It never read the list: then all of it is serialised and compared, and nothing stored twice.
        objects = once_more.store.stats().objects
        line.put({"messages": dialog(52)}, ["messages"])
        assert once_more.store.stats().objects <= objects + 6
        assert line.values()["messages"] == dialog(52)


def change_content(message: Any) -> None:
    message.content = "changed"


def change_nested(message: Any) -> None:
    message.additional_kwargs["deep"][0]["key"] = "changed"


def change_extra(message: Any) -> None:
    message.extra_field = "changed"


def change_kind(message: Any) -> None:
    message.additional_kwargs["deep"][0]["count"] = True  # It was 1.


def change_order(message: Any) -> None:
    message.additional_kwargs = dict(reversed(message.additional_kwargs.items()))


@pytest.mark.parametrize(
    "change", [change_content, change_nested, change_extra, change_kind, change_order]
)
@pytest.mark.parametrize("reload", [False, True])
def test_a_message_that_is_changed_in_place_is_stored_anew(
    saver: PartitaSaver, change: Any, reload: bool
) -> None:
    line = Line(saver)

    def messages() -> list[Any]:
        deep = [{"key": "was", "count": 1}]
        kwargs = {"deep": deep, "other": 2}
        odd = AIMessage("odd", id="odd", additional_kwargs=kwargs, extra_field="was")
        return [*dialog(3), odd, *dialog(5)[3:]]

    given = messages()
    before = line.put({"messages": given}, ["messages"])
    if reload:
        given = line.values()["messages"]
    change(given[3])
    after = line.put({"messages": given}, ["messages"])
    assert line.values(before)["messages"] == messages()
    found = line.values(after)["messages"]
    expected = JsonPlusSerializer()
    assert [expected.dumps_typed(each) for each in found] == [
        expected.dumps_typed(each) for each in given
    ]


class Odd:
    """Nothing that can be compared without being serialised."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def _asdict(self) -> dict[str, Any]:
        return {"held": self.held}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Odd) and self.held == other.held


@pytest.mark.parametrize(
    "lists",
    [
        [[], ["a"], [], ["b", "a"], ["b"]],
        [["a", "b", "c"], ["a", "c"], ["c"], ["c", "a"], ["a", "b", "c"]],
        [[None], [None, "a"], [{"x": (1, 2)}], [["nested"], b"", ("t", 1)]],
        [[1, 2, 3], [1, 2], list(range(5000)), [1.5]],
        [[{1, 2}], [{1, 2}, frozenset("a")], [Odd(1)], [Odd(1), Odd(2)], [Odd(1), Odd([3])]],
        [dialog(3), dialog(3)[1:], [*dialog(2), ToolMessage("r", tool_call_id="c")], dialog(1)],
        [["a"] * 300, ["a"] * 299 + ["b"], ["a"] * 400, ["a"]],
    ],
)
@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_every_version_of_a_list_stays_what_it_was(
    lists: list[list[Any]], encrypted: bool
) -> None:
    serde = EncryptedSerializer(Xor()) if encrypted else None
    saver, plain = PartitaSaver.in_memory(serde=serde), InMemorySaver()
    line, other = Line(saver), Line(plain)
    configs = []
    for value in lists:
        given = copy.deepcopy(value)
        configs.append(
            (line.put({"list": given}, ["list"]), other.put({"list": given}, ["list"]))
        )
        if given and isinstance(given[-1], dict):
            given[-1]["changed"] = "after the put"
    for ours, theirs in configs:
        found, expected = line.values(ours), other.values(theirs)
        assert found == expected
        assert [type(each) for each in found["list"]] == [type(each) for each in expected["list"]]


def a_message(chance: random.Random, at: int) -> Any:
    kind = chance.choice([HumanMessage, AIMessage, AIMessage, str, dict])
    text = f"{at} " + "t" * chance.choice([0, 10, 1200])
    if kind is str:
        return text
    if kind is dict:
        return {"text": text, "deep": [{"n": at}]}
    return kind(text, id=str(at), additional_kwargs={"deep": [{"n": at}]})


def change_one(chance: random.Random, value: list[Any], at: int) -> None:
    """Changes a list as a graph may: at its end, in its middle, or an item in place."""
    where = chance.randrange(len(value)) if value else 0
    match chance.choice(["add", "add", "add", "cut", "remove", "insert", "change", "deep", "same"]):
        case "add":
            value.extend(a_message(chance, at * 10 + more) for more in range(chance.randrange(4)))
        case "cut":
            del value[where:]
        case "remove" if value:
            del value[where]
        case "insert":
            value.insert(where, a_message(chance, at))
        case "change" if value and hasattr(value[where], "content"):
            value[where].content += "!"
        case "deep" if value and not isinstance(value[where], str):
            item = value[where]
            deep = item["deep"] if isinstance(item, dict) else item.additional_kwargs["deep"]
            deep[0]["n"] = chance.choice([1, True, 1.0, "1", [1], (1,)])
        case "same" if value:
            value[where] = copy.deepcopy(value[where])


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_done_to_a_list_all_its_versions_stay_what_they_were(seed: int) -> None:
    chance = random.Random(seed)
    plain = JsonPlusSerializer()
    saver = PartitaSaver.in_memory(serde=EncryptedSerializer(Xor()) if seed % 5 == 0 else None)
    line = Line(saver)
    value: list[Any] = []
    versions: list[tuple[Any, bytes]] = []
    for at in range(25):
        change_one(chance, value, at)
        versions.append((line.put({"list": value}, ["list"]), plain.dumps_typed(value)[1]))
        match chance.randrange(6):
            case 0:  # The next step begins from what is stored, as in another run of the graph.
                value = line.values()["list"]
            case 1:  # From an older checkpoint.
                line.config = chance.choice(versions)[0]
                value = line.values()["list"]
            case 2:  # In a process that knows nothing.
                saver._lists.__init__()  # type: ignore[misc]
    for config, expected in versions:
        assert plain.dumps_typed(line.values(config)["list"])[1] == expected
    listed = {row.config["configurable"]["checkpoint_id"]: row for row in saver.list(thread("t"))}
    for config, expected in versions:
        row = listed[config["configurable"]["checkpoint_id"]]
        assert plain.dumps_typed(row.checkpoint["channel_values"]["list"])[1] == expected


def test_encrypted_messages_that_stay_are_not_encrypted_again() -> None:
    saver = PartitaSaver.in_memory(serde=EncryptedSerializer(Xor(), Counting()))
    line = Line(saver)
    line.put({"messages": dialog(40)}, ["messages"])
    objects = saver.store.stats().objects
    line.put({"messages": [*line.values()["messages"], HumanMessage("y" * 2000)]}, ["messages"])
    assert saver.store.stats().objects < objects + 10


# Values.


def test_values_that_are_none_or_empty_come_back_and_absent_ones_stay_absent(
    saver: PartitaSaver,
) -> None:
    line = Line(saver)
    values: dict[str, Any] = {
        "none": None, "text": "", "list": [], "map": {}, "bytes": b"", "zero": 0, "no": False,
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
    assert listed({"configurable": {"thread_id": "t"}}, before=thread("t", checkpoint_id=ids[6])) == [4, 3, 1, 0]
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


# Threads.


@pytest.mark.parametrize(
    "thread_id",
    ["", " ", "a/b//c/", "%", "%~", "%41", "A", "tab\there", "nul\0", "\u00e9\u4e00\U0001f600",
     "x" * 245, "x" * 246, "x" * 5000, "\ud800", "langgraph/x", ".", "..", "a b"],
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
        rows = list(saver.list(line.config | {"configurable": {**line.config["configurable"], "checkpoint_id": None}}))
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


def test_a_checkpoint_put_while_its_parents_are_pruned_keeps_its_values(
    saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(saver)
    old = line.put({"list": dialog(3), "a": 1}, ["list", "a"])
    line.put({"list": [], "a": 2}, ["list", "a"])
    other = Line(saver)
    other.config, other.versions = old, {"list": 1, "a": 1}
    pending = [lambda: other.put({"list": dialog(3), "a": 3}, ["a"])]
    real = partita.Batch.commit
    from partita import _langgraph_sweep

    class Late:
        """A session in which somebody else comes first, once."""

        def __init__(self, session: Any) -> None:
            self._session = session

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        def begin(self) -> Any:
            batch = self._session.begin()
            return batch

        def latest(self) -> Any:
            latest = self._session.latest()
            if pending:
                pending.pop()()
            return latest

    kept = _langgraph_sweep.keep_newest

    def late(thread: Any) -> None:
        if pending:
            thread.session = Late(thread.session)
        kept(thread)

    monkeypatch.setattr("partita.langgraph.keep_newest", late)
    saver.prune(["t"])
    assert not pending and real
    rows = list(saver.list(thread("t")))
    assert len(rows) == 1
    assert rows[0].checkpoint["channel_values"] == {"list": dialog(3), "a": 3}


def test_a_conflict_that_does_not_end_is_told(
    saver: PartitaSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(*given: Any) -> None:
        raise partita.Conflict("somebody else")

    monkeypatch.setattr("partita._langgraph_thread.Thread.put", conflict)
    with pytest.raises(partita.Conflict):
        Line(saver).put({}, [])
