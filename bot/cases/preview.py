"""What a changed policy would have meant for past cases: who gets what, and what it costs, before it goes live.

The comparison is pure; the cases are taken with the facts they were judged on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales.assess import assess
from bot.aftersales.case import Case
from bot.aftersales.policy import Policy
from bot.cases import facts, judgement
from bot.negotiation.negotiation import Negotiation, Offer
from bot.negotiation.terms import read_terms
from bot.store import models

SIDES = frozenset({"freight", "medical"})
MOST_PREMIUM = 30
"""Per cent; the most that the terms take."""


class Side(msgspec.Struct, frozen=True):
    """What one policy gives: `owed_fen` is due in any case, `most_fen` the most the bot may spend, both with sides.

    `remedies` are the owed ones (negotiable ones where nothing is owed), `person` the reason a person is called.
    `offered` is the first menu as the customer reads it, `worth_fen` what a form of it is worth to a customer,
    `spend_fen` what it can be expected to cost the shop (where a person decides, what is owed).
    """

    decision: str
    remedies: tuple[str, ...]
    owed_fen: int
    most_fen: int
    person: str | None
    offered: tuple[str, ...]
    worth_fen: int
    spend_fen: int


class Compared(msgspec.Struct, frozen=True):
    """One past case under the policy in force (`before`) and under the new one (`after`)."""

    case_id: str
    order_id: str
    wish: str
    issues: tuple[str, ...]
    before: Side
    after: Side

    @property
    def changed(self) -> bool:
        return self.before != self.after


class Total(msgspec.Struct, frozen=True):
    """The cost of all cases, in fen, and how many change, may get more or less at the most, are offered forms
    worth more or less, or go to a person under each."""

    cases: int
    changed: int
    more: int
    less: int
    offered_more: int
    offered_less: int
    before_owed_fen: int
    after_owed_fen: int
    before_most_fen: int
    after_most_fen: int
    before_spend_fen: int
    after_spend_fen: int
    before_persons: int
    after_persons: int


class Past(msgspec.Struct, frozen=True):
    """Past cases with their facts; `unreadable` are the ids of those whose facts cannot be had any more."""

    cases: tuple[tuple[str, Case], ...]
    unreadable: tuple[str, ...]


def side(case: Case, policy: Policy) -> Side:
    """What this policy gives in this case. Raises BadPolicy where the case's overrides forbid it."""
    assessment = assess(case, policy)
    extra = sum(due.fen for due in assessment.owed if due.remedy in SIDES)
    shown = assessment.owed or [due for due in assessment.remedies if due.remedy != "none"]
    negotiation = Negotiation.open(case, assessment, read_terms(policy.with_overrides(case.policy).negotiation))
    move = negotiation.move()
    offers = isinstance(move, Offer) and bool(move.options)
    return Side(
        decision=assessment.decision,
        remedies=tuple(due.remedy for due in shown),
        owed_fen=assessment.floor_fen + extra,
        most_fen=assessment.cap_fen + extra,
        person=assessment.to_human,
        offered=move.texts if isinstance(move, Offer) else (),
        worth_fen=round(negotiation.forms.entitlement.worth * negotiation.matter.value_fen) if offers else assessment.floor_fen,
        spend_fen=(negotiation.expected_fen() if offers else assessment.floor_fen) + extra,
    )


def compare(
    cases: Iterable[tuple[str, Case]], before: Policy, after: Policy, tick: Callable[[], object] = lambda: None
) -> list[Compared]:
    """Each case under both policies, in the order given; tick is called after each. Raises BadPolicy where a case's
    overrides forbid one."""
    rows = []
    for case_id, case in cases:
        rows.append(
            Compared(case_id, case.order.order_id, case.wish, case.issues, side(case, before), side(case, after))
        )
        tick()
    return rows


class Budget(msgspec.Struct, frozen=True):
    """What the cases can be expected to cost with each premium tried, in fen, and the greatest premium that keeps
    them within the budget: None where even without any premium they cost more."""

    budget_fen: int
    premium: float | None
    spend_fen: int
    tried: tuple[tuple[float, int], ...]


def within(
    cases: Sequence[tuple[str, Case]], policy: Policy, budget_fen: int, tick: Callable[[], object] = lambda: None
) -> Budget:
    """The premium (in whole per cents) for a budget, set before the period and then the same for every case in it
    (negotiation.md pitfall 7). What is owed does not depend on it. tick is called after each case judged."""
    tried: dict[int, int] = {}

    def spend(cents: int) -> int:
        if cents not in tried:
            changed = policy.with_overrides({"negotiation": {"value": {"premium": cents / 100}}})
            tried[cents] = 0
            for _, case in cases:
                tried[cents] += side(case, changed).spend_fen
                tick()
        return tried[cents]

    low, high = 0, MOST_PREMIUM
    if spend(high) <= budget_fen:
        low = high
    elif spend(low) <= budget_fen:
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if spend(middle) <= budget_fen else (low, middle)
    fits = spend(low) <= budget_fen
    by_premium = tuple((cents / 100, fen) for cents, fen in sorted(tried.items()))
    return Budget(budget_fen, low / 100 if fits else None, spend(low), by_premium)


def total(rows: Sequence[Compared]) -> Total:
    return Total(
        cases=len(rows),
        changed=sum(row.changed for row in rows),
        more=sum(row.after.most_fen > row.before.most_fen for row in rows),
        less=sum(row.after.most_fen < row.before.most_fen for row in rows),
        offered_more=sum(row.after.worth_fen > row.before.worth_fen for row in rows),
        offered_less=sum(row.after.worth_fen < row.before.worth_fen for row in rows),
        before_owed_fen=sum(row.before.owed_fen for row in rows),
        after_owed_fen=sum(row.after.owed_fen for row in rows),
        before_most_fen=sum(row.before.most_fen for row in rows),
        after_most_fen=sum(row.after.most_fen for row in rows),
        before_spend_fen=sum(row.before.spend_fen for row in rows),
        after_spend_fen=sum(row.after.spend_fen for row in rows),
        before_persons=sum(row.before.person is not None for row in rows),
        after_persons=sum(row.after.person is not None for row in rows),
    )


def past(session: Session, since: datetime | None = None) -> Past:
    """The cases opened since then (all without it) that have an order and a wish, oldest first."""
    chosen = select(models.Case).where(models.Case.order_id.is_not(None), models.Case.wish.is_not(None))
    if since is not None:
        chosen = chosen.where(models.Case.opened_at >= since)
    cases, unreadable = [], []
    for row in session.scalars(chosen.order_by(models.Case.opened_at, models.Case.case_id)).all():
        try:
            cases.append((str(row.case_id), facts_of(session, row)))
        except (LookupError, msgspec.ValidationError):
            unreadable.append(str(row.case_id))
    return Past(tuple(cases), tuple(unreadable))


def facts_of(session: Session, row: models.Case) -> Case:
    """The facts the case was last judged on; where none were kept, those of its negotiation, else the database's."""
    kept = judgement.kept(session, str(row.case_id))
    if kept:
        return kept[-1].case
    if row.negotiation:
        return msgspec.convert(row.negotiation[0]["open"], Case)
    return facts.case_of(session, row, row.updated_at)
