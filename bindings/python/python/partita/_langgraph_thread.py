"""Writing the checkpoints of a LangGraph thread into a session's state."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from partita._errors import NotFound
from partita._langgraph_keys import (
    DATA,
    HIDDEN,
    RECORD,
    REST,
    WRITE,
    WriteKey,
    name_thread,
    part,
    read_write_key,
    write_key,
)
from partita._langgraph_listed import ListedTuple
from partita._langgraph_record import Head, Home, Kind, Record, pack
from partita._langgraph_state import Held, ThreadState, config_of, value_key
from partita._langgraph_values import Known, Lists, encode, is_itemised, plan
from partita._partita import Batch, Session, Snapshot, State

MARK_BYTES = 6

LONG_BYTES_MIN = 1_024
"""A longer value is a content of its own: it is stored as its difference to the version before, and
once where it is in several places."""


class Thread:
    """A thread: one session."""

    def __init__(
        self,
        session: Session,
        thread_id: str,
        prefix: str,
        lists: Lists,
    ) -> None:
        self.session = session
        self.thread_id = thread_id
        self.prefix = prefix
        self.serde = lists.serde
        self.lists = lists

    def latest(self) -> ThreadState | None:
        """Returns the thread as it is now; none if it is gone."""
        try:
            return self.at(self.session.latest())
        except NotFound:
            return None

    def at(self, snapshot: Snapshot) -> ThreadState:
        """Returns the thread as it was at a snapshot."""
        return ThreadState(self.thread_id, self.lists, snapshot.state)

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
        state = self.at(self.session.latest())
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
        parent = config_of(self.thread_id, ns, head.parent) if head.parent else None
        return ListedTuple(
            config_of(self.thread_id, ns, checkpoint_id),
            parent,
            checkpoint_id,
            state.reader(ns, head),
        )


def restore(batch: Batch, key: bytes, held: Held) -> None:
    """Puts what another state holds under a key that holds nothing."""
    if isinstance(held, bytes):
        batch.state_put(key, held)
    else:
        batch.state_extend(key, list(held))
