"""What happened in a period, out of the database, for bot.cases.insight."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from bot.cases import budget, missed
from bot.cases.insight import ENDED, Happened, Outcome, Payment, Understood
from bot.clock import SHOP_ZONE
from bot.language.rasa.doubt import ASK_BELOW
from bot.store import models

DECIDING = frozenset({"settle", "accept_offer", "refuse", "approve", "resolve", "withdraw"})
"""Acts of the audit trail that end a case."""

REFUSABLE = frozenset({"negotiating", "settled", "closed"})
"""States in which a refusal stands although something else was offered beside it; not while a person looks again."""

BY_PEOPLE = frozenset({"refuse", "approve", "resolve"})

VALUE = frozenset({"coupon", "gift"})

MOST_MISSED = 100


def happened(session: Session, first: date, last: date) -> Happened:
    """The days `first` to `last`, both included, in the shop's zone."""
    start = datetime.combine(first, time(), SHOP_ZONE)
    end = datetime.combine(last + timedelta(days=1), time(), SHOP_ZONE)
    return Happened(
        first=first,
        last=last,
        outcomes=tuple(outcomes(session, start, end)),
        payments=tuple(payments(session, start, end)),
        answers=tuple(answers(session, start, end)),
        stars=tuple(stars(session, start, end)),
        understood=tuple(understood(session, start, end)),
        missed=tuple((str(message.text), message.at) for message in missed.messages(session, start, end, MOST_MISSED)),
        goodwill_fen=budget.goodwill_fen(session, start, end - timedelta(microseconds=1)),
        budget=budget.budget_of(session, end - timedelta(microseconds=1)),
    )


def outcomes(session: Session, start: datetime, end: datetime) -> Iterable[Outcome]:
    """The cases opened in the period."""
    in_period = (models.Case.opened_at >= start, models.Case.opened_at < end)
    acts: dict[str, list[models.AuditEntry]] = {}
    for entry in session.scalars(
        select(models.AuditEntry)
        .join(models.Case, models.Case.case_id == models.AuditEntry.case_id)
        .where(*in_period, models.AuditEntry.what.in_(DECIDING))
        .order_by(models.AuditEntry.audit_id)
    ):
        acts.setdefault(str(entry.case_id), []).append(entry)
    agents_offers = set(session.scalars(select(models.Offer.offer_id).where(models.Offer.by != "bot")))
    given = {row.case_id for row in session.scalars(select(models.LedgerEntry).join(models.Case, models.Case.case_id == models.LedgerEntry.case_id).where(*in_period))}
    rows = session.execute(
        select(models.Case, models.Customer.tier, models.Sku)
        .outerjoin(models.Customer, models.Customer.customer_id == models.Case.customer_id)
        .outerjoin(models.OrderLine, (models.OrderLine.order_id == models.Case.order_id) & (models.OrderLine.line_id == models.Case.line_id))
        .outerjoin(models.Sku, models.Sku.sku_id == models.OrderLine.sku_id)
        .where(*in_period)
        .order_by(models.Case.opened_at, models.Case.case_id)
    ).all()
    for row, tier, sku in rows:
        done = acts.get(row.case_id, [])
        ended = row.state in ENDED
        said_no = row.state == "refused" or (row.state in REFUSABLE and any(act.what == "refuse" for act in done))
        refused = said_no and row.case_id not in given
        yield Outcome(
            case_id=row.case_id,
            opened_at=row.opened_at,
            issues=tuple(row.issues),
            wish=row.wish,
            state=row.state,
            tier=tier,
            sku_id=sku.sku_id if sku else None,
            title=sku.title if sku else None,
            person=any(ended_by_person(act, agents_offers) for act in done),
            refused_by=refusing_rule(row) if refused else None,
            seconds=(done[-1].at - row.opened_at).total_seconds() if ended and done else None,
        )


def ended_by_person(act: models.AuditEntry, agents_offers: set[str]) -> bool:
    """Whether this act was an agent's, or the customer's yes to an agent's offer."""
    if act.what == "accept_offer":
        return act.detail.get("offer_id") in agents_offers
    return act.what in BY_PEOPLE and act.who != "bot"


def refusing_rule(row: models.Case) -> tuple[str, str] | None:
    """The rule that decided, with its sentence: the assessment's first."""
    reasons = (row.assessment or {}).get("reasons") or []
    return (str(reasons[0]["rule"]), str(reasons[0]["text"])) if reasons else None


def payments(session: Session, start: datetime, end: datetime) -> Iterable[Payment]:
    """What was really paid in the period and not taken back; coupons and gifts by what they cost the shop."""
    back = aliased(models.LedgerStep)
    rows = session.execute(
        select(models.LedgerEntry, models.LedgerStep.at, models.Sku)
        .join(models.LedgerStep, models.LedgerStep.entry_id == models.LedgerEntry.entry_id)
        .join(
            models.OrderLine,
            (models.OrderLine.order_id == models.LedgerEntry.order_id) & (models.OrderLine.line_id == models.LedgerEntry.line_id),
        )
        .join(models.Sku, models.Sku.sku_id == models.OrderLine.sku_id)
        .where(models.LedgerStep.kind == "confirmed", models.LedgerStep.at >= start, models.LedgerStep.at < end)
        .where(~select(back.entry_id).where(back.entry_id == models.LedgerEntry.entry_id, back.kind == "reversed").exists())
        .order_by(models.LedgerStep.at, models.LedgerEntry.entry_id)
    ).all()
    for entry, at, sku in rows:
        fen = entry.cost_fen if entry.remedy in VALUE else entry.fen
        if fen:
            yield Payment(entry.case_id, at, entry.remedy, fen, sku.sku_id, sku.title)


def answers(session: Session, start: datetime, end: datetime) -> Iterable[float]:
    """Seconds from a customer's first message to the first answer, of the conversations that began in the period."""
    message, conversation = models.Message, models.Conversation
    asked = (
        select(message.conversation_id, func.min(message.seq).label("seq"))
        .join(conversation, conversation.conversation_id == message.conversation_id)
        .where(conversation.opened_at >= start, conversation.opened_at < end, message.sender == "customer")
        .group_by(message.conversation_id)
        .subquery()
    )
    answered = (
        select(message.conversation_id, func.min(message.seq).label("seq"))
        .join(asked, asked.c.conversation_id == message.conversation_id)
        .where(message.seq > asked.c.seq, message.sender.in_(("bot", "agent")))
        .group_by(message.conversation_id)
        .subquery()
    )
    question, answer = aliased(message), aliased(message)
    rows = session.execute(
        select(question.at, answer.at)
        .join(asked, (asked.c.conversation_id == question.conversation_id) & (asked.c.seq == question.seq))
        .join(answered, answered.c.conversation_id == question.conversation_id)
        .join(answer, (answer.conversation_id == answered.c.conversation_id) & (answer.seq == answered.c.seq))
    ).all()
    return [max(0.0, (answered_at - asked_at).total_seconds()) for asked_at, answered_at in rows]


def stars(session: Session, start: datetime, end: datetime) -> Iterable[int]:
    """The ratings given in the period; of one case the last counts."""
    entries = session.scalars(
        select(models.AuditEntry)
        .where(models.AuditEntry.what == "rating", models.AuditEntry.at >= start, models.AuditEntry.at < end)
        .order_by(models.AuditEntry.audit_id)
    )
    return {entry.case_id: int(entry.detail["stars"]) for entry in entries}.values()


def understood(session: Session, start: datetime, end: datetime) -> Iterable[Understood]:
    """How the messages of the period were understood, by their likeliest intent."""
    row = models.Understanding
    unsure = func.sum(case((row.confidence < ASK_BELOW, 1), else_=0))
    counts = session.execute(select(row.intent, func.count(), unsure).where(row.at >= start, row.at < end).group_by(row.intent))
    return [Understood(intent, heard, doubtful) for intent, heard, doubtful in counts]
