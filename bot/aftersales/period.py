"""Periods of the rules: natural days in Shanghai, and hours to the second."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The shop's zone as a fixed offset: mainland China has had no summer time since 1991."""


def end_of_day(moment: datetime, days_later: int = 0) -> datetime:
    """24:00 of the natural day `days_later` days after the moment's day in Shanghai.

    24:00 is already the next day: a period that ends there holds as long as `now < end`.
    """
    local = moment.astimezone(SHANGHAI)
    midnight = datetime(local.year, local.month, local.day, tzinfo=SHANGHAI)
    return midnight + timedelta(days=days_later + 1)


def spoken(moment: datetime) -> str:
    """「11月16日24:00」 for a midnight that ends a day, else 「11月16日20:15」."""
    local = moment.astimezone(SHANGHAI)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        day = local - timedelta(days=1)
        return f"{day.month}月{day.day}日24:00"
    return f"{local.month}月{local.day}日{local.hour}:{local.minute:02d}"
