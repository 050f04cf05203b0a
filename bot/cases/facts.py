"""The facts of one case out of the database, in the shape the rules read (bot.aftersales.case).

The database's facts outrank what the customer says: what the shop's systems know stands in the
order, what the customer claims stands in the case, and the rules engine lets the order win.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.aftersales import case as facts
from bot.ledger import ledger
from bot.store import models

CLAIMS_PERIOD = timedelta(days=90)

HISTORY_KIND = {
    "price_difference": "price_protection",
    "refund": "refund",
    "refund_part": "refund",
    "return_refund": "refund",
    "coupon": "coupon",
}


def case_of(session: Session, row: models.Case, at: datetime) -> facts.Case:
    """The case as the rules see it at `at`. Raises msgspec.ValidationError where stored facts are impossible."""
    order = _get(session, models.Order, row.order_id)
    line = _get(session, models.OrderLine, (row.order_id, row.line_id))
    sku = _get(session, models.Sku, line.sku_id)
    raw: dict[str, Any] = {
        "now": at,
        "order": order_facts(session, order),
        "sku": sku_facts(sku),
        "line_id": row.line_id,
        "wish": row.wish,
        "issues": list(row.issues),
        "evidence": sorted({item.kind for item in evidence_of(session, row)}),
        "facts": row.facts,
        "customer": customer_facts(session, row, at),
        "price": price_now(session, sku, row.facts.get("compared_spec"), at),
        "price_log": price_log(session, sku.sku_id, at),
        "history": paid_history(session, row),
        "policy": None,
    }
    raw["facts"] = {name: value for name, value in row.facts.items() if name in facts.KnownFacts.__struct_fields__}
    return msgspec.convert(raw, facts.Case)


def order_facts(session: Session, order: models.Order) -> dict[str, Any]:
    lines = session.scalars(
        select(models.OrderLine).where(models.OrderLine.order_id == order.order_id).order_by(models.OrderLine.line_id)
    )
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "status": order.status,
        "paid_at": order.paid_at,
        "promised_ship_by": order.promised_ship_by,
        "shipped_at": order.shipped_at,
        "delivered_at": order.delivered_at,
        "freight_fen": order.freight_fen,
        "lines": [
            {
                "line_id": line.line_id,
                "sku_id": line.sku_id,
                "quantity": line.quantity,
                "unit_paid_fen": line.unit_paid_fen,
                "red_packet_fen": line.red_packet_fen,
                "labels": list(line.labels),
                "price_protection": line.price_protection,
            }
            for line in lines
        ],
        "history": list(order.history or []),
        "facts": dict(order.facts or {}),
    }


def sku_facts(sku: models.Sku) -> dict[str, Any]:
    return {
        "sku_id": sku.sku_id,
        "spu_id": sku.spu_id,
        "title": sku.title,
        "spec": sku.spec,
        "category": sku.category,
        "list_price_fen": sku.list_price_fen,
        "return_cost_fen": sku.return_cost_fen,
        "traits": list(sku.traits),
        "is_new_product": sku.is_new_product,
    }


def customer_facts(session: Session, row: models.Case, at: datetime) -> dict[str, Any]:
    """The customer with the counts the abuse signals look at: of the last 90 days, this case left out."""
    customer = _get(session, models.Customer, row.customer_id)
    since = at - CLAIMS_PERIOD
    others = (
        select(func.count())
        .select_from(models.Case)
        .where(models.Case.customer_id == row.customer_id, models.Case.case_id != row.case_id, models.Case.opened_at >= since)
    )
    orders = (
        select(func.count())
        .select_from(models.Order)
        .where(models.Order.customer_id == row.customer_id, models.Order.paid_at >= since)
    )
    return {
        "customer_id": customer.customer_id,
        "tier": customer.tier,
        "claims_90d": session.scalar(others.where(models.Case.state != "withdrawn")),
        "rejected_claims_90d": session.scalar(others.where(models.Case.state == "refused")),
        "orders_90d": session.scalar(orders),
    }


def evidence_of(session: Session, row: models.Case) -> list[models.Evidence]:
    return list(session.scalars(select(models.Evidence).where(models.Evidence.case_id == row.case_id).order_by(models.Evidence.at)))


def price_log(session: Session, sku_id: str, at: datetime) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(models.Price).where(models.Price.sku_id == sku_id, models.Price.at <= at).order_by(models.Price.at)
    )
    return [{"at": price.at, "price_fen": price.price_fen, "kind": price.kind} for price in rows]


def price_now(session: Session, sku: models.Sku, compared_spec: str | None, at: datetime) -> dict[str, Any] | None:
    """What one piece costs now by the shop's own price log; None where the log holds nothing.

    Where the customer compares with another spec of the same goods, that spec's price is shown to
    the rules, so that the refusal names the right fact.
    """
    compared = sku
    if compared_spec:
        compared = session.scalars(
            select(models.Sku).where(models.Sku.spu_id == sku.spu_id, models.Sku.spec == compared_spec)
        ).first() or sku
    latest = session.scalars(
        select(models.Price).where(models.Price.sku_id == compared.sku_id, models.Price.at <= at).order_by(models.Price.at.desc())
    ).first()
    if latest is None:
        return None
    return {
        "now_fen": latest.price_fen,
        "at": latest.at,
        "kind": latest.kind,
        "sku_id": compared.sku_id,
        "spu_id": compared.spu_id,
        "spec": compared.spec,
        "shop_id": None,
        "open_to_customer": latest.kind not in {"member"},
    }


def compared_spec(session: Session, sku: models.Sku, text: str) -> str | None:
    """The spec of a sibling that the message names and the bought goods do not have: 「256G便宜一千」."""
    siblings = session.scalars(
        select(models.Sku).where(models.Sku.spu_id == sku.spu_id, models.Sku.sku_id != sku.sku_id).order_by(models.Sku.sku_id)
    )
    own = words_of(sku.spec)
    said = text.lower().replace(" ", "")
    for sibling in siblings:
        telling = words_of(sibling.spec) - own
        if any(word in said for word in telling):
            return sibling.spec
    return None


def words_of(spec: str) -> set[str]:
    return {word for word in re.split(r"[\s+/·,，]+", spec.lower()) if len(word) >= 2}


def paid_history(session: Session, row: models.Case) -> list[dict[str, Any]]:
    """What was already paid for this line, and what else is open on it, as the rules read it."""
    history: list[dict[str, Any]] = []
    for entry in ledger.entries_of_line(session, row.order_id, row.line_id):
        kind = HISTORY_KIND.get(entry.remedy)
        if kind is None or entry.state == "cancelled" or entry.case_id == row.case_id:
            continue
        if entry.state == "awaiting_return":
            history.append({"kind": "return_open", "at": entry.at, "line_id": row.line_id, "fen": entry.fen, "quantity": entry.quantity})
        else:
            history.append({"kind": kind, "at": entry.at, "line_id": row.line_id, "fen": entry.fen, "quantity": entry.quantity})
    return history


def _get(session: Session, table: Any, key: Any) -> Any:
    """The row with this key; a case always points at rows that exist, so a missing one is a fault of ours."""
    row = session.get(table, key)
    if row is None:
        raise LookupError(f"{table.__tablename__} {key} 不存在")
    return row
