from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped

from bot.store.columns import Json, Moment, Record, at_least, column, one_of

OWNERS = ("bot", "queue", "agent")
SPEAKERS = ("customer", "bot", "agent", "system")


unanswered = text("heard_seq > answered_seq")


class Conversation(Record):
    """Who speaks in a conversation. `fence` grows with every change of owner, so that a late reply can be dropped.

    `last_seq` is the number of the newest message, `heard_seq` of the customer's newest, `answered_seq` of the
    customer's newest that was answered: while it is behind, the customer spoke and nobody answered.
    `customer_id` is NULL where the channel knows nobody. `memory` is bot.cases.memory's: what was asked last, about
    which case; NULL before the bot's first answer.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("owner", OWNERS, "conversations"),
        at_least("fence", 0, "conversations"),
        at_least("last_seq", 0, "conversations"),
        Index("ix_conversations_customer_id", "customer_id", "opened_at"),
        Index("ix_conversations_agent_id", "agent_id"),
        Index("ix_conversations_unanswered", "conversation_id", sqlite_where=unanswered, postgresql_where=unanswered),
    )

    conversation_id: Mapped[str] = column(String, key=True)
    customer_id: Mapped[str | None] = column(String, ForeignKey("customers.customer_id"), null=True)
    owner: Mapped[str] = column(String, default="bot")
    fence: Mapped[int] = column(Integer, default=0)
    agent_id: Mapped[str | None] = column(String, ForeignKey("agents.name"), null=True)
    last_seq: Mapped[int] = column(Integer, default=0)
    opened_at: Mapped[datetime] = column(Moment)
    updated_at: Mapped[datetime] = column(Moment)
    heard_seq: Mapped[int] = column(Integer, default=0)
    answered_seq: Mapped[int] = column(Integer, default=0)
    memory: Mapped[dict[str, Any] | None] = column(Json, null=True)


class Message(Record):
    """One line of a conversation's timeline. `delivered` is false while the channel still has to send it.

    `choices` is a list of {"id", "label"}; `card` holds what the page draws, every amount of it is in `text` too.
    `choice` is the id of the button that the customer pressed, `author` the name of the agent who wrote.
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("sender", SPEAKERS, "messages"),
        at_least("seq", 1, "messages"),
        Index("ux_messages_client_id", "conversation_id", "client_id", unique=True),
    )

    conversation_id: Mapped[str] = column(String, ForeignKey("conversations.conversation_id"), key=True)
    seq: Mapped[int] = column(Integer, key=True)
    client_id: Mapped[str | None] = column(String, null=True)
    sender: Mapped[str] = column(String)
    at: Mapped[datetime] = column(Moment)
    text: Mapped[str] = column(Text, default="")
    choices: Mapped[list[dict[str, Any]]] = column(Json, default=list)
    card: Mapped[dict[str, Any] | None] = column(Json, null=True)
    delivered: Mapped[bool] = column(Boolean, default=False)
    choice: Mapped[str | None] = column(String, null=True)
    author: Mapped[str | None] = column(String, null=True)
