"""A small agent, for tests in several processes: ``python langgraph_agent.py STORE COMMAND THREAD``."""

import operator
import sys
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.channels.delta import DeltaChannel
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, interrupt

from partita.langgraph import PartitaSaver


def extend(state: list[str], writes: list[list[str]]) -> list[str]:
    return [*state, *(item for write in writes for item in write)]


class State(TypedDict, total=False):
    messages: Annotated[list[Any], add_messages]
    notes: Annotated[list[str], DeltaChannel(extend, snapshot_frequency=3)]
    total: Annotated[int, operator.add]
    plan: dict[str, Any]


def model(state: State) -> dict[str, Any]:
    said = state["messages"][-1].content
    return {
        "messages": [AIMessage(f"echo {said}")],
        "notes": [f"answered {said}"],
        "total": 1,
        "plan": {"last": said},
    }


def review(state: State) -> dict[str, Any]:
    verdict = interrupt({"approve": state["messages"][-1].content})
    return {"messages": [HumanMessage(f"verdict {verdict}")], "notes": [f"{verdict}"]}


def build(saver: Any) -> Any:
    graph = StateGraph(State)
    graph.add_node("model", model)
    graph.add_node("review", review)
    graph.add_edge(START, "model")
    graph.add_edge("model", "review")
    graph.add_edge("review", END)
    return graph.compile(checkpointer=saver)


def main() -> None:
    path, command, thread_id, *rest = sys.argv[1:]
    config: Any = {"configurable": {"thread_id": thread_id}}
    with PartitaSaver(path) as saver:
        if command == "resume":
            build(saver).invoke(Command(resume=rest[0]), config)
        elif command == "write":
            # Many writers of one thread: each puts its own writes to one checkpoint, and forks of it.
            writer, count = rest[0], int(rest[1])
            config["configurable"]["checkpoint_id"] = "0"
            root = saver.get_tuple(config)
            assert root is not None
            for turn in range(count):
                saver.put_writes(root.config, [("w", f"{writer}-{turn}")], f"{writer}-{turn}")
                checkpoint: Any = {**root.checkpoint, "id": f"{writer}-{turn:04}"}
                checkpoint["channel_versions"] = {"list": 1, "own": turn}
                checkpoint["channel_values"] = {"list": ["shared"], "own": [writer, turn]}
                saver.put(root.config, checkpoint, {"step": turn}, {"own": turn})
        else:
            raise SystemExit(f"no command {command}")


if __name__ == "__main__":
    main()
