"""A shop snapshot (contracts.md section 2): read, checked as a whole, merged by id in one transaction.

The file's records are the types of bot.aftersales.case, so a snapshot and a case cannot disagree
about what a field means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales import case as facts
from bot.aftersales.policy import BadPolicy, Policy
from bot.store.models import Customer, Order, OrderLine, PolicyVersion, Price, Sku


class BadSnapshot(ValueError):
    """The snapshot cannot be loaded; the message names the field and what would be right."""


class PriceRecord(facts.Fact, frozen=True):
    sku_id: facts.Id
    at: facts.Moment
    price_fen: facts.Fen
    kind: facts.PriceKind = "direct"


class CustomerRecord(facts.Fact, frozen=True):
    customer_id: facts.Id
    name: str | None = None
    tier: facts.CustomerTier = "normal"


class Snapshot(facts.Fact, frozen=True):
    shop: dict[str, Any] = msgspec.field(default_factory=dict)
    skus: tuple[facts.Sku, ...] = ()
    prices: tuple[PriceRecord, ...] = ()
    customers: tuple[CustomerRecord, ...] = ()
    orders: tuple[facts.Order, ...] = ()

    def size(self) -> int:
        """How many records `merge` will go through."""
        return len(self.skus) + len(self.prices) + len(self.customers) + len(self.orders)


def read(content: bytes | str) -> Snapshot:
    """A snapshot out of JSON text. Raises BadSnapshot with the field's path, e.g. `$.orders[3].paid_at`."""
    try:
        snapshot = msgspec.json.decode(content, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise BadSnapshot(str(wrong)) from wrong
    try:
        Policy().with_overrides(snapshot.shop)
    except BadPolicy as wrong:
        raise BadSnapshot(f"{wrong.wanted} - at `$.shop.{wrong.field}`") from wrong
    once("skus", "sku_id", (sku.sku_id for sku in snapshot.skus))
    once("customers", "customer_id", (customer.customer_id for customer in snapshot.customers))
    once("orders", "order_id", (order.order_id for order in snapshot.orders))
    for index, order in enumerate(snapshot.orders):
        once(f"orders[{index}].lines", "line_id", (line.line_id for line in order.lines))
        in_order(index, order)
    return snapshot


def once(place: str, name: str, ids: Iterable[str]) -> None:
    """Every id names one record of the file."""
    seen = set()
    for index, one in enumerate(ids):
        if one in seen:
            raise BadSnapshot(f"{name} {one!r} stands twice in the file - at `$.{place}[{index}].{name}`")
        seen.add(one)


def in_order(index: int, order: facts.Order) -> None:
    """An order is paid, then shipped, then delivered."""
    names = ("paid_at", "shipped_at", "delivered_at")
    known = [(name, getattr(order, name)) for name in names if getattr(order, name) is not None]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            raise BadSnapshot(f"`{later}` must not be before `{earlier}` - at `$.orders[{index}].{later}`")


def merge(session: Session, snapshot: Snapshot, at: datetime, progress: Callable[[int], object] = lambda _count: None) -> bool:
    """Merges by id and keeps everything else; returns whether anything changed. `progress` gets records done.

    Raises BadSnapshot where a record points to something that is neither in the file nor in the database.
    """
    changed = merge_policy(session, snapshot.shop, at)
    skus = Table(session, Sku, "sku_id")
    for sku in snapshot.skus:
        skus.put(as_values(sku))
        progress(1)
    customers = Table(session, Customer, "customer_id")
    for customer in snapshot.customers:
        customers.put(as_values(customer))
        progress(1)
    session.flush()
    prices = Table(session, Price, "sku_id", "at", "kind")
    for index, price in enumerate(snapshot.prices):
        skus.require(price.sku_id, f"prices[{index}].sku_id")
        prices.put(as_values(price))
        progress(1)
    orders = Table(session, Order, "order_id")
    for index, order in enumerate(snapshot.orders):
        customers.require(order.customer_id, f"orders[{index}].customer_id")
        orders.put({name: value for name, value in as_values(order).items() if name != "lines"})
    session.flush()
    lines = Table(session, OrderLine, "order_id", "line_id")
    for index, order in enumerate(snapshot.orders):
        for line_index, line in enumerate(order.lines):
            skus.require(line.sku_id, f"orders[{index}].lines[{line_index}].sku_id")
            lines.put({"order_id": order.order_id, **as_values(line)})
        progress(1)
    session.flush()
    return changed or any(table.changed for table in (skus, customers, prices, orders, lines))


class Table:
    """The rows of one table by their key; records are put in, or change the row that is there."""

    def __init__(self, session: Session, kind: type[Any], *key: str) -> None:
        self.session = session
        self.kind = kind
        self.key = key
        self.changed = False
        self.rows = {tuple(getattr(row, name) for name in key): row for row in session.scalars(select(kind))}

    def put(self, values: dict[str, Any]) -> None:
        key = tuple(values[name] for name in self.key)
        row = self.rows.get(key)
        if row is None:
            self.rows[key] = row = self.kind(**values)
            self.session.add(row)
            self.changed = True
            return
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
                self.changed = True

    def require(self, key: str, place: str) -> None:
        if (key,) not in self.rows:
            raise BadSnapshot(f"{self.key[0]} {key!r} is neither in the file nor in the database - at `$.{place}`")


def merge_policy(session: Session, overrides: dict[str, Any], at: datetime) -> bool:
    """The snapshot's "shop" becomes the overrides in force, unless they are in force already."""
    newest = newest_overrides(session)
    if overrides == (newest.overrides if newest else {}):
        return False
    if newest is not None:
        # Under a frozen clock the later one must still be the newer one.
        at = max(at, newest.at + timedelta(microseconds=1))
    text = json.dumps(overrides, ensure_ascii=False, sort_keys=True)
    name = hashlib.sha256(f"{at.isoformat()} {text}".encode()).hexdigest()[:12]
    session.add(PolicyVersion(version=f"snapshot-{name}", source="snapshot", overrides=overrides, at=at, by="heqi load"))
    return True


def policy_overrides(session: Session) -> dict[str, Any]:
    """The policy overrides of the newest snapshot; {} where there are none."""
    newest = newest_overrides(session)
    return dict(newest.overrides) if newest else {}


def newest_overrides(session: Session) -> PolicyVersion | None:
    newest: PolicyVersion | None = session.scalars(
        select(PolicyVersion).where(PolicyVersion.source == "snapshot").order_by(PolicyVersion.at.desc()).limit(1)
    ).first()
    return newest


def as_values(record: msgspec.Struct) -> dict[str, Any]:
    """Column values of a record: tuples become lists, nested facts become JSON, times stay times."""
    values: dict[str, Any] = msgspec.structs.asdict(record)
    return {name: value if isinstance(value, datetime) else plain(value) for name, value in values.items()}


def plain(value: Any) -> Any:
    """A value as JSON holds it. What a fact does not say is left out, so that unknown stays unknown."""
    built = msgspec.json.decode(msgspec.json.encode(value))
    if isinstance(value, facts.KnownFacts):
        return {name: fact for name, fact in built.items() if fact is not None}
    return built


def order_of(session: Session, order_id: str) -> facts.Order | None:
    """An order as the rules read it; None where there is none."""
    order = session.get(Order, order_id)
    if order is None:
        return None
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.line_id))
    names = [field.name for field in msgspec.structs.fields(facts.Order) if field.name != "lines"]
    line_names = [field.name for field in msgspec.structs.fields(facts.Line)]
    raw = {name: getattr(order, name) for name in names}
    raw["lines"] = [{name: getattr(line, name) for name in line_names} for line in lines]
    return msgspec.convert(raw, facts.Order)
