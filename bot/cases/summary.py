"""What a person reads first: facts, not prose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.ledger import ledger
from bot.store import models

SIGNALS = frozenset({"AB-01", "HU-10"})
"""Rules by which a person looks at the case for the shop's sake; their facts are for the desk alone."""


def of(session: Session, row: models.Case, at: datetime) -> dict[str, Any]:
    """Wish, issues, order facts, what is owed, offers and answers, what is left under the cap, mood,
    missing evidence, next deadline, signals."""
    order = session.get(models.Order, row.order_id) if row.order_id else None
    line = session.get(models.OrderLine, (row.order_id, row.line_id)) if row.order_id and row.line_id else None
    sku = session.get(models.Sku, line.sku_id) if line else None
    assessment = row.assessment or {}
    offers = session.scalars(select(models.Offer).where(models.Offer.case_id == row.case_id).order_by(models.Offer.at)).all()
    deadlines = sorted((str(deadline["at"]), deadline["what"]) for deadline in row.deadlines)
    return {
        "wish": row.wish,
        "issues": list(row.issues),
        "order": None
        if order is None or line is None
        else {
            "order_id": order.order_id,
            "status": order.status,
            "goods": f"{sku.title} {sku.spec}".strip() if sku else "",
            "quantity": line.quantity,
            "paid_fen": line.unit_paid_fen * line.quantity,
            "paid_at": order.paid_at.isoformat() if order.paid_at else None,
            "delivered_at": order.delivered_at.isoformat() if order.delivered_at else None,
        },
        "owed": [remedy for remedy in assessment.get("remedies", []) if remedy.get("kind") == "owed"],
        "floor_fen": row.floor_fen,
        "left_under_cap_fen": ledger.left_under_cap(session, row),
        "offers": [{"options": offer.options, "answer": offer.answer} for offer in offers],
        "mood": row.mood,
        "missing_evidence": list(assessment.get("needs", [])),
        "claimed": dict(row.facts),
        "next_deadline": next(({"what": what, "at": when} for when, what in deadlines if when > at.isoformat()), None),
        "reason": row.human_reason,
        "signals": {name: fact for reason in assessment.get("reasons", []) if reason["rule"] in SIGNALS for name, fact in reason["facts"].items()},
    }
