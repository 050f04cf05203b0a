"""What a changed policy would have meant for past cases: who gets what, and what it costs, before it goes live.

The comparison is pure; the cases are taken with the facts they were judged on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Case
from bot.aftersales.policy import Policy
from bot.cases import facts, judgement
from bot.store import models

SIDES = frozenset({"freight", "medical"})


class Side(msgspec.Struct, frozen=True):
    """What one policy gives: `owed_fen` is due in any case, `most_fen` the most the bot may spend, both with sides.

    `remedies` are the owed ones (negotiable ones where nothing is owed), `person` the reason a person is called.
    """

    decision: str
    remedies: tuple[str, ...]
    owed_fen: int
    most_fen: int
    person: str | None


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
    """The cost of all cases, in fen, and how many change, get more, get less, or go to a person under each."""

    cases: int
    changed: int
    more: int
    less: int
    before_owed_fen: int
    after_owed_fen: int
    before_most_fen: int
    after_most_fen: int
    before_persons: int
    after_persons: int


class Past(msgspec.Struct, frozen=True):
    """Past cases with their facts; `unreadable` are the ids of those whose facts cannot be had any more."""

    cases: tuple[tuple[str, Case], ...]
    unreadable: tuple[str, ...]


def side(assessment: Assessment) -> Side:
    owed = [due for due in assessment.remedies if due.kind == "owed" and due.remedy != "none"]
    extra = sum(due.fen for due in owed if due.remedy in SIDES)
    shown = owed or [due for due in assessment.remedies if due.remedy != "none"]
    return Side(
        decision=assessment.decision,
        remedies=tuple(due.remedy for due in shown),
        owed_fen=assessment.floor_fen + extra,
        most_fen=assessment.cap_fen + extra,
        person=assessment.to_human,
    )


def compare(cases: Iterable[tuple[str, Case]], before: Policy, after: Policy) -> list[Compared]:
    """Each case under both policies, in the order given. Raises BadPolicy where a case's overrides forbid one."""
    return [
        Compared(
            case_id, case.order.order_id, case.wish, case.issues, side(assess(case, before)), side(assess(case, after))
        )
        for case_id, case in cases
    ]


def total(rows: Sequence[Compared]) -> Total:
    return Total(
        cases=len(rows),
        changed=sum(row.changed for row in rows),
        more=sum(row.after.most_fen > row.before.most_fen for row in rows),
        less=sum(row.after.most_fen < row.before.most_fen for row in rows),
        before_owed_fen=sum(row.before.owed_fen for row in rows),
        after_owed_fen=sum(row.after.owed_fen for row in rows),
        before_most_fen=sum(row.before.most_fen for row in rows),
        after_most_fen=sum(row.after.most_fen for row in rows),
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
