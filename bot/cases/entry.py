"""The order a customer came from: who opens the chat on an order and then types is answered about that order."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import listing
from bot.cases.turn import Turn
from bot.store import models

HOLDS = timedelta(hours=24)
"""How long after coming in what a customer types is still taken to be about the order."""

LOOKED_AT = 20
"""How many of the shop's own messages are looked through for the newest entry."""


def newest(session: Session, conversation_id: str) -> models.Message | None:
    """The message that greeted the customer about an order (bot.cases.inbox.greet_about), the newest one."""
    rows = session.scalars(
        select(models.Message)
        .where(models.Message.conversation_id == conversation_id, models.Message.sender == "system")
        .order_by(models.Message.seq.desc())
        .limit(LOOKED_AT)
    )
    return next((row for row in rows if (row.card or {}).get("kind") == "order"), None)


def unanswered(session: Session, message: models.Message) -> bool:
    """Whether only the customer spoke since this message."""
    later = select(models.Message.seq).where(
        models.Message.conversation_id == message.conversation_id, models.Message.seq > message.seq, models.Message.sender != "customer"
    )
    return session.scalars(later.limit(1)).first() is None


def remembered(session: Session, turn: Turn) -> Turn:
    """The turn with the order the customer came from as what was talked about (`pending["about"]`).

    Right after coming in it goes before anything older; later only where nothing else was talked about and
    no order is being asked for.
    """
    message = newest(session, turn.conversation_id)
    if message is None or turn.at - message.at > HOLDS:
        return turn
    first = unanswered(session, message)
    if not first and (turn.pending.get("about") or turn.awaiting == "order"):
        return turn
    order_id = (message.card or {}).get("order_id")
    lines = [line for line in listing.lines_of(session, turn.customer_id or "") if line.order_id == order_id]
    if not lines:
        return turn
    return msgspec.structs.replace(turn, pending={**turn.pending, "about": listing.ids_of(lines)})


def just_asked(session: Session, turn: Turn) -> bool:
    """Whether the last thing said to the customer was the question about the order they came from."""
    message = newest(session, turn.conversation_id)
    return message is not None and unanswered(session, message)
