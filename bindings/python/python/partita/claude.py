"""Transcripts of the Claude Agent SDK, kept in a store: needs the extra ``claude``."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Any, TypedDict, TypeVar
from urllib.parse import quote

from partita._adapters import checked, dumps, edit, loads, read_list
from partita._errors import Invalid, NotFound
from partita._partita import Batch, Session, Snapshot, Store

try:
    from anyio.to_thread import run_sync
    from claude_agent_sdk import (
        SessionKey,
        SessionListSubkeysKey,
        SessionStore,
        SessionStoreEntry,
        SessionStoreListEntry,
        SessionSummaryEntry,
        fold_session_summary,
    )
except ImportError as error:
    raise ImportError(
        "partita.claude needs the Claude Agent SDK: install partita with the extra `claude`"
    ) from error

__all__ = ["PartitaSessionStore"]

T = TypeVar("T")

# Of a session's 255 bytes; what is longer is cut and told apart by a hash. The SDK's own project
# keys have 200 bytes and a short hash at most, its session ids 36 bytes.
_PROJECT_BYTES_MAX = 180
_SESSION_BYTES_MAX = 47

_ENTRIES = b"claude/entries"
_META = b"claude/session"
_UUID = b"claude/uuid/"


class _Meta(TypedDict):
    project_key: str
    session_id: str
    mtime: int
    summary: dict[str, Any]


class PartitaSessionStore(SessionStore):
    """Transcripts as lists in the state of sessions, one for each session of the SDK.

    Pass it as ``ClaudeAgentOptions(session_store=...)``. Each append is one durable checkpoint and
    costs what it adds; an entry whose ``uuid`` is there already is left out, whoever added it.
    Summaries are folded in the same checkpoint. All optional methods are there. Many threads and
    processes may share a store; within one object appends land in the order of their calls, and
    land even when their caller is cancelled.

    >>> import asyncio, partita
    >>> from partita.claude import PartitaSessionStore
    >>> transcripts = PartitaSessionStore(partita.Store.in_memory())
    >>> key = {"project_key": "-home-me", "session_id": "s1"}
    >>> asyncio.run(transcripts.append(key, [{"type": "user", "uuid": "u1"}]))
    >>> asyncio.run(transcripts.append(key, [{"type": "user", "uuid": "u1"}]))  # tried again
    >>> asyncio.run(transcripts.load(key))
    [{'type': 'user', 'uuid': 'u1'}]

    What a partita session can do a transcript can do as well:

    >>> session = transcripts.session(key)
    >>> session.name
    'claude/-home-me/s1'
    >>> [(entry.number, entry.message) for entry in session.log()]
    [(1, 'append entries: 1')]
    """

    def __init__(self, store: Store, *, prefix: str = "claude/") -> None:
        """Keeps the transcripts in sessions whose names begin with ``prefix``, 27 bytes at most."""
        self._store = checked(store)
        self._prefix = prefix
        # One thread, so that appends land in the order in which they were called.
        self._writer = ThreadPoolExecutor(1, "partita-claude")

    def session(self, key: SessionKey | SessionListSubkeysKey) -> Session:
        """Returns the partita session of a transcript: ``fork``, ``undo``, ``at``, and all else.

        Raises ``NotFound`` if there is none.
        """
        return self._store.open_session(self._name(key["project_key"], key["session_id"]))

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Appends the entries that are not there yet, all or none of them."""
        if entries:
            new = list(entries)
            await self._write(lambda: self._append(key, new))

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """Returns the entries in their order; none for a key that was never written."""
        return await run_sync(self._load, key)

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """Returns the sessions of a project, with the time of their newest append in ms."""
        return [
            {"session_id": meta["session_id"], "mtime": meta["mtime"]}
            for meta in await run_sync(self._metas, project_key)
        ]

    async def list_session_summaries(self, project_key: str) -> list[SessionSummaryEntry]:
        """Returns what the SDK folded of each session of a project, without reading entries."""
        return [
            {"session_id": meta["session_id"], "mtime": meta["mtime"], "data": meta["summary"]}
            for meta in await run_sync(self._metas, project_key)
        ]

    async def delete(self, key: SessionKey) -> None:
        """Deletes a session with all its subpaths, or the one subpath.

        The bytes of a session stay for 30 days, until a ``gc`` of the store; those of a subpath
        stay in the checkpoints before.
        """
        await self._write(lambda: self._delete(key))

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """Returns the subpaths of a session, in the order of their bytes."""
        return await run_sync(self._subkeys, key)

    async def _write(self, work: Callable[[], T]) -> T:
        # Refuses a closed store, and a fork of the process, where the thread would not run.
        _ = self._store.directory
        return await run_sync(self._writer.submit(work).result)

    def _name(self, project_key: str, session_id: str) -> str:
        return self._project(project_key) + _component(session_id, _SESSION_BYTES_MAX)

    def _project(self, project_key: str) -> str:
        return f"{self._prefix}{_component(project_key, _PROJECT_BYTES_MAX)}/"

    def _append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        def append(batch: Batch, before: Snapshot) -> None:
            new = _put_new(batch, before, _subpath(key), entries)
            if not new:
                return
            batch.state_extend(_entries(_subpath(key)), [dumps(entry) for entry in new])
            if not _subpath(key):
                batch.state_put(_META, dumps(_fold(_meta(before), key, new)))

        message = f"append entries: {len(entries)}"
        name = self._name(key["project_key"], key["session_id"])
        try:
            edit(self._store.session(name), message, append)
        except NotFound:  # Deleted in between: this begins it anew.
            edit(self._store.session(name), message, append)

    def _load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        try:
            return read_list(self.session(key).latest(), _entries(_subpath(key)))
        except NotFound:
            return None

    def _metas(self, project_key: str) -> list[_Meta]:
        metas = []
        for entry in self._store.sessions(prefix=self._project(project_key)):
            try:
                meta = _meta(self._store.open_session(entry.name).latest())
            except NotFound:  # Deleted in between.
                continue
            # A fork is no session of the SDK, though it has all of its original.
            if meta and entry.name == self._name(project_key, meta["session_id"]):
                metas.append(meta)
        return metas

    def _delete(self, key: SessionKey) -> None:
        subpath = _subpath(key)

        def delete(batch: Batch, before: Snapshot) -> None:
            if _entries(subpath) in before.state:
                batch.state_remove(_entries(subpath))
            for mark in before.state.keys(_marks(subpath)):
                batch.state_remove(mark)

        try:
            if subpath:
                edit(self.session(key), "delete a subpath", delete)
            else:
                self._store.delete_session(self._name(key["project_key"], key["session_id"]))
        except NotFound:
            return

    def _subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        prefix = _ENTRIES + b"/"
        try:
            names = self.session(key).latest().state.keys(prefix)
        except NotFound:
            return []
        return [name.removeprefix(prefix).decode("utf-8", "surrogatepass") for name in names]

    def __repr__(self) -> str:
        return f"<PartitaSessionStore {self._prefix!r} of {self._store!r}>"


def _component(text: str, size: int) -> str:
    """Spells a key as a component of a session's name, no two alike."""
    encoded = quote(text, safe="", errors="surrogatepass")
    if len(encoded) <= size:
        return encoded or "%"
    # No escape has a tilde.
    return f"{encoded[: size - 34]}%~{_digest(text, 16).hex()}"


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def _subpath(key: SessionKey) -> str:
    return key.get("subpath") or ""


def _entries(subpath: str) -> bytes:
    return _ENTRIES + b"/" + subpath.encode("utf-8", "surrogatepass") if subpath else _ENTRIES


def _marks(subpath: str) -> bytes:
    """Where the uuids of a transcript are: a digest each, as a key of the state is bounded."""
    return _UUID + _digest(subpath, 8)


def _put_new(
    batch: Batch, before: Snapshot, subpath: str, entries: list[SessionStoreEntry]
) -> list[SessionStoreEntry]:
    """Marks the uuids that are not there yet, and returns their entries and those without one."""
    new, marks, state = [], set(), before.state
    for entry in entries:
        uuid = entry.get("uuid")
        if isinstance(uuid, str) and uuid:
            mark = _marks(subpath) + _digest(uuid, 16)
            if mark in marks or mark in state:
                continue
            # Rests on the key being empty: two writers of one uuid cannot both succeed.
            batch.state_put(mark, b"")
            marks.add(mark)
        new.append(entry)
    return new


def _meta(snapshot: Snapshot) -> _Meta | None:
    data = snapshot.state.get(_META)
    if data is not None and not isinstance(data, bytes):
        raise Invalid(f"state under {_META!r} holds a list, not what is known of a transcript")
    return None if data is None else loads(data)


def _fold(before: _Meta | None, key: SessionKey, new: list[SessionStoreEntry]) -> _Meta:
    mtime = time.time_ns() // 1_000_000
    folded: SessionSummaryEntry | None = None
    if before:
        # Two appends in one millisecond differ, and a clock that is set back changes nothing.
        mtime = max(mtime, before["mtime"] + 1)
        folded = {
            "session_id": before["session_id"],
            "mtime": before["mtime"],
            "data": before["summary"],
        }
    return {
        "project_key": key["project_key"],
        "session_id": key["session_id"],
        "mtime": mtime,
        "summary": fold_session_summary(folded, key, new)["data"],
    }
