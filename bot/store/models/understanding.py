from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped

from bot.store.columns import Moment, Record, column


class Understanding(Record):
    """How Rasa understood one message: the likeliest intent and how sure (0 to 1), no word of it.

    `event_id` is the event's own, so that one told twice is one row. What was said together is one message.
    """

    __tablename__ = "understandings"
    __table_args__ = (
        CheckConstraint("confidence >= 0 AND confidence <= 1", name="ck_understandings_confidence"),
        Index("ix_understandings_at", "at"),
        Index("ix_understandings_conversation_id", "conversation_id"),
    )

    event_id: Mapped[str] = column(String, key=True)
    conversation_id: Mapped[str] = column(String, ForeignKey("conversations.conversation_id"))
    at: Mapped[datetime] = column(Moment)
    intent: Mapped[str] = column(String)
    confidence: Mapped[float] = column(Float)
