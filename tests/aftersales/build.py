"""Builds cases for the tests: a plain delivered order of 100.00, to which a test adds what it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.facts import read_case
from bot.aftersales.period import SHANGHAI
from bot.aftersales.policy import Policy

PAID = datetime(2026, 11, 1, 20, 15, tzinfo=SHANGHAI)
SHIPPED = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
DELIVERED = datetime(2026, 11, 4, 8, 40, tzinfo=SHANGHAI)
NOW = DELIVERED + timedelta(days=2)
POLICY = Policy()
ALL_PICTURES = ["photo", "video", "parcel_photo", "chat", "bank_record", "price_screenshot"]


def text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def raw_case(
    wish: str = "return_goods",
    issues: list[str] | tuple[str, ...] = (),
    *,
    now: datetime = NOW,
    status: str = "delivered",
    paid: datetime | None = PAID,
    shipped: datetime | None = SHIPPED,
    delivered: datetime | None = DELIVERED,
    ship_by: datetime | None = None,
    unit: int = 10000,
    quantity: int = 1,
    red_packet: int = 0,
    labels: list[str] | tuple[str, ...] = ("return7",),
    protection: dict[str, Any] | None = None,
    traits: list[str] | tuple[str, ...] = (),
    category: str = "家居",
    return_cost: int = 900,
    new: bool = False,
    freight: int = 0,
    evidence: list[str] | tuple[str, ...] = (),
    facts: dict[str, Any] | None = None,
    order_facts: dict[str, Any] | None = None,
    history: list[dict[str, Any]] | tuple[dict[str, Any], ...] = (),
    price: dict[str, Any] | None = None,
    price_log: list[dict[str, Any]] | None = None,
    customer: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    budget: dict[str, int] | None = None,
    more_lines: list[dict[str, Any]] | tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    """A case in contracts.md section 3's format; `status` paid or shipped drops the later times."""
    if status in ("paid", "shipped"):
        delivered = None
    if status == "paid":
        shipped = None
    line = {
        "line_id": "L1", "sku_id": "S1", "quantity": quantity, "unit_paid_fen": unit, "red_packet_fen": red_packet,
        "labels": list(labels), "price_protection": protection,
    }
    order: dict[str, Any] = {
        "order_id": "O1", "customer_id": "C1", "status": status, "paid_at": text(paid),
        "promised_ship_by": text(ship_by or (paid + timedelta(hours=48) if paid else None)),
        "shipped_at": text(shipped), "delivered_at": text(delivered), "freight_fen": freight,
        "lines": [line, *more_lines],
    }
    if order_facts is not None:
        order["facts"] = order_facts
    return {
        "now": text(now), "order": order,
        "sku": {
            "sku_id": "S1", "spu_id": "P1", "title": "测试商品", "spec": "红 M", "category": category,
            "list_price_fen": unit, "return_cost_fen": return_cost, "traits": list(traits), "is_new_product": new,
        },
        "line_id": "L1", "wish": wish, "issues": list(issues), "evidence": list(evidence), "facts": facts or {},
        "customer": {
            "customer_id": "C1", "tier": "normal", "claims_90d": 0, "rejected_claims_90d": 0, "orders_90d": 6,
            **(customer or {}),
        },
        "price": price, "price_log": price_log, "history": list(history), "policy": policy, "budget": budget,
    }


def judged(wish: str = "return_goods", issues: list[str] | tuple[str, ...] = (), **rest: Any) -> Assessment:
    """The assessment of such a case, read from JSON-like input like the command does."""
    return assess(read_case(raw_case(wish, issues, **rest)), POLICY)


def remedies(assessment: Assessment, kind: str | None = None) -> dict[str, int]:
    """Remedy → fen, of one kind or of both."""
    return {due.remedy: due.fen for due in assessment.remedies if kind in (None, due.kind)}


def rules(assessment: Assessment) -> list[str]:
    return [reason.rule for reason in assessment.reasons]


def protection(**terms: Any) -> dict[str, Any]:
    """Price protection of an order line: 15 days from payment to the end of the day unless said."""
    return {"days": 15, "ratio": 1.0, "excluded_kinds": [], "from": "paid", "until": "day_end"} | terms


def price(now_fen: int = 9000, at: datetime = NOW - timedelta(hours=1), **rest: Any) -> dict[str, Any]:
    """The same goods in the same shop, now at `now_fen`."""
    return {
        "now_fen": now_fen, "at": text(at), "kind": "direct", "sku_id": "S1", "spu_id": "P1", "spec": "红 M",
        "shop_id": None, "open_to_customer": True,
    } | rest


def entry(kind: str, fen: int = 0, quantity: int = 0, at: datetime = NOW - timedelta(hours=5)) -> dict[str, Any]:
    return {"kind": kind, "at": text(at), "line_id": "L1", "fen": fen, "quantity": quantity}
