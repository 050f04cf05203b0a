from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped

from bot.store.columns import Moment, Record, at_least, column


class Payout(Record):
    """What the demo shop's platform executed, once for each key (bot.store.platform.DemoShop)."""

    __tablename__ = "payouts"
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
        at_least("fen", 0, "payouts"),
    )

    key: Mapped[str] = column(String, key=True)
    receipt: Mapped[str] = column(String, unique=True)
    order_id: Mapped[str] = column(String)
    line_id: Mapped[str] = column(String)
    remedy: Mapped[str] = column(String)
    fen: Mapped[int] = column(BigInteger)
    at: Mapped[datetime] = column(Moment)
