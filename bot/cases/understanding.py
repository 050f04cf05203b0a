"""What Rasa told of a message it understood (bot.dialogue.event_stream), kept for the owner's numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy.orm import Session

from bot.clock import SHOP_ZONE
from bot.store import models

Name = Annotated[str, msgspec.Meta(pattern=r"^[\w.:-]{1,200}$")]


class Reading(msgspec.Struct, frozen=True):
    """The likeliest intent, and how sure (0 to 1)."""

    name: Name
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Event(msgspec.Struct, frozen=True):
    """A user event; `timestamp` in seconds since 1970. No reading: a button or a file, where nothing had to be understood."""

    message_id: Name
    sender_id: Name
    timestamp: Annotated[float, msgspec.Meta(ge=0, lt=1e11)]
    reading: Reading | None = None


def keep(session: Session, event: Event) -> bool:
    """Writes the event's row, also where it was told before; False where nobody knows its conversation."""
    if session.get(models.Conversation, event.sender_id) is None:
        return False
    if event.reading is not None:
        session.merge(models.Understanding(
            event_id=event.message_id, conversation_id=event.sender_id, at=datetime.fromtimestamp(event.timestamp, SHOP_ZONE),
            intent=event.reading.name, confidence=event.reading.confidence,
        ))
    return True
