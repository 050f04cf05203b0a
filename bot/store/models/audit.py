from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped

from bot.store.columns import Json, Moment, Record, column


class AuditEntry(Record):
    """Who did what, when. Triggers refuse a change or removal."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_case_id", "case_id"),)

    audit_id: Mapped[int] = column(Integer, key=True)
    at: Mapped[datetime] = column(Moment)
    who: Mapped[str] = column(String)
    what: Mapped[str] = column(String)
    case_id: Mapped[str | None] = column(String, ForeignKey("cases.case_id"), null=True)
    detail: Mapped[dict[str, Any]] = column(Json, default=dict)
