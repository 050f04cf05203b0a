"""Files a customer sends: kept with the conversation, and evidence as soon as there is a case."""

from __future__ import annotations

import uuid
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales.case import Evidence as EvidenceKind
from bot.cases import audit
from bot.store import models

KINDS: tuple[str, ...] = get_args(EvidenceKind)
TOLD = "told:"
"""Evidence whose `path` begins so was only announced in words."""


def attach(session: Session, row: models.Case) -> None:
    """Makes evidence of this case out of the conversation's files that belong to no case yet."""
    waiting = select(models.Upload).where(
        models.Upload.conversation_id == row.conversation_id, models.Upload.case_id.is_(None)
    )
    for upload in session.scalars(waiting.order_by(models.Upload.at)).all():
        upload.case_id = row.case_id
        known = session.scalars(
            select(models.Evidence).where(
                models.Evidence.case_id == row.case_id,
                models.Evidence.kind == upload.kind,
                models.Evidence.sha256 == upload.sha256,
            )
        ).first()
        if known is None:
            session.add(
                models.Evidence(
                    evidence_id=f"evi_{uuid.uuid4().hex[:16]}", case_id=row.case_id, kind=upload.kind,
                    sha256=upload.sha256, at=upload.at, path=upload.upload_id,
                )
            )
            audit.write(session, upload.at, "customer", "evidence", row.case_id, kind=upload.kind, sha256=upload.sha256)
    session.flush()


def meant_as(session: Session, row: models.Case | None, media_type: str) -> str:
    """The evidence a file is when nothing was said: what the case asked for and does not have, else a photo or video."""
    if media_type.startswith("video/"):
        return "video"
    asked = [str(kind) for kind in row.facts.get("needs", [])] if row is not None else []
    had = given(session, row) if row is not None else frozenset()
    return next((kind for kind in asked if kind != "video" and kind not in had), "photo")


def given(session: Session, row: models.Case) -> frozenset[str]:
    """The kinds of evidence that really came, not only in words."""
    rows = session.scalars(select(models.Evidence).where(models.Evidence.case_id == row.case_id))
    return frozenset(item.kind for item in rows if not item.path.startswith(TOLD))
