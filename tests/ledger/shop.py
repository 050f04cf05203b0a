"""A small shop for the ledger's tests: one customer, one order, one case."""

from __future__ import annotations

from datetime import datetime, timezone

from sqlalchemy.orm import Session

from bot.store.models import Case, Conversation, Customer, Order, OrderLine, Sku

AT = datetime(2026, 11, 25, 4, 0, tzinfo=timezone.utc)


def open_shop(
    session: Session, *, unit_paid_fen: int = 10000, quantity: int = 1, cap_fen: int | None = 10000, facts: dict[str, int] | None = None,
    history: list[dict[str, object]] | None = None, freight_fen: int = 0,
) -> Case:
    """Order o1 with lines l1 (as told) and l2 (one piece of 50.00 yuan), case k1 on l1 with this cap."""
    session.add_all(
        [
            Customer(customer_id="c1"),
            Sku(sku_id="s1", spu_id="p1", title="马克杯"),
            Conversation(conversation_id="t1", customer_id="c1", opened_at=AT, updated_at=AT),
        ]
    )
    session.flush()
    session.add(
        Order(order_id="o1", customer_id="c1", status="delivered", facts=facts or {}, history=history or [], freight_fen=freight_fen)
    )
    session.flush()
    session.add(OrderLine(order_id="o1", line_id="l1", sku_id="s1", quantity=quantity, unit_paid_fen=unit_paid_fen))
    session.add(OrderLine(order_id="o1", line_id="l2", sku_id="s1", quantity=1, unit_paid_fen=5000))
    session.flush()
    return open_case(session, "k1", "l1", cap_fen)


def open_case(session: Session, case_id: str, line_id: str, cap_fen: int | None, wish: str = "refund") -> Case:
    case = Case(
        case_id=case_id, conversation_id="t1", customer_id="c1", order_id="o1", line_id=line_id, wish=wish,
        floor_fen=0 if cap_fen is not None else None, cap_fen=cap_fen, opened_at=AT, updated_at=AT,
    )
    session.add(case)
    session.flush()
    return case
