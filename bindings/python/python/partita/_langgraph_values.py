"""Values as a state holds them, and the lists that this process has seen.

A list is stored item by item, so that its next version costs what is new. To tell what is new
without serialising all of it again, a copy of each item seen is kept: a message that was changed in
place is not the same as its copy. The copy also makes the item again, without reading and parsing
it. Copies share all that nobody can change with what they are copies of, the texts above all: so
they take little room, and equal texts are mostly compared by being the same.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import OrderedDict
from collections.abc import Callable, Sequence
from operator import attrgetter
from threading import Lock
from typing import Any, NamedTuple

from langgraph.checkpoint.serde.base import SerializerProtocol

SCALARS = (bool, int, float, type(None))
LOOKED_AT = 8
KEPT_BYTES_MAX = 64 << 20
"""Bytes of items that are remembered at the most."""
ITEM_BYTES = 1_500
"""About what a remembered item takes beside its texts."""


def encode(typed: tuple[str, bytes]) -> bytes:
    """Returns a serialised value as one byte string: its type's length, its type, its bytes."""
    kind = typed[0].encode()
    return bytes([len(kind)]) + kind + bytes(typed[1])


def decode(held: bytes) -> tuple[str, bytes]:
    """Takes it apart again."""
    end = held[0] + 1
    return held[1:end].decode(), held[end:]


def is_itemised(value: object) -> bool:
    """Tells whether a value is stored item by item: a list, but not one of numbers."""
    return type(value) is list and not any(type(item) in SCALARS for item in value[:LOOKED_AT])


class NotItemised(Exception):
    """An item by itself would not come back as it does within its list."""


def encode_item(serde: SerializerProtocol, item: Any) -> bytes:
    """Serialises an item of a list.

    Raises ``NotItemised`` for a subclass of bytes: by itself it would come back as bytes.
    """
    if isinstance(item, (bytes, bytearray)) and type(item) not in (bytes, bytearray):
        raise NotItemised
    return encode(serde.dumps_typed(item))


LEAVES = frozenset((str, int, float, bool, type(None)))
"""What nobody can change, and whose class the bytes below tell; those of ``bytes`` do not."""
EMPTY: dict[type, Any] = {dict: {}, list: [], tuple: ()}
"""What all copies have in place of an empty value, so that comparing touches less memory."""


def _kept(value: Any) -> Any:
    """Copies built-in values into what nobody else sees."""
    kind = type(value)
    if kind in LEAVES:
        return value
    if not value:
        return EMPTY[kind]
    if kind is dict:
        return {_kept(key): _kept(held) for key, held in value.items()}
    if kind is list:
        return [_kept(held) for held in value]
    if kind is tuple:
        return tuple([_kept(held) for held in value])
    raise TypeError(f"{kind} is not copied")


def _copied(kept: Any) -> Any:
    """Copies what was kept, as far as it can be changed."""
    kind = type(kept)
    if kind is dict:
        return {_copied(key): _copied(held) for key, held in kept.items()}
    if kind is list:
        return [_copied(held) for held in kept]
    return tuple([_copied(held) for held in kept]) if kind is tuple else kept


def _is_told(value: Any) -> bool:
    """Tells whether no other value that a field may hold is equal to this one. A number is equal to
    one of another type, and a text within a container to a member of an enumeration."""
    kind = type(value)
    return kind is str or value is None or (kind in EMPTY and not value)


def _is_flat(value: Any) -> bool:
    """Tells whether a list's or dict's own copy is all there is to copy."""
    held = value.values() if type(value) is dict else value
    return type(value) is not tuple and all(type(each) in LEAVES for each in held)


_content = attrgetter("__dict__", "__pydantic_extra__")
_set = object.__setattr__


class Copy(NamedTuple):
    """What an item holds that is built-in values or a model of them."""

    kind: Any
    """The class of a model; none for built-in values."""
    content: Any
    """A model's fields and what is no field; or the value."""
    untold: tuple[str, ...] | None
    """Where equality does not tell all: the fields that hold such values, beside all that is no
    field. None where it does."""
    types: bytes
    """Bytes that tell those values from equal ones."""
    flat: tuple[str, ...] = ()
    """The fields that are lists or dicts of what nobody can change."""
    deep: tuple[str, ...] = ()
    """Those that hold more."""
    fields_set: frozenset[str] = frozenset()
    """The fields that a model says were set."""

    @classmethod
    def of(cls, item: Any) -> Copy | None:
        """Copies an item; none for what holds more than that: it must be serialised to be
        compared."""
        try:
            fields_set = getattr(item, "__pydantic_fields_set__", None)
            if fields_set is None:
                value = _kept(item)
                untold: tuple[str, ...] | None = None if _is_told(value) else ()
                return cls(None, value, untold, _types(None, value, untold))
            if item.__pydantic_private__ is not None:
                return None
            content = fields, extra = _kept(_content(item))
            untold = tuple(name for name, value in fields.items() if not _is_told(value))
            if not untold and _is_told(extra):
                untold = None
            kind = type(item)
            types = _types(kind, content, untold)
            held = [name for name, value in fields.items() if type(value) not in LEAVES]
            flat = tuple(name for name in held if _is_flat(fields[name]))
            deep = tuple(name for name in held if name not in flat)
            return cls(kind, content, untold, types, flat, deep, frozenset(fields_set))
        except Exception:  # Whatever an object of the host's raises when it is looked at.
            return None

    def is_of(self, item: Any) -> bool:
        """Tells whether an item holds the same now, so that it serialises alike."""
        try:
            if type(item) is not (self.kind or type(self.content)):
                return False
            content = item if self.kind is None else _content(item)
            return bool(content == self.content) and (
                self.untold is None or _types(self.kind, content, self.untold) == self.types
            )
        except Exception:  # As in ``of``.
            return False

    def item(self) -> Any:
        """Makes a new item that holds the same."""
        if self.kind is None:
            return _copied(self.content)
        fields, extra = self.content
        fields = fields.copy()
        for name in self.flat:
            fields[name] = fields[name].copy()
        for name in self.deep:
            fields[name] = _copied(fields[name])
        item = self.kind.__new__(self.kind)
        _set(item, "__dict__", fields)
        _set(item, "__pydantic_fields_set__", set(self.fields_set))
        _set(item, "__pydantic_extra__", _copied(extra))
        _set(item, "__pydantic_private__", None)
        return item


def _types(kind: Any, content: Any, untold: tuple[str, ...] | None) -> bytes:
    """Returns bytes that differ where a value's types do."""
    if untold is None:
        return b""
    if kind is not None:
        content = [content[0][name] for name in untold], content[1]
    # Version 2 has neither references nor interning in its bytes.
    return marshal.dumps(content, 2)


class Item(NamedTuple):
    """An item of a stored list."""

    digest: bytes
    """Of its stored bytes."""
    size: int = 0
    """How many those are."""
    seen: Copy | None = None
    """An item that they were made from, or that they make."""
    loaded: Copy | None = None
    """What they make."""


def digest_of(held: bytes) -> bytes:
    return hashlib.blake2b(held, digest_size=16).digest()


class Known(NamedTuple):
    """What is known of the items of a stored list."""

    items: tuple[Item, ...] = ()
    kinds: tuple[Any, ...] | None = None
    """The classes of the items, if all are models that were seen."""
    contents: tuple[Any, ...] = ()
    """What those hold."""
    untold: tuple[tuple[int, Copy], ...] = ()
    """Where that is not enough to tell that an item is the same: by index."""
    size: int = 0
    """The bytes of the items."""

    @classmethod
    def of(cls, items: tuple[Item, ...], at: int = 0) -> Known:
        """Takes items over, the first of which stands at an index."""
        size = sum(item.size for item in items)
        seen = [item.seen for item in items if item.seen and item.seen.kind]
        if not seen or len(seen) != len(items):
            return cls(items, size=size)
        return cls(
            items,
            tuple(copy.kind for copy in seen),
            tuple(copy.content for copy in seen),
            tuple((i, copy) for i, copy in enumerate(seen, at) if copy.untold is not None),
            size,
        )

    def begins(self, value: list[Any]) -> bool:
        """Tells whether a list begins with just these items, all of which are models."""
        head = value[: len(self.items)]
        if self.kinds is None or tuple(map(type, head)) != self.kinds:
            return False
        try:
            return tuple(map(_content, head)) == self.contents and all(
                _types(copy.kind, _content(head[at]), copy.untold) == copy.types
                for at, copy in self.untold
            )
        except Exception:  # As in ``Copy.of``.
            return False

    def followed(self, items: list[Item]) -> Known:
        """Returns these items and more."""
        more = Known.of(tuple(items), len(self.items))
        both, size = (*self.items, *items), self.size + more.size
        if self.kinds is None or (items and more.kinds is None):
            return Known(both, size=size)
        return Known(
            both,
            (*self.kinds, *(more.kinds or ())),
            (*self.contents, *more.contents),
            (*self.untold, *more.untold),
            size,
        )


class Plan(NamedTuple):
    """How a stored list becomes the next one."""

    keep: int
    """Its first items, which stay."""
    extend: list[bytes]
    """The stored bytes of the items after them."""
    known: Known
    """What is known of the next list then."""


def plan(serde: SerializerProtocol, known: Known, value: list[Any]) -> Plan:
    """Compares a list with the stored one: what both begin with need not be serialised.

    Raises ``NotItemised`` if it has to be stored as a whole.
    """
    same = known if known.begins(value) else Known.of(_common(serde, known.items, value))
    items: list[Item] = []
    extend: list[bytes] = []
    for item in value[len(same.items) :]:
        held = encode_item(serde, item)
        extend.append(held)
        items.append(Item(digest_of(held), len(held), Copy.of(item)))
    return Plan(
        len(same.items), extend, same.followed(items) if same.items else Known.of(tuple(items))
    )


def _common(serde: SerializerProtocol, known: Sequence[Item], value: list[Any]) -> tuple[Item, ...]:
    """Returns the items that a list begins with as the stored one does."""
    items: list[Item] = []
    for old, item in zip(known, value, strict=False):
        if old.seen is None or not old.seen.is_of(item):
            held = encode_item(serde, item)
            if digest_of(held) != old.digest:
                break
            old = old._replace(size=len(held), seen=Copy.of(item))
        items.append(old)
    return tuple(items)


def load(
    serde: SerializerProtocol,
    lists: Lists,
    known: Sequence[Item],
    read: Callable[[int], Sequence[bytes]],
    length: int,
) -> tuple[list[Any], tuple[Item, ...]]:
    """Returns the items of a stored list as new objects, and what is known of them then.

    ``read`` returns the stored bytes from an index on.
    """
    values: list[Any] = []
    items = list(known[:length])
    for item in items:
        if item.loaded is None:
            break
        values.append(item.loaded.item())
    start = len(values)
    if start == length:
        return values, tuple(items)
    del items[start:]
    for held in read(start):
        digest = digest_of(held)
        found = lists.item(digest)
        if found is not None and found.loaded is not None:
            values.append(found.loaded.item())
            items.append(found)
            continue
        value = serde.loads_typed(decode(held))
        values.append(value)
        loaded = Copy.of(value)
        item = Item(digest, len(held), loaded, loaded)
        items.append(item)
        lists.put_item(item)
    return values, tuple(items)


def _item_size(item: Item) -> int:
    return item.size + ITEM_BYTES


def _list_size(known: Known | None) -> int:
    """Returns about how many bytes a list takes; to add all up each time would cost too much."""
    return 0 if known is None else known.size + ITEM_BYTES * len(known.items)


class Lists:
    """The lists that were written and read last, by key. A key is written once, and holds what was
    drawn at random: what is known of it stays true, in a copy of the thread too, whatever other
    processes do."""

    def __init__(self, serde: SerializerProtocol) -> None:
        self.serde = serde
        """What the items were made with."""
        self._lists: OrderedDict[bytes, Known] = OrderedDict()
        self._bytes = 0
        self._items: OrderedDict[bytes, Item] = OrderedDict()
        self._item_bytes = 0
        self._lock = Lock()

    def item(self, digest: bytes) -> Item | None:
        """Returns what is known of stored bytes, in whatever list."""
        return self._items.get(digest)

    def put_item(self, item: Item) -> None:
        """Remembers an item, and forgets the oldest ones where it gets too many."""
        if item.loaded is None:
            return
        with self._lock:
            if item.digest not in self._items:
                self._item_bytes += _item_size(item)
            self._items[item.digest] = item
            while self._item_bytes > KEPT_BYTES_MAX and self._items:
                self._item_bytes -= _item_size(self._items.popitem(last=False)[1])

    def get(self, key: bytes) -> Known | None:
        """Returns what is known of a list, if anything."""
        with self._lock:
            known = self._lists.get(key)
            if known is not None:
                self._lists.move_to_end(key)
            return known

    def put(self, key: bytes, known: Known, before: bytes | None = None) -> None:
        """Remembers a list, in the place of the version before, and forgets those that were not
        used for long where it gets too many."""
        with self._lock:
            for old in (key, before):
                if old is not None:
                    self._bytes -= _list_size(self._lists.pop(old, None))
            self._lists[key] = known
            self._bytes += _list_size(known)
            while self._bytes > KEPT_BYTES_MAX and self._lists:
                self._bytes -= _list_size(self._lists.popitem(last=False)[1])
