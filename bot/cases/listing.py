"""The customer's own order lines, as the finder and the buttons need them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.order_finder import SHOP_ZONE, Mention, OrderLineView, by_day, by_recency, find, left_out
from bot.cases.reply import Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, yuan
from bot.store.models import Order, OrderLine, Price, Sku

SHOWN = 5
"""How many orders fit on a phone's screen as buttons."""

IN_HAND = frozenset({"quality_defect", "not_as_described", "wrong_item", "missing_item", "damaged_in_transit"})
"""Issues that only goods in the customer's hands can have."""


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
            paid_at=order.paid_at, traits=tuple(sku.traits),
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
    """The lines this message may be about; the only line there is needs no naming.

    Where the message names none, it is about what was talked about just before.
    """
    if len(lines) == 1 and not turn.values("order_number"):
        return list(lines)
    named = find(mention_of(turn), lines)
    stays = left_out(turn.text, lines)
    about = [] if turn.values("order_number") else [line for line in remembered(turn, lines, "about") if line not in stays]
    return about if about and (not named or (len(named) > 1 and all(line in named for line in about))) else named


def guessed(turn: Turn, lines: Sequence[OrderLineView]) -> bool:
    """Whether `candidates` went by 「刚买」 or by a day alone."""
    mention = mention_of(turn)
    return len(lines) > 1 and (by_recency(mention, lines) or by_day(mention, lines))


def remembered(turn: Turn, lines: Sequence[OrderLineView], key: str) -> list[OrderLineView]:
    """The customer's lines that the conversation remembers under `key`: `about` (talked about), `shown` (as buttons)."""
    ids = [tuple(pair) for pair in turn.pending.get(key, ())]
    by_id = {(line.order_id, line.line_id): line for line in lines}
    return [by_id[pair] for pair in ids if pair in by_id]


def ids_of(lines: Sequence[OrderLineView]) -> list[list[str]]:
    """What `remembered` reads back."""
    return [[line.order_id, line.line_id] for line in lines]


def likely(session: Session, issues: Sequence[str], lines: Sequence[OrderLineView], at: datetime) -> list[OrderLineView]:
    """The lines that the matter can be about, by what the shop's systems know: what dropped in price, what is
    not delivered yet, what came into the customer's hands."""
    if "price_drop" in issues:
        return [line for line in lines if line.status != "closed" and dropped(session, line, at)]
    if "late_delivery" in issues:
        return [line for line in lines if line.status in {"paid", "shipped"}]
    if set(issues) & IN_HAND:
        return [line for line in lines if line.status in {"delivered", "completed"}]
    return []


def narrowed(
    session: Session, turn: Turn, issues: Sequence[str], lines: Sequence[OrderLineView], named: list[OrderLineView]
) -> tuple[list[OrderLineView], list[OrderLineView]]:
    """What the words name, and which of it (of all, where they name nothing) the matter can be about.

    「刚买就降价了」 is about what dropped in price, not about the newest parcel: such a guess is dropped.
    An order number that is none of the customer's fits nothing.
    """
    fitting = likely(session, issues, lines, turn.at)
    if fitting and not set(named) & set(fitting) and guessed(turn, lines):
        named = []
    if turn.values("order_number") and not named:
        return [], []
    stays = left_out(turn.text, lines)
    return named, [line for line in fitting if line in (named or lines) and line not in stays]


def only_possible(named: list[OrderLineView], fitting: list[OrderLineView]) -> OrderLineView | None:
    """The one line it can be about, of what `narrowed` found; None where there is none or several."""
    possible = named if len(named) == 1 else fitting
    return possible[0] if len(possible) == 1 else None


POWERED = re.compile(r"屏幕|[黑花绿碎白]屏|开(不了|不开)机|关机|死机|重启|充(不进|不上)?电|电池|续航|蓝牙|信号|闪退|卡顿|联网|插上?电|通电")
"""Words for what only a thing that runs on electricity has."""


def by_part(text: str, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines that can have the part a message speaks of: no bunch of flowers has a screen. All, where none can.
    Not those it names to leave them out: 「除了马克杯都取消」."""
    stays = left_out(text, lines)
    left = [line for line in lines if line not in stays] or list(lines)
    powered = [line for line in left if "electronics" in line.traits] if POWERED.search(text) else []
    return powered or left


def dropped(session: Session, line: OrderLineView, at: datetime) -> bool:
    """Whether the goods cost less now than this line's piece cost, by the shop's own price log."""
    latest = session.scalars(select(Price).where(Price.sku_id == line.sku_id, Price.at <= at).order_by(Price.at.desc())).first()
    return latest is not None and line.paid_at is not None and latest.at > line.paid_at and latest.price_fen < line.unit_paid_fen


def order_choice(line: OrderLineView) -> Choice:
    day = line.paid_at.astimezone(SHOP_ZONE).strftime("%-m月%-d日") if line.paid_at else ""
    label = say("order_button", title=line.title, spec=line.spec, day=day, paid=yuan(line.unit_paid_fen * line.quantity))
    return Choice(f"line:{line.order_id}:{line.line_id}", label)


def ask_which(turn: Turn, lines: Sequence[OrderLineView], key: str, **facts: str) -> Reply:
    """Asks for the order with the most recent (or the fitting) lines as buttons."""
    return Reply(say(key, turn.said, **facts), choices_of(lines))


def choices_of(lines: Sequence[OrderLineView]) -> tuple[Choice, ...]:
    """The first lines as buttons, as many as a phone shows."""
    return tuple(order_choice(line) for line in lines[:SHOWN])
