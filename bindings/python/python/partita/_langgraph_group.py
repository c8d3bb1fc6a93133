"""Writes to one thread that come at the same time: they become one commit.

LangGraph puts a checkpoint, and what its tasks wrote, from several threads of the process at once.
A commit waits for the disk. What comes meanwhile waits too, and is then committed together by the
first that waited, instead of each being a conflict for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import Lock, get_ident
from typing import Generic, TypeVar

from partita._errors import Invalid

T = TypeVar("T")


class _Waiting(Generic[T]):
    """A write that is not in the store yet."""

    __slots__ = ("done", "error", "subject", "turn", "write")

    def __init__(self, subject: Hashable, write: T) -> None:
        self.subject = subject
        self.write = write
        self.done = False
        self.error: Exception | None = None
        self.turn = Lock()
        """Free once the write is done, or is to lead the next commit."""
        self.turn.acquire()


class GroupCommit(Generic[T]):
    """The writes to one thread of LangGraph from one process."""

    def __init__(self, commit: Callable[[Sequence[T]], None]) -> None:
        self._commit = commit
        self._lock = Lock()
        self._waiting: list[_Waiting[T]] = []
        self._leader: _Waiting[T] | None = None
        self._committing: int | None = None
        """The thread of the process that commits."""
        self._group: list[_Waiting[T]] = []
        """What the leader is committing."""

    def write(self, subject: Hashable, write: T) -> None:
        """Commits a write, and returns when it is durable.

        Two writes of one subject never go into one commit: the later one may rest on the earlier.

        Raises ``Invalid`` within a commit: it would wait for itself.
        """
        if self._committing == get_ident():
            raise Invalid("a serializer writes to the thread that it is serialised for")
        own = _Waiting(subject, write)
        try:
            with self._lock:
                self._waiting.append(own)
                self._appoint()
            own.turn.acquire()
            if not own.done:
                self._lead()
        finally:
            self._leave(own)
        error = own.error
        if error is not None:
            try:
                raise error
            finally:
                del error, own  # Its traceback holds this frame.

    def _appoint(self) -> None:
        if self._leader is None and self._waiting:
            self._leader = self._waiting[0]
            self._leader.turn.release()

    def _lead(self) -> None:
        with self._lock:
            subjects: set[Hashable] = set()
            while self._waiting and self._waiting[0].subject not in subjects:
                subjects.add(self._waiting[0].subject)
                self._group.append(self._waiting.pop(0))
        self._committing = get_ident()
        try:
            self._commit([each.write for each in self._group])
        except Exception as error:
            if len(self._group) == 1:
                self._group[0].error = error
            else:
                # One of them cannot be written; the others can.
                for each in self._group:
                    self._alone(each)
        finally:
            self._committing = None
        for each in self._group:
            each.done = True

    def _alone(self, each: _Waiting[T]) -> None:
        try:
            self._commit([each.write])
        except Exception as error:
            each.error = error
        each.done = True

    def _leave(self, own: _Waiting[T]) -> None:
        """Goes away, whether the write was done or interrupted."""
        with self._lock:
            own.done = True  # Nobody waits for it any more, in whatever group it is.
            if own in self._waiting:
                self._waiting.remove(own)
            if self._leader is own:
                # Where the leader was interrupted, the others come again.
                self._waiting[:0] = [e for e in self._group if e is not own and not e.done]
                for each in self._group:
                    if each is not own and each.done:
                        each.turn.release()
                self._group.clear()
                self._leader = None
                self._appoint()
