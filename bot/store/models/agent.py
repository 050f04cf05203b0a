from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped

from bot.store.columns import Moment, Record, at_least, column, one_of

ROLES = ("agent", "supervisor", "owner")


class Agent(Record):
    """A desk user. `failures` counts wrong passwords in a row; signing in is refused until `locked_until`.

    `seen_at` is when the desk was last connected (real clock): who was just seen is on duty.
    """

    __tablename__ = "agents"
    __table_args__ = (one_of("role", ROLES, "agents"), at_least("failures", 0, "agents"))

    name: Mapped[str] = column(String, key=True)
    role: Mapped[str] = column(String)
    password_hash: Mapped[str] = column(String)
    failures: Mapped[int] = column(Integer, default=0)
    locked_until: Mapped[datetime | None] = column(Moment, null=True)
    seen_at: Mapped[datetime | None] = column(Moment, null=True)
