"""One conversation, one turn at a time; and its timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.models import Conversation, Customer, Message


@contextmanager
def conversation_turn(session: Session, conversation_id: str, *, customer_id: str | None, at: datetime) -> Iterator[Conversation]:
    """The conversation's row, made where it is new, locked until the session's transaction ends.

    On PostgreSQL the row is locked; on SQLite the session already holds the only write lock. Another
    turn of the same conversation waits here, and so does a turn of the same customer's other conversations: two of
    them may be about one case. Raises PermissionError where the conversation belongs
    to another customer. An unknown customer id opens a conversation with nobody known.
    """
    known = session.get(Customer, customer_id) if customer_id else None
    locks = session.get_bind().dialect.name == "postgresql"
    if locks:
        lock_customer(session, conversation_id, customer_id)
    insert = postgresql.insert if locks else sqlite.insert
    session.execute(
        insert(Conversation)
        .values(
            conversation_id=conversation_id,
            customer_id=known.customer_id if known else None,
            opened_at=at,
            updated_at=at,
        )
        .on_conflict_do_nothing(index_elements=["conversation_id"])
    )
    row = session.execute(
        select(Conversation)
        .where(Conversation.conversation_id == conversation_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()
    if customer_id is not None and row.customer_id is not None and row.customer_id != customer_id:
        raise PermissionError(f"conversation {conversation_id} belongs to another customer")
    if row.customer_id is None and known is not None:
        row.customer_id = known.customer_id
    row.updated_at = at
    yield row
    session.flush()


def lock_customer(session: Session, conversation_id: str, customer_id: str | None) -> None:
    """Locks the row of the customer whose conversation it is or will be; always before a conversation's, so that nobody waits in a circle."""
    known = select(Conversation.customer_id).where(Conversation.conversation_id == conversation_id).scalar_subquery()
    theirs = select(Customer.customer_id).where(Customer.customer_id == func.coalesce(known, customer_id))
    session.execute(theirs.with_for_update(key_share=True, of=Customer))


def append(
    session: Session,
    conversation: Conversation,
    sender: str,
    text: str,
    at: datetime,
    *,
    client_id: str | None = None,
    choices: Sequence[dict[str, Any]] = (),
    card: dict[str, Any] | None = None,
    delivered: bool = False,
    choice: str | None = None,
    author: str | None = None,
) -> Message:
    """Writes one message at the end of the timeline; the conversation must be locked (conversation_turn).

    The same `client_id` again returns the message that is already there and writes nothing.
    """
    if client_id is not None:
        known: Message | None = session.scalars(
            select(Message).where(
                Message.conversation_id == conversation.conversation_id, Message.client_id == client_id
            )
        ).first()
        if known is not None:
            return known
    conversation.last_seq += 1
    if sender == "customer":
        conversation.heard_seq = conversation.last_seq
    message = Message(
        conversation_id=conversation.conversation_id, seq=conversation.last_seq, client_id=client_id, sender=sender,
        at=at, text=text, choices=list(choices), card=card, delivered=delivered,
        choice=choice, author=author,
    )
    session.add(message)
    session.flush()
    return message
