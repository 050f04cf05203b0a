"""A refusal that explains: the rule, the fact that failed, what is left to do, and always a person."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from bot.aftersales.assessment import Assessment
from bot.cases import audit, escalation
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say
from bot.store import models


def refuse(session: Session, row: models.Case, turn: Turn, assessment: Assessment) -> Answer:
    """Writes the refusal and says it. The same refusal a second time means the customer disagrees: a person."""
    if row.state == "refused":
        return disagree(session, row, turn)
    row.state = "refused"
    audit.write(session, turn.at, "bot", "refuse", row.case_id, rules=[reason.rule for reason in assessment.reasons])
    session.flush()
    return Answer((explained(row, turn, assessment),), None, row.case_id)


def explained(row: models.Case, turn: Turn, assessment: Assessment) -> Reply:
    """Why what was asked cannot be: every rule that fired with its facts, its source, and the ways left."""
    reasons = "".join(reason.text for reason in assessment.reasons)
    source = assessment.reasons[0].source if assessment.reasons else ""
    text = say("refused_lead", turn.said) + reasons + (say("answer_source", source=source) if source else "")
    ways = "\n".join(f"· {way}" for way in assessment.options_for_customer)
    if ways:
        text += f"\n{say('ways_left')}\n{ways}"
    if say("button_human") not in ways:
        text += f"\n{say('disagree')}"
    card = {
        "kind": "refused",
        "case_id": row.case_id,
        "reasons": [msgspec.to_builtins(reason) for reason in assessment.reasons],
        "options": list(assessment.options_for_customer),
    }
    return Reply(text, (Choice("human", say("button_human")),), card)


def disagree(session: Session, row: models.Case, turn: Turn) -> Answer:
    """The customer does not accept the refusal: a person looks again (rules.md 2.3 H7)."""
    row.facts = {**row.facts, "customer_disagrees": True}
    return escalation.hand_over(session, turn, "dispute", row=row)
