"""The ledger rows that a settlement makes, as contracts.md section 6 writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from bot.aftersales.assessment import Remedy
from bot.aftersales.case import Case
from bot.negotiation.option import Option

WAITS = frozenset({"return_refund", "freight"})


class Row(msgspec.Struct, frozen=True):
    """One row; fen is 0 for goods."""

    id: str
    at: datetime
    order_id: str
    line_id: str
    cause: str
    remedy: Remedy
    fen: int
    state: Literal["due", "awaiting_return"]


def rows_of(case: Case, option: Option) -> tuple[Row, ...]:
    """One row a part of the option agreed in this case, at the case's own time.

    Money for returned goods, and the freight of sending them, waits until they are back.
    """
    cause = case.issues[0] if case.issues else case.wish
    return tuple(
        Row(
            id=f"{case.order.order_id}/{case.line_id}/{cause}/{part.remedy}",
            at=case.now,
            order_id=case.order.order_id,
            line_id=case.line_id,
            cause=cause,
            remedy=part.remedy,
            fen=part.fen,
            state="awaiting_return" if option.return_needed and part.remedy in WAITS else "due",
        )
        for part in option.parts
    )
