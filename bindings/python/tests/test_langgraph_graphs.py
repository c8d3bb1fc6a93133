"""Real graphs over the saver: interrupted, resumed elsewhere, forked, travelled in time."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langgraph.graph")

from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command

from langgraph_agent import build
from partita.langgraph import PartitaSaver

AGENT = Path(__file__).parent / "langgraph_agent.py"


def config(thread_id: str) -> Any:
    return {"configurable": {"thread_id": thread_id}}


def start(store: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(AGENT), str(store), *arguments])


def finished(process: subprocess.Popen[bytes]) -> None:
    assert process.wait(timeout=120) == 0


def told(state: Any) -> list[str]:
    return [str(message.content) for message in state.values["messages"]]


def test_an_interrupted_graph_is_resumed_by_another_process(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with PartitaSaver(store) as saver:
        app = build(saver)
        asked = app.invoke({"messages": [HumanMessage("one")]}, config("t"))
        assert asked["__interrupt__"][0].value == {"approve": "echo one"}
        assert app.get_state(config("t")).next == ("review",)
        # While this process has the store open.
        finished(start(store, "resume", "t", "yes"))
        state = app.get_state(config("t"))
        assert (state.next, told(state)) == ((), ["one", "echo one", "verdict yes"])
        assert state.values["notes"] == ["answered one", "yes"]


def test_a_graph_is_forked_and_travels_in_time(tmp_path: Path) -> None:
    with PartitaSaver(tmp_path / "store") as saver:
        app = build(saver)
        for turn in ("one", "two", "three"):
            app.invoke({"messages": [HumanMessage(turn)]}, config("t"))
            app.invoke(Command(resume=f"ok {turn}"), config("t"))
        history = list(app.get_state_history(config("t")))
        assert told(history[0])[-1] == "verdict ok three"
        # All of the past is there, as it was.
        past = next(state for state in history if told(state)[-1:] == ["verdict ok one"])
        assert told(past) == ["one", "echo one", "verdict ok one"]
        assert past.values["notes"] == ["answered one", "ok one"]
        # A branch from there, in the same thread.
        branch = app.update_state(past.config, {"messages": [HumanMessage("branch")]})
        app.invoke(None, branch)
        assert told(app.get_state(config("t")))[-1] != "verdict ok three"
        # Replay of a checkpoint before an interrupt asks again.
        waiting = next(state for state in history if state.next == ("review",))
        again = app.invoke(None, waiting.config)
        assert again["__interrupt__"][0].value == {"approve": "echo three"}
        # A copy of the whole thread goes its own way.
        saver.copy_thread("t", "copy")
        copied = list(app.get_state_history(config("copy")))
        assert [told(state) for state in copied] == [
            told(state) for state in app.get_state_history(config("t"))
        ]
        app.invoke({"messages": [HumanMessage("elsewhere")]}, config("copy"))
        assert "elsewhere" not in str(told(app.get_state(config("t"))))


def dialog_of(saver: Any, turns: int, durability: str = "async") -> list[Any]:
    app = build(saver)
    for turn in range(turns):
        message = HumanMessage(f"turn {turn}", id=f"{turn}")
        app.invoke({"messages": [message]}, config("t"), durability=durability)
        app.invoke(Command(resume=turn), config("t"), durability=durability)
    return [
        (
            {**state.values, "messages": told(state)},
            state.next,
            state.metadata.get("step"),
            state.metadata.get("source"),
            [[interrupt.value for interrupt in task.interrupts] for task in state.tasks],
        )
        for state in app.get_state_history(config("t"))
    ]


@pytest.mark.parametrize("durability", ["async", "sync", "exit"])
def test_every_state_of_a_graph_is_that_of_the_saver_in_memory(
    tmp_path: Path, durability: str
) -> None:
    with PartitaSaver(tmp_path / "store") as saver:
        ours = dialog_of(saver, 6, durability)
        assert ours == dialog_of(InMemorySaver(), 6, durability)


def test_graphs_within_graphs_are_interrupted_and_resumed(tmp_path: Path) -> None:
    def states(saver: Any) -> list[Any]:
        graph = StateGraph(MessagesState)
        graph.add_node("first", build(None))
        graph.add_node("second", build(None))
        graph.add_edge(START, "first")
        graph.add_edge("first", "second")
        graph.add_edge("second", END)
        app = graph.compile(checkpointer=saver)
        app.invoke({"messages": [HumanMessage("go", id="go")]}, config("t"))
        seen = []
        for answer in ("one", "two"):
            (task,) = app.get_state(config("t"), subgraphs=True).tasks
            seen.append((task.name, task.state.next, told(task.state)))
            app.invoke(Command(resume=answer), config("t"))
        return [*seen, *(told(state) for state in app.get_state_history(config("t")))]

    with PartitaSaver(tmp_path / "store") as saver:
        ours = states(saver)
        assert ours == states(InMemorySaver())
        assert (
            len({row.config["configurable"]["checkpoint_ns"] for row in saver.list(config("t"))})
            == 3
        )
        saver.copy_thread("t", "copy")
        saver.prune(["t"])
        assert len(list(saver.list(config("t")))) == 3
        assert len(list(saver.list(config("copy")))) > 3


@pytest.mark.parametrize("durability", ["async", "exit"])
@pytest.mark.parametrize("turns", [1, 2, 5])
def test_a_pruned_thread_goes_on_as_if_it_were_not(
    tmp_path: Path, durability: str, turns: int
) -> None:
    with PartitaSaver(tmp_path / "store") as saver:
        dialog_of(saver, turns, durability)
        app = build(saver)
        before = app.get_state(config("t"))
        saver.prune(["t"])
        after = app.get_state(config("t"))
        assert after.values == before.values and after.next == before.next
        assert len(list(app.get_state_history(config("t")))) == 1
        app.invoke({"messages": [HumanMessage("more")]}, config("t"))
        state = app.get_state(config("t"))
        assert state.values["notes"] == [*before.values["notes"], "answered more"]
        assert told(state)[: len(told(before))] == told(before)


def test_an_async_graph_runs_and_many_threads_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with PartitaSaver(tmp_path / "store") as saver:
            app = build(saver)
            await asyncio.gather(
                *(
                    app.ainvoke({"messages": [HumanMessage(f"to {name}")]}, config(name))
                    for name in "abcdefgh"
                )
            )
            for name in "abcdefgh":
                state = await app.aget_state(config(name))
                assert told(state) == [f"to {name}", f"echo to {name}"]
                rows = [row async for row in saver.alist(config(name))]
                assert len(rows) == 3 and [row.checkpoint["id"] for row in rows]
            assert len([row async for row in saver.alist(None, limit=10)]) == 10

    asyncio.run(main())


def test_two_processes_write_to_one_thread_and_nothing_is_lost(tmp_path: Path) -> None:
    store, count = tmp_path / "store", 40
    with PartitaSaver(store) as saver:
        root: Any = {
            "v": 4,
            "id": "0",
            "ts": "",
            "channel_values": {"list": ["shared"]},
            "channel_versions": {"list": 1},
            "versions_seen": {},
        }
        saver.put({"configurable": {"thread_id": "t"}}, root, {}, {"list": 1})
        writers = [start(store, "write", "t", name, str(count)) for name in ("a", "b")]
        for writer in writers:
            finished(writer)
        rows = list(saver.list(config("t")))
        assert len(rows) == 2 * count + 1
        assert {row.checkpoint["id"] for row in rows[:-1]} == {
            f"{name}-{turn:04}" for name in ("a", "b") for turn in range(count)
        }
        for row in rows[:-1]:
            name, turn = row.checkpoint["id"].split("-")
            assert row.checkpoint["channel_values"] == {
                "list": ["shared"],
                "own": [name, int(turn)],
            }
            assert row.parent_config == rows[-1].config
        writes = rows[-1].pending_writes
        assert writes is not None and len(writes) == 2 * count


def test_checkpoints_are_pruned_while_another_process_writes(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with PartitaSaver(store) as saver:
        root: Any = {
            "v": 4,
            "id": "0",
            "ts": "",
            "channel_values": {"list": ["shared"]},
            "channel_versions": {"list": 1},
            "versions_seen": {},
        }
        saver.put({"configurable": {"thread_id": "t"}}, root, {}, {"list": 1})
        writer = start(store, "write", "t", "a", "60")
        while writer.poll() is None:
            saver.prune(["t"])
            for row in saver.list(config("t")):
                assert row.checkpoint["channel_values"]["list"] == ["shared"]
        finished(writer)
        newest = saver.get_tuple(config("t"))
        assert newest is not None
        assert newest.checkpoint["channel_values"] == {"list": ["shared"], "own": ["a", 59]}
