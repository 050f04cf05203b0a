"""A conversation's own small shop: a customer, goods and orders, as a snapshot (contracts.md section 2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

GOODS = yaml.safe_load(Path(__file__).with_name("goods.yml").read_text(encoding="utf-8"))
NOW = datetime.fromisoformat("2026-11-25T10:00:00+08:00")


def snapshot_of(number: int, given: list[dict[str, Any]], now: datetime = NOW) -> dict[str, Any]:
    """The snapshot of one conversation.

    given: orders, each {goods, unit, quantity=1, paid, shipped, delivered: days before now (null: not yet),
    status, labels, protection: {…}|null, prices: [[days before now, fen, kind]…], siblings: [{spec, fen, days}…],
    facts, promised_hours=48, red_packet=0, history: [{kind, days, fen, quantity}…]}. Days may be fractions.
    """
    customer_id = f"cus_t{number:03d}"
    skus, prices, orders = [], [], []
    for index, order in enumerate(given, 1):
        goods = GOODS[order["goods"]]
        spu_id, sku_id = f"spu_t{number:03d}_{index}", f"sku_t{number:03d}_{index}"
        skus.append({"sku_id": sku_id, "spu_id": spu_id, "is_new_product": False, **goods})
        order_id = order_number(number, index)
        paid_at = before(now, order.get("paid", 5))
        prices.append({"sku_id": sku_id, "at": iso(paid_at - timedelta(days=30)), "price_fen": order["unit"], "kind": "direct"})
        for days, fen, kind in order.get("prices", []):
            prices.append({"sku_id": sku_id, "at": iso(before(now, days)), "price_fen": fen, "kind": kind})
        for place, sibling in enumerate(order.get("siblings", []), 1):
            other = f"{sku_id}_{place}"
            skus.append({"sku_id": other, "spu_id": spu_id, "is_new_product": False, **goods, "spec": sibling["spec"]})
            prices.append({"sku_id": other, "at": iso(before(now, sibling.get("days", 2))), "price_fen": sibling["fen"], "kind": "direct"})
        delivered_days = order.get("delivered", 2)
        shipped_days = order.get("shipped", (order.get("paid", 5) + (delivered_days or 0)) / 2)
        shipped = None if shipped_days is None else iso(before(now, shipped_days))
        delivered = None if delivered_days is None else iso(before(now, delivered_days))
        status = order.get("status") or ("delivered" if delivered else "shipped" if shipped else "paid")
        orders.append(
            {
                "order_id": order_id,
                "customer_id": customer_id,
                "status": status,
                "paid_at": iso(paid_at),
                "promised_ship_by": iso(paid_at + timedelta(hours=order.get("promised_hours", 48))),
                "shipped_at": shipped,
                "delivered_at": delivered,
                "freight_fen": 0,
                "facts": order.get("facts", {}),
                "history": [
                    {"kind": past["kind"], "at": iso(before(now, past["days"])), "line_id": f"{order_id}-1", "fen": past["fen"], "quantity": past.get("quantity", 1)}
                    for past in order.get("history", [])
                ],
                "lines": [
                    {
                        "line_id": f"{order_id}-1",
                        "sku_id": sku_id,
                        "quantity": order.get("quantity", 1),
                        "unit_paid_fen": order["unit"],
                        "red_packet_fen": order.get("red_packet", 0),
                        "labels": order.get("labels", ["return7"]),
                        "price_protection": order.get("protection"),
                    }
                ],
            }
        )
    customers = [{"customer_id": customer_id, "name": "测试顾客", "tier": "normal"}]
    return {"shop": {}, "skus": skus, "prices": prices, "customers": customers, "orders": orders}


def order_number(number: int, index: int) -> str:
    """The number of the customer's order, counted from 1."""
    return f"69{number:08d}{index:09d}"


def before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def iso(at: datetime) -> str:
    return at.isoformat()
