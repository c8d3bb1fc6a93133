"""Checkpoints one after another, as a graph puts them, for the tests of the saver."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


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


class Line:
    """Puts checkpoints one after another."""

    def __init__(self, saver: Any, thread_id: str = "t", ns: str = "") -> None:
        self.saver = saver
        self.config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns}}
        self.versions: dict[str, Any] = {}
        self.step = 0

    def put(self, values: dict[str, Any], changed: Sequence[str] = (), **metadata: Any) -> Any:
        new = {name: self.saver.get_next_version(self.versions.get(name), None) for name in changed}
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
