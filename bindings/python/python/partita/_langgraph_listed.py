"""Checkpoint tuples whose parts are read when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, Self, SupportsIndex

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PendingWrite,
)


class Parts(Protocol):
    """Reads the parts of one checkpoint."""

    def metadata(self) -> CheckpointMetadata: ...
    def checkpoint(self, checkpoint_id: str) -> Checkpoint: ...
    def pending_writes(self, checkpoint_id: str) -> list[PendingWrite]: ...


class ListedTuple(CheckpointTuple):
    """A checkpoint tuple of a listing. What it holds is plain: dictionaries, lists and the objects
    that were stored; only when they are made is put off.

    Compared, unpacked, indexed, copied or pickled it is the plain tuple of all its parts.
    """

    checkpoint_id: str
    _parts: Parts
    _plain: list[Any]

    def __new__(
        cls,
        config: RunnableConfig,
        parent_config: RunnableConfig | None,
        checkpoint_id: str,
        parts: Parts,
    ) -> Self:
        made: Self = tuple.__new__(cls, (config, None, None, parent_config, None))
        made.checkpoint_id = checkpoint_id
        made._parts = parts
        made._plain = [config, None, None, parent_config, None]
        return made

    @property
    def checkpoint(self) -> Checkpoint:
        if self._plain[1] is None:
            self._plain[1] = self._parts.checkpoint(self.checkpoint_id)
        checkpoint: Checkpoint = self._plain[1]
        return checkpoint

    @property
    def metadata(self) -> CheckpointMetadata:
        if self._plain[2] is None:
            self._plain[2] = self._parts.metadata()
        metadata: CheckpointMetadata = self._plain[2]
        return metadata

    @property
    def pending_writes(self) -> list[PendingWrite]:
        if self._plain[4] is None:
            self._plain[4] = self._parts.pending_writes(self.checkpoint_id)
        writes: list[PendingWrite] = self._plain[4]
        return writes

    def matches(self, filter: dict[str, Any]) -> bool:
        """Tells whether the metadata holds all of this."""
        return all(self.metadata.get(key) == value for key, value in filter.items())

    def read(self) -> CheckpointTuple:
        """Returns the plain tuple of all its parts."""
        return CheckpointTuple(
            self.config, self.checkpoint, self.metadata, self.parent_config, self.pending_writes
        )

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> CheckpointTuple:  # type: ignore[override]
        return CheckpointTuple._make(iterable)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.read())

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        return tuple(self.read())[at]

    def __repr__(self) -> str:
        return repr(self.read())

    def __reduce__(self) -> tuple[Any, ...]:
        return CheckpointTuple, tuple(self.read())

    def __copy__(self) -> CheckpointTuple:
        return self.read()

    def __eq__(self, other: object) -> bool:
        return tuple(self.read()) == (
            tuple(other.read()) if isinstance(other, ListedTuple) else other
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(tuple(self.read()))

    def __contains__(self, item: object) -> bool:
        return item in tuple(self.read())

    def __add__(self, other: Any) -> Any:
        return tuple(self.read()) + tuple(other)

    def count(self, value: object) -> int:
        return tuple(self.read()).count(value)

    def index(self, value: object, *bounds: SupportsIndex) -> int:
        return tuple(self.read()).index(value, *bounds)
