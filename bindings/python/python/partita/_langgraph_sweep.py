"""Deleting checkpoints of a thread, and all that nothing leads to after that.

A value stays as long as a checkpoint that stays has it, wherever it stands. Of a checkpoint that
goes, the link to its parent, the writes and the values stay that a delta channel of a later one
needs, under another key, where no listing finds it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from partita._errors import Conflict, NotFound
from partita._langgraph_keys import (
    DATA,
    HIDDEN,
    RECORD,
    VALUE,
    WRITE,
    part,
    part_end,
    parts,
    read_write_key,
)
from partita._langgraph_record import Record, pack
from partita._langgraph_state import value_key
from partita._langgraph_thread import Thread, restore

COUNTERS = "counters_since_delta_snapshot"
"""The key of the metadata that names delta channels."""

Metadata = Mapping[str, Any]


def keep_newest(thread: Thread) -> None:
    """Deletes all checkpoints but the newest of each namespace."""
    newest: dict[str, str] = {}

    def stays(ns: str, checkpoint_id: str, metadata: Metadata) -> bool:
        return newest.setdefault(ns, checkpoint_id) == checkpoint_id

    _sweep(thread, stays)


def drop_runs(thread: Thread, runs: set[str]) -> None:
    """Deletes the checkpoints of runs."""
    _sweep(thread, lambda ns, checkpoint_id, metadata: metadata.get("run_id") not in runs)


def _sweep(thread: Thread, stays: Callable[[str, str, Metadata], bool]) -> None:
    """Deletes the checkpoints that do not stay; ``stays`` is asked from the newest on."""
    batch = thread.session.begin()
    snapshot = batch.before
    state = thread.at(snapshot)
    staying: dict[str, dict[str, Record]] = defaultdict(dict)
    delta_channels: dict[str, set[str]] = defaultdict(set)
    gone = set()
    for ns, checkpoint_id, head in state.scan(None):
        metadata = thread.serde.loads_typed(head.metadata)
        delta_channels[ns].update(metadata.get(COUNTERS) or ())
        if stays(ns, checkpoint_id, metadata):
            staying[ns][checkpoint_id] = state.record(ns, checkpoint_id, head)
        else:
            gone.add((ns, checkpoint_id))
    if not gone:
        return
    values: set[bytes] = set()
    hidden: dict[tuple[str, str], set[str]] = defaultdict(set)
    lines: dict[tuple[str, str], Record] = {}
    for ns, records in staying.items():
        for checkpoint_id, record in records.items():
            values.update(_values(ns, record, record.homes))
            open_channels = {
                name
                for name in delta_channels[ns]
                if name in record.homes and record.homes[name].checkpoint_id is None
            }
            for at, older in state.line(ns, record.parent, {checkpoint_id}):
                if not open_channels or hidden[ns, at] >= open_channels:
                    break
                hidden[ns, at] |= open_channels
                lines[ns, at] = older
                open_channels = {
                    name
                    for name in open_channels
                    if name not in older.homes or older.homes[name].checkpoint_id is None
                }
    removed = {RECORD + part(ns) + part(checkpoint_id) for ns, checkpoint_id in gone}
    removed.update(snapshot.state.keys(HIDDEN))
    made: dict[bytes, bytes] = {}
    for (ns, at), channels in hidden.items():
        if channels and at not in staying[ns]:
            record = lines[ns, at]
            homes = {name: home for name, home in record.homes.items() if name in channels}
            values.update(_values(ns, record, homes))
            key = HIDDEN + part(ns) + part(at)
            stub = Record(record.parent, ("null", b""), homes, ("null", b""))
            made[key] = pack(stub, inline_bytes_max=sys.maxsize)[0]
            removed.discard(key)
    for key in snapshot.state.keys(DATA):
        ns, at, rest = _split(key)
        kind = rest[:1]
        if kind == VALUE:
            keeps = key in values
        elif at in staying[ns]:
            keeps = True
        elif kind == WRITE:
            prefix = key[: len(key) - len(rest) + 1]
            keeps = read_write_key(prefix, key).channel in hidden.get((ns, at), ())
        else:
            keeps = False
        if not keeps:
            removed.add(key)
    try:
        for key in removed:
            batch.state_remove(key)
    except NotFound:
        raise Conflict("the thread changed while checkpoints were looked through") from None
    for key, packed in made.items():
        batch.state_put(key, packed)
    before = snapshot.checkpoint
    made_checkpoint = batch.commit()
    if before is None or made_checkpoint.number != before.number + 1:
        # Somebody wrote in between, maybe a checkpoint that needs what went: bring it back.
        back = thread.session.begin()
        for key in removed:
            restore(back, key, snapshot.state[key])
        back.commit()
        raise Conflict("the thread changed while checkpoints were deleted")


def _values(ns: str, record: Record, names: Collection[str]) -> Iterator[bytes]:
    """Returns the keys of the values of some channels."""
    for name in names:
        home = record.homes[name]
        if home.checkpoint_id is not None:
            yield value_key(ns, name, home)


def _split(key: bytes) -> tuple[str, str, bytes]:
    """Takes namespace and checkpoint off a key of the data."""
    end = 1
    for _ in range(2):
        end = part_end(key, end)
    ns, checkpoint_id = parts(key[1:end])
    return ns, checkpoint_id, key[end:]
