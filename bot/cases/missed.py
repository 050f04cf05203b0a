"""Messages the understanding failed on, remembered so that people can learn from them.

What is kept is where the message stands, never its words: they stay in the timeline, under its rules of keeping.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import audit
from bot.cases.reply import Answer
from bot.cases.turn import Turn
from bot.cases.words import wordings
from bot.store import models

KEPT = "not_understood"
"""What the audit trail calls such a message."""


def failed(turn: Turn, answer: Answer) -> bool:
    """Whether the answer asks back because the words were not understood, or has no answer to the question."""
    no_answer = any(reply.text in wordings()["no_answer"] for reply in answer.replies)
    return turn.choice is None and (answer.unclear > turn.unclear or no_answer)


def note(session: Session, conversation: models.Conversation, turn: Turn, answer: Answer) -> None:
    if failed(turn, answer):
        seq = turn.burst.through if turn.burst else conversation.heard_seq
        audit.write(session, turn.at, "bot", KEPT, None, conversation_id=conversation.conversation_id, seq=seq)


def messages(session: Session, start: datetime, end: datetime, most: int) -> list[models.Message]:
    """The newest such messages noted from `start` until before `end`, newest first, at most `most`."""
    places = session.scalars(
        select(models.AuditEntry)
        .where(models.AuditEntry.what == KEPT, models.AuditEntry.at >= start, models.AuditEntry.at < end)
        .order_by(models.AuditEntry.audit_id.desc())
        .limit(most)
    ).all()
    found = (session.get(models.Message, (place.detail["conversation_id"], place.detail["seq"])) for place in places)
    return [message for message in found if message is not None]
