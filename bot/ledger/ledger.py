"""The ledger: promises, acceptances and payouts. Every function that writes moves money or undoes it.

A key (order line, cause, remedy) is promised once: the same promise again is the same entry, so
whatever is repeated (a resent message, a second worker, a retry after a crash) cannot pay twice.
The database's triggers (bot/store/migrations) refuse what must never be; here a refusal becomes
LedgerRefused, and the session stays usable.

Causes are issue names, or an issue name with a mark where the same matter comes again
("price_drop/2026-11-28": a further drop after the first difference was paid).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot import trace
from bot.ledger.row import STATE_AFTER, Row, State
from bot.store.models import Case, Conversation, Customer, LedgerEntry, LedgerStep, Order
from bot.store.platform import DemoShop, Platform, PlatformError

logger = logging.getLogger(__name__)

MONEY = frozenset({"refund", "refund_part", "return_refund", "price_difference"})
"""Remedies that give back what was paid for the line, bounded by it."""

PAYABLE = frozenset({"accepted", "returned", "sent", "failed"})


class LedgerRefused(ValueError):
    """The ledger does not take this; the message says why."""


def promise(
    session: Session,
    case: Case,
    *,
    cause: str,
    remedy: str,
    fen: int,
    cost_fen: int = 0,
    quantity: int | None = None,
    at: datetime,
    by: str = "bot",
    line_id: str | None = None,
) -> LedgerEntry:
    """Writes down what the customer will get, on the case's line or another `line_id` of its order.

    `fen` goes to the customer, `cost_fen` is what a coupon or gift costs the shop and counts against
    the cap; `quantity` is the pieces it is about (None: the line). The same key with the same amounts
    returns the entry that stands; after a cancellation the thing may be promised anew. Raises
    LedgerRefused: other amounts for a key that stands, more than was paid for the line or the order,
    more than the case's cap, pieces refunded and replaced at once.
    """
    if case.order_id is None or case.line_id is None:
        raise LedgerRefused("the case has no order line yet")
    key = (case.order_id, line_id or case.line_id, cause, remedy)
    wanted = (fen, cost_fen, quantity)
    standing = standing_entry(session, key)
    if standing is not None:
        return same_or_refused(standing, wanted)
    earlier = session.scalar(select(func.count()).select_from(LedgerEntry).where(*is_key(key)))
    entry = LedgerEntry(
        entry_id=f"led_{uuid.uuid4().hex}", order_id=key[0], line_id=key[1], case_id=case.case_id, cause=cause,
        remedy=remedy, attempt=earlier + 1, fen=fen, cost_fen=cost_fen, quantity=quantity, created_at=at,
    )
    # The cap that the trigger reads is the one in the database.
    session.flush()
    try:
        with session.begin_nested():
            session.add(entry)
            session.flush()
            step(session, entry, "promised", at, by)
    except IntegrityError as refused:
        # Another transaction may have promised the same while we waited for the line's lock.
        standing = standing_entry(session, key)
        if standing is not None:
            return same_or_refused(standing, wanted)
        raise LedgerRefused(reason_of(refused)) from refused
    return entry


def accept(session: Session, entry: LedgerEntry, at: datetime, *, return_needed: bool = False, by: str = "customer") -> State:
    """The customer takes it; with `return_needed` the goods come back first. Once: a second acceptance changes nothing.

    Raises LedgerRefused where the entry was cancelled.
    """
    last = locked_step(session, entry)
    if last == "promised":
        last = step(session, entry, "accepted", at, by)
        if return_needed:
            last = step(session, entry, "awaiting_return", at, by)
    if STATE_AFTER[last] == "cancelled":
        raise LedgerRefused(f"{entry.entry_id} was cancelled and cannot be accepted")
    return STATE_AFTER[last]


def pay(session: Session, entry: LedgerEntry, platform: Platform, at: datetime) -> State:
    """Has the platform execute an accepted entry; "paid" when it confirms, "due" when it fails (pay again later).

    The entry's id is the key, so paying again is never paying twice. With a platform outside our
    database the promise must be committed before (`pay_due` sees to that): a key that a crash took
    away could not be repeated. Raises LedgerRefused where the entry was not accepted, waits for the
    goods or was cancelled.
    """
    last = locked_step(session, entry)
    if last == "confirmed":
        return "paid"
    if last not in PAYABLE:
        raise LedgerRefused(f"{entry.entry_id} cannot be paid: its last step is {last}")
    step(session, entry, "sent", at, "ledger")
    try:
        receipt = platform.pay(entry.entry_id, entry.order_id, entry.line_id, entry.remedy, entry.fen, at)
    except PlatformError as failure:
        return STATE_AFTER[step(session, entry, "failed", at, "platform", str(failure))]
    return STATE_AFTER[step(session, entry, "confirmed", at, "platform", receipt)]


def pay_due(
    open_session: Callable[[], AbstractContextManager[Session]], platform_of: Callable[[Session], Platform], at: datetime
) -> list[Row]:
    """Pays what is accepted and not confirmed, each in a transaction of its own; returns those rows as they stand now."""
    with open_session() as session:
        waiting = [row.entry_id for row in read(session) if row.step in PAYABLE]
    done = []
    for entry_id in waiting:
        with open_session() as session:
            entry = session.get(LedgerEntry, entry_id)
            assert entry is not None  # entries are never removed
            if locked_step(session, entry) in PAYABLE:
                pay(session, entry, platform_of(session), at)
            done += read(session, LedgerEntry.entry_id == entry_id)
    return done


def goods_returned(session: Session, order_id: str, line_id: str, at: datetime, platform: Platform | None = None) -> list[Row]:
    """The goods of this line are back: what waited for them is paid. [] where they had come back before.

    A case that waited only for this is settled. Raises LedgerRefused where no return was ever agreed.
    """
    cases = locked_cases(session, order_id, line_id)
    awaited = [row for row in entries_of_line(session, order_id, line_id) if row.state == "awaiting_return"]
    if not awaited and not returned_before(session, order_id, line_id):
        raise LedgerRefused(f"no return was agreed for line {line_id} of order {order_id}")
    paid = []
    for row in awaited:
        entry = session.get(LedgerEntry, row.entry_id)
        assert entry is not None  # entries are never removed
        if locked_step(session, entry) != "awaiting_return":
            continue
        step(session, entry, "returned", at, "courier")
        pay(session, entry, platform or DemoShop(session), at)
        paid += read(session, LedgerEntry.entry_id == row.entry_id)
        case = cases.get(row.case_id)
        if case is not None and case.state == "awaiting_return":
            if not any(other.state == "awaiting_return" for other in read(session, LedgerEntry.case_id == row.case_id)):
                case.state = "settled"
            case.updated_at = at
    return paid


def locked_cases(session: Session, order_id: str, line_id: str) -> dict[str, Case]:
    """The cases with anything in the ledger for this line, as they stand once nobody else is at work in their conversations.

    Locked in the order in which turns and desk acts lock: the customer, the conversations, the cases, afterwards the entries.
    """
    buyer = select(Order.customer_id).where(Order.order_id == order_id).scalar_subquery()
    session.execute(select(Customer.customer_id).where(Customer.customer_id == buyer).with_for_update(key_share=True))
    of_line = select(LedgerEntry.case_id).where(LedgerEntry.order_id == order_id, LedgerEntry.line_id == line_id)
    talks = select(Case.conversation_id).where(Case.case_id.in_(of_line))
    found = select(Conversation).where(Conversation.conversation_id.in_(talks)).order_by(Conversation.conversation_id)
    session.execute(found.with_for_update(key_share=True))
    cases = select(Case).where(Case.case_id.in_(of_line)).order_by(Case.case_id).with_for_update(key_share=True)
    return {case.case_id: case for case in session.scalars(cases.execution_options(populate_existing=True))}


def cancel(session: Session, entry: LedgerEntry, at: datetime, *, by: str = "bot", why: str | None = None) -> None:
    """Takes back what was not sent to the platform yet; a second time changes nothing. Raises LedgerRefused later on."""
    last = locked_step(session, entry)
    if STATE_AFTER[last] == "cancelled":
        return
    if last in {"sent", "failed", "confirmed"}:
        raise LedgerRefused(f"{entry.entry_id} cannot be cancelled: its last step is {last}")
    step(session, entry, "cancelled", at, by, why)


def reverse(session: Session, entry: LedgerEntry, at: datetime, *, by: str, why: str) -> None:
    """Notes that a payout came back to the shop (the platform took it back). Raises LedgerRefused where nothing was paid."""
    last = locked_step(session, entry)
    if last != "confirmed":
        raise LedgerRefused(f"{entry.entry_id} cannot be reversed: its last step is {last}")
    step(session, entry, "reversed", at, by, why)


def rows(session: Session, case_id: str) -> list[dict[str, object]]:
    """The case's rows as contracts.md section 6 writes them, oldest first."""
    return [row.shown() for row in read(session, LedgerEntry.case_id == case_id)]


def entries_of_case(session: Session, case_id: str) -> list[Row]:
    return read(session, LedgerEntry.case_id == case_id)


def entries_of_line(session: Session, order_id: str, line_id: str) -> list[Row]:
    """Everything ever promised for this line, cancelled too, oldest first."""
    return read(session, LedgerEntry.order_id == order_id, LedgerEntry.line_id == line_id)


def paid_for_line(session: Session, order_id: str, line_id: str) -> int:
    """Money in fen that is promised or paid for this line and stands; coupons, gifts, freight and medical fees left out."""
    standing = (row for row in entries_of_line(session, order_id, line_id) if row.state != "cancelled")
    return sum(row.fen for row in standing if row.remedy in MONEY)


def spent(session: Session, case_id: str) -> int:
    """What of the case's cap is promised or paid and stands, in fen: money, and what coupons and gifts cost the shop."""
    standing = (row for row in read(session, LedgerEntry.case_id == case_id) if row.state != "cancelled")
    return sum(row.fen if row.remedy in MONEY else row.cost_fen for row in standing if row.remedy in MONEY | {"coupon", "gift"})


def left_under_cap(session: Session, case: Case) -> int:
    """What may still be spent on the case without a person, in fen; 0 before it was assessed."""
    return max(0, (case.cap_fen or 0) - spent(session, case.case_id))


def read(session: Session, *conditions: object) -> list[Row]:
    """Entries with their newest step."""
    # Asked for each entry that fits: grouping all steps would read the whole history of the shop.
    newest = select(func.max(LedgerStep.seq)).where(LedgerStep.entry_id == LedgerEntry.entry_id).correlate(LedgerEntry).scalar_subquery()
    found = session.execute(
        select(LedgerEntry, LedgerStep.kind)
        .join(LedgerStep, (LedgerStep.entry_id == LedgerEntry.entry_id) & (LedgerStep.seq == newest))
        .where(*conditions)
        .order_by(LedgerEntry.created_at, LedgerEntry.entry_id)
    ).all()
    return [
        Row(
            entry_id=entry.entry_id, at=entry.created_at, case_id=entry.case_id, order_id=entry.order_id,
            line_id=entry.line_id, cause=entry.cause, remedy=entry.remedy, fen=entry.fen, cost_fen=entry.cost_fen,
            quantity=entry.quantity, step=kind,
        )
        for entry, kind in found
    ]


def returned_before(session: Session, order_id: str, line_id: str) -> bool:
    return session.execute(
        select(LedgerStep.seq)
        .join(LedgerEntry, LedgerEntry.entry_id == LedgerStep.entry_id)
        .where(LedgerEntry.order_id == order_id, LedgerEntry.line_id == line_id, LedgerStep.kind == "returned")
    ).first() is not None


def is_key(key: Sequence[str]) -> tuple[object, ...]:
    names = (LedgerEntry.order_id, LedgerEntry.line_id, LedgerEntry.cause, LedgerEntry.remedy)
    return tuple(name == value for name, value in zip(names, key, strict=True))


def standing_entry(session: Session, key: Sequence[str]) -> LedgerEntry | None:
    """The entry of this key that is not cancelled."""
    for row in read(session, *is_key(key)):
        if row.state != "cancelled":
            return session.get(LedgerEntry, row.entry_id)
    return None


def same_or_refused(entry: LedgerEntry, wanted: tuple[int, int, int | None]) -> LedgerEntry:
    there = (entry.fen, entry.cost_fen, entry.quantity)
    if there != wanted:
        raise LedgerRefused(
            f"{entry.remedy} for {entry.cause} on {entry.order_id}/{entry.line_id} is already promised with "
            f"(fen, cost_fen, quantity) = {there}, not {wanted}"
        )
    return entry


def locked_step(session: Session, entry: LedgerEntry) -> str:
    """The newest step; on PostgreSQL the entry is locked so that it stays the newest until we are done."""
    session.execute(
        select(LedgerEntry.entry_id).where(LedgerEntry.entry_id == entry.entry_id).with_for_update(key_share=True)
    )
    return str(
        session.scalar(
            select(LedgerStep.kind).where(LedgerStep.entry_id == entry.entry_id).order_by(LedgerStep.seq.desc()).limit(1)
        )
    )


def step(session: Session, entry: LedgerEntry, kind: str, at: datetime, by: str, note: str | None = None) -> str:
    with trace.span(f"ledger {kind}", entry=entry.entry_id, case=entry.case_id, remedy=entry.remedy, fen=entry.fen):
        newest = session.scalar(select(func.max(LedgerStep.seq)).where(LedgerStep.entry_id == entry.entry_id)) or 0
        session.add(LedgerStep(entry_id=entry.entry_id, seq=newest + 1, kind=kind, at=at, by=by, note=note))
        session.flush()
    told = {"entry": entry.entry_id, "case": entry.case_id, "step": kind, "remedy": entry.remedy, "fen": entry.fen}
    logger.info("ledger", extra={"fields": told})
    return kind


def reason_of(refused: IntegrityError) -> str:
    """The guard's own sentence out of the database's error."""
    return str(refused.orig).splitlines()[0]
