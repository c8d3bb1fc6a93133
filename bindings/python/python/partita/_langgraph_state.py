"""Reading a thread as it is at one time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    PendingWrite,
    get_checkpoint_id,
)
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from partita._errors import Corrupt
from partita._langgraph_keys import (
    DATA,
    HIDDEN,
    RECORD,
    REST,
    VALUE,
    WRITE,
    WriteKey,
    part,
    parts,
    read_write_key,
)
from partita._langgraph_record import Head, Home, Kind, Record
from partita._langgraph_values import Item, Known, Lists, decode, digest_of, load
from partita._partita import State, StateList

Held: TypeAlias = bytes | StateList


def value_key(ns: str, channel: str, home: Home) -> bytes:
    """Returns the key of a channel's value."""
    checkpoint_id = home.checkpoint_id or ""
    return DATA + part(ns) + part(checkpoint_id) + VALUE + part(channel) + home.mark


def config_of(thread_id: str, ns: str, checkpoint_id: str) -> RunnableConfig:
    """Returns the configuration that names a checkpoint."""
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": ns,
            "checkpoint_id": checkpoint_id,
        }
    }


class ThreadState:
    """A thread as it is at one time."""

    def __init__(self, thread_id: str, lists: Lists, state: State) -> None:
        self.thread_id = thread_id
        self.lists = lists
        self.serde = lists.serde
        self.state = state
        # The version of each list that was read last: the next one has most of it.
        self._near: dict[tuple[str, str], tuple[StateList, tuple[Item, ...]]] = {}

    # Records.

    def head(self, area: bytes, ns: str, checkpoint_id: str) -> Head | None:
        """Returns the head of a checkpoint's record."""
        packed = self.state.get(area + part(ns) + part(checkpoint_id))
        return Head(packed) if isinstance(packed, bytes) else None

    def record(self, ns: str, checkpoint_id: str, head: Head) -> Record:
        """Returns the whole record of a checkpoint."""
        if head.is_whole:
            return head.record()
        rest = self.state.get(DATA + part(ns) + part(checkpoint_id) + REST)
        if not isinstance(rest, bytes):
            raise Corrupt(f"half of checkpoint {checkpoint_id} is missing")
        return head.record(rest)

    def scan(self, ns: str | None, before: str | None = None) -> Iterator[tuple[str, str, Head]]:
        """Returns the checkpoints of a namespace from the newest on, or of all, from the last."""
        prefix = RECORD if ns is None else RECORD + part(ns)
        after = None if ns is None or before is None else prefix + part(before)
        start = len(prefix)
        for key, packed in self.state.under(prefix, reverse=True, after=after):
            if not isinstance(packed, bytes):
                raise Corrupt("a record is a list")
            if ns is None:
                row_ns, checkpoint_id = parts(key[1:])
                if before is not None and checkpoint_id >= before:
                    continue
            elif key[start : start + 1] == b"\xff":
                continue  # Another namespace: this one, and after it a zero.
            else:
                (checkpoint_id,), row_ns = parts(key[start:]), ns
            yield row_ns, checkpoint_id, Head(packed)

    # Tuples.

    def get(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Returns the checkpoint of a configuration, else the newest of its namespace."""
        ns: str = config["configurable"].get("checkpoint_ns", "")
        checkpoint_id = get_checkpoint_id(config)
        if checkpoint_id:
            head = self.head(RECORD, ns, checkpoint_id)
        else:
            newest = next(self.scan(ns), None)
            if newest is None:
                return None
            _, checkpoint_id, head = newest
            config = config_of(self.thread_id, ns, checkpoint_id)
        if head is None:
            return None
        reader = self.reader(ns, head)
        return CheckpointTuple(
            config,
            reader.checkpoint(checkpoint_id, keeps=True),
            reader.metadata(),
            config_of(self.thread_id, ns, head.parent) if head.parent else None,
            reader.pending_writes(checkpoint_id),
        )

    def reader(self, ns: str, head: Head) -> Reader:
        return Reader(self, ns, head)

    # Values.

    def value(self, ns: str, channel: str, home: Home, *, keeps: bool = True) -> Any:
        """Returns the value of a channel, as new objects. A list is remembered where it is likely to
        be read or continued soon."""
        key = value_key(ns, channel, home)
        if home.kind in (Kind.LIST, Kind.SNAPSHOT):
            value: Any = self._list((ns, channel), key, keeps)
            return _DeltaSnapshot(value) if home.kind == Kind.SNAPSHOT else value
        held = self.state.get(key)
        if not isinstance(held, bytes):
            raise Corrupt(f"the value of channel {channel!r} is missing")
        return self.serde.loads_typed(decode(held))

    def _stored(self, key: bytes) -> StateList:
        held = self.state.get(key)
        if not isinstance(held, StateList):
            raise Corrupt("a list is missing")
        return held

    def _list(self, channel: tuple[str, str], key: bytes, keeps: bool) -> list[Any]:
        lists = self.lists
        found = lists.get(key)
        known = found.items if found else ()
        if found and all(item.loaded is not None for item in known):
            return load(self.serde, lists, known, lambda _: (), len(known))[0]
        stored = self._stored(key)
        near = self._near.get(channel)
        if found is None and near is not None:
            known = near[1][: stored.shared(near[0])]
        values, items = load(self.serde, lists, known, lambda at: stored[at:], len(stored))
        self._near[channel] = stored, items
        if keeps:
            lists.put(key, Known.of(items))
        return values

    def known(self, key: bytes) -> Known:
        """Returns what is known of a list; reads it if nothing is."""
        found = self.lists.get(key)
        if found is not None:
            return found
        return Known.of(tuple(Item(digest_of(held), len(held)) for held in self._stored(key)[:]))

    def writes(self, ns: str, checkpoint_id: str) -> list[tuple[WriteKey, Held]]:
        """Returns the writes to a checkpoint in their order."""
        prefix = DATA + part(ns) + part(checkpoint_id) + WRITE
        rows = [(read_write_key(prefix, key), held) for key, held in self.state.under(prefix)]
        # That of ``writes_sort_key``, which not every 4.x has: path, task, place.
        rows.sort(key=lambda row: row[0][:3])
        return rows

    def pending(self, writes: Iterable[tuple[WriteKey, Held]]) -> list[PendingWrite]:
        """Reads writes."""
        return [(write.task_id, write.channel, self._written(held)) for write, held in writes]

    def _written(self, held: Held) -> Any:
        if isinstance(held, bytes):
            return self.serde.loads_typed(decode(held))
        return load(self.serde, self.lists, (), lambda at: held[at:], len(held))[0]

    # Delta channels.

    def delta_history(
        self, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Walks from the parent of a checkpoint to where each channel has a stored value."""
        histories: dict[str, DeltaChannelHistory] = {name: {"writes": []} for name in channels}
        ns: str = config["configurable"].get("checkpoint_ns", "")
        checkpoint_id = get_checkpoint_id(config)
        if not checkpoint_id:
            newest = next(self.scan(ns), None)
            if newest is None:
                return histories
            checkpoint_id = newest[1]
        target = self.head(RECORD, ns, checkpoint_id)
        cursor = target.parent if target else None
        pages: dict[str, list[list[PendingWrite]]] = {name: [] for name in channels}
        for at, record in self.line(ns, cursor, {checkpoint_id}):
            writes = [row for row in self.writes(ns, at) if row[0].channel in pages]
            read = self.pending(writes)
            for name in list(pages):
                pages[name].append([write for write in read if write[1] == name])
                home = record.homes.get(name)
                if home is not None and home.checkpoint_id is not None:
                    histories[name]["seed"] = self.value(ns, name, home)
                    self._close(histories[name], pages.pop(name))
            if not pages:
                break
        for name, page in pages.items():
            self._close(histories[name], page)
        return histories

    @staticmethod
    def _close(history: DeltaChannelHistory, pages: list[list[PendingWrite]]) -> None:
        history["writes"] = [write for page in reversed(pages) for write in page]

    def line(self, ns: str, cursor: str | None, seen: set[str]) -> Iterator[tuple[str, Record]]:
        """Walks from a checkpoint to its parents, also deleted ones of which something stayed."""
        while cursor is not None and cursor not in seen:
            seen.add(cursor)
            head = self.head(RECORD, ns, cursor) or self.head(HIDDEN, ns, cursor)
            if head is None:
                return
            record = self.record(ns, cursor, head)
            yield cursor, record
            cursor = record.parent


class Reader:
    """Reads the parts of one checkpoint."""

    __slots__ = ("_head", "_ns", "_state")

    def __init__(self, state: ThreadState, ns: str, head: Head) -> None:
        self._state = state
        self._ns = ns
        self._head = head

    def metadata(self) -> CheckpointMetadata:
        loaded: CheckpointMetadata = self._state.serde.loads_typed(self._head.metadata)
        return loaded

    def checkpoint(self, checkpoint_id: str, *, keeps: bool = False) -> Checkpoint:
        state, ns = self._state, self._ns
        record = state.record(ns, checkpoint_id, self._head)
        checkpoint: Checkpoint = state.serde.loads_typed(record.body)
        checkpoint["channel_values"] = {
            channel: state.value(ns, channel, home, keeps=keeps)
            for channel, home in record.homes.items()
            if home.checkpoint_id is not None
        }
        return checkpoint

    def pending_writes(self, checkpoint_id: str) -> list[PendingWrite]:
        return self._state.pending(self._state.writes(self._ns, checkpoint_id))
