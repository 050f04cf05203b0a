"""All entities of a message, from finders that work on characters.

No segmentation decides what an entity is: jieba cuts through numbers and names (lessons.md, Chinese NLU
in Rasa). Where two finders claim the same characters, the one named first in FINDERS has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.language.address import addresses
from bot.language.amount import amounts, ratios
from bot.language.count import ordinals, quantities
from bot.language.entity import Entity, Finder, Found, place, without_overlaps
from bot.language.identifier import identifiers
from bot.language.moment import dates
from bot.language.normalise import FIRST_MASK, OTHER_MASK, Normalised, normalise
from bot.language.trait import colours, sizes

FINDERS: tuple[Finder, ...] = (identifiers, addresses, ratios, dates, sizes, colours, ordinals, amounts, quantities)


def entities(text: str | Normalised, now: datetime) -> list[Entity]:
    """What a message names, by place in the original text. `now` resolves 昨天; its zone is the shop's."""
    compact = (normalise(text) if isinstance(text, str) else text).compact()
    return place(without_overlaps(_unmasked(compact.text, _claims(compact.text, now))), compact)


def _claims(text: str, now: datetime) -> Iterable[Found]:
    for finder in FINDERS:
        yield from finder(text, now)


def _unmasked(text: str, found: Iterable[Found]) -> Iterable[Found]:
    """Without what covers a mask: the detail there is hidden."""
    for one in found:
        if not any(FIRST_MASK <= ord(character) <= ord(OTHER_MASK) for character in text[one.start : one.end]):
            yield one
