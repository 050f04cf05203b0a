from __future__ import annotations

from datetime import datetime
from typing import get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from bot.aftersales.case import Evidence as EvidenceKind
from bot.store.columns import Moment, Record, column, one_of


class Evidence(Record):
    """One file a customer gave. `path` is relative to the evidence folder, `sha256` of its bytes in hex."""

    __tablename__ = "evidence"
    __table_args__ = (
        one_of("kind", get_args(EvidenceKind), "evidence"),
        CheckConstraint("length(sha256) = 64", name="ck_evidence_sha256"),
        UniqueConstraint("case_id", "kind", "sha256"),
        Index("ix_evidence_sha256", "sha256"),
    )

    evidence_id: Mapped[str] = column(String, key=True)
    case_id: Mapped[str] = column(String, ForeignKey("cases.case_id"))
    kind: Mapped[str] = column(String)
    sha256: Mapped[str] = column(String)
    at: Mapped[datetime] = column(Moment)
    path: Mapped[str] = column(String)
