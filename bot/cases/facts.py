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
from sqlalchemy.orm import Session, aliased

from bot.aftersales import case as facts
from bot.cases import budget
from bot.ledger import ledger
from bot.store import models
from bot.store.snapshot import order_of, policy_overrides

CLAIMS_PERIOD = timedelta(days=90)

EMPTY = "returned_empty"
"""The desk's outcome of a case whose returned parcel had nothing in it."""

PICTURES = ("photo", "video", "parcel_photo")
"""Evidence that shows these very goods; a screenshot or an invoice may well serve several orders."""

HISTORY_KIND = {
    "price_difference": "price_protection",
    "refund": "refund",
    "refund_part": "refund",
    "return_refund": "refund",
    "coupon": "coupon",
}


def case_of(session: Session, row: models.Case, at: datetime) -> facts.Case:
    """The case as the rules see it at `at`. Raises msgspec.ValidationError where stored facts are impossible,
    LookupError where the case points at rows that do not exist."""
    order = order_of(session, str(row.order_id))
    line = session.get(models.OrderLine, (row.order_id, row.line_id))
    sku = session.get(models.Sku, line.sku_id) if line else None
    if order is None or sku is None:
        raise LookupError(f"案子 {row.case_id} 的订单 {row.order_id} 或商品不存在")
    claims = {name: value for name, value in row.facts.items() if name in facts.KnownFacts.__struct_fields__}
    raw: dict[str, Any] = {
        "now": at,
        "order": order,
        "sku": sku_facts(sku),
        "line_id": row.line_id,
        "wish": row.wish,
        "issues": list(row.issues),
        "evidence": sorted({item.kind for item in evidence_of(session, row)}),
        "facts": claims,
        "customer": customer_facts(session, row, at),
        "price": price_now(session, sku, row.facts.get("compared_spec"), at),
        "price_log": price_log(session, sku.sku_id, at),
        "history": paid_history(session, row),
        "policy": policy_overrides(session) or None,
        "budget": budget.budget_of(session, at),
    }
    return msgspec.convert(raw, facts.Case, from_attributes=True)


def sku_facts(sku: models.Sku) -> dict[str, Any]:
    return {field.name: getattr(sku, field.name) for field in msgspec.structs.fields(facts.Sku)}


def customer_facts(session: Session, row: models.Case, at: datetime) -> dict[str, Any]:
    """The customer with the counts the abuse signals look at: of the last 90 days, this case left out.

    Pictures are the exception: those of this case, whenever and by whomever they were used before.
    """
    customer = session.get(models.Customer, row.customer_id)
    if customer is None:
        raise LookupError(f"案子 {row.case_id} 的顾客不存在")
    since = at - CLAIMS_PERIOD
    # Counted here: asked for one state, SQLite looks it up by the state and reads every such case of the whole shop.
    others = session.scalars(
        select(models.Case.state)
        .where(models.Case.customer_id == row.customer_id, models.Case.case_id != row.case_id, models.Case.opened_at >= since)
    ).all()
    orders = (
        select(func.count())
        .select_from(models.Order)
        .where(models.Order.customer_id == row.customer_id, models.Order.paid_at >= since)
    )
    return {
        "customer_id": customer.customer_id,
        "tier": customer.tier,
        "claims_90d": sum(state != "withdrawn" for state in others),
        "rejected_claims_90d": others.count("refused"),
        "orders_90d": session.scalar(orders),
        "empty_returns_90d": empty_returns(session, row, since),
        "shared_pictures": shared_pictures(session, row),
    }


def empty_returns(session: Session, row: models.Case, since: datetime) -> int:
    """The customer's other cases that the desk ended because an empty parcel came back, since then."""
    entry = models.AuditEntry
    found = session.scalar(
        select(func.count(entry.case_id.distinct()))
        .join(models.Case, models.Case.case_id == entry.case_id)
        .where(
            models.Case.customer_id == row.customer_id, models.Case.case_id != row.case_id, entry.at >= since,
            entry.what == "resolve", entry.detail["outcome"].as_string() == EMPTY,
        )
    )
    return found or 0


def shared_pictures(session: Session, row: models.Case) -> int:
    """How many pictures of this case came before with a case of another order, of whatever customer.

    One picture may well serve two cases of one order, and one that was withdrawn (the wrong order) says nothing.
    """
    mine, before = aliased(models.Evidence), aliased(models.Evidence)
    found = session.scalar(
        select(func.count(mine.sha256.distinct()))
        .join(before, before.sha256 == mine.sha256)
        .join(models.Case, models.Case.case_id == before.case_id)
        .where(
            mine.case_id == row.case_id, mine.kind.in_(PICTURES), before.at <= mine.at,
            models.Case.order_id != row.order_id, models.Case.state != "withdrawn",
        )
    )
    return found or 0


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
            return str(sibling.spec)
    return None


def words_of(spec: str) -> set[str]:
    return {word for word in re.split(r"[\s+/·,，]+", spec.lower()) if len(word) >= 2}


def paid_history(session: Session, row: models.Case) -> list[dict[str, Any]]:
    """What was already paid for this line, and what else is open on it, as the rules read it."""
    history: list[dict[str, Any]] = []
    for entry in ledger.entries_of_line(session, str(row.order_id), str(row.line_id)):
        kind = HISTORY_KIND.get(entry.remedy)
        if kind is None or entry.state == "cancelled" or entry.case_id == row.case_id:
            continue
        kind = "return_open" if entry.state == "awaiting_return" else kind
        quantity = entry.quantity
        history.append({"kind": kind, "at": entry.at, "line_id": row.line_id, "fen": entry.fen, "quantity": quantity})
    return history

