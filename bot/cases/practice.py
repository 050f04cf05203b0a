"""Agents' practice: which kinds of cases to train on, the next one of a kind, and the scores that were reached."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import audit, policy
from bot.clock import SHOP_ZONE
from bot.negotiation.simulation import practice
from bot.negotiation.simulation.assumptions import Fault
from bot.negotiation.terms import read_terms
from bot.store import models

KEPT = "practice"
"""What the audit trail calls a case practised to its end."""

FAULTS: dict[str, Fault] = {
    "quality_defect": "defect", "not_as_described": "misdescribed", "false_advertising": "misdescribed", "wrong_item": "wrong",
    "damaged_in_transit": "damaged", "missing_item": "missing", "not_received": "undelivered", "late_delivery": "late",
    "change_of_mind": "mind",
}
"""Issues of past cases → kinds of simulated claims."""

LOOKED_AT = 500
"""How many of the newest cases tell which kinds are frequent."""

MOST_DONE = 20


def kinds(session: Session) -> list[dict[str, Any]]:
    """What can be practised, the shop's most frequent kinds first, each with its number of past cases."""
    newest = session.scalars(select(models.Case.issues).order_by(models.Case.opened_at.desc()).limit(LOOKED_AT))
    past = Counter(FAULTS[issue] for issues in newest for issue in issues if issue in FAULTS)
    names = practice.words()["faults"]
    return [{"fault": fault, "name": names[fault], "cases": past[fault]} for fault in sorted(names, key=lambda fault: -past[fault])]


def entries(session: Session, name: str | None) -> list[models.AuditEntry]:
    """Cases practised to their end by this agent (None: by anybody), newest first."""
    query = select(models.AuditEntry).where(models.AuditEntry.what == KEPT)
    if name is not None:
        query = query.where(models.AuditEntry.who == name)
    return list(session.scalars(query.order_by(models.AuditEntry.audit_id.desc())))


def done(session: Session, name: str | None) -> list[dict[str, Any]]:
    names = practice.words()["faults"]
    return [
        {"at": entry.at.astimezone(SHOP_ZONE).isoformat(), "who": entry.who, "name": names[entry.detail["fault"]], "points": entry.detail["points"]}
        for entry in entries(session, name)[:MOST_DONE]
    ]


def next_number(session: Session, name: str, fault: str) -> int:
    """The first claim of this kind that the agent has not practised. Raises ValueError for an unknown kind."""
    if fault not in practice.words()["faults"]:
        raise ValueError(f"fault:应为 {'、'.join(practice.words()['faults'])} 之一")
    known = {entry.detail["number"] for entry in entries(session, name)}
    return next(number for number in count() if number not in known and practice.fault_of(number) == fault)


def after(session: Session, name: str, number: int, moves: tuple[practice.Move, ...], at: datetime) -> practice.Practice:
    """The practice after these moves; its end is kept once for each agent. Raises ValueError for a move after the end."""
    played = practice.practise(number, moves, read_terms(policy.current().negotiation))
    if played.score is not None and number not in {entry.detail["number"] for entry in entries(session, name)}:
        audit.write(session, at, name, KEPT, None, number=number, fault=played.known.fault, points=played.score.points)
    return played
