"""Open files, and changes on their way into a checkpoint."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from partita._fs_path import Place, exists
from partita._partita import Batch

if TYPE_CHECKING:
    from partita.fs import PartitaFileSystem


class Change:
    """A change of one session that is made when it is committed, alone or with others."""

    def __init__(
        self, fs: PartitaFileSystem, place: Place, verb: str, apply: Callable[[Batch], object]
    ) -> None:
        self.fs, self.place, self.verb, self.apply = fs, place, verb, apply

    def change(self) -> Change:
        return self

    def commit(self) -> None:
        self.fs._commit([self])

    def discard(self) -> None:
        """Does nothing: what is not committed has not happened."""


class PartitaFile(io.BytesIO):
    """An open file: all of its bytes in memory.

    One that is written becomes an iteration when it is closed, or at the end of the transaction.
    One that is given up with ``discard()`` or dropped unclosed does not; but a text file that is
    dropped is closed by Python.
    """

    def __init__(
        self,
        fs: PartitaFileSystem,
        place: Place,
        mode: str,
        data: bytes,
        autocommit: bool,
        begin: int = 0,
    ) -> None:
        super().__init__(data)
        # What is appended goes behind what is there at the commit: only that is held.
        self._begin = begin
        self._read_size = len(data)
        self.fs = fs
        self.path = str(place)
        self._mode = mode
        self.autocommit = autocommit
        self._place = place
        self._written: bytes | None = None
        self._dropped = mode == "rb"

    @property
    def mode(self) -> str:
        """``rb``, ``wb``, ``xb`` or ``ab``."""
        return self._mode

    @property
    def size(self) -> int:
        """Bytes, those not yet committed included."""
        if self.mode == "rb":
            return self._read_size
        return self._begin + (len(self._written or b"") if self.closed else self.getbuffer().nbytes)

    def readable(self) -> bool:
        return self.mode == "rb"

    def writable(self) -> bool:
        return self.mode != "rb"

    def read(self, size: int | None = -1, /) -> bytes:
        self._check(self.readable(), "read")
        return super().read(size)

    def write(self, data: Any, /) -> int:
        self._check(self.writable(), "write")
        return super().write(data)

    def tell(self) -> int:
        return self._begin + super().tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._check(self.mode != "ab", "seek")
        return super().seek(offset, whence)

    def _check(self, can: bool, verb: str) -> None:
        if not can:
            raise io.UnsupportedOperation(f"cannot {verb} a file opened as {self.mode!r}")

    def close(self) -> None:
        if self.closed:
            return
        if not self._dropped:
            self._written = self.getvalue()
        super().close()
        if not self._dropped and self.autocommit:
            self.commit()

    def change(self) -> Change:
        """What the commit does."""
        self.close()
        data = self._written or b""
        place, mode = self._place, self.mode

        def apply(batch: Batch) -> None:
            there = self.fs._read_in(batch, place.path) if mode != "wb" else None
            if mode == "xb" and there is not None:
                raise exists(place)
            batch.write(place.path, (there or b"") + data)

        return Change(self.fs, place, "append to" if mode == "ab" else "write", apply)

    def commit(self) -> None:
        """Writes it."""
        if not self._dropped:
            self.change().commit()
            self._dropped = True

    def discard(self) -> None:
        """Gives up what was written."""
        self._dropped = True
        self._written = None

    def __del__(self) -> None:
        # The base would close it, and so commit what may be half of a file.
        self.discard()
