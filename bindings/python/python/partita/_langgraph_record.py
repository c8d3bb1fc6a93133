"""Records: what of a checkpoint is neither a channel's value nor a write."""

from __future__ import annotations

from typing import NamedTuple

import ormsgpack

FORM = 1

INLINE_BYTES_MAX = 1_000
"""A longer record is split: its head stays short enough to stand in the map itself, where a listing
finds it, and the rest is read when it is asked for."""

Typed = tuple[str, bytes]
Version = str | int | float


class Kind:
    """How a channel's value is stored."""

    SHORT = 0
    LONG = 1
    """Bytes that are a content of their own."""
    LIST = 2
    """Item by item."""
    SNAPSHOT = 3
    """A list inside of a delta channel's snapshot."""


class Home(NamedTuple):
    """Where a channel's value is."""

    version: Version
    checkpoint_id: str | None = None
    """The checkpoint whose put brought it; none where the channel has no value."""
    mark: bytes = b""
    """What that put drew at random: a place that is written once never means something else."""
    kind: int = Kind.SHORT


class Record(NamedTuple):
    """A checkpoint beside its values and writes."""

    parent: str | None
    metadata: Typed
    homes: dict[str, Home]
    body: Typed
    """The checkpoint without its channel values."""


def pack(record: Record, *, inline_bytes_max: int = INLINE_BYTES_MAX) -> tuple[bytes, bytes | None]:
    """Returns a record's bytes and, where it is long, those of its rest."""
    homes = {channel: list(home) for channel, home in record.homes.items()}
    rest = [homes, *record.body]
    head = [FORM, record.parent, *record.metadata]
    whole = ormsgpack.packb([*head, *rest])
    if len(whole) <= inline_bytes_max:
        return whole, None
    return ormsgpack.packb(head), ormsgpack.packb(rest)


class Head:
    """The part of a record that a listing needs."""

    __slots__ = ("_row", "metadata", "parent")

    def __init__(self, packed: bytes) -> None:
        self._row = ormsgpack.unpackb(packed)
        if self._row[0] != FORM:
            raise NotImplementedError(f"a checkpoint of form {self._row[0]}: upgrade partita")
        self.parent: str | None = self._row[1]
        self.metadata: Typed = (self._row[2], self._row[3])

    @property
    def is_whole(self) -> bool:
        """Whether the rest is here."""
        return len(self._row) > 4

    def record(self, rest: bytes | None = None) -> Record:
        """Returns the record; a head that is not whole needs the rest."""
        row = self._row[4:] if rest is None else ormsgpack.unpackb(rest)
        homes = {channel: Home(*home) for channel, home in row[0].items()}
        return Record(self.parent, self.metadata, homes, (row[1], row[2]))
