"""LangGraph checkpoints in a partita store.

>>> from typing import TypedDict
>>> from langgraph.graph import StateGraph
>>> from partita.langgraph import PartitaSaver
>>> class Counted(TypedDict):
...     count: int
>>> graph = StateGraph(Counted)
>>> _ = graph.add_node("add", lambda state: {"count": state["count"] + 1})
>>> _ = graph.set_entry_point("add").set_finish_point("add")
>>> saver = PartitaSaver.in_memory()  # or PartitaSaver("checkpoints"), a directory
>>> app = graph.compile(checkpointer=saver)
>>> app.invoke({"count": 1}, {"configurable": {"thread_id": "t"}})
{'count': 2}
>>> saver.copy_thread("t", "trial")  # copies nothing
>>> app.get_state({"configurable": {"thread_id": "trial"}}).values
{'count': 2}
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import partial
from heapq import merge
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    get_checkpoint_id,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from partita._adapters import finish
from partita._errors import AlreadyExists, Conflict, NotFound
from partita._langgraph_group import GroupCommit
from partita._langgraph_keys import session_name, thread_of
from partita._langgraph_sweep import drop_runs, keep_newest
from partita._langgraph_thread import Thread, Write
from partita._langgraph_values import Lists
from partita._partita import Session, Store

__all__ = ["PartitaSaver"]

T = TypeVar("T")

TRIES_MAX = 64
"""Times that a write is tried where other processes change the same thread."""

ALIST_AT_A_TIME = 64

THREADS_MAX = 4_096
"""Threads of which something is kept for the next write."""


class PartitaSaver(BaseCheckpointSaver[Any]):
    """Keeps the checkpoints of LangGraph threads in a store: one session a thread.

    A step costs what it changes: of a list, such as the messages, the new items alone are
    serialised and stored. A ``put`` or ``put_writes`` is durable when it returns; those that come at
    the same time share one commit. Many threads and many processes may use one store, also for the
    same LangGraph thread. Reads of the past cost what reads of the present cost; ``copy_thread``
    copies nothing.

    ``store`` is a ``partita.Store``, or the directory of one, which is created where there is none
    and is closed with the saver. ``prefix`` begins the names of the sessions.

    Raises what the store raises: ``partita.Conflict`` only where others win over and over,
    ``partita.Invalid`` where the names of a value (namespace, checkpoint, channel or task) have
    more than 4,096 bytes together.
    """

    store: Store

    def __init__(
        self,
        store: Store | str | os.PathLike[str],
        *,
        serde: SerializerProtocol | None = None,
        prefix: str = "langgraph/",
    ) -> None:
        super().__init__(serde=serde)
        self._owns = not isinstance(store, Store)
        self.store = store if isinstance(store, Store) else Store.open(store)
        self._prefix = prefix
        self._lists = Lists(self.serde)
        self._sessions: dict[str, Session] = {}
        self._groups: dict[tuple[int, str], GroupCommit[Write]] = {}

    @classmethod
    def in_memory(cls, *, serde: SerializerProtocol | None = None) -> Self:
        """Makes a saver whose store vanishes with it."""
        return cls(Store.in_memory(), serde=serde)

    def close(self) -> None:
        """Closes the store, if it is the saver's own."""
        if self._owns:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.close)

    def with_allowlist(self, extra_allowlist: Collection[tuple[str, ...]]) -> Self:
        """Returns a saver of the same store that makes these classes when it reads."""
        clone: Any = super().with_allowlist(extra_allowlist)
        if clone is not self:
            clone._owns = False
            clone._groups = {}  # Its serializer is another.
        return clone  # type: ignore[no-any-return]

    def get_next_version(self, current: Any, channel: None) -> Any:
        """Returns the version after one of a channel: a number, or for a thread that another saver
        began a text as that one had it."""
        if not isinstance(current, str):
            return 1 if current is None else current + 1
        return f"{int(current.split('.')[0]) + 1:032}." + "0" * 16

    # Reading.

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Returns the checkpoint that the configuration names, else the newest of its namespace."""
        thread = self._thread(config)
        state = thread.latest() if thread else None
        return state.get(config) if state else None

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Iterates over checkpoints, newest first: those of the configuration's thread, namespace
        and checkpoint as far as it names them, or of all threads.

        What a tuple holds is read when it is first asked for, as it was when the listing began.
        """
        bound = get_checkpoint_id(before) if before else None
        if config is not None:
            thread = self._thread(config)
            rows = thread.rows(config, bound) if thread else iter(())
        else:
            everything = [thread.rows(None, bound) for thread in self._threads()]
            rows = merge(*everything, key=lambda row: row.checkpoint_id, reverse=True)
        if filter:
            rows = (row for row in rows if row.matches(filter))
        return islice(rows, None if limit is None else max(limit, 0))

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Returns the writes that made each channel what it is at a checkpoint, oldest first, and
        the stored value that they begin with, if there is one."""
        thread = self._thread(config) if channels else None
        state = thread.latest() if thread else None
        if state is None:
            return {channel: {"writes": []} for channel in channels}
        return state.delta_history(config, channels)

    # Writing.

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Stores a checkpoint, durably, all of it or nothing."""
        kept = get_serializable_checkpoint_metadata(config, metadata)
        thread_id = _thread_id(config)
        ns: str = config["configurable"].get("checkpoint_ns", "")
        parent = get_checkpoint_id(config) or None
        # Two checkpoints are two commits: one may be the other's parent.
        self._write(
            thread_id, "put", lambda draft: draft.put(ns, parent, checkpoint, kept, new_versions)
        )
        return {
            "configurable": {
                "thread_id": thread_id,
                "checkpoint_ns": ns,
                "checkpoint_id": checkpoint["id"],
            }
        }

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Stores what a task wrote, durably, all of it or nothing. What the task wrote there before
        stays, but errors, interrupts and resumes are replaced."""
        thread_id = _thread_id(config)
        ns: str = config["configurable"].get("checkpoint_ns", "")
        checkpoint_id: str = config["configurable"]["checkpoint_id"]
        # A channel of its own place holds the last write to it, others one each.
        placed = {WRITES_IDX_MAP.get(write[0], at): write for at, write in enumerate(writes)}
        self._write(
            thread_id,
            (ns, checkpoint_id, task_id),
            lambda draft: draft.put_writes(ns, checkpoint_id, placed, task_id, task_path),
        )

    def delete_thread(self, thread_id: str) -> None:
        """Deletes all checkpoints and writes of a thread. Their bytes stay in the store until its
        gc frees them."""
        try:
            self.store.delete_session(session_name(self._prefix, thread_id))
        except NotFound:
            pass

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Deletes all checkpoints of these runs and the writes to them. Looks at every thread.

        What a checkpoint of another run is made of stays: values that it shares, and the writes
        that a delta channel of it is replayed from.
        """
        gone = _names("run_ids", run_ids)
        for thread in self._threads() if gone else ():
            self._write_to(thread, lambda thread: drop_runs(thread, gone))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Makes a thread that has all checkpoints and writes of another. Copies nothing, unless the
        target is there: then it gets what it lacks.

        A source that is not there makes no target.
        """
        source = self._open(source_thread_id)
        if source is None or source_thread_id == target_thread_id:
            return
        name = session_name(self._prefix, target_thread_id)
        try:
            source.fork(name, target_thread_id)
        except AlreadyExists:
            target = self._open(target_thread_id)
            if target is not None:
                self._write_to(target, lambda thread: thread.add_all(source))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Deletes checkpoints of threads: all but the newest of each namespace, or with
        ``"delete"`` all of them.

        What the newest is made of stays, also the writes that its delta channels are replayed from.
        """
        if strategy not in ("keep_latest", "delete"):
            raise ValueError(f"a strategy is keep_latest or delete, got {strategy!r}")
        for thread_id in _names("thread_ids", thread_ids):
            if strategy == "delete":
                self.delete_thread(thread_id)
            elif (thread := self._open(thread_id)) is not None:
                self._write_to(thread, keep_newest)

    # Threads.

    def _open(self, thread_id: str) -> Thread | None:
        try:
            session = self.store.open_session(session_name(self._prefix, thread_id))
        except NotFound:
            return None
        return self._thread_in(session, thread_id)

    def _thread_in(self, session: Session, thread_id: str) -> Thread:
        if self._lists.serde is not self.serde:
            # What one serializer makes of stored bytes need not be what another makes of them.
            self._lists = Lists(self.serde)
        return Thread(session, thread_id, self._prefix, self._lists)

    def _thread(self, config: RunnableConfig) -> Thread | None:
        return self._open(_thread_id(config))

    def _threads(self) -> Iterator[Thread]:
        for entry in self.store.sessions(prefix=self._prefix):
            try:
                thread_id = thread_of(self._prefix, self.store, entry.name)
            except NotFound:
                continue
            thread = None if thread_id is None else self._open(thread_id)
            if thread is not None:
                yield thread

    def _write(self, thread_id: str, subject: Hashable, write: Write) -> None:
        """Writes to a thread, which is created where there is none."""
        # By process: in a fork, who leads a group and who waits for it is not there.
        key = (os.getpid(), thread_id)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= THREADS_MAX:
                self._groups.clear()
            name = session_name(self._prefix, thread_id)
            group = GroupCommit(partial(self._commit, name, thread_id))
            group = self._groups.setdefault(key, group)
        group.write(subject, write)

    def _commit(self, name: str, thread_id: str, writes: Sequence[Write]) -> None:
        """Writes to the session of a thread, and tries again where another process came first."""
        for tried in range(1, TRIES_MAX + 1):
            session = self._sessions.get(name) or self.store.session(name)
            try:
                self._thread_in(session, thread_id).commit(writes)
            except (Conflict, NotFound):
                self._sessions.pop(name, None)
                if tried == TRIES_MAX:
                    raise
                continue
            if len(self._sessions) >= THREADS_MAX:
                self._sessions.clear()
            self._sessions[name] = session
            return

    def _write_to(self, thread: Thread, write: Callable[[Thread], T]) -> T | None:
        """Writes to a thread as long as it is there."""
        for tried in range(1, TRIES_MAX + 1):
            try:
                return write(thread)
            except NotFound:
                return None
            except Conflict:
                if tried == TRIES_MAX:
                    raise
        raise AssertionError("the last try raises")

    # The same, without blocking the event loop.

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """As ``get_tuple``, in a worker thread."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """As ``list``, in worker threads; a tuple's parts are read where they are asked for."""
        rows = self.list(config, filter=filter, before=before, limit=limit)

        def some() -> Sequence[CheckpointTuple]:
            return [*islice(rows, ALIST_AT_A_TIME)]

        while page := await asyncio.to_thread(some):
            for row in page:
                yield row

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """As ``put``, in a worker thread, to its end also where it is cancelled."""
        return await finish(lambda: self.put(config, checkpoint, metadata, new_versions))

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """As ``put_writes``, in a worker thread, to its end also where it is cancelled."""
        await finish(lambda: self.put_writes(config, writes, task_id, task_path))

    async def adelete_thread(self, thread_id: str) -> None:
        """As ``delete_thread``, in a worker thread, to its end also where it is cancelled."""
        await finish(lambda: self.delete_thread(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """As ``delete_for_runs``, in a worker thread, to its end also where it is cancelled."""
        await finish(lambda: self.delete_for_runs(run_ids))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """As ``copy_thread``, in a worker thread, to its end also where it is cancelled."""
        await finish(lambda: self.copy_thread(source_thread_id, target_thread_id))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """As ``prune``, in a worker thread, to its end also where it is cancelled."""
        await finish(lambda: self.prune(thread_ids, strategy=strategy))

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """As ``get_delta_channel_history``, in a worker thread."""
        return await asyncio.to_thread(
            self.get_delta_channel_history, config=config, channels=channels
        )


def _names(what: str, names: Iterable[str]) -> set[str]:
    if isinstance(names, str):
        raise TypeError(f"{what} are several: got one str, {names!r}")
    return set(names)


def _thread_id(config: RunnableConfig) -> str:
    given = config["configurable"]["thread_id"]
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        raise TypeError(f"a thread_id is a str, got {type(given).__name__}")
    return str(given)  # A graph makes a text of a number, too.
