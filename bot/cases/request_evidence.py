"""Asks for the least evidence the rules need, and nothing the systems already hold."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.aftersales.assessment import Assessment
from bot.cases import escalation, sympathy
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, wordings
from bot.store import models


def named(kinds: tuple[str, ...] | list[str]) -> str:
    """「问题部位的照片、外包装和面单的照片」."""
    return "、".join(say(f"need_{kind}") for kind in kinds if f"need_{kind}" in wordings())


OWN = frozenset({"logistics_query"})
"""What the shop finds out itself: nobody sends a customer to the courier (rules.md 2.1 not_received)."""


def ask(session: Session, row: models.Case, turn: Turn, assessment: Assessment) -> Answer:
    if set(assessment.needs) <= OWN:
        return escalation.hand_over(session, turn, "dispute", why=sympathy.sorry_for(row, turn) + assessment.reasons[0].text, row=row)
    row.state = "awaiting_evidence"
    row.facts = {**row.facts, "needs": list(assessment.needs)}
    session.flush()
    text = sympathy.sorry_for(row, turn) + say("ask_evidence", turn.said, what=named(assessment.needs))
    choices = (Choice("evidence:none", say("button_no_evidence")), Choice("human", say("button_human")))
    card = {"kind": "needs_evidence", "case_id": row.case_id, "needs": list(assessment.needs)}
    return Answer((Reply(text, choices, card),), "evidence", row.case_id)
