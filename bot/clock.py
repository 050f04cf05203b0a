"""The one place where time comes from. Everything else takes it as an argument."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.settings import settings

SHOP_ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The time in the shop's zone; frozen where HEQI_NOW is set (tests and replays)."""
    frozen = settings().now
    return frozen.astimezone(SHOP_ZONE) if frozen else datetime.now(SHOP_ZONE)
