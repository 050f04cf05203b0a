"""The customer's own order lines, as the finder and the buttons need them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.order_finder import SHOP_ZONE, Mention, OrderLineView, find
from bot.cases.reply import Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, yuan
from bot.store.models import Order, OrderLine, Sku

SHOWN = 5
"""How many orders fit on a phone's screen as buttons."""


def lines_of(session: Session, customer_id: str) -> list[OrderLineView]:
    """All lines of this customer, newest first; nobody else's."""
    rows = session.execute(
        select(Order, OrderLine, Sku)
        .join(OrderLine, OrderLine.order_id == Order.order_id)
        .join(Sku, Sku.sku_id == OrderLine.sku_id)
        .where(Order.customer_id == customer_id)
        .order_by(Order.paid_at.desc(), OrderLine.line_id)
    ).all()
    return [
        OrderLineView(
            order_id=order.order_id, line_id=line.line_id, sku_id=sku.sku_id, title=sku.title, spec=sku.spec,
            category=sku.category, status=order.status, quantity=line.quantity, unit_paid_fen=line.unit_paid_fen,
            paid_at=order.paid_at,
        )
        for order, line, sku in rows
    ]


def mention_of(turn: Turn) -> Mention:
    days = []
    for value in turn.values("date"):
        try:
            days.append(date.fromisoformat(str(value)[:10]))
        except ValueError:
            continue
    return Mention(turn.text, tuple(str(value) for value in turn.values("order_number")), tuple(days))


def candidates(turn: Turn, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines this message may be about; the only line there is needs no naming."""
    if len(lines) == 1 and not turn.values("order_number"):
        return list(lines)
    return find(mention_of(turn), lines)


def order_choice(line: OrderLineView) -> Choice:
    day = line.paid_at.astimezone(SHOP_ZONE).strftime("%-m月%-d日") if line.paid_at else ""
    label = say("order_button", title=line.title, spec=line.spec, day=day, paid=yuan(line.unit_paid_fen * line.quantity))
    return Choice(f"line:{line.order_id}:{line.line_id}", label)


def ask_which(turn: Turn, lines: Sequence[OrderLineView], key: str, **facts: str) -> Reply:
    """Asks for the order with the most recent (or the fitting) lines as buttons."""
    return Reply(say(key, turn.said, **facts), tuple(order_choice(line) for line in lines[:SHOWN]))
