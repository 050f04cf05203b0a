"""A case as the contract writes it (contracts.md section 6): everything for the desk, less for the customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.ledger import ledger
from bot.store import models

HIDDEN_FROM_CUSTOMER = ("summary", "mood", "facts")


def case_document(session: Session, case_id: str) -> dict[str, Any] | None:
    """The whole case; None where there is no such case."""
    row = session.get(models.Case, case_id)
    if row is None:
        return None
    offers = session.scalars(select(models.Offer).where(models.Offer.case_id == case_id).order_by(models.Offer.at)).all()
    evidence = session.scalars(select(models.Evidence).where(models.Evidence.case_id == case_id).order_by(models.Evidence.at)).all()
    return {
        "case_id": row.case_id,
        "conversation_id": row.conversation_id,
        "customer_id": row.customer_id,
        "order_id": row.order_id,
        "line_id": row.line_id,
        "wish": row.wish,
        "issues": list(row.issues),
        "facts": dict(row.facts),
        "mood": row.mood,
        "state": row.state,
        "human_reason": row.human_reason,
        "assessment": row.assessment,
        "offers": [
            {"offer_id": offer.offer_id, "at": offer.at.isoformat(), "by": offer.by, "options": offer.options, "answer": offer.answer}
            for offer in offers
        ],
        "messages": messages(session, row.conversation_id),
        "evidence": [
            {"evidence_id": item.evidence_id, "kind": item.kind, "sha256": item.sha256, "at": item.at.isoformat()} for item in evidence
        ],
        "ledger": ledger.rows(session, case_id),
        "summary": row.summary,
        "deadlines": list(row.deadlines),
        "policy_version": row.policy_version,
    }


def customer_document(session: Session, case_id: str) -> dict[str, Any] | None:
    """What the customer may see: no cap, no mood, no summary, no trace of the rules' inner facts."""
    document = case_document(session, case_id)
    if document is None:
        return None
    for name in HIDDEN_FROM_CUSTOMER:
        document.pop(name)
    assessment = document["assessment"]
    if assessment is not None:
        document["assessment"] = {
            **{name: value for name, value in assessment.items() if name not in {"cap_fen", "policy_version"}},
            "remedies": [remedy for remedy in assessment["remedies"] if remedy["kind"] == "owed"],
            "reasons": [{name: reason[name] for name in ("rule", "text", "source")} for reason in assessment["reasons"]],
        }
    document["offers"] = [
        {**offer, "options": [{name: option[name] for name in ("id", "remedy", "fen", "text") if name in option} for option in offer["options"]]}
        for offer in document["offers"]
    ]
    return document


def messages(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """The timeline as the contract's message list, in order."""
    rows = session.scalars(
        select(models.Message).where(models.Message.conversation_id == conversation_id).order_by(models.Message.seq)
    )
    return [
        {
            "seq": row.seq, "from": row.sender, "at": row.at.isoformat(), "text": row.text, "choices": row.choices, "card": row.card,
            **({"by": row.author} if row.author else {}),
        }
        for row in rows
    ]
