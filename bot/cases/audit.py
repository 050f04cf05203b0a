"""The audit trail: who did what, when; only ever added to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.store import models


def write(session: Session, at: datetime, who: str, what: str, case_id: str | None, **detail: Any) -> None:
    session.add(models.AuditEntry(at=at, who=who, what=what, case_id=case_id, detail=detail))
