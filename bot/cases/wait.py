"""How long a customer in the queue will wait, as far as the pace of the last hour tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store import models

LOOKED_AT = timedelta(hours=1)
FEWEST = 3
"""Cases taken from the queue below which there is no pace to go by."""


def expected_minutes(ahead: int, claims: Sequence[datetime], at: datetime) -> int | None:
    """Whole minutes, at least 1, until the turn of somebody with `ahead` others before them; None: cannot be told.

    `claims` are the times at which people took cases within LOOKED_AT before `at`: one in every n minutes
    since the first of them means n minutes for each place in the queue.
    """
    if len(claims) < FEWEST:
        return None
    each = (at - min(claims)).total_seconds() / 60 / len(claims)
    return max(1, math.ceil(each * (ahead + 1)))


def claims(session: Session, at: datetime) -> list[datetime]:
    """When people took cases lately."""
    return list(
        session.scalars(
            select(models.AuditEntry.at).where(
                models.AuditEntry.what == "claim", models.AuditEntry.at > at - LOOKED_AT, models.AuditEntry.at <= at
            )
        )
    )
