"""What the desk shows: the lists, most urgent first, and all that is known of one case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.cases import case_file, duty, escalation, export, listing
from bot.ledger import ledger
from bot.store import models

MOST = 500
"""How many cases a list holds at the most."""

STATES = ("queue", "mine", "all")


def cases(session: Session, name: str, state: str, at: datetime) -> list[dict[str, Any]]:
    """`queue`: waiting for a person; `mine`: of conversations this agent has; `all`: the newest."""
    query = select(models.Case, models.Conversation, models.Customer).join(
        models.Conversation, models.Conversation.conversation_id == models.Case.conversation_id
    ).outerjoin(models.Customer, models.Customer.customer_id == models.Case.customer_id)
    if state == "queue":
        query = query.where(models.Case.state == "with_person", models.Case.claimed_by.is_(None))
    elif state == "mine":
        query = query.where(models.Conversation.agent_id == name, models.Case.claimed_by == name)
    found = session.execute(query.order_by(models.Case.updated_at.desc(), models.Case.case_id).limit(MOST)).all()
    last = last_messages(session, [conversation.conversation_id for _, conversation, _ in found])
    shown = [in_short(session, row, conversation, customer, last.get(conversation.conversation_id), at) for row, conversation, customer in found]
    far = "9999"
    return sorted(shown, key=lambda case: (case["next_deadline"] or {"at": far})["at"])


def one(session: Session, case_id: str, at: datetime) -> dict[str, Any]:
    """One case as the lists show it. Raises LookupError where there is none."""
    row = session.get(models.Case, case_id)
    if row is None:
        raise LookupError(case_id)
    conversation = session.get(models.Conversation, row.conversation_id)
    assert conversation is not None  # a foreign key
    customer = session.get(models.Customer, row.customer_id) if row.customer_id else None
    last = last_messages(session, [row.conversation_id]).get(row.conversation_id)
    return in_short(session, row, conversation, customer, last, at)


def in_short(
    session: Session, row: models.Case, conversation: models.Conversation, customer: models.Customer | None,
    last: models.Message | None, at: datetime,
) -> dict[str, Any]:
    title, paid = goods(session, row)
    return {
        "case_id": row.case_id,
        "conversation_id": row.conversation_id,
        "customer": person(customer),
        "order_id": row.order_id,
        "line_id": row.line_id,
        "title": title,
        "wish": row.wish,
        "issues": list(row.issues),
        "state": row.state,
        "human_reason": row.human_reason,
        "mood": row.mood,
        "paid_fen": paid,
        "floor_fen": row.floor_fen,
        "cap_fen": row.cap_fen,
        "owner": conversation.owner,
        "claimed_by": row.claimed_by,
        "deadlines": list(row.deadlines),
        "next_deadline": next_deadline(row.deadlines, at),
        "unanswered": conversation.heard_seq > conversation.answered_seq,
        "last": {"from": last.sender, "at": last.at.isoformat(), "text": last.text} if last else None,
        "opened_at": row.opened_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def next_deadline(deadlines: Sequence[dict[str, Any]], at: datetime) -> dict[str, Any] | None:
    """The nearest deadline still to be met, in the shop's zone; a person's answer stays due after its time."""
    open_ones = []
    for deadline in deadlines:
        when = datetime.fromisoformat(str(deadline["at"]).replace("Z", "+00:00")).astimezone(at.tzinfo)
        if when >= at or deadline["what"] == escalation.REPLY_DEADLINE:
            open_ones.append({"what": deadline["what"], "at": when.isoformat()})
    return min(open_ones, key=lambda deadline: str(deadline["at"]), default=None)


def person(customer: models.Customer | None) -> dict[str, Any] | None:
    return {"customer_id": customer.customer_id, "name": customer.name, "tier": customer.tier} if customer else None


def goods(session: Session, row: models.Case) -> tuple[str | None, int | None]:
    """Title and spec of the case's goods, and what was paid for the line in fen."""
    line = session.get(models.OrderLine, (row.order_id, row.line_id)) if row.order_id else None
    sku = session.get(models.Sku, line.sku_id) if line else None
    if line is None or sku is None:
        return None, None
    return f"{sku.title} {sku.spec}".strip(), line.unit_paid_fen * line.quantity


def last_messages(session: Session, conversation_ids: Sequence[str]) -> dict[str, models.Message]:
    """The newest message of each conversation."""
    found = session.scalars(
        select(models.Message)
        .join(models.Conversation, models.Conversation.conversation_id == models.Message.conversation_id)
        .where(models.Message.conversation_id.in_(set(conversation_ids)), models.Message.seq == models.Conversation.last_seq)
    )
    return {message.conversation_id: message for message in found}


def document(session: Session, case_id: str) -> dict[str, Any]:
    """What `heqi export` prints, and under `desk` what helps to decide. Raises LookupError where there is no such case."""
    shown = export.case_document(session, case_id)
    if shown is None:
        raise LookupError(case_id)
    row = session.get(models.Case, case_id)
    assert row is not None  # just exported
    conversation = session.get(models.Conversation, row.conversation_id)
    assert conversation is not None  # a foreign key
    customer = session.get(models.Customer, row.customer_id) if row.customer_id else None
    order = session.get(models.Order, row.order_id) if row.order_id else None
    line = session.get(models.OrderLine, (row.order_id, row.line_id)) if row.order_id else None
    audit = session.scalars(select(models.AuditEntry).where(models.AuditEntry.case_id == case_id).order_by(models.AuditEntry.audit_id)).all()
    shown["desk"] = {
        "owner": conversation.owner,
        "agent": conversation.agent_id,
        "customer": {**person_or_nobody(customer), "cases": history(session, row)},
        "order": order_facts(order),
        "orders": orders(session, row),
        "goods": goods_facts(session, line),
        "prices": prices(session, line),
        "left_under_cap_fen": ledger.left_under_cap(session, row),
        "notes": [{"at": entry.at.isoformat(), "who": entry.who, "text": entry.detail.get("text")} for entry in audit if entry.what == "note"],
        "audit": [{"at": entry.at.isoformat(), "who": entry.who, "what": entry.what, "detail": entry.detail} for entry in audit],
        "files": files(session, row.conversation_id),
    }
    return shown


def person_or_nobody(customer: models.Customer | None) -> dict[str, Any]:
    return person(customer) or {"customer_id": None, "name": None, "tier": None}


def history(session: Session, row: models.Case) -> list[dict[str, Any]]:
    """The customer's other cases, newest first."""
    rows = session.scalars(
        select(models.Case)
        .where(models.Case.customer_id == row.customer_id, models.Case.case_id != row.case_id)
        .order_by(models.Case.opened_at.desc())
        .limit(20)
    )
    return [
        {
            "case_id": other.case_id, "title": goods(session, other)[0], "wish": other.wish, "issues": list(other.issues), "state": other.state, "opened_at": other.opened_at.isoformat(),
        }
        for other in rows
    ]


def orders(session: Session, row: models.Case) -> list[dict[str, Any]]:
    """What a case without an order may be about: the customer's lines, newest first, each with the open case there is about it."""
    if row.order_id is not None or row.customer_id is None:
        return []
    query = select(models.Case).where(models.Case.customer_id == row.customer_id, models.Case.state.in_(case_file.OPEN))
    taken = {(other.order_id, other.line_id): {"case_id": other.case_id, "state": other.state} for other in session.scalars(query)}
    return [
        {
            "order_id": line.order_id, "line_id": line.line_id, "title": f"{line.title} {line.spec}".strip(), "status": line.status,
            "paid_at": line.paid_at.isoformat() if line.paid_at else None, "paid_fen": line.unit_paid_fen * line.quantity,
            "open_case": taken.get((line.order_id, line.line_id)),
        }
        for line in listing.lines_of(session, row.customer_id)
    ]


def order_facts(order: models.Order | None) -> dict[str, Any] | None:
    if order is None:
        return None
    times = ("paid_at", "promised_ship_by", "shipped_at", "delivered_at")
    moments = {name: getattr(order, name) for name in times}
    shown = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
    return {"order_id": order.order_id, "status": order.status, "freight_fen": order.freight_fen, **shown, "facts": order.facts}


def goods_facts(session: Session, line: models.OrderLine | None) -> dict[str, Any] | None:
    sku = session.get(models.Sku, line.sku_id) if line else None
    if line is None or sku is None:
        return None
    return {
        "line_id": line.line_id, "sku_id": sku.sku_id, "title": sku.title, "spec": sku.spec, "category": sku.category,
        "traits": list(sku.traits), "quantity": line.quantity, "unit_paid_fen": line.unit_paid_fen,
        "paid_fen": line.unit_paid_fen * line.quantity, "labels": list(line.labels), "price_protection": line.price_protection,
    }


def prices(session: Session, line: models.OrderLine | None) -> list[dict[str, Any]]:
    if line is None:
        return []
    rows = session.scalars(select(models.Price).where(models.Price.sku_id == line.sku_id).order_by(models.Price.at))
    return [{"at": price.at.isoformat(), "price_fen": price.price_fen, "kind": price.kind} for price in rows]


def files(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    rows = session.scalars(select(models.Upload).where(models.Upload.conversation_id == conversation_id).order_by(models.Upload.at))
    return [
        {"upload_id": file.upload_id, "kind": file.kind, "media_type": file.media_type, "sha256": file.sha256, "at": file.at.isoformat()}
        for file in rows
    ]


def agents(session: Session) -> list[dict[str, Any]]:
    """Who may take a case: name, role, whether at the desk, how many conversations they have."""
    here = set(duty.present(session))
    counts = session.execute(
        select(models.Conversation.agent_id, func.count()).where(models.Conversation.owner == "agent").group_by(models.Conversation.agent_id)
    )
    busy = {name: number for name, number in counts}
    return [
        {"name": agent.name, "role": agent.role, "on_duty": agent.name in here, "cases": busy.get(agent.name, 0)}
        for agent in session.scalars(select(models.Agent).order_by(models.Agent.name))
    ]
