"""What goes into one commit of a LangGraph thread."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from partita._langgraph_keys import (
    DATA,
    RECORD,
    REST,
    WRITE,
    WriteKey,
    part,
    read_write_key,
    write_key,
)
from partita._langgraph_record import Home, Kind, Record, pack
from partita._langgraph_state import ThreadState, value_key
from partita._langgraph_values import Known, NotItemised, encode, encode_item, is_itemised, plan
from partita._partita import Batch

MARK_BYTES = 6

LONG_BYTES_MIN = 1_024
"""A longer value is a content of its own: it is stored as its difference to the version before, and
once where it is in several places."""


class Draft:
    """A commit that is being made: a batch, and the thread as it is before it."""

    def __init__(self, batch: Batch, state: ThreadState) -> None:
        self._batch = batch
        self._state = state
        self._serde = state.serde
        self._changes = False
        self._learned: list[tuple[bytes, Known, bytes | None]] = []

    def put(
        self,
        ns: str,
        parent: str | None,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> None:
        """Stores a checkpoint, and of its values those that are new."""
        batch, state = self._batch, self._state
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
        for channel, version in checkpoint["channel_versions"].items():
            before = inherited.get(channel)
            if channel not in new_versions and before is not None and before.version == version:
                homes[channel] = before
            elif channel in values:
                home = Home(version, checkpoint["id"], mark)
                homes[channel] = self._put_value(ns, channel, home, before, values[channel])
            else:
                homes[channel] = Home(version)
        record = Record(
            parent, self._serde.dumps_typed(metadata), homes, self._serde.dumps_typed(body)
        )
        head_bytes, rest = pack(record)
        at = part(ns) + part(checkpoint["id"])
        batch.state_put(RECORD + at, head_bytes)
        if rest is not None:
            batch.state_put(DATA + at + REST, rest)
        self._changes = True

    def _put_value(
        self, ns: str, channel: str, home: Home, before: Home | None, value: Any
    ) -> Home:
        key = value_key(ns, channel, home)
        old = None if before is None or before.checkpoint_id is None else before
        old_key = value_key(ns, channel, old) if old else None
        kind, items = Kind.LIST, value
        if isinstance(value, _DeltaSnapshot):
            kind, items = Kind.SNAPSHOT, value.value
        if is_itemised(items):
            same_kind = old_key if old and old.kind == kind else None
            try:
                self._put_list(key, same_kind, items)
                return home._replace(kind=kind)
            except NotItemised:
                pass
        held = encode(self._serde.dumps_typed(value))
        kind = Kind.LONG if len(held) > LONG_BYTES_MIN else Kind.SHORT
        if old and old_key and old.kind == kind == Kind.LONG:
            self._batch.state_copy(old_key, key)
        self._batch.state_put(key, held)
        return home._replace(kind=kind)

    def _put_list(self, key: bytes, old_key: bytes | None, items: list[Any]) -> None:
        known = self._state.known(old_key) if old_key else Known()
        next_list = plan(self._serde, known, items)
        if next_list.keep and old_key:
            self._batch.state_copy(old_key, key)
            if next_list.keep < len(known.items):
                self._batch.state_truncate(key, next_list.keep)
        if next_list.extend or not next_list.keep:
            self._batch.state_extend(key, next_list.extend)
        self._learned.append((key, next_list.known, old_key if known.items else None))

    def put_writes(
        self,
        ns: str,
        checkpoint_id: str,
        placed: Mapping[int, tuple[str, Any]],
        task_id: str,
        task_path: str,
    ) -> None:
        """Stores writes by their place. What is there stays, but where the place is negative."""
        prefix = DATA + part(ns) + part(checkpoint_id) + WRITE
        keys = self._state.state.keys(prefix + part(task_id))
        rows = [(read_write_key(prefix, key), key) for key in keys]
        there = {write.place: key for write, key in rows if write.task_id == task_id}
        for place, (channel, value) in placed.items():
            if place in there:
                if place >= 0:
                    continue
                self._batch.state_remove(there[place])
            key = write_key(prefix, WriteKey(task_path, task_id, place, channel))
            self._put_write(key, value)
            self._changes = True

    def _put_write(self, key: bytes, value: Any) -> None:
        if is_itemised(value):
            # Long items are stored once, here and in the channel that they go to.
            try:
                items = [encode_item(self._serde, item) for item in value]
            except NotItemised:
                items = []
            if any(len(item) > LONG_BYTES_MIN for item in items):
                self._batch.state_extend(key, items)
                return
        self._batch.state_put(key, encode(self._serde.dumps_typed(value)))

    def commit(self) -> None:
        """Makes it durable, if it changes anything."""
        if self._changes:
            self._batch.commit()
        for key, known, before in self._learned:
            self._state.lists.put(key, known, before)
