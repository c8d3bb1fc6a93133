"""How values that are made of positional arguments come back from a pickle."""

from __future__ import annotations

from datetime import datetime

from partita._partita import Memory, ObjectId, Part
from partita.literals import MemoryKind, Role


def memory(
    role: Role,
    parts: list[Part],
    kind: MemoryKind,
    origin: str,
    actor: str,
    time: datetime | None,
    links: list[ObjectId],
    place: tuple[int, ObjectId] | None,
) -> Memory:
    """Makes a memory again, in its place if it had one."""
    made = Memory(role, *parts, kind=kind, origin=origin, actor=actor, time=time, links=links)
    return made if place is None else made._at(*place)
