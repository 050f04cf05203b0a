"""One message of a customer as the core sees it, whatever channel or framework it came through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bot.cases.reply import Awaiting


class Entity(msgspec.Struct, frozen=True):
    """Something the language room found in the text (names of domain.yml); offsets in the original text."""

    entity: str
    value: Any
    start: int = 0
    end: int = 0


class Burst(msgspec.Struct, frozen=True):
    """The customer's messages that one turn answers: those after number `after` up to `through`.

    `fence` is the conversation's when the turn began. A turn whose messages were answered meanwhile,
    or whose conversation changed hands, is dropped: so none is answered twice.
    """

    after: int
    through: int
    fence: int


class Turn(msgspec.Struct, frozen=True):
    """What was said, how it was understood, and what the conversation remembers (bot.cases.memory fills that in).

    `ranking` holds (intent, probability), best first. `choice` is the id of a button. `recorded`
    is true where the channel has already written the message to the timeline; such a channel can carry
    files, and its turn says in `burst` which messages it answers.
    """

    conversation_id: str
    customer_id: str | None
    text: str
    at: datetime
    intent: str = ""
    confidence: float = 0.0
    ranking: tuple[tuple[str, float], ...] = ()
    entities: tuple[Entity, ...] = ()
    issues: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    mood: str = "calm"
    choice: str | None = None
    awaiting: Awaiting | None = None
    case_id: str | None = None
    pending: dict[str, Any] = {}
    unclear: int = 0
    recorded: bool = False
    said: tuple[str, ...] = ()
    burst: Burst | None = None

    def values(self, entity: str) -> list[Any]:
        """The values of all entities of one kind, in the order of the text."""
        return [found.value for found in self.entities if found.entity == entity]
