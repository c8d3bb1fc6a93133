"""A LangGraph thread in a session's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from langchain_core.runnables import RunnableConfig

from partita._errors import NotFound
from partita._langgraph_draft import Draft
from partita._langgraph_keys import DATA, HIDDEN, RECORD, name_thread
from partita._langgraph_listed import ListedTuple
from partita._langgraph_record import Head
from partita._langgraph_state import Held, ThreadState, config_of
from partita._langgraph_values import Lists
from partita._partita import Batch, Session, Snapshot

Write: TypeAlias = Callable[[Draft], None]
"""Adds to a draft what is to be written; again, where it was not the first to come."""


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

    # Writing.

    def commit(self, writes: Iterable[Write]) -> None:
        """Makes what these write durable, all of it or nothing."""
        batch = self.session.begin()
        state = self.at(batch.before)
        name_thread(batch, state.state, self.prefix, self.session.name, self.thread_id)
        draft = Draft(batch, state)
        for write in writes:
            write(draft)
        draft.commit()

    def add_all(self, source: Thread) -> None:
        """Adds what another thread has and this one lacks."""
        batch = self.session.begin()
        own = batch.before.state
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
