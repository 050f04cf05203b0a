"""A shop full of customers: each is a copy of the demo shop's first one, with orders of their own."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.orm import Session

from bot.store import demo, snapshot

MODEL = "cus_demo_01"


def open_with(session: Session, customers: range, at: datetime) -> list[str]:
    """Adds customers with these numbers; returns their ids."""
    shop = demo.snapshot_at(at)
    person = next(person for person in shop.customers if person.customer_id == MODEL)
    bought = [order for order in shop.orders if order.customer_id == MODEL]
    ids = {number: f"cus_load_{number:06d}" for number in customers}
    orders = []
    for number, customer_id in ids.items():
        for place, order in enumerate(bought):
            order_id = f"67{number:08d}{place:09d}"
            lines = tuple(replace(line, line_id=f"{order_id}-{index}") for index, line in enumerate(order.lines, 1))
            orders.append(replace(order, order_id=order_id, customer_id=customer_id, lines=lines))
    people = tuple(replace(person, customer_id=customer_id) for customer_id in ids.values())
    # The goods come along each time: an order must find its goods in the snapshot or the shop.
    snapshot.merge(session, replace(shop, customers=people, orders=tuple(orders)), at)
    return list(ids.values())
