"""Assessments that can be made again: each is kept with the facts it saw and the policy it was made under.

What is kept is a row of the audit trail (never changed, never removed), so that a later change of rules,
policy, prices or orders cannot change what was known when the case was judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Case, Issue
from bot.aftersales.policy import Policy
from bot.aftersales.same_fact import told_once
from bot.aftersales.situation import Situation
from bot.cases import audit, policy
from bot.store import models

KEPT = "assess"
"""What the audit trail calls an assessment."""

COMPARED = ("decision", "remedies", "floor_fen", "cap_fen", "return_freight", "needs", "to_human")


class Kept(msgspec.Struct, frozen=True):
    """One assessment as it was made: when, on which facts, under which policy, and its result."""

    at: datetime
    case: Case
    policy_version: str
    result: dict[str, Any]


class Replayed(msgspec.Struct, frozen=True):
    """A kept assessment made again by today's rules; `same` is whether the result is the same."""

    at: datetime
    policy_version: str
    same: bool
    then: dict[str, Any]
    again: dict[str, Any]


def now(case: Case) -> Assessment:
    """The case assessed under the policy in force, not kept: to look before acting."""
    return assess(case, policy.current().with_overrides(case.policy))


def tells_more(case: Case, issues: Sequence[str], another_promise: bool = False) -> bool:
    """Whether these issues tell a fact that the case's own do not; the same one in other words is none.

    another_promise: the promise they tell of is not about the time.
    """
    in_force = policy.current().with_overrides(case.policy)
    told = (*case.issues, *msgspec.convert(issues, tuple[Issue, ...]))
    facts = msgspec.structs.replace(case.facts, promised_other=True) if another_promise else case.facts
    after = told_once(Situation(msgspec.structs.replace(case, issues=told, facts=facts), in_force))
    return len(after) > len(told_once(Situation(case, in_force)))


def judge(session: Session, row: models.Case, case: Case, at: datetime) -> Assessment:
    """Assesses the case under the policy in force and keeps facts, policy and result."""
    in_force = policy.current().with_overrides(case.policy)
    assessment = assess(case, in_force)
    policy.remember(session, in_force, at)
    audit.write(
        session, at, "bot", KEPT, str(row.case_id), case=msgspec.to_builtins(case), result=result_of(assessment),
        policy_version=assessment.policy_version,
    )
    return assessment


def result_of(assessment: Assessment) -> dict[str, Any]:
    """What of an assessment a replay compares, with the rules that fired."""
    found = {name: msgspec.to_builtins(getattr(assessment, name)) for name in COMPARED}
    return {**found, "rules": [reason.rule for reason in assessment.reasons]}


def kept(session: Session, case_id: str) -> list[Kept]:
    """The case's assessments, oldest first."""
    rows = session.scalars(
        select(models.AuditEntry)
        .where(models.AuditEntry.case_id == case_id, models.AuditEntry.what == KEPT)
        .order_by(models.AuditEntry.audit_id)
    )
    return [
        Kept(row.at, msgspec.convert(row.detail["case"], Case), row.detail["policy_version"], row.detail["result"])
        for row in rows
    ]


def replay(session: Session, case_id: str) -> list[Replayed]:
    """Makes the case's assessments again, each under the policy of its day, oldest first.

    Raises LookupError for a policy version that is not in the database.
    """
    return [again(each, policy.of_version(session, each.policy_version)) for each in kept(session, case_id)]


def again(each: Kept, then: Policy) -> Replayed:
    """One kept assessment made again under `then`."""
    # The kept policy has the case's own overrides in it already.
    result = result_of(assess(msgspec.structs.replace(each.case, policy=None), then))
    plain = msgspec.json.decode(msgspec.json.encode(result))
    return Replayed(each.at, each.policy_version, plain == each.result, each.result, plain)
