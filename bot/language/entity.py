"""What a message names: an entity with its value and its place in the original text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from bot.language.normalise import Normalised

Value = str | int | float


class Found(msgspec.Struct, frozen=True):
    """Something found at [start:end) of a normalised, compact text. `role` says more where needed."""

    entity: str
    value: Value
    start: int
    end: int
    role: str | None = None


class Entity(msgspec.Struct, frozen=True, omit_defaults=True):
    """The same, placed in the original text (character offsets).

    value: amount in fen (int); ratio 0–1 (float; role `paid` where it is the share still paid, as in
    打八折, else `share`); date ISO 8601 (str); quantity (int; role `affected` or `total` in 十个烂了三个);
    ordinal 1, 2, … from the front and -1, -2 … from the end (int); everything else a str.
    """

    entity: str
    value: Value
    start: int
    end: int
    role: str | None = None


Finder = Callable[[str, datetime], Iterable[Found]]
"""Compact normalised text and the time it was said → what is in it."""


def place(found: Iterable[Found], text: Normalised) -> list[Entity]:
    """Puts what was found in `text.text` where it stands in the original."""
    entities = []
    for one in found:
        start, end = text.span(one.start, one.end)
        entities.append(Entity(one.entity, one.value, start, end, one.role))
    return entities


def without_overlaps(ranked: Iterable[Found]) -> list[Found]:
    """Keeps the first of any that overlap (give them most trusted first); sorted by place."""
    kept: list[Found] = []
    for one in ranked:
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: (one.start, one.end))


def as_dict(entity: Entity) -> dict[str, Any]:
    """The entity as JSON keeps it."""
    result: dict[str, Any] = msgspec.to_builtins(entity)
    return result
