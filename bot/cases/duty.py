"""When people are on duty (人工服务时间)."""

from __future__ import annotations

from datetime import datetime

from bot.cases import policy
from bot.clock import SHOP_ZONE


def staffed(at: datetime) -> bool:
    """Whether the shop promises a person at this time."""
    service = policy.current().service
    return service.staffed_from <= at.astimezone(SHOP_ZONE).time() < service.staffed_until


def hours() -> str:
    service = policy.current().service
    return f"{service.staffed_from:%-H:%M}–{service.staffed_until:%-H:%M}"
