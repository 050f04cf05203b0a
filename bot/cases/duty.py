"""When people are on duty: the hours the shop promises (人工服务时间), and who is at the desk right now.

Presence is a matter of connections, so it goes by the real clock, whatever HEQI_NOW says. Seen in the future
(the clock was set back since) is not seen: a desk that is connected says so again within seconds, and until then
nobody's cases are given back (Lookout).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.cases import policy
from bot.clock import SHOP_ZONE
from bot.store import models

PRESENT = timedelta(seconds=30)
"""Whose desk was connected within this time is on duty."""

AWAY = timedelta(seconds=60)
"""Whose desk was not connected for this time gives the cases back."""


RECONNECTED = timedelta(seconds=40)
"""Within this time every page has tried again to connect: its longest pause (front/src/shared/live.js), and a little."""

PAUSE = timedelta(seconds=20)
"""A lookout that slept this long missed something; so did one whose clock jumped by as much."""


class Lookout:
    """Whether this process can say of a desk that it is gone.

    Nobody's presence is noted while the database is away (or full), the product is down or frozen; and the notes mean
    nothing once the clock was set. After each of these the desks get the time to connect again.
    """

    def __init__(self) -> None:
        self.since: float | None = None
        self.last = (0.0, 0.0)

    def noted(self, ticks: float, clock: float) -> None:
        """Presence can be noted at this moment: `ticks` of a clock that nobody sets, and the real `clock`, both in seconds."""
        slept, jumped = ticks - self.last[0], (clock - self.last[1]) - (ticks - self.last[0])
        if self.since is None or max(slept, abs(jumped)) > PAUSE.total_seconds():
            self.since = ticks
        self.last = ticks, clock

    def lost(self) -> None:
        """Presence cannot be noted."""
        self.since = None

    @property
    def sure(self) -> bool:
        return self.since is not None and self.last[0] - self.since >= (AWAY + RECONNECTED).total_seconds()


def staffed(at: datetime) -> bool:
    """Whether the shop promises a person at this time."""
    service = policy.current().service
    return service.staffed_from <= at.astimezone(SHOP_ZONE).time() < service.staffed_until


def hours() -> str:
    service = policy.current().service
    return f"{service.staffed_from:%-H:%M}–{service.staffed_until:%-H:%M}"


def present(session: Session) -> list[str]:
    """The agents at their desks now, by name."""
    now = datetime.now(SHOP_ZONE)
    seen = models.Agent.seen_at.between(now - PRESENT, now + PRESENT)
    return list(session.scalars(select(models.Agent.name).where(seen).order_by(models.Agent.name)))


def seen(session: Session, name: str) -> None:
    """The agent's desk is connected at this moment."""
    agent = session.get(models.Agent, name)
    if agent is not None:
        agent.seen_at = datetime.now(SHOP_ZONE)


def left(session: Session, name: str) -> None:
    """The agent goes away: not on duty from now on, and the cases go back soon."""
    agent = session.get(models.Agent, name)
    if agent is not None:
        agent.seen_at = datetime.now(SHOP_ZONE) - PRESENT


def free(session: Session, agent: models.Agent, limit: int) -> bool:
    """Whether the agent is at the desk and has fewer conversations than `limit`; stays so until the session's transaction ends.

    On PostgreSQL the agent's row is locked: another process that gives a case waits here, and so does a note of leaving.
    """
    session.refresh(agent, with_for_update={"key_share": True})
    mine = select(func.count()).where(models.Conversation.owner == "agent", models.Conversation.agent_id == agent.name)
    return agent.name in present(session) and (session.scalar(mine) or 0) < limit


def gone(session: Session) -> list[str]:
    """The agents who had a desk connected and have none any more."""
    now = datetime.now(SHOP_ZONE)
    return list(session.scalars(select(models.Agent.name).where((models.Agent.seen_at < now - AWAY) | (models.Agent.seen_at > now + AWAY))))


def reply_by(at: datetime) -> datetime:
    """By when a person should answer: some minutes from `at`, or from the next opening."""
    service = policy.current().service
    start = at.astimezone(SHOP_ZONE)
    if not staffed(at):
        opening = start.replace(hour=service.staffed_from.hour, minute=service.staffed_from.minute, second=0, microsecond=0)
        start = opening if opening > start else opening + timedelta(days=1)
    return start + timedelta(minutes=service.wait_minutes)
