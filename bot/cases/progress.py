"""Where a case stands, out of its row and its ledger."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import bargaining, listing, logistics, plain, question
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, yuan
from bot.clock import SHOP_ZONE
from bot.ledger import ledger
from bot.store import models

SHOWN = 3
HOW_LONG = re.compile(r"多久|几天|多长时间|什么时候")
PARCEL = re.compile(r"没(收)?到|没发|发货|物流|快递|到哪|怎么还")
"""Words about a parcel: where nothing is asked back, 「怎么还没到」 means the goods, not the money."""


def tell_progress(session: Session, turn: Turn) -> Answer:
    """The customer's latest cases, newest first; nobody else's."""
    if turn.awaiting == "offer" and plain.BARE.fullmatch(turn.text.strip()):
        return bargaining.accept_offer(session, turn)  # 「是的退了」
    rows = session.scalars(
        select(models.Case).where(models.Case.customer_id == turn.customer_id).order_by(models.Case.updated_at.desc()).limit(SHOWN)
    ).all()
    money = re.search(r"退|钱|款|赔|到账", turn.text)
    if not rows and not money and (PARCEL.search(turn.text) or listing.candidates(turn, listing.lines_of(session, turn.customer_id or ""))):
        return logistics.tell_logistics(session, turn)
    if not rows:
        return Answer((Reply(say("progress_none", turn.said), (Choice("human", say("button_human")),)),), turn.awaiting, turn.case_id, turn.pending or None)
    replies = [Reply("\n".join(line_of(session, row, turn.at) for row in rows))]
    asked = question.reply_to(turn.text, turn.said) if HOW_LONG.search(turn.text) else None
    if asked is not None:
        replies.append(asked)
    return Answer(tuple(replies), turn.awaiting, turn.case_id or rows[0].case_id, turn.pending or None)


def money_of(session: Session, row: models.Case) -> str:
    """What was paid, is due or waits for the goods, a sentence each, out of the ledger."""
    money = []
    for entry in ledger.entries_of_case(session, row.case_id):
        if entry.fen and entry.state in {"paid", "due", "awaiting_return"}:
            key = {"paid": "money_paid", "due": "money_due", "awaiting_return": "money_awaiting"}[entry.state]
            money.append(say(key, amount=yuan(entry.fen)))
    return "".join(money)


def line_of(session: Session, row: models.Case, at: datetime) -> str:
    return say(
        "progress_line", title=title_of(session, row), state=say(f"state_{row.state}"), money=money_of(session, row),
        next=next_deadline(row, at),
    )


def next_deadline(row: models.Case, at: datetime) -> str:
    """The nearest deadline still ahead; "" where none is or nothing is open."""
    if row.state in {"settled", "withdrawn", "closed"}:
        return ""
    ahead = sorted(
        (datetime.fromisoformat(str(deadline["at"]).replace("Z", "+00:00")), str(deadline["what"])) for deadline in row.deadlines
    )
    for when, what in ahead:
        if when > at:
            return say("next_deadline", what=what, at=when.astimezone(SHOP_ZONE).strftime("%-m月%-d日%H:%M"))
    return ""


def title_of(session: Session, row: models.Case) -> str:
    """The goods of the case, or the wish where no order is known."""
    if row.order_id and row.line_id:
        line = session.get(models.OrderLine, (row.order_id, row.line_id))
        sku = session.get(models.Sku, line.sku_id) if line else None
        if sku is not None:
            return str(sku.title)
    return say(f"wish_{row.wish}") if row.wish else say("meaning_human")
