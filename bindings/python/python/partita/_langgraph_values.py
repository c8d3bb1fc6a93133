"""Values as a state holds them, and the lists that this process has seen.

A list is stored item by item, so that its next version costs what is new. To tell what is new
without serialising all of it again, each item seen is remembered as it was: a message that was
changed in place is not the same. The bytes that it is remembered in make an item again, without
reading and parsing it.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

from langgraph.checkpoint.serde.base import SerializerProtocol

Frozen: TypeAlias = tuple[Any, bytes]
"""The class of a model, or none for built-in values; and what it holds."""

SCALARS = (bool, int, float, type(None))
LOOKED_AT = 8
KEPT_BYTES_MAX = 64 << 20
"""Bytes of items that are remembered at the most."""


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


def freeze(item: Any) -> Frozen | None:
    """Returns all that an item holds as bytes, if it is built-in values or a model of them.

    Two items of equal bytes serialise alike: the bytes tell ``1`` from ``True`` and ``1.0``, and a
    tuple from a list. None for what cannot be told so: it must be serialised to be compared.
    """
    try:
        fields = getattr(item, "__pydantic_fields_set__", None)
        if fields is None:
            # Version 2 has neither references nor interning in its bytes.
            return None, marshal.dumps(item, 2)
        if item.__pydantic_private__ is not None:
            return None
        extra = item.__pydantic_extra__
        return type(item), marshal.dumps((item.__dict__, extra), 2)
    except Exception:  # Whatever an object of the host's raises when it is looked at.
        return None


PLAIN = frozenset((str, int, float, bool, bytes, type(None)))


def _is_plain(value: Any) -> bool:
    """Tells whether a value comes back from its frozen bytes: whatever else has a buffer would come
    back as bytes."""
    kind = type(value)
    if kind in PLAIN:
        return True
    if kind is dict:
        return all(_is_plain(key) and _is_plain(held) for key, held in value.items())
    return (kind is list or kind is tuple) and all(map(_is_plain, value))


def remembered(item: Any) -> Frozen | None:
    """Freezes an item to be compared with later ones, and to be made again."""
    frozen = freeze(item)
    if frozen is None:
        return None
    content = item if frozen[0] is None else (item.__dict__, item.__pydantic_extra__)
    try:
        return frozen if _is_plain(content) else None
    except RecursionError:
        return None


_set = object.__setattr__


def thaw(frozen: Frozen, fields: frozenset[str] | None) -> Any:
    """Makes a new item that is what was frozen."""
    kind, held = frozen
    content = marshal.loads(held)
    if kind is None:
        return content
    item = kind.__new__(kind)
    _set(item, "__dict__", content[0])
    _set(item, "__pydantic_fields_set__", set(fields or ()))
    _set(item, "__pydantic_extra__", content[1])
    _set(item, "__pydantic_private__", None)
    return item


class Shown(NamedTuple):
    """What a model holds, in a copy that nobody else has: equal strings are compared fast."""

    content: tuple[dict[str, Any], Any]
    """Its fields, and what is no field."""
    untold: tuple[str, ...] | None
    """Where equality does not tell all, for a number is equal to one of another type: the fields
    that hold such values, beside all that is no field."""
    held: bytes
    """The frozen bytes of those."""


def _is_told(value: Any) -> bool:
    """Tells whether only a value of the same types is equal to this plain one."""
    kind = type(value)
    if kind is str or value is None:
        return True
    if kind is dict:
        return all(_is_told(key) and _is_told(held) for key, held in value.items())
    return (kind is list or kind is tuple) and all(map(_is_told, value))


def _held(content: dict[str, Any], extra: Any, fields: tuple[str, ...]) -> bytes:
    return marshal.dumps(([content[name] for name in fields], extra), 2)


def shown(frozen: Frozen | None) -> Shown | None:
    """Returns what a frozen model holds; none for what is no model."""
    if frozen is None or frozen[0] is None:
        return None
    content = marshal.loads(frozen[1])
    fields = tuple(name for name, value in content[0].items() if not _is_told(value))
    if not fields and _is_told(content[1]):
        return Shown(content, None, b"")
    return Shown(content, fields, _held(content[0], content[1], fields))


class Item(NamedTuple):
    """An item of a stored list."""

    digest: bytes
    """Of its stored bytes."""
    seen: Frozen | None = None
    """An item that these bytes were made from, or that they make."""
    loaded: Frozen | None = None
    """What these bytes make."""
    fields: frozenset[str] | None = None
    """The names of the fields that the made model says were set."""
    shown: Shown | None = None
    """What a seen model holds, to be compared."""


def digest_of(held: bytes) -> bytes:
    return hashlib.blake2b(held, digest_size=16).digest()


class Known(NamedTuple):
    """What is known of the items of a stored list."""

    items: tuple[Item, ...] = ()
    kinds: tuple[Any, ...] | None = None
    """The classes of the items, if all are models that were seen."""
    contents: tuple[Any, ...] = ()
    """What those hold."""
    untold: tuple[tuple[int, Shown], ...] = ()
    """Where that is not enough to tell that an item is the same: by index."""
    size: int = 0
    """The frozen bytes of the items."""

    @classmethod
    def of(cls, items: tuple[Item, ...], at: int = 0) -> Known:
        """Takes items over, the first of which stands at an index."""
        seen = [(item.seen, item.shown) for item in items if item.seen and item.shown]
        if not seen or len(seen) != len(items):
            return cls(items)
        return cls(
            items,
            tuple(frozen[0] for frozen, _ in seen),
            tuple(shown.content for _, shown in seen),
            tuple(
                (at + index, shown)
                for index, (_, shown) in enumerate(seen)
                if shown.untold is not None
            ),
            sum(len(frozen[1]) for frozen, _ in seen),
        )

    def begins(self, value: list[Any]) -> bool:
        """Tells whether a list begins with just these items, all of which are models."""
        head = value[: len(self.items)]
        if self.kinds is None or tuple(map(type, head)) != self.kinds:
            return False
        try:
            held = [(item.__dict__, item.__pydantic_extra__) for item in head]
            return tuple(held) == self.contents and all(
                _held(*held[at], shown.untold or ()) == shown.held for at, shown in self.untold
            )
        except Exception:  # As in ``freeze``.
            return False

    def followed(self, items: list[Item]) -> Known:
        """Returns these items and more."""
        more = Known.of(tuple(items), len(self.items))
        both = (*self.items, *items)
        if self.kinds is None or (items and more.kinds is None):
            return Known(both)
        return Known(
            both,
            (*self.kinds, *(more.kinds or ())),
            (*self.contents, *more.contents),
            (*self.untold, *more.untold),
            self.size + more.size,
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
    """Compares a list with the stored one: what both begin with need not be serialised."""
    same = known if known.begins(value) else Known.of(_common(serde, known.items, value))
    items: list[Item] = []
    extend: list[bytes] = []
    for item in value[len(same.items) :]:
        held = encode(serde.dumps_typed(item))
        extend.append(held)
        seen = remembered(item)
        items.append(Item(digest_of(held), seen, shown=shown(seen)))
    return Plan(
        len(same.items), extend, same.followed(items) if same.items else Known.of(tuple(items))
    )


def _common(serde: SerializerProtocol, known: Sequence[Item], value: list[Any]) -> tuple[Item, ...]:
    """Returns the items that a list begins with as the stored one does."""
    items: list[Item] = []
    for old, item in zip(known, value, strict=False):
        if old.seen is None or freeze(item) != old.seen:
            if digest_of(encode(serde.dumps_typed(item))) != old.digest:
                break
            seen = remembered(item)
            old = old._replace(seen=seen, shown=shown(seen))
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
        values.append(thaw(item.loaded, item.fields))
    start = len(values)
    if start == length:
        return values, tuple(items)
    del items[start:]
    for held in read(start):
        digest = digest_of(held)
        found = lists.item(digest)
        if found is not None and found.loaded is not None:
            values.append(thaw(found.loaded, found.fields))
            items.append(found)
            continue
        value = serde.loads_typed(decode(held))
        values.append(value)
        loaded = remembered(value)
        fields = None if loaded is None or loaded[0] is None else value.__pydantic_fields_set__
        fields = None if fields is None else frozenset(fields)
        item = Item(digest, loaded, loaded, fields, shown(loaded))
        items.append(item)
        lists.put_item(item)
    return values, tuple(items)


def _size(items: Sequence[Item]) -> int:
    return sum(100 + (len(item.seen[1]) if item.seen else 0) for item in items)


def _list_size(known: Known | None) -> int:
    """Returns about how many bytes a list takes; to add all up each time would cost too much."""
    if known is None:
        return 0
    # Frozen in the items, as contents, and what goes with each.
    return 2 * known.size + 800 * len(known.items) if known.kinds else _size(known.items)


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
                self._item_bytes += _size((item,))
            self._items[item.digest] = item
            while self._item_bytes > KEPT_BYTES_MAX and self._items:
                self._item_bytes -= _size((self._items.popitem(last=False)[1],))

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
