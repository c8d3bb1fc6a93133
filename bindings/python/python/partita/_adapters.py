"""What the adapters of frameworks share: exact JSON, edits that retry, work in threads."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from partita._errors import Conflict, Invalid
from partita._partita import Batch, Session, Snapshot, StateList, Store

T = TypeVar("T")


def dumps(item: object) -> bytes:
    """Writes a value of JSON so that ``loads`` gives an equal one, lone surrogates too.

    >>> item = {"text": "\\ud83d\\ude00", "big": 2**70}
    >>> loads(dumps(item)) == item
    True
    """
    # Escaped, two lone surrogates in a row would come back as the one character that they spell.
    text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def loads(data: bytes) -> Any:
    """Reads what ``dumps`` wrote."""
    return json.loads(data.decode("utf-8", "surrogatepass"))


def checked(store: Store) -> Store:
    """Returns what is an open store.

    Raises ``TypeError`` for anything else, such as a directory.
    """
    if not isinstance(store, Store):
        kind = type(store).__name__
        raise TypeError(f"expected a store that is open, as of partita.Store.open(), got {kind}")
    return store


def read_list(snapshot: Snapshot, key: str | bytes) -> list[Any] | None:
    """Reads all values of a list in the state; none where there is no list."""
    found = find_list(snapshot, key)
    return None if found is None else [loads(item) for item in found[:]]


def find_list(snapshot: Snapshot, key: str | bytes) -> StateList | None:
    """Returns a list in the state.

    Raises ``Invalid`` if the key holds bytes.
    """
    found = snapshot.state.get(key)
    if isinstance(found, bytes):
        raise Invalid(f"state under {key!r} holds bytes, not a list")
    return found


def edit(session: Session, message: str, change: Callable[[Batch, Snapshot], T]) -> T:
    """Commits a change that rests on the state it is given; again, if another writer was faster.

    ``change`` gets a batch and the very state that the batch began with. It runs once more for
    each time that somebody else changes, meanwhile, what it edits.
    """
    while True:
        batch = session.batch(message=message)
        try:
            with batch:
                return change(batch, batch.before)
        except Conflict:
            continue


async def finish(work: Callable[[], T], executor: Executor | None = None) -> T:
    """Runs a mutation in a thread and waits for its end, even when it is cancelled meanwhile.

    So a caller that is cancelled knows that nothing happens any more behind its back; the
    cancellation is raised once the mutation has ended.
    """
    # A future, not a task: a loop that shuts down cancels all its tasks.
    future = asyncio.get_running_loop().run_in_executor(
        executor, contextvars.copy_context().run, work
    )
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
    if cancelled is not None:
        raise cancelled from future.exception()
    return future.result()
