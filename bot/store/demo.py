"""The demo shop that ships with Heqi: demo.yml, dated relative to the moment it is loaded."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import clock
from bot.store import snapshot
from bot.store.models import Price, Sku

FILE = Path(__file__).with_name("demo.yml")
TIMES = frozenset({"at", "paid_at", "promised_ship_by", "shipped_at", "delivered_at"})
OFFSET = re.compile(r"([+-])(?:(\d+)d)?(?:(\d+)h)?")


def is_empty(session: Session) -> bool:
    """Whether the database holds no shop yet."""
    return session.scalars(select(Sku.sku_id).limit(1)).first() is None


def load(session: Session, at: datetime | None = None) -> None:
    """Loads the demo shop dated from `at` (default: now). Again, it is dated anew; cases and ledger stay."""
    at = at or clock.now()
    shop = snapshot_at(at)
    # A price is known by its time, which moves: the earlier load's prices would stay beside the new ones.
    session.execute(delete(Price).where(Price.sku_id.in_([sku.sku_id for sku in shop.skus])))
    snapshot.merge(session, shop, at)


def snapshot_at(at: datetime) -> snapshot.Snapshot:
    """The demo shop's snapshot with its offsets counted from `at`, to the minute."""
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return snapshot.read(msgspec.json.encode(dated(raw, at.replace(second=0, microsecond=0))))


def dated(value: Any, at: datetime) -> Any:
    if isinstance(value, list):
        return [dated(item, at) for item in value]
    if isinstance(value, dict):
        return {name: at + offset(item) if name in TIMES else dated(item, at) for name, item in value.items()}
    return value


def offset(text: str) -> timedelta:
    """"-1d6h" → minus thirty hours. Raises ValueError for anything else."""
    found = OFFSET.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an offset like -3d, -1d6h or +24h")
    sign, days, hours = found.groups()
    length = timedelta(days=int(days or 0), hours=int(hours or 0))
    return length if sign == "+" else -length
