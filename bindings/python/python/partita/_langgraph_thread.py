"""A LangGraph thread in a session's state: reading and writing its checkpoints."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    PendingWrite,
    get_checkpoint_id,
    writes_sort_key,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from partita._errors import Corrupt, NotFound
from partita._langgraph_keys import (
    DATA,
    HIDDEN,
    RECORD,
    REST,
    VALUE,
    WRITE,
    WriteKey,
    name_thread,
    part,
    parts,
    read_write_key,
    write_key,
)
from partita._langgraph_listed import ListedTuple
from partita._langgraph_record import Head, Home, Kind, Record, pack
from partita._langgraph_values import (
    Item,
    Known,
    Lists,
    decode,
    digest_of,
    encode,
    is_itemised,
    load,
    plan,
)
from partita._partita import Batch, Session, State, StateList

MARK_BYTES = 6

LONG_BYTES_MIN = 1_024
"""A longer value is a content of its own: it is stored as its difference to the version before, and
once where it is in several places."""

Held: TypeAlias = bytes | StateList


def value_key(ns: str, channel: str, home: Home) -> bytes:
    """Returns the key of a channel's value."""
    checkpoint_id = home.checkpoint_id or ""
    return DATA + part(ns) + part(checkpoint_id) + VALUE + part(channel) + home.mark


class Thread:
    """A thread: one session."""

    def __init__(
        self,
        session: Session,
        thread_id: str,
        prefix: str,
        serde: SerializerProtocol,
        lists: Lists,
    ) -> None:
        self.session = session
        self.thread_id = thread_id
        self.prefix = prefix
        self.serde = serde
        self.lists = lists

    def latest(self) -> ThreadState | None:
        """Returns the thread as it is now; none if it is gone."""
        try:
            return ThreadState(self, self.session.latest().state)
        except NotFound:
            return None

    def config(self, ns: str, checkpoint_id: str) -> RunnableConfig:
        return {
            "configurable": {
                "thread_id": self.thread_id,
                "checkpoint_ns": ns,
                "checkpoint_id": checkpoint_id,
            }
        }

    def fork(self, name: str, thread_id: str) -> None:
        """Begins a thread that has everything this one has."""
        session = self.session.fork(name)
        with session.batch() as batch:
            name_thread(batch, session.state, self.prefix, name, thread_id)

    def _name(self, batch: Batch, state: State) -> None:
        name_thread(batch, state, self.prefix, self.session.name, self.thread_id)

    # Writing.

    def put(
        self,
        ns: str,
        parent: str | None,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> None:
        """Stores a checkpoint, and of its values those that are new."""
        # The batch begins first: what is read then is not older than what it rests on.
        batch = self.session.begin()
        state = ThreadState(self, self.session.latest().state)
        self._name(batch, state.state)
        inherited: Mapping[str, Home] = {}
        if parent is not None and (head := state.head(RECORD, ns, parent)) is not None:
            inherited = state.record(ns, parent, head).homes
            # The commit is a conflict if the parent, and with it its values, goes meanwhile.
            key = RECORD + part(ns) + part(parent)
            batch.state_copy(key, key)
        body: dict[str, Any] = {**checkpoint}
        values: Mapping[str, Any] = body.pop("channel_values")
        mark = os.urandom(MARK_BYTES)
        homes: dict[str, Home] = {}
        learned: list[tuple[bytes, Known, bytes | None]] = []
        for channel, version in checkpoint["channel_versions"].items():
            before = inherited.get(channel)
            if channel not in new_versions and before is not None and before.version == version:
                homes[channel] = before
            elif channel in values:
                home = Home(version, checkpoint["id"], mark)
                homes[channel] = self._put_value(
                    state, batch, ns, channel, home, before, values[channel], learned
                )
            else:
                homes[channel] = Home(version)
        record = Record(
            parent, self.serde.dumps_typed(metadata), homes, self.serde.dumps_typed(body)
        )
        head_bytes, rest = pack(record)
        at = part(ns) + part(checkpoint["id"])
        batch.state_put(RECORD + at, head_bytes)
        if rest is not None:
            batch.state_put(DATA + at + REST, rest)
        batch.commit()
        for each in learned:
            self.lists.put(*each)

    def _put_value(
        self,
        state: ThreadState,
        batch: Batch,
        ns: str,
        channel: str,
        home: Home,
        before: Home | None,
        value: Any,
        learned: list[tuple[bytes, Known, bytes | None]],
    ) -> Home:
        key = value_key(ns, channel, home)
        old = None if before is None or before.checkpoint_id is None else before
        old_key = value_key(ns, channel, old) if old else None
        kind = Kind.LIST
        if isinstance(value, _DeltaSnapshot) and is_itemised(value.value):
            kind, value = Kind.SNAPSHOT, value.value
        if not is_itemised(value):
            held = encode(self.serde.dumps_typed(value))
            kind = Kind.LONG if len(held) > LONG_BYTES_MIN else Kind.SHORT
            if old and old_key and old.kind == kind == Kind.LONG:
                batch.state_copy(old_key, key)
            batch.state_put(key, held)
            return home._replace(kind=kind)
        known = Known()
        if old and old_key and old.kind == kind:
            known = state.known(old_key)
        next_list = plan(self.serde, known, value)
        if next_list.keep and old_key:
            batch.state_copy(old_key, key)
            if next_list.keep < len(known.items):
                batch.state_truncate(key, next_list.keep)
        if next_list.extend or not next_list.keep:
            batch.state_extend(key, next_list.extend)
        learned.append((key, next_list.known, old_key if known.items else None))
        return home._replace(kind=kind)

    def put_writes(
        self,
        ns: str,
        checkpoint_id: str,
        placed: Mapping[int, tuple[str, Any]],
        task_id: str,
        task_path: str,
    ) -> None:
        """Stores writes by their place. What is there stays, but where the place is negative."""
        batch = self.session.begin()
        state = self.session.latest().state
        self._name(batch, state)
        prefix = DATA + part(ns) + part(checkpoint_id) + WRITE
        rows = [(read_write_key(prefix, key), key) for key in state.keys(prefix + part(task_id))]
        there = {write.place: key for write, key in rows if write.task_id == task_id}
        changes = False
        for place, (channel, value) in placed.items():
            if place in there:
                if place >= 0:
                    continue
                batch.state_remove(there[place])
            key = write_key(prefix, WriteKey(task_path, task_id, place, channel))
            self._put_write(batch, key, value)
            changes = True
        if changes:
            batch.commit()

    def _put_write(self, batch: Batch, key: bytes, value: Any) -> None:
        if is_itemised(value):
            # Long items are stored once, here and in the channel that they go to.
            items = [encode(self.serde.dumps_typed(item)) for item in value]
            if any(len(item) > LONG_BYTES_MIN for item in items):
                batch.state_extend(key, items)
                return
        batch.state_put(key, encode(self.serde.dumps_typed(value)))

    def add_all(self, source: Thread) -> None:
        """Adds what another thread has and this one lacks."""
        batch = self.session.begin()
        own = self.session.latest().state
        other = source.session.latest().state
        for area in (RECORD, HIDDEN, DATA):
            there = set(own.keys(area))
            for key, held in other.under(area):
                if key not in there:
                    restore(batch, key, held)
        batch.commit()

    # Listing.

    def rows(self, config: RunnableConfig | None, before: str | None) -> Iterator[ListedTuple]:
        """Returns the checkpoints of a namespace or of all, newest first."""
        state = self.latest()
        if state is None:
            return iter(())
        chosen: Mapping[str, Any] = config["configurable"] if config else {}
        ns, only = chosen.get("checkpoint_ns"), chosen.get("checkpoint_id")
        if ns is not None and only:
            head = state.head(RECORD, ns, only)
            wanted = head is not None and (before is None or only < before)
            return iter((self._row(state, ns, only, head),) if head and wanted else ())
        rows = state.scan(ns, before)
        if only:
            rows = (row for row in rows if row[1] == only)
        if ns is None:
            rows = iter(sorted(rows, key=lambda row: row[1], reverse=True))
        return (self._row(state, *row) for row in rows)

    def _row(self, state: ThreadState, ns: str, checkpoint_id: str, head: Head) -> ListedTuple:
        parent = self.config(ns, head.parent) if head.parent else None
        return ListedTuple(
            self.config(ns, checkpoint_id), parent, checkpoint_id, state.reader(ns, head)
        )


def restore(batch: Batch, key: bytes, held: Held) -> None:
    """Puts what another state holds under a key that holds nothing."""
    if isinstance(held, bytes):
        batch.state_put(key, held)
    else:
        batch.state_extend(key, list(held))


class ThreadState:
    """A thread as it is at one time."""

    def __init__(self, thread: Thread, state: State) -> None:
        self.thread = thread
        self.serde = thread.serde
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
            config = self.thread.config(ns, checkpoint_id)
        if head is None:
            return None
        reader = self.reader(ns, head)
        return CheckpointTuple(
            config,
            reader.checkpoint(checkpoint_id, keeps=True),
            reader.metadata(),
            self.thread.config(ns, head.parent) if head.parent else None,
            reader.pending_writes(checkpoint_id),
        )

    def reader(self, ns: str, head: Head) -> Reader:
        return Reader(self, ns, head)

    # Values.

    def value(self, ns: str, channel: str, home: Home, *, keeps: bool = True) -> Any:
        """Returns the value of a channel, as new objects; a list is remembered if it is likely to be
        read or continued soon."""
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
        lists = self.thread.lists
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
        found = self.thread.lists.get(key)
        if found is not None:
            return found
        return Known(tuple(Item(digest_of(held)) for held in self._stored(key)[:]))

    def writes(self, ns: str, checkpoint_id: str) -> list[tuple[WriteKey, Held]]:
        """Returns the writes to a checkpoint in their order."""
        prefix = DATA + part(ns) + part(checkpoint_id) + WRITE
        rows = [(read_write_key(prefix, key), held) for key, held in self.state.under(prefix)]
        rows.sort(key=lambda row: writes_sort_key(*row[0][:3]))
        return rows

    def pending(self, writes: Iterable[tuple[WriteKey, Held]]) -> list[PendingWrite]:
        """Reads writes."""
        return [(write.task_id, write.channel, self._written(held)) for write, held in writes]

    def _written(self, held: Held) -> Any:
        if isinstance(held, bytes):
            return self.serde.loads_typed(decode(held))
        return load(self.serde, self.thread.lists, (), lambda at: held[at:], len(held))[0]

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
