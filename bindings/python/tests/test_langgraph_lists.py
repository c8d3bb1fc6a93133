"""Lists of LangGraph channels: a step costs what it adds, and every version stays."""

import copy
import enum
import random
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("langgraph.checkpoint.base")

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from langgraph_line import Counting, Line, dialog, thread
from partita.langgraph import PartitaSaver
from test_langgraph_conformance import Xor


@pytest.fixture
def saver() -> Iterator[PartitaSaver]:
    with PartitaSaver.in_memory() as saver:
        yield saver


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
def test_every_version_of_a_list_stays_what_it_was(lists: list[list[Any]], encrypted: bool) -> None:
    serde = EncryptedSerializer(Xor()) if encrypted else None
    saver, plain = PartitaSaver.in_memory(serde=serde), InMemorySaver()
    line, other = Line(saver), Line(plain)
    configs = []
    for value in lists:
        given = copy.deepcopy(value)
        configs.append((line.put({"list": given}, ["list"]), other.put({"list": given}, ["list"])))
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
                saver.serde = copy.copy(saver.serde)
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


def test_another_serializer_makes_its_own_of_what_is_stored(saver: PartitaSaver) -> None:
    class Shout(JsonPlusSerializer):
        def loads_typed(self, data: tuple[str, bytes]) -> Any:
            found = super().loads_typed(data)
            return found.upper() if isinstance(found, str) else found

    line = Line(saver)
    line.put({"list": ["a", "b"]}, ["list"])
    assert line.values()["list"] == ["a", "b"]
    saver.serde = Shout()
    assert line.values()["list"] == ["A", "B"]
    clone = saver.with_allowlist([("somewhere", "Else")])
    assert clone.get_tuple(line.config).checkpoint["channel_values"]["list"] == ["A", "B"]  # type: ignore[union-attr]


class Color(enum.StrEnum):
    RED = "red"


class Raw(bytes, enum.Enum):
    RED = b"red"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"k": "red"}], [{"k": Color.RED}]),
        ([["red"], "red"], [[Color.RED], Color.RED]),
        ([{"k": "red"}, {"k": Color.RED}], [{"k": Color.RED}, {"k": "red"}]),
        ([{"k": b"red"}], [{"k": Raw.RED}]),
        ([Raw.RED, "x" * 2000], [Raw.RED, "x" * 2000, b"red"]),
        ([*"0123456789", b"red"], [*"0123456789", Raw.RED]),
        ([Color.RED], ["red"]),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_equal_but_of_another_class_is_not_the_same(
    saver: PartitaSaver, before: list[Any], after: list[Any]
) -> None:
    line, plain = Line(saver), Line(InMemorySaver())
    for value in (before, after, before):
        for each in (line, plain):
            each.put({"list": copy.copy(value)}, ["list"])
            each.saver.put_writes(each.config, [("list", copy.copy(value))], "task")
        assert repr(line.values()) == repr(plain.values())
        ours, theirs = (each.saver.get_tuple(each.config) for each in (line, plain))
        assert repr(ours.pending_writes) == repr(theirs.pending_writes)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("where", ["additional_kwargs", "response_metadata"])
def test_a_text_in_a_message_that_becomes_a_member_of_an_enumeration_is_stored_anew(
    saver: PartitaSaver, where: str
) -> None:
    line = Line(saver)
    for value in ("red", Color.RED, "red"):
        message = HumanMessage("x", id="1", **{where: {"c": value}})
        line.put({"messages": [message]}, ["messages"])
        (found,) = line.values()["messages"]
        assert type(getattr(found, where)["c"]) is type(value)
