"""Where the parcel is, by what the shop's systems know."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from bot.cases import audit, case_file, intake, listing, question
from bot.cases.order_finder import OrderLineView
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, yuan
from bot.clock import SHOP_ZONE
from bot.ledger import ledger
from bot.store import models

ASKED = re.compile(r"查|物流|到哪|什么时候|啥时候|多久|几时|几天|催|发了[吗没]|发货[吗没了]|怎么还")
URGED = re.compile(r"催|快[点些](?:发|送|寄)|赶[紧快](?:发|送|寄)|(?:发|送|寄)快[点些]")


def tell_logistics(session: Session, turn: Turn) -> Answer:
    """The state of the order named, else of the newest one still underway. 「单号填哪」 asks about the way back."""
    entry = question.best_entry(turn.text)
    if entry is not None and entry.id == "how_to_return":
        return question.answer_question(session, turn)
    lines = listing.lines_of(session, turn.customer_id or "")
    named = listing.candidates(turn, lines)
    row = case_file.current(session, turn)
    if not named and row is not None and row.order_id:
        named = [line for line in lines if line.order_id == row.order_id]
    if not named:
        found = question.reply_to(turn.text, turn.said)
        underway = [line for line in lines if line.status in {"paid", "shipped"}]
        if not underway and found is not None:
            return Answer((found,), turn.awaiting, turn.case_id, turn.pending or None)
        named = underway[:1] or lines[:1]
    if not named:
        return question.answer_question(session, turn)
    line = named[0]
    if "not_received" in turn.issues and line.status in {"delivered", "completed"}:
        return intake.open_case(session, turn)
    order = session.get(models.Order, line.order_id)
    assert order is not None
    issues = list(dict.fromkeys([*turn.pending.get("issues", ()), *turn.issues]))
    pending = {**turn.pending, "issues": issues, "about": listing.ids_of([line])}
    if turn.choice is None and URGED.search(turn.text) and line.status == "paid" and given_back(session, turn, line) is None:
        return urge(session, msgspec.structs.replace(turn, pending=pending))
    told = given_back(session, turn, line) or status_of(order, line.title, turn.at, turn.said)
    return Answer((told,), turn.awaiting, turn.case_id, pending)


def given_back(session: Session, turn: Turn, line: OrderLineView) -> Reply | None:
    """Where the money for an unsent line was given back: that, not when it will be sent. None otherwise."""
    if line.status != "paid" or ledger.paid_for_line(session, line.order_id, line.line_id) < line.unit_paid_fen * line.quantity:
        return None
    return Reply(say("logistics_refunded", turn.said, title=line.title, amount=yuan(line.unit_paid_fen * line.quantity)))


def tell_late(session: Session, turn: Turn, line: OrderLineView) -> Answer:
    """「怎么还没发」 without a wish: an apology where it is late, where the parcel is, and what can be done."""
    order = session.get(models.Order, line.order_id)
    assert order is not None
    back = given_back(session, turn, line)
    if back is not None:
        return Answer((back,), None, turn.case_id, turn.pending or None)
    status = status_of(order, line.title, turn.at, turn.said)
    sorry = say("sorry_late_delivery") if overdue(session, line, turn.at) and say("sorry_late_delivery") not in "".join(turn.said) else ""
    pending = {"issues": ["late_delivery"], "about": listing.ids_of([line])}
    return Answer((Reply(sorry + status.text, status.choices),), None, turn.case_id, pending)


def overdue(session: Session, line: OrderLineView, at: datetime) -> bool:
    """Whether the order was or is sent after the time the shop's systems know."""
    order = session.get(models.Order, line.order_id)
    assert order is not None
    return order.promised_ship_by is not None and (order.shipped_at or at) > order.promised_ship_by


def status_of(order: models.Order, title: str, at: datetime, said: tuple[str, ...] = ()) -> Reply:
    match order.status:
        case "paid":
            late = order.promised_ship_by is not None and order.promised_ship_by < at
            text = say("logistics_paid", title=title, by=day_time(order.promised_ship_by), late=say("logistics_late") if late else "")
            if late and text in "".join(said):
                text = say("logistics_still_late", said, title=title)
            choices = (Choice("refund_now", say("button_refund_now")), Choice("urge", say("button_urge"))) if late else ()
            return Reply(text, choices)
        case "shipped":
            return Reply(say("logistics_shipped", title=title, at=day_time(order.shipped_at)))
        case "delivered" | "completed":
            return Reply(say("logistics_delivered", title=title, at=day_time(order.delivered_at)))
        case _:
            return Reply(say("logistics_closed", title=title))


def urge(session: Session, turn: Turn) -> Answer:
    """Notes that the customer wants the parcel sent; the note is what the shop's people see."""
    about = turn.pending.get("about") or [[None, None]]
    audit.write(session, turn.at, "bot", "urge_shipping", turn.case_id, order_id=about[0][0])
    return Answer((Reply(say("urged", turn.said)),), None, turn.case_id, turn.pending or None)


def day_time(at: datetime | None) -> str:
    return at.astimezone(SHOP_ZONE).strftime("%-m月%-d日%H:%M") if at else "页面所写时间"
