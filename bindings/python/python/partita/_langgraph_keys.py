"""Names and keys under which LangGraph's checkpoints stand in a store.

A thread is a session. In its state stand, for each checkpoint of each namespace:

====  ==========================================  ==============================================
area  key after the area's letter                 value
====  ==========================================  ==============================================
``c`` namespace, checkpoint                       the record, see ``_langgraph_record``
``h`` namespace, checkpoint                       what a delta channel of a checkpoint that stays needs
                                                  of one that was deleted
``d`` namespace, checkpoint, ``k``                the record's rest, where it is long
``d`` namespace, checkpoint, ``v`` channel, mark  the value of a channel
``d`` namespace, checkpoint, ``w`` task, place,   a write
      channel, path
====  ==========================================  ==============================================

Checkpoints sort by time, so what a step writes falls into the last leaf of each area, and a listing
is a scan of ``c`` from its end.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from partita._partita import Batch, State, Store

NAME_BYTES_MAX = 255
RECORD = b"c"
HIDDEN = b"h"
DATA = b"d"
REST = b"k"
VALUE = b"v"
WRITE = b"w"
THREAD = b"t"
"""The key of a thread's id, where the session's name is only its hash."""

_HASHED = "%~"
"""What follows is a hash. In a quoted id two digits follow a ``%``."""


def session_name(prefix: str, thread_id: str) -> str:
    """Returns the session of a thread. Different ids have different names, whatever is in them.

    >>> session_name("langgraph/", "user 7/chat")
    'langgraph/user%207%2Fchat'
    >>> len(session_name("langgraph/", "x" * 1000))
    76
    """
    raw = thread_id.encode("utf-8", "surrogatepass")
    name = prefix + (quote(raw, safe="~:@") or "%")
    if len(name.encode()) <= NAME_BYTES_MAX:
        return name
    return prefix + _HASHED + hashlib.sha256(raw).hexdigest()


def is_hashed(prefix: str, name: str) -> bool:
    """Tells whether the thread's id must be looked up in the session."""
    return name.startswith(prefix + _HASHED)


def thread_of(prefix: str, store: Store, name: str) -> str | None:
    """Returns the thread of a session; none if it is not one of ours."""
    if not is_hashed(prefix, name):
        quoted = name[len(prefix) :]
        raw = b"" if quoted == "%" else unquote_to_bytes(quoted)
    else:
        held = store.open_session(name).state.get(THREAD)
        raw = held if isinstance(held, bytes) else b""
    thread_id = raw.decode("utf-8", "surrogatepass")
    return thread_id if session_name(prefix, thread_id) == name else None


def name_thread(batch: Batch, state: State, prefix: str, name: str, thread_id: str) -> None:
    """Keeps the thread's id in a session whose name is only its hash."""
    raw = thread_id.encode("utf-8", "surrogatepass")
    if is_hashed(prefix, name) and state.get(THREAD) != raw:
        batch.state_put(THREAD, raw)


def part(text: str) -> bytes:
    """Returns the bytes of one part of a key: they sort as texts do, and none begins another."""
    return text.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff") + b"\0"


def parts(key: bytes) -> list[str]:
    """Takes parts of a key apart again.

    >>> parts(part("a\\0") + part("") + part("b"))
    ['a\\x00', '', 'b']
    """
    # A part ends at a zero that no 0xff follows; no text has that byte.
    texts = key.replace(b"\0\xff", b"\xff").split(b"\0")[:-1]
    return [text.replace(b"\xff", b"\0").decode("utf-8", "surrogatepass") for text in texts]


def part_end(key: bytes, start: int) -> int:
    """Returns where the part that begins at ``start`` ends: after the first zero by itself."""
    while True:
        start = key.index(b"\0", start) + 1
        if key[start : start + 1] != b"\xff":
            return start


class WriteKey(NamedTuple):
    """What the key of a write says."""

    task_path: str
    task_id: str
    place: int
    channel: str


_PLACE_ZERO = 1 << 23
"""Added to a place, which may be negative: its first byte is never that of an escape."""


def write_key(prefix: bytes, write: WriteKey) -> bytes:
    """Returns the key of a write, by task first: a task's writes are looked up together."""
    place = (write.place + _PLACE_ZERO).to_bytes(4)
    return prefix + part(write.task_id) + place + part(write.channel) + part(write.task_path)


def read_write_key(prefix: bytes, key: bytes) -> WriteKey:
    """Takes the key of a write apart.

    >>> key = WriteKey("~pull", "task", -3, "ch")
    >>> read_write_key(b"w", write_key(b"w", key)) == key
    True
    """
    at = part_end(key, len(prefix))
    (task_id,) = parts(key[len(prefix) : at])
    place = int.from_bytes(key[at : at + 4]) - _PLACE_ZERO
    channel, task_path = parts(key[at + 4 :])
    return WriteKey(task_path, task_id, place, channel)
