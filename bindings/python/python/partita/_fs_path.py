"""The grammar of ``partita://session@checkpoint/path``."""

from __future__ import annotations

import errno
import os
from typing import NamedTuple
from urllib.parse import quote, unquote


class Place(NamedTuple):
    """What a path means.

    >>> place("team%2Ffix@3/src/lib.rs")
    Place(head='team%2Ffix@3', session='team/fix', checkpoint='3', path='src/lib.rs')
    >>> place("team%2Ffix").name("src")
    'team%2Ffix/src'
    """

    head: str
    """The session and the checkpoint as they were spelled."""
    session: str
    """The session's name; empty for the root, which holds the sessions."""
    checkpoint: str | None
    """Which fixed state; none for the latest."""
    path: str
    """The path in the session; empty for the session itself."""

    def name(self, path: str) -> str:
        """Spells another path of the same session."""
        return f"{self.head}/{path}" if path else self.head

    @property
    def directory(self) -> str:
        """What the paths in it begin with, if it is a directory."""
        return f"{self.path}/" if self.path else ""

    def __str__(self) -> str:
        return self.name(self.path)


def place(name: str) -> Place:
    """Reads a path without its protocol."""
    head, _, path = name.partition("/")
    session, at, checkpoint = head.partition("@")
    return Place(head, unquote(session), unquote(checkpoint) if at else None, path)


def spell(session: str) -> str:
    """Spells the name of a session as the first component of a path.

    >>> spell("team/fix@home")
    'team%2Ffix%40home'
    """
    return quote(session, safe="")


def absent(name: object) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(name))


def exists(name: object) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(name))


def directory(name: object) -> IsADirectoryError:
    return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(name))


def fixed(name: object) -> OSError:
    return OSError(errno.EROFS, "a fixed checkpoint stays as it is; write without @", str(name))
