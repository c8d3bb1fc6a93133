"""Sessions of the OpenAI Agents SDK, kept in a store: needs the extra ``agents``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from partita._adapters import checked, dumps, edit, find_list, finish, loads, read_list
from partita._partita import Batch, Session, Snapshot, Store

try:
    from agents.memory import SessionSettings
except ImportError as error:
    raise ImportError(
        "partita.agents needs the OpenAI Agents SDK: install partita with the extra `agents`"
    ) from error

if TYPE_CHECKING:
    from agents import TResponseInputItem

__all__ = ["PartitaSession"]


class PartitaSession:
    """The items of a conversation as a list in the state of a session.

    It meets the SDK's ``Session`` protocol: pass it to ``Runner.run(..., session=...)``. Each call
    that changes something is one durable checkpoint, costs what it adds or takes away, and
    survives the cancellation of its caller. Many objects, threads and processes may share one
    conversation: no item is lost and none is popped twice.

    >>> import asyncio, partita
    >>> from partita.agents import PartitaSession
    >>> store = partita.Store.in_memory()  # or partita.Store.open("./sessions")
    >>> talk = PartitaSession("support/42", store)
    >>> asyncio.run(talk.add_items([{"role": "user", "content": "Hello"}]))
    >>> asyncio.run(talk.get_items())
    [{'role': 'user', 'content': 'Hello'}]

    What a partita session can do it can do as well, through ``session``:

    >>> _ = talk.session.fork("support/42-b")
    >>> asyncio.run(talk.pop_item())
    {'role': 'user', 'content': 'Hello'}
    >>> asyncio.run(PartitaSession("support/42-b", store).get_items())
    [{'role': 'user', 'content': 'Hello'}]
    >>> talk.session.undo().number
    3
    >>> asyncio.run(talk.get_items())
    [{'role': 'user', 'content': 'Hello'}]
    """

    session_id: str
    session_settings: SessionSettings | None

    def __init__(
        self,
        session_id: str,
        store: Store,
        *,
        key: str = "agents/items",
        session_settings: SessionSettings | None = None,
    ) -> None:
        """Creates the session of this name, or resumes it.

        ``session_id`` is the session's name: 1 to 255 bytes. ``key`` is where in its state the
        items are. ``session_settings.limit`` is how many of the latest items are read where a call
        does not say.

        Raises ``Invalid`` for a name that cannot be.
        """
        self.session_id = session_id
        self.session_settings = session_settings if session_settings else SessionSettings()
        self._session = checked(store).session(session_id)
        self._key = key

    @property
    def session(self) -> Session:
        """The partita session: ``fork``, ``undo``, ``at``, ``log``, files, and all else."""
        return self._session

    def items_at(self, snapshot: Snapshot) -> list[TResponseInputItem]:
        """Returns the items as they were at a fixed state, such as ``session.at(3)``."""
        return read_list(snapshot, self._key) or []

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Returns the latest ``limit`` items, or all, oldest first.

        Exactly so many: a call may be cut from its output. Without ``limit`` that of the settings
        holds; 0 and less give none.
        """
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        return await asyncio.to_thread(self._read, limit)

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Appends items, all or none.

        They come back equal, as far as JSON goes: a tuple comes back as a list.
        """
        data = [dumps(item) for item in items]
        if data:
            await finish(lambda: self._add(data))

    async def pop_item(self) -> TResponseInputItem | None:
        """Takes the latest item away and returns it; none if there is none."""
        return await finish(self._pop)

    async def clear_session(self) -> None:
        """Removes all items from the conversation; the checkpoints before keep them.

        ``session.undo()`` brings them back; ``store.delete_session(session_id)`` gives them up.
        """
        await finish(self._clear)

    def _read(self, limit: int | None) -> list[TResponseInputItem]:
        items = find_list(self._session.latest(), self._key)
        if items is None or (limit is not None and limit <= 0):
            return []
        return [loads(item) for item in items[0 if limit is None else -limit :]]

    def _add(self, items: list[bytes]) -> None:
        # What is appended goes to the end, whoever else appends: this rests on nothing.
        with self._session.batch(message=f"add items: {len(items)}") as batch:
            batch.state_extend(self._key, items)

    def _pop(self) -> TResponseInputItem | None:
        def pop(batch: Batch, before: Snapshot) -> bytes | None:
            items = find_list(before, self._key)
            if not items:
                return None
            batch.state_truncate(self._key, len(items) - 1)
            return items[-1]

        item = edit(self._session, "pop an item", pop)
        return None if item is None else cast("TResponseInputItem", loads(item))

    def _clear(self) -> None:
        def clear(batch: Batch, before: Snapshot) -> None:
            if self._key in before.state:
                batch.state_remove(self._key)

        edit(self._session, "clear", clear)

    def __repr__(self) -> str:
        return f"<PartitaSession {self.session_id!r}>"
