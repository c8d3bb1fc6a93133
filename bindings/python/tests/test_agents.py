"""The session of the OpenAI Agents SDK, by its own runner and by what its protocol promises."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import partita

agents = pytest.importorskip("agents")

from agents.memory import Session, SessionSettings
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from partita.agents import PartitaSession


def run(work: Any) -> Any:
    return asyncio.run(work)


def items(*texts: Any) -> list[Any]:
    return [{"role": "user", "content": text} for text in texts]


def texts(session: PartitaSession, limit: int | None = None) -> list[str]:
    return [item["content"] for item in run(session.get_items(limit))]


@pytest.fixture
def store(tmp_path: Path) -> partita.Store:
    return partita.Store.open(tmp_path / "store", durability="buffered")


@pytest.fixture
def talk(store: partita.Store) -> PartitaSession:
    return PartitaSession("talk", store)


# The protocol.


def test_the_sdk_takes_it_for_a_session(talk: PartitaSession) -> None:
    assert isinstance(talk, Session)
    assert talk.session_id == "talk"


def test_a_limit_gives_the_latest_items_in_their_order(talk: PartitaSession) -> None:
    assert texts(talk) == [] and texts(talk, 3) == []
    run(talk.add_items(items("a", "b", "c")))
    expected = {None: ["a", "b", "c"], 1: ["c"], 2: ["b", "c"], 3: ["a", "b", "c"]}
    expected |= {9: ["a", "b", "c"], 0: [], -1: []}
    assert {limit: texts(talk, limit) for limit in expected} == expected


def test_the_limit_of_the_settings_holds_where_a_call_says_none(store: partita.Store) -> None:
    talk = PartitaSession("talk", store, session_settings=SessionSettings(limit=2))
    run(talk.add_items(items("a", "b", "c")))
    assert texts(talk) == ["b", "c"]
    assert texts(talk, 3) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"role": "user", "content": ""},
        {"role": "user", "content": "caf\u00e9 \u65e5\u672c \U0001f600 \x00\x1f\u2028\\ud83d\"'"},
        {"role": "user", "content": "\ud83d"},
        {"role": "user", "content": "\ud83d\ude00 in two halves, and whole: \U0001f600"},
        {"\udc80": {"\ud800": ["\udfff"]}},
        {"big": 2**200, "negative": -(2**63) - 1, "float": 0.1, "tiny": 5e-324, "huge": 1.7e308},
        {"zero": 0, "false": False, "one": 1.0, "none": None, "list": [], "nested": [[{}], [None]]},
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "x" * 5_000}],
        },
    ],
)
def test_every_item_comes_back_equal(talk: PartitaSession, item: Any) -> None:
    run(talk.add_items([item]))
    back = run(talk.get_items())[0]
    assert back == item and repr(back) == repr(item)
    assert repr(run(talk.pop_item())) == repr(item)


def test_items_that_json_has_not_are_refused_and_none_is_added(talk: PartitaSession) -> None:
    with pytest.raises(TypeError):
        run(talk.add_items([*items("a"), *items(b"bytes")]))
    assert texts(talk) == []


def test_pop_takes_exactly_the_latest(talk: PartitaSession) -> None:
    assert run(talk.pop_item()) is None
    run(talk.add_items(items("a", "b")))
    assert run(talk.pop_item()) == {"role": "user", "content": "b"}
    run(talk.add_items(items("c")))
    assert texts(talk) == ["a", "c"]
    assert [run(talk.pop_item())["content"] for _ in range(2)] == ["c", "a"]
    assert run(talk.pop_item()) is None and texts(talk) == []
    run(talk.add_items(items("d")))
    assert texts(talk) == ["d"]


def test_a_pop_costs_the_same_whatever_is_left(store: partita.Store, talk: PartitaSession) -> None:
    run(talk.add_items(items(*(f"{at}" * 100 for at in range(5_000)))))
    before = store.stats()
    for at in reversed(range(4_990, 5_000)):
        assert run(talk.pop_item())["content"] == f"{at}" * 100
    after = store.stats()
    # Nodes of a map of this size, and the checkpoint: not the 2 MB of the list.
    assert (after.stored_bytes - before.stored_bytes) / 10 < 50_000
    assert (after.objects - before.objects) / 10 < 20


def test_adding_nothing_makes_no_checkpoint(talk: PartitaSession) -> None:
    run(talk.add_items([]))
    assert run(talk.pop_item()) is None
    run(talk.clear_session())
    assert list(talk.session.log()) == []


def test_clearing_leaves_the_past_and_can_be_undone(talk: PartitaSession) -> None:
    run(talk.add_items(items("a", "b")))
    then = talk.session.latest()
    run(talk.clear_session())
    assert texts(talk) == []
    assert talk.items_at(then) == items("a", "b")
    talk.session.undo()
    assert texts(talk) == ["a", "b"]


def test_a_key_that_holds_something_else_is_an_error(store: partita.Store) -> None:
    store.session("talk").state["agents/items"] = "mine"
    talk = PartitaSession("talk", store)
    for call in (talk.get_items(), talk.pop_item(), talk.add_items(items("a"))):
        with pytest.raises(partita.Invalid):
            run(call)
    assert store.session("talk").state["agents/items"] == b"mine"


def test_the_rest_of_the_session_is_usable(store: partita.Store, talk: PartitaSession) -> None:
    run(talk.add_items(items("a")))
    talk.session.write("notes.md", "A note")
    talk.session.fork("fork")
    fork = PartitaSession("fork", store)
    run(fork.add_items(items("b")))
    assert texts(talk) == ["a"] and texts(fork) == ["a", "b"]
    assert fork.session.read("notes.md") == b"A note"
    assert [entry.message for entry in talk.session.log()] == ["notes.md", "add items: 1"]


# Cancellation.


def held(talk: PartitaSession, name: str) -> tuple[threading.Event, threading.Event]:
    """Makes a mutation wait, once it is in its thread, until it is let go."""
    started, go = threading.Event(), threading.Event()
    work: Callable[..., Any] = getattr(talk, name)

    def wait(*arguments: Any) -> Any:
        started.set()
        assert go.wait(30)
        return work(*arguments)

    setattr(talk, name, wait)
    return started, go


@pytest.mark.parametrize(
    ("name", "call", "after"),
    [
        ("_add", lambda talk: talk.add_items(items("b")), ["a", "b"]),
        ("_pop", lambda talk: talk.pop_item(), []),
        ("_clear", lambda talk: talk.clear_session(), []),
    ],
)
def test_a_mutation_survives_its_cancellation(
    talk: PartitaSession, name: str, call: Callable[..., Any], after: list[str]
) -> None:
    run(talk.add_items(items("a")))
    started, go = held(talk, name)

    async def main() -> None:
        task = asyncio.create_task(call(talk))
        await asyncio.to_thread(started.wait, 30)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done(), "it is told of the cancellation once the work has ended"
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await talk.get_items() == items(*after)

    run(main())


def test_a_mutation_survives_the_end_of_its_loop(talk: PartitaSession) -> None:
    started, go = held(talk, "_add")

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.05, go.set)
        task = asyncio.create_task(talk.add_items(items("a")))
        await asyncio.to_thread(started.wait, 30)
        assert not task.done()

    run(main())
    assert texts(talk) == ["a"]


# Several at once.


def test_two_sessions_on_one_conversation_lose_nothing(store: partita.Store) -> None:
    async def main() -> None:
        one, two = PartitaSession("talk", store), PartitaSession("talk", store)
        await asyncio.gather(
            *(
                talk.add_items(items(f"{talk is one}/{at}"))
                for at in range(10)
                for talk in (one, two)
            )
        )
        assert len(await one.get_items()) == 20
        popped: Any = await asyncio.gather(
            *(talk.pop_item() for _ in range(5) for talk in (one, two))
        )
        kept: Any = await two.get_items()
        assert len(kept) == 10
        found = sorted(item["content"] for item in [*popped, *kept])
        assert found == sorted(f"{who}/{at}" for who in (True, False) for at in range(10))

    run(main())


PROCESS = """
import asyncio, sys, partita
from partita.agents import PartitaSession
talk = PartitaSession("talk", partita.Store.open(sys.argv[1], durability="buffered"))
async def main():
    for at in range(10):
        texts = [f"{sys.argv[2]}/{at}/{part}" for part in "ab"]
        await talk.add_items([{"role": "user", "content": text} for text in texts])
        if at % 2:
            print((await talk.pop_item())["content"])
asyncio.run(main())
"""


def test_processes_share_a_conversation(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    command = [sys.executable, "-c", PROCESS, store]
    working = [
        subprocess.Popen([*command, str(who)], stdout=subprocess.PIPE, text=True)
        for who in range(2)
    ]
    popped = [line for one in working for line in one.communicate(timeout=120)[0].split()]
    assert [one.returncode for one in working] == [0, 0]
    kept = texts(PartitaSession("talk", partita.Store.open(store)))
    assert len(popped) == 10 and len(kept) == 30
    everything = {f"{who}/{at}/{part}" for who in range(2) for at in range(10) for part in "ab"}
    assert set(popped) | set(kept) == everything


# The runner.


class Scripted(agents.Model):
    """A model that says what it was told to, and keeps what it was asked."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.seen: list[Any] = []

    async def get_response(self, *_: Any, **asked: Any) -> Any:
        self.seen.append(asked["input"])
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return agents.ModelResponse(output=[said], usage=agents.Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def message(text: str) -> ResponseOutputMessage:
    content = ResponseOutputText(text=text, type="output_text", annotations=[])
    return ResponseOutputMessage(
        id="m", content=[content], role="assistant", status="completed", type="message"
    )


def call(city: str) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        call_id=f"call-{city}",
        name="weather",
        arguments=f'{{"city":"{city}"}}',
        type="function_call",
    )


@agents.function_tool
def weather(city: str) -> str:
    return f"Rain in {city}"


def ask(model: Scripted, talk: PartitaSession, text: str) -> Any:
    agent = agents.Agent(name="a", model=model, tools=[weather])
    config = agents.RunConfig(tracing_disabled=True)
    return agents.Runner.run(agent, text, session=talk, run_config=config)


def test_the_runner_remembers_calls_and_answers(talk: PartitaSession) -> None:
    model = Scripted(call("Rome"), message("It rains."), message("Still."))
    assert run(ask(model, talk, "Weather in Rome?")).final_output == "It rains."
    assert run(ask(model, talk, "And now?")).final_output == "Still."
    kept = run(talk.get_items())
    assert [item.get("type", item.get("role")) for item in kept] == [
        "user", "function_call", "function_call_output", "message", "user", "message",
    ]  # fmt: skip
    assert kept[2]["output"] == "Rain in Rome"
    assert model.seen[2][:5] == kept[:5], "the second question comes with the first one's items"


def test_a_run_that_fails_can_be_run_again(talk: PartitaSession) -> None:
    model = Scripted(call("Rome"), RuntimeError("no network"), message("It rains."))
    with pytest.raises(RuntimeError, match="no network"):
        run(ask(model, talk, "Weather in Rome?"))
    failed = len(run(talk.get_items()))
    while talk.session.latest().checkpoint is not None and run(talk.get_items()):
        run(talk.pop_item())
    assert failed >= 1
    assert run(ask(model, talk, "Weather in Rome?")).final_output == "It rains."
    assert len(run(talk.get_items())) == 2


def test_the_sdk_rewinds_exactly_what_it_added(talk: PartitaSession) -> None:
    from agents.run_internal.session_persistence import rewind_session_items

    run(talk.add_items(items("kept", "again")))
    added = [*items("again"), call("Rome").model_dump(exclude_none=True)]
    run(talk.add_items(added))
    run(rewind_session_items(talk, added))
    assert texts(talk) == ["kept", "again"]
    run(rewind_session_items(talk, items("not the tail")))
    assert texts(talk) == ["kept", "again"]


def test_two_runs_at_once_keep_to_their_sessions(store: partita.Store) -> None:
    async def one(name: str) -> list[Any]:
        talk = PartitaSession(name, store)
        for at in range(3):
            model = Scripted(call(name), message(f"{name} {at}"))
            await ask(model, talk, f"{name}? {at}")
        return await talk.get_items()

    async def main() -> Any:
        return await asyncio.gather(one("Rome"), one("Oslo"))

    for name, kept in zip(("Rome", "Oslo"), run(main()), strict=True):
        assert len(kept) == 12
        outputs = [item["output"] for item in kept if item.get("type") == "function_call_output"]
        assert outputs == [f"Rain in {name}"] * 3


def test_without_the_framework_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['agents'] = None; import partita.agents"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (
        "partita.agents needs the OpenAI Agents SDK: install partita with the extra `agents`"
        in run.stderr
    )


def test_a_directory_is_no_store() -> None:
    with pytest.raises(TypeError, match="expected a store that is open, .* got str"):
        PartitaSession("s", "directory")  # type: ignore[arg-type]
