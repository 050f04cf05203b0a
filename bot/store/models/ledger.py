from __future__ import annotations

from datetime import datetime
from typing import get_args

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from bot.aftersales.assessment import Remedy
from bot.store.columns import Moment, Record, at_least, column, one_of

REMEDIES = tuple(remedy for remedy in get_args(Remedy) if remedy != "none")
GOODS = ("exchange", "resend", "repair")
STEPS = ("promised", "accepted", "awaiting_return", "returned", "sent", "failed", "confirmed", "cancelled", "reversed")


class LedgerEntry(Record):
    """What was promised for one order line, one cause and one remedy. Never changed; its life is its steps.

    `fen` goes to the customer; `cost_fen` is what a coupon or gift costs the shop. `attempt` counts
    renewed promises of the same thing after the earlier ones were cancelled.
    Triggers (bot/store/migrations) refuse a change, a second promise of a thing that stands, more
    money than was paid for the line, and more money and cost than the case's cap.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
        UniqueConstraint("order_id", "line_id", "cause", "remedy", "attempt"),
        one_of("remedy", REMEDIES, "ledger_entries"),
        at_least("fen", 0, "ledger_entries"),
        at_least("cost_fen", 0, "ledger_entries"),
        at_least("quantity", 1, "ledger_entries"),
        at_least("attempt", 1, "ledger_entries"),
        CheckConstraint("fen = 0 OR remedy NOT IN ('exchange', 'resend', 'repair')", name="ck_ledger_entries_goods_fen"),
        Index("ix_ledger_entries_case_id", "case_id"),
    )

    entry_id: Mapped[str] = column(String, key=True)
    order_id: Mapped[str] = column(String)
    line_id: Mapped[str] = column(String)
    case_id: Mapped[str] = column(String, ForeignKey("cases.case_id"))
    cause: Mapped[str] = column(String)
    remedy: Mapped[str] = column(String)
    attempt: Mapped[int] = column(Integer, default=1)
    fen: Mapped[int] = column(BigInteger)
    cost_fen: Mapped[int] = column(BigInteger, default=0)
    quantity: Mapped[int | None] = column(Integer, null=True)
    created_at: Mapped[datetime] = column(Moment)


class LedgerStep(Record):
    """One step of an entry's life; a trigger refuses a step that cannot follow the one before."""

    __tablename__ = "ledger_steps"
    __table_args__ = (
        one_of("kind", STEPS, "ledger_steps"), at_least("seq", 1, "ledger_steps"), Index("ix_ledger_steps_at", "at"),
    )

    entry_id: Mapped[str] = column(String, ForeignKey("ledger_entries.entry_id"), key=True)
    seq: Mapped[int] = column(Integer, key=True)
    kind: Mapped[str] = column(String)
    at: Mapped[datetime] = column(Moment)
    by: Mapped[str] = column(String, default="bot")
    note: Mapped[str | None] = column(Text, null=True)
