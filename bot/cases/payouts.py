"""Payouts the platform has not confirmed, paid again with growing pauses, and what an operator asks about money.

Every web process looks. That only one pays is the ledger's lock on the entry: whoever comes second finds the try the first
one made. The whole ledger is read once, when a process starts; afterwards only what changed lately, by its time, and
what is known to be unconfirmed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.cases.words import say, yuan
from bot.ledger import ledger
from bot.store.conversation import append, lock_customer
from bot.store.models import AuditEntry, Case, Conversation, LedgerEntry, LedgerStep, Offer
from bot.store.platform import Platform

logger = logging.getLogger(__name__)

BACK = ledger.MONEY | {"freight", "medical"}
"""Remedies whose money goes back the way it came: of these the customer was told that they will be tried again."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
LATELY = timedelta(hours=2)
"""How far back a look goes: further than the longest pause, so that nothing which is still tried falls out of it."""

MOST_AT_ONCE = 20
"""Tries in one look: a platform that is down and slow must not keep the thread for everything else."""

TAIL = 1000
"""Audit entries counted anew each time: an earlier number may be committed after a later one."""


class Unconfirmed(msgspec.Struct, frozen=True):
    """An accepted payout without the platform's word: `fen` of it, owed `since`, tried so many times, the last time at `last`."""

    entry_id: str
    case_id: str
    fen: int
    since: datetime
    tries: int
    last: datetime

    def due(self, at: datetime) -> bool:
        # Tried in the future: the clock was set back since.
        return at >= self.last + min(FIRST_PAUSE * 2 ** min(self.tries, 20), LONGEST_PAUSE) or self.last > at


class Figures(msgspec.Struct, frozen=True):
    """`unconfirmed` now; the rest since the shop began: payouts confirmed, their fen, offers shown, audit entries by what was done."""

    unconfirmed: tuple[Unconfirmed, ...]
    confirmed: int
    paid_fen: int
    offers: int
    acts: Counter[str]

    def oldest_seconds(self, at: datetime) -> float:
        return max((max(0.0, (at - each.since).total_seconds()) for each in self.unconfirmed), default=0.0)


class Payouts:
    """What one process knows of the payouts. `open_session(read_only=…)` opens a transaction, `platform_of` the platform in it."""

    def __init__(self, open_session: Callable[..., AbstractContextManager[Session]], platform_of: Callable[[Session], Platform]) -> None:
        self.open_session, self.platform_of = open_session, platform_of
        self.known: set[str] = set()
        self.counted: dict[str, datetime] | None = None  # confirmed or shown lately → when; None before the first look
        self.confirmed, self.paid_fen, self.offers = 0, 0, 0
        self.acts: Counter[str] = Counter()
        self.acts_through = 0

    def look(self, at: datetime) -> Figures:
        """Reads what changed."""
        since = at - LATELY
        with self.open_session(read_only=True) as session:
            payable = LedgerStep.kind.in_(ledger.PAYABLE)
            paid, shown = confirmed_since(session, since), offers_since(session, since)
            if self.counted is None:
                self.confirmed, self.paid_fen = all_confirmed(session)
                self.offers = session.scalar(select(func.count()).select_from(Offer)) or 0
                rows = ledger.read(session, payable)
            else:
                newer = select(LedgerStep.entry_id).where(LedgerStep.at >= since)
                rows = ledger.read(session, payable, LedgerEntry.entry_id.in_(newer))
                rows += ledger.read(session, payable, LedgerEntry.entry_id.in_(self.known - {row.entry_id for row in rows}))
                newly = [fen for entry_id, _, fen in paid if entry_id not in self.counted]
                self.confirmed, self.paid_fen = self.confirmed + len(newly), self.paid_fen + sum(newly)
                self.offers += sum(offer_id not in self.counted for offer_id, _ in shown)
            lately = {**(self.counted or {}), **{entry_id: when for entry_id, when, _ in paid}, **dict(shown)}
            self.counted = {name: when for name, when in lately.items() if when >= since - LATELY}
            self.known = {row.entry_id for row in rows}
            found = tuple(unconfirmed(session, row.entry_id, row.case_id, row.fen) for row in rows)
            return Figures(found, self.confirmed, self.paid_fen, self.offers, self.count_acts(session))

    def count_acts(self, session: Session) -> Counter[str]:
        newest = session.scalar(select(func.max(AuditEntry.audit_id))) or 0
        if newest - self.acts_through > 2 * TAIL:
            self.acts += acts_between(session, self.acts_through, newest - TAIL)
            self.acts_through = newest - TAIL
        return self.acts + acts_between(session, self.acts_through, newest)

    def try_again(self, at: datetime, found: tuple[Unconfirmed, ...]) -> list[str]:
        """Pays what is due, each in a transaction of its own; returns the conversations whose payout was confirmed.

        What fails in an unforeseen way is written down as a failed try, so that it has its pause and keeps nobody waiting.
        """
        confirmed = []
        for each in [each for each in found if each.due(at)][:MOST_AT_ONCE]:
            try:
                if (conversation_id := self.pay(each, at)) is not None:
                    confirmed.append(conversation_id)
            except SQLAlchemyError:
                raise  # the database's fault, no try at all
            except Exception as fault:
                logger.exception("payout %s failed", each.entry_id)
                self.note_failure(each, at, type(fault).__name__)
        return confirmed

    def pay(self, each: Unconfirmed, at: datetime) -> str | None:
        """Tries once more, where no other process did meanwhile; once it is confirmed says so in the conversation, and returns that."""
        with self.open_session() as session:
            case = session.get(Case, each.case_id)
            assert case is not None  # an entry names a case, and none is ever removed
            # The customer first, the conversation and the entry after them, as every turn locks them.
            lock_customer(session, case.conversation_id, case.customer_id)
            conversation = session.get(Conversation, case.conversation_id, with_for_update={"key_share": True})
            entry = self.still_due(session, each, at)
            if conversation is None or entry is None or ledger.pay(session, entry, self.platform_of(session), at) != "paid":
                return None
            if entry.remedy in BACK:
                text = say("paid", remedy=say(f"remedy_{entry.remedy}"), amount=yuan(entry.fen))
                append(session, conversation, "system", text, at)
            return str(conversation.conversation_id)

    def note_failure(self, each: Unconfirmed, at: datetime, why: str) -> None:
        with self.open_session() as session:
            entry = self.still_due(session, each, at)
            if entry is not None:
                ledger.step(session, entry, "sent", at, "ledger")
                ledger.step(session, entry, "failed", at, "platform", why)

    def still_due(self, session: Session, each: Unconfirmed, at: datetime) -> LedgerEntry | None:
        """The entry, locked; None where somebody else tried, or it was settled, since it was found."""
        entry = session.get(LedgerEntry, each.entry_id)
        if entry is None or ledger.locked_step(session, entry) not in ledger.PAYABLE:
            return None
        return entry if unconfirmed(session, each.entry_id, each.case_id, each.fen).due(at) else None


def unconfirmed(session: Session, entry_id: str, case_id: str, fen: int) -> Unconfirmed:
    steps = session.execute(select(LedgerStep.kind, LedgerStep.at).where(LedgerStep.entry_id == entry_id).order_by(LedgerStep.seq)).all()
    since = max(at for kind, at in steps if kind in {"accepted", "returned"})
    return Unconfirmed(entry_id, case_id, fen, since, sum(kind == "sent" for kind, _ in steps), steps[-1][1])


def all_confirmed(session: Session) -> tuple[int, int]:
    """How many payouts were ever confirmed, and their fen."""
    count, fen = session.execute(
        select(func.count(), func.coalesce(func.sum(LedgerEntry.fen), 0))
        .select_from(LedgerStep).join(LedgerEntry, LedgerEntry.entry_id == LedgerStep.entry_id).where(LedgerStep.kind == "confirmed")
    ).one()
    return int(count), int(fen)


def confirmed_since(session: Session, since: datetime) -> list[tuple[str, datetime, int]]:
    """Entries confirmed since then: id, when, fen."""
    found = session.execute(
        select(LedgerStep.entry_id, LedgerStep.at, LedgerEntry.fen)
        .join(LedgerEntry, LedgerEntry.entry_id == LedgerStep.entry_id)
        .where(LedgerStep.kind == "confirmed", LedgerStep.at >= since)
    )
    return [(str(entry_id), when, int(fen)) for entry_id, when, fen in found]


def offers_since(session: Session, since: datetime) -> list[tuple[str, datetime]]:
    """Offers shown since then: id, when. Who offers changes the case, by which they are found."""
    changed = select(Case.case_id).where(Case.updated_at >= since)
    found = session.execute(select(Offer.offer_id, Offer.at).where(Offer.case_id.in_(changed), Offer.at >= since))
    return [(str(offer_id), when) for offer_id, when in found]


def acts_between(session: Session, after: int, through: int) -> Counter[str]:
    found = session.execute(
        select(AuditEntry.what, func.count()).where(AuditEntry.audit_id > after, AuditEntry.audit_id <= through).group_by(AuditEntry.what)
    )
    return Counter({str(what): int(count) for what, count in found})
