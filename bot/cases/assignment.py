"""Waiting cases go by themselves to the idlest agent at the desk, while nobody has more than the limit.

Off by default: then agents take cases from the queue themselves.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import desk, desk_view
from bot.cases.desk_refused import DeskRefused
from bot.store import models
from bot.store.database import session as open_session


class Assigned(NamedTuple):
    conversation_id: str
    agent: str


def assign(limit: int, at: datetime) -> list[Assigned]:
    """Gives the waiting cases away, most urgent first. `limit`: conversations one agent may hold; 0 gives none."""
    if not limit:
        return []
    with open_session(read_only=True) as session:
        waiting = desk_view.cases(session, "", "queue", at)
    given = []
    for case in waiting:
        with open_session(read_only=True) as session:
            name = idlest(session, case["case_id"], limit)
        if name is None:
            continue
        try:
            desk.claim(case["case_id"], name, at, limit=limit)
        except DeskRefused:
            continue  # somebody took it meanwhile, it ended, or the agent is not free any more
        given.append(Assigned(case["conversation_id"], name))
    return given


def idlest(session: Session, case_id: str, limit: int) -> str | None:
    """The agent at the desk with the fewest conversations, fewer than `limit`; nobody who gave this case back."""
    back = session.scalars(select(models.AuditEntry).where(models.AuditEntry.case_id == case_id, models.AuditEntry.what == "release"))
    gave_back = {entry.detail.get("agent") for entry in back}
    free = [
        (agent["cases"], agent["name"])
        for agent in desk_view.agents(session)
        if agent["on_duty"] and agent["role"] == "agent" and agent["cases"] < limit and agent["name"] not in gave_back
    ]
    return min(free)[1] if free else None
