from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped

from bot.store.columns import Json, Moment, Record, column


class Offer(Record):
    """One menu that was shown: `options` as contracts.md section 5 writes them, by "bot" or an agent's name.

    `answer` is what the customer did with it, NULL while it stands; it stands until `expires_at`.
    """

    __tablename__ = "offers"
    __table_args__ = (Index("ix_offers_case_id_at", "case_id", "at"),)

    offer_id: Mapped[str] = column(String, key=True)
    case_id: Mapped[str] = column(String, ForeignKey("cases.case_id"))
    at: Mapped[datetime] = column(Moment)
    by: Mapped[str] = column(String, default="bot")
    options: Mapped[list[dict[str, Any]]] = column(Json, default=list)
    answer: Mapped[dict[str, Any] | None] = column(Json, null=True)
    expires_at: Mapped[datetime | None] = column(Moment, null=True)
