"""A file system over the sessions of a store, for fsspec: needs the extra ``fs``."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

from partita._adapters import edit
from partita._errors import NotFound
from partita._fs_file import Change, PartitaFile
from partita._fs_path import Place, absent, directory, exists, fixed, place, spell
from partita._partita import Batch, Entry, Iteration, Session, Snapshot, Store
from partita.literals import Durability

try:
    from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]
    from fsspec.transaction import Transaction  # type: ignore[import-untyped]
except ImportError as error:
    raise ImportError("partita.fs needs fsspec: install partita with the extra `fs`") from error

__all__ = ["PartitaFile", "PartitaFileSystem"]


class _Transaction(Transaction):  # type: ignore[misc]  # fsspec is untyped
    """Makes all changes as one checkpoint of each session."""

    def complete(self, commit: bool = True) -> None:
        try:
            if commit:
                self.fs._commit([file.change() for file in self.files])
        finally:
            super().complete(commit=False)


class PartitaFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec is untyped
    """The files of sessions as ``partita://session/path`` or ``partita://session@checkpoint/path``.

    Without a checkpoint a path means the latest files, which can be written; with one (a number,
    an id as ``id:3fa9``, or what else ``Session.at`` takes) it means fixed ones, which cannot. In
    the session and in the checkpoint ``%XX`` stands for a byte: write ``%2F`` for a ``/`` in a
    session's name, ``%40`` for an ``@`` and ``%25`` for a ``%``. The path is taken as it is.

    >>> import fsspec, tempfile
    >>> room = tempfile.TemporaryDirectory()
    >>> fs = fsspec.filesystem("partita", store=room.name)
    >>> fs.pipe("partita://team%2Ffix/data/a.csv", b"x\\n1\\n")
    >>> with fs.open("team%2Ffix/data/a.csv", "a") as file:
    ...     _ = file.write("2\\n")
    >>> fs.cat("team%2Ffix/data/a.csv"), fs.cat("team%2Ffix@1/data/a.csv")
    (b'x\\n1\\n2\\n', b'x\\n1\\n')
    >>> fs.find("team%2Ffix"), fs.info("team%2Ffix/data/a.csv")["iteration"]
    (['team%2Ffix/data/a.csv'], 2)
    >>> room.cleanup()

    Each file that is closed is one durable checkpoint. A call on many files (``put``, ``cp``,
    ``mv``, ``rm``, ``pipe``) is one, and so is a whole ``with fs.transaction:``, one for each
    session that it touches; what is read meanwhile is as before.

    There are no empty directories, as on object stores: a directory is there as long as a file is
    in it. ``mkdir`` creates the session if there is none, and otherwise nothing. A session stays
    when its files are removed: ``Store.delete_session`` deletes it.
    """

    protocol: ClassVar[str] = "partita"
    root_marker = ""
    transaction_type = _Transaction

    def __init__(
        self,
        store: str | os.PathLike[str] | None = None,
        *,
        read_only: bool = False,
        durability: Durability = "sync",
        lock_timeout: float = 30.0,
        **options: Any,
    ) -> None:
        """Uses the store in a directory, which is created with the first file that is written.

        The other arguments are those of ``Store.open``.
        """
        super().__init__(**options)
        if store is None:
            raise ValueError("say which store: storage_options={'store': directory}")
        self._directory = os.path.abspath(store)
        self._durability, self._lock_timeout = durability, lock_timeout
        self._read_only = read_only
        self._opening = threading.Lock()
        self._opened: tuple[int, Store] | None = None
        self._gathered = threading.local()

    def open_session(self, path: str) -> Session:
        """Returns the session of a path: ``undo``, ``fork``, ``log``, and all else.

        Raises ``FileNotFoundError`` if there is none.
        """
        return self._session(place(self._strip_protocol(path)))

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(name) for name in path]
        return super()._strip_protocol(path).lstrip("/")

    # What is there.

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Tells what ``ls`` does, and of a file its ``iteration`` and two times.

        ``modified`` is when that iteration was made, ``created`` when the first one was.

        Raises ``FileNotFoundError`` if there is nothing.
        """
        at = place(self._strip_protocol(path))
        if not at.session:
            return _directory("")
        snapshot = self._snapshot(at)
        entry = snapshot.files.entry(at.path) if at.path else None
        if entry is None:
            if at.path and next(snapshot.files.under(at.directory), None) is None:
                raise absent(at)
            return _directory(str(at))
        newest, created = _times(self._session(at), snapshot, at)
        return {
            **_file(at.name(at.path), entry, snapshot.files.size(at.path)),
            "iteration": newest.number,
            "created": created,
            "modified": newest.time,
        }

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        """Lists a directory: ``name``, ``type``, ``size`` in bytes, and of a file its ``content``.

        That is an id: equal bytes have an equal one. ``type`` is ``file``, ``directory``, ``link``
        or, for a submodule, ``other``.
        """
        at = place(self._strip_protocol(path))
        if not at.session:
            rows = [_directory(spell(entry.name)) for entry in self._store().sessions()]
        else:
            rows = self._rows(at, self._snapshot(at))
        return rows if detail else [row["name"] for row in rows]

    def find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        **options: Any,
    ) -> Any:
        """Lists the files below a path, of one state of the session."""
        at = place(self._strip_protocol(path))
        if not at.session:
            return super().find(path, maxdepth, withdirs, detail, **options)
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        try:
            rows = self._rows(at, self._snapshot(at), maxdepth)
        except FileNotFoundError:
            return {} if detail else []
        found = {row["name"]: row for row in rows if withdirs or row["type"] != "directory"}
        if withdirs:
            found.setdefault(str(at), _directory(str(at)))
        names = sorted(found)
        return {name: found[name] for name in names} if detail else names

    def created(self, path: str) -> datetime:
        """Returns when the first iteration of a file was made."""
        return self._time(path, "created")

    def modified(self, path: str) -> datetime:
        """Returns when the iteration of a file was made."""
        return self._time(path, "modified")

    def ukey(self, path: str) -> str:
        """Returns the id of a file's content: equal bytes have an equal one."""
        info = self.info(path)
        return info["content"] or "" if "content" in info else str(super().ukey(path))

    def checksum(self, path: str) -> int:
        """Returns the id of a file's content as a number."""
        return int(self.ukey(path), 16)

    # Reading and writing.

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **options: Any
    ) -> bytes:
        """Reads a file."""
        return self._read(place(self._strip_protocol(path)))[start:end]

    def _open(
        self, path: str, mode: str = "rb", autocommit: bool = True, **options: Any
    ) -> PartitaFile:
        at = place(self._strip_protocol(path))
        if mode == "rb":
            return PartitaFile(self, at, mode, self._read(at), autocommit)
        if mode not in ("wb", "xb", "ab"):
            raise ValueError(f"a file is opened as rb, wb, xb or ab, got {mode!r}")
        self._writable(at)
        try:
            info = self.info(str(at))
        except FileNotFoundError:
            return PartitaFile(self, at, mode, b"", autocommit)
        if info["type"] == "directory":
            raise directory(at)
        if mode == "xb":
            raise exists(at)
        return PartitaFile(self, at, mode, b"", autocommit, info["size"] if mode == "ab" else 0)

    def mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
        """Creates the session if there is none; a directory is there with its first file."""
        at = place(self._strip_protocol(path))
        if self.exists(str(at)):
            raise exists(at)
        if at.checkpoint is not None:
            raise fixed(at)
        if at.path and not create_parents and not self.exists(at.head):
            raise absent(at.head)
        self._store(create=True).session(at.session)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Creates the session if there is none."""
        try:
            self.mkdir(path)
        except FileExistsError:
            if not exist_ok or not self.isdir(path):
                raise

    def rmdir(self, path: str) -> None:
        """Does nothing where no file is, and refuses where one is."""
        at = place(self._strip_protocol(path))
        if self.isfile(str(at)):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(at))
        if self.find(str(at)):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(at))

    def rm_file(self, path: str) -> None:
        """Removes a file; its iterations stay."""
        at = place(self._strip_protocol(path))
        if self.info(str(at))["type"] == "directory":
            raise directory(at)
        self._writable(at)
        self._change(at, "remove", lambda batch: batch.remove(at.path))

    _rm = rm_file

    def rm(
        self, path: str | list[str], recursive: bool = False, maxdepth: int | None = None
    ) -> None:
        """Removes files, and directories if ``recursive``: as one checkpoint, all or none."""
        with self._together():
            for name in self.expand_path(path, recursive=recursive, maxdepth=maxdepth):
                if not recursive or not self.isdir(name):
                    self.rm_file(name)

    def cp_file(self, path1: str, path2: str, **options: Any) -> None:
        """Copies a file, also one of a fixed checkpoint, or of another session."""
        source, at = (place(self._strip_protocol(path)) for path in (path1, path2))
        entry = self.info(str(source))
        pairs = getattr(self._gathered, "pairs", None)
        if pairs is not None:
            pairs.append((source, at))
        elif entry["type"] == "directory":
            self.makedirs(str(at), exist_ok=True)
        else:
            self._writable(at)
            self._change(at, "copy to", self._copy(source, entry, at))

    def copy(self, path1: Any, path2: Any, *arguments: Any, **options: Any) -> None:
        """Copies files: all of them as one checkpoint of each session, or none."""
        with self._together():
            super().copy(path1, path2, *arguments, **options)

    def mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,
        maxdepth: int | None = None,
        **options: Any,
    ) -> None:
        """Moves files, with their iterations where they stay in their session."""
        if path1 == path2:
            return
        pairs: list[tuple[Place, Place]] = []
        self._gathered.pairs = pairs
        try:
            super().copy(path1, path2, recursive, maxdepth, "raise", **options)
        finally:
            del self._gathered.pairs
        if not pairs:
            raise directory(path1)
        with self._together():
            for source, at in pairs:
                info = self.info(str(source))
                if info["type"] == "directory" or source == at:
                    continue
                self._writable(source)
                self._writable(at)
                if source.session == at.session:
                    self._change(at, "move to", _rename(source.path, at.path))
                else:
                    self._change(at, "copy to", self._copy(source, info, at))
                    self.rm_file(str(source))

    def put(self, *arguments: Any, **options: Any) -> None:
        """Copies local files here: all of them as one checkpoint of each session, or none."""
        with self._together():
            super().put(*arguments, **options)

    def pipe(self, *arguments: Any, **options: Any) -> None:
        """Writes bytes: all of them as one checkpoint of each session, or none."""
        with self._together():
            super().pipe(*arguments, **options)

    # The store.

    def _store(self, create: bool = False) -> Store:
        with self._opening:
            if self._opened is None or self._opened[0] != os.getpid():
                try:
                    store = Store.open(
                        self._directory,
                        create=create and not self._read_only,
                        read_only=self._read_only,
                        durability=self._durability,
                        lock_timeout=self._lock_timeout,
                    )
                except NotFound as error:
                    raise absent(self._directory) from error
                # A fork of the process opens it anew.
                self._opened = (os.getpid(), store)
            return self._opened[1]

    def _session(self, at: Place) -> Session:
        try:
            return self._store().open_session(at.session)
        except NotFound as error:
            raise absent(at.head) from error

    def _snapshot(self, at: Place) -> Snapshot:
        session = self._session(at)
        try:
            return session.latest() if at.checkpoint is None else session.at(at.checkpoint)
        except NotFound as error:
            raise absent(at.head) from error

    def _read(self, at: Place) -> bytes:
        if self.info(str(at))["type"] == "directory":
            raise directory(at)
        try:
            return self._snapshot(at).read(at.path)
        except NotFound as error:
            raise absent(at) from error

    @staticmethod
    def _read_in(batch: Batch, path: str) -> bytes | None:
        try:
            return batch.read(path)
        except NotFound:
            return None

    def _rows(
        self, at: Place, snapshot: Snapshot, maxdepth: int | None = 1
    ) -> list[dict[str, Any]]:
        """What is below a directory, or the file itself; raises if there is neither."""
        files = snapshot.files
        entry = files.entry(at.path) if at.path else None
        if entry is not None:
            return [_file(str(at), entry, files.size(at.path))]
        rows: dict[str, dict[str, Any]] = {}
        for path in files.under(at.directory):
            parts = path.removeprefix(at.directory).split("/")
            for depth in range(1, min(len(parts), (maxdepth or len(parts)) + 1)):
                name = at.name(at.directory + "/".join(parts[:depth]))
                rows.setdefault(name, _directory(name))
            if maxdepth is None or len(parts) <= maxdepth:
                entry = files.entry(path)
                if entry is not None:
                    name = at.name(path)
                    rows[name] = _file(name, entry, files.size(path))
        if at.path and not rows:
            raise absent(at)
        return list(rows.values())

    def _time(self, path: str, which: str) -> datetime:
        info = self.info(path)
        if which not in info:
            raise directory(path)
        time: datetime = info[which]
        return time

    # Changes.

    def _writable(self, at: Place) -> None:
        if at.checkpoint is not None:
            raise fixed(at)
        if not at.path:
            raise directory(str(at) or "partita://")

    def _change(self, at: Place, verb: str, apply: Callable[[Batch], object]) -> None:
        change = Change(self, at, verb, apply)
        if self._intrans:
            self.transaction.files.append(change)
        else:
            change.commit()

    def _copy(self, source: Place, info: dict[str, Any], at: Place) -> Callable[[Batch], object]:
        snapshot = self._snapshot(source)

        def apply(batch: Batch) -> int:
            data = snapshot.read(source.path)
            if info["type"] == "link":
                return batch.write_symlink(at.path, data)
            if info["executable"]:
                return batch.write_executable(at.path, data)
            return batch.write(at.path, data)

        return apply

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Gathers what this thread changes into one checkpoint of each session."""
        if getattr(self._gathered, "changes", None) is not None:
            yield
            return
        changes: list[Change] = []
        self._gathered.changes = changes
        try:
            yield
        finally:
            self._gathered.changes = None
        self._commit(changes)

    def _commit(self, changes: list[Change]) -> None:
        gathered = getattr(self._gathered, "changes", None)
        if gathered is not None:
            gathered.extend(changes)
            return
        sessions: dict[str, list[Change]] = {}
        for change in changes:
            sessions.setdefault(change.place.session, []).append(change)
        for name, together in sessions.items():
            self._commit_session(name, together)

    def _commit_session(self, name: str, changes: list[Change]) -> None:
        def apply(batch: Batch, before: Snapshot) -> None:
            for change in changes:
                try:
                    change.apply(batch)
                except NotFound as error:
                    raise absent(change.place) from error

        verbs = {change.verb for change in changes}
        message = f"{verbs.pop() if len(verbs) == 1 else 'change'} {len(changes)} files"
        path = changes[0].place.path
        # A message is a line of 4,096 bytes.
        if len(changes) == 1 and len(path) <= 1_000 and path.isprintable():
            message = f"{changes[0].verb} {path}"
        edit(self._store(create=True).session(name), message, apply)


def _directory(name: str) -> dict[str, Any]:
    return {"name": name, "size": 0, "type": "directory"}


def _file(name: str, entry: Entry, size: int | None) -> dict[str, Any]:
    kind = {"file": "file", "symlink": "link"}.get(entry.kind, "other")
    content = None if entry.content is None else str(entry.content)
    return {
        "name": name,
        "size": size or 0,
        "type": kind,
        "content": content,
        "executable": entry.executable,
    }


def _rename(path: str, to: str) -> Callable[[Batch], object]:
    return lambda batch: batch.rename(path, to)


def _times(session: Session, snapshot: Snapshot, at: Place) -> tuple[Iteration, datetime]:
    """The iteration of a file in a state, and when its first one was made."""
    checkpoint = snapshot.checkpoint
    newest = None
    for iteration in session.history(at.path):
        if checkpoint is not None and iteration.checkpoint_number > checkpoint.number:
            continue
        newest = iteration
        break
    if newest is None:
        raise absent(at)
    try:
        return newest, session.iteration(at.path, 1).time
    except NotFound:  # A rename leaves gaps.
        *_, first = session.history(at.path)
        return newest, first.time
