from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped

from bot.store.columns import Moment, Record, column


class Upload(Record):
    """One file a customer sent in a conversation; it becomes evidence of a case as soon as there is one.

    `kind` is the evidence it is meant as, `sha256` and `size` (bytes) are of the original, which is
    kept as it came; people are shown a copy without metadata.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="ck_uploads_sha256"),
        Index("ix_uploads_conversation_id", "conversation_id"),
    )

    upload_id: Mapped[str] = column(String, key=True)
    conversation_id: Mapped[str] = column(String, ForeignKey("conversations.conversation_id"))
    case_id: Mapped[str | None] = column(String, ForeignKey("cases.case_id"), null=True)
    kind: Mapped[str] = column(String)
    media_type: Mapped[str] = column(String)
    sha256: Mapped[str] = column(String)
    size: Mapped[int] = column(BigInteger)
    at: Mapped[datetime] = column(Moment)
