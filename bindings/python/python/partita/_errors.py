"""The exception tree: one class for each kind of error, each also a builtin."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AlreadyExists",
    "Ambiguous",
    "Busy",
    "Conflict",
    "Corrupt",
    "DoesNotFit",
    "Error",
    "Indeterminate",
    "Invalid",
    "Io",
    "NotFound",
    "Poisoned",
    "Purged",
    "ReadOnly",
    "Unsupported",
]


class Error(Exception):
    """What went wrong, told in one line, with a ``kind`` to act on.

    >>> import partita
    >>> store = partita.Store.in_memory()
    >>> try:
    ...     store.open_session("absent")
    ... except partita.Error as error:
    ...     print(error.kind, "-", error)
    not-found - no session "absent"
    """

    kind: ClassVar[str] = ""
    """The stable code, the same in Rust and in the command."""

    def __str__(self) -> str:
        # KeyError would show the representation of the message, quotes and all.
        return str(self.args[0]) if self.args else ""


class NotFound(Error, KeyError):
    """The named thing does not exist: check the name, or create it."""

    kind = "not-found"


class AlreadyExists(Error, ValueError):
    """The name is taken: choose another, or open what is there."""

    kind = "already-exists"


class Conflict(Error, RuntimeError):
    """Somebody else changed what this call rested on: read again, decide, retry."""

    kind = "conflict"


class Ambiguous(Error, ValueError):
    """A short form matches more than one thing: use a longer one."""

    kind = "ambiguous"


class Invalid(Error, ValueError):
    """The argument can never be accepted: correct it."""

    kind = "invalid"


class DoesNotFit(Error, ValueError):
    """A prompt is larger than its limit with everything gone that may go: shorten or unpin what
    ``items`` lists, or raise the limit.

    >>> import partita
    >>> try:
    ...     partita.plan([{"role": "user", "content": "And now? " * 50}], limit=100)
    ... except partita.DoesNotFit as error:
    ...     print(error.limit, error.least > 100, error.items[0][0])
    100 True message 1
    """

    kind = "does-not-fit"
    limit: int = 0
    """The tokens that the prompt may have."""
    least: int = 0
    """The fewest tokens that it can come down to."""
    items: tuple[tuple[str, int, bool], ...] = ()
    """What these are of, largest first: what it is, its tokens, whether somebody pinned it."""


class Purged(Error, KeyError):
    """The bytes were removed on purpose, or given up for lost: do without them."""

    kind = "purged"


class Corrupt(Error, OSError):
    """Stored bytes are damaged or missing: run ``check``, keep the directory, restore from a copy."""

    kind = "corrupt"


class Busy(Error, TimeoutError):
    """Another process holds the writer lock: try again later."""

    kind = "busy"


class Io(Error, OSError):
    """The operating system refused: free space, mend permissions, try again."""

    kind = "io"


class Unsupported(Error, NotImplementedError):
    """The store needs a newer version of this library: upgrade."""

    kind = "unsupported"


class ReadOnly(Error, PermissionError):
    """The store was opened for reading only: open it for writing."""

    kind = "read-only"


class Indeterminate(Error, OSError):
    """The commit may or may not survive a crash: reopen the store and look."""

    kind = "indeterminate"


class Poisoned(Error, RuntimeError):
    """An earlier write failed, so this handle writes no more: reopen the store."""

    kind = "poisoned"


BY_KIND: dict[str, type[Error]] = {
    error.kind: error
    for error in (
        NotFound,
        AlreadyExists,
        Conflict,
        Ambiguous,
        Invalid,
        DoesNotFit,
        Purged,
        Corrupt,
        Busy,
        Io,
        Unsupported,
        ReadOnly,
        Indeterminate,
        Poisoned,
    )
}
