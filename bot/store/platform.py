"""The platform port: what we ask the shop's platform to do. The demo shop stands in for Douyin.

Everything that moves money carries a key. The same key again is the same act: the platform answers
with the first receipt and does nothing more, so a call whose answer was lost is simply repeated.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy.orm import Session

from bot.aftersales.case import Order
from bot.store.models import Payout
from bot.store.snapshot import order_of


class PlatformError(RuntimeError):
    """The platform did not confirm; it may or may not have done it. Repeat with the same key."""


class ReturnLabel(msgspec.Struct, frozen=True):
    """How goods go back to the shop."""

    carrier: str
    tracking_number: str
    address: str


class Platform(Protocol):
    """What the ledger and the cases need of the shop's platform."""

    def pay(self, key: str, order_id: str, line_id: str, remedy: str, fen: int, at: datetime) -> str:
        """Executes one remedy once for each key and returns its receipt: money the way it was paid, a
        coupon to the account, goods as a work order. Raises PlatformError where it is not confirmed,
        ValueError where the key was used for something else.
        """

    def return_label(self, key: str, order_id: str, line_id: str) -> ReturnLabel:
        """A label for sending goods back, the same for the same key. Raises PlatformError."""

    def order(self, order_id: str) -> Order | None:
        """What the platform knows of an order now; None where it knows none. Raises PlatformError."""


class DemoShop:
    """A platform inside our own database: payouts go to the table `payouts`.

    It shares the session, so a payout and the ledger's word of it are committed together. For tests
    it fails: `refuses` calls fail before anything is done, `loses` calls are done but the answer is lost.
    """

    def __init__(self, session: Session, *, refuses: int = 0, loses: int = 0) -> None:
        self.session = session
        self.refuses = refuses
        self.loses = loses

    def pay(self, key: str, order_id: str, line_id: str, remedy: str, fen: int, at: datetime) -> str:
        self.fail_where_told("refuses")
        payout = self.session.get(Payout, key)
        if payout is None:
            payout = Payout(
                key=key, receipt=f"demo_{digest(key)[:16]}", order_id=order_id, line_id=line_id, remedy=remedy, fen=fen, at=at
            )
            self.session.add(payout)
            self.session.flush()
        elif (payout.order_id, payout.line_id, payout.remedy, payout.fen) != (order_id, line_id, remedy, fen):
            raise ValueError(f"key {key} was used for {payout.remedy} of {payout.fen} fen on {payout.order_id}/{payout.line_id}")
        self.fail_where_told("loses")
        return payout.receipt

    def return_label(self, key: str, order_id: str, line_id: str) -> ReturnLabel:
        self.fail_where_told("refuses")
        number = int(digest(f"{key}/{order_id}/{line_id}")[:12], 16) % 10**12
        return ReturnLabel("顺丰速运", f"SF1{number:012d}", "浙江省杭州市余杭区和气路 8 号 和气小店售后仓")

    def order(self, order_id: str) -> Order | None:
        self.fail_where_told("refuses")
        return order_of(self.session, order_id)

    def fail_where_told(self, counter: str) -> None:
        left = getattr(self, counter)
        if left > 0:
            setattr(self, counter, left - 1)
            raise PlatformError(f"the demo shop was told to fail ({counter}, {left - 1} left)")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
