"""A conversation as the chat and the desk see it (contracts.md section 7)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import clock
from bot.cases import duty, escalation, inbox, wait
from bot.store import models


def messages(session: Session, conversation_id: str, after: int) -> list[dict[str, Any]]:
    """The messages after number `after`, in order."""
    rows = session.scalars(
        select(models.Message)
        .where(models.Message.conversation_id == conversation_id, models.Message.seq > after)
        .order_by(models.Message.seq)
    )
    return [shown(row) for row in rows]


def shown(row: models.Message) -> dict[str, Any]:
    choices = [{"id": inbox.public_choice(row.seq, choice["id"]), "label": choice["label"]} for choice in row.choices]
    message = {
        "seq": row.seq, "from": row.sender, "at": row.at.isoformat(), "text": row.text, "choices": choices, "card": row.card,
    }
    if row.author is not None:
        message["by"] = row.author
    return message


def standing(session: Session, conversation: models.Conversation) -> dict[str, Any]:
    """Who has the conversation; in the queue, how many wait before, whether anybody is there, how long it will take."""
    queue = None
    if conversation.owner == "queue":
        row = session.scalars(
            select(models.Case)
            .where(models.Case.conversation_id == conversation.conversation_id, models.Case.state == "with_person")
            .order_by(models.Case.updated_at.desc())
        ).first()
        at = clock.now()
        on_duty = duty.staffed(at) and bool(duty.present(session))
        ahead = escalation.ahead(session, row) if row is not None else 0
        minutes = wait.expected_minutes(ahead, wait.claims(session, at), at) if on_duty else None
        queue = {"ahead": ahead, "on_duty": on_duty, "wait_minutes": minutes}
    return {"owner": conversation.owner, "agent": conversation.agent_id if conversation.owner == "agent" else None, "queue": queue}
