from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped

from bot.aftersales.assessment import HumanReason
from bot.aftersales.case import Wish
from bot.store.columns import Json, Moment, Record, at_least, column, one_of

STATES = (
    "open", "negotiating", "awaiting_evidence", "awaiting_return", "settled", "refused", "with_person", "withdrawn", "closed",
)
OPEN_STATES = ("open", "negotiating", "awaiting_evidence", "with_person")
"""States in which something is still to be decided; at most one such case for an order line and wish."""

one_open = text("state IN ('open', 'negotiating', 'awaiting_evidence', 'with_person')")


class Case(Record):
    """One matter of one customer. `facts` is what the customer claims; what the shop knows stands in the order.

    A hand-over may come before the order or the wish is known, so both may be NULL. `negotiation` is
    the list of acts so far, `summary` what a person reads first, `deadlines` a list of {"what", "at"}.
    """

    __tablename__ = "cases"
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
        one_of("state", STATES, "cases"),
        one_of("wish", get_args(Wish), "cases"),
        one_of("human_reason", get_args(HumanReason), "cases"),
        at_least("floor_fen", 0, "cases"),
        at_least("cap_fen", 0, "cases"),
        CheckConstraint("floor_fen <= cap_fen", name="ck_cases_floor_fen_cap_fen"),
        CheckConstraint("(order_id IS NULL) = (line_id IS NULL)", name="ck_cases_order_id_line_id"),
        Index("ux_cases_open", "order_id", "line_id", "wish", unique=True, sqlite_where=one_open, postgresql_where=one_open),
        Index("ix_cases_conversation_id_state", "conversation_id", "state"),
        Index("ix_cases_customer_id", "customer_id"),
        Index("ix_cases_state", "state"),
        Index("ix_cases_updated_at", "updated_at", "claimed_by"),
    )

    case_id: Mapped[str] = column(String, key=True)
    conversation_id: Mapped[str] = column(String, ForeignKey("conversations.conversation_id"))
    customer_id: Mapped[str | None] = column(String, ForeignKey("customers.customer_id"), null=True)
    order_id: Mapped[str | None] = column(String, null=True)
    line_id: Mapped[str | None] = column(String, null=True)
    wish: Mapped[str | None] = column(String, null=True)
    issues: Mapped[list[str]] = column(Json, default=list)
    state: Mapped[str] = column(String, default="open")
    human_reason: Mapped[str | None] = column(String, null=True)
    assessment: Mapped[dict[str, Any] | None] = column(Json, null=True)
    floor_fen: Mapped[int | None] = column(BigInteger, null=True)
    cap_fen: Mapped[int | None] = column(BigInteger, null=True)
    policy_version: Mapped[str | None] = column(String, null=True)
    facts: Mapped[dict[str, Any]] = column(Json, default=dict)
    mood: Mapped[str] = column(String, default="calm")
    negotiation: Mapped[list[dict[str, Any]]] = column(Json, default=list)
    summary: Mapped[dict[str, Any] | None] = column(Json, null=True)
    deadlines: Mapped[list[dict[str, Any]]] = column(Json, default=list)
    opened_at: Mapped[datetime] = column(Moment)
    updated_at: Mapped[datetime] = column(Moment)
    claimed_by: Mapped[str | None] = column(String, ForeignKey("agents.name"), null=True)
