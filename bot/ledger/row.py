"""One ledger entry as it is seen outside: contracts.md section 6."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

State = Literal["due", "awaiting_return", "paid", "cancelled"]

STATE_AFTER: dict[str, State] = {
    "promised": "due",
    "accepted": "due",
    "awaiting_return": "awaiting_return",
    "returned": "due",
    "sent": "due",
    "failed": "due",
    "confirmed": "paid",
    "cancelled": "cancelled",
    "reversed": "cancelled",
}
"""Last step → the state shown outside."""


class Row(msgspec.Struct, frozen=True):
    """`fen` goes to the customer, `cost_fen` is a coupon's or gift's cost to the shop; `step` is the newest step.

    `quantity` is the pieces it is about, None for the whole line.
    """

    entry_id: str
    at: datetime
    case_id: str
    order_id: str
    line_id: str
    cause: str
    remedy: str
    fen: int
    cost_fen: int
    quantity: int | None
    step: str

    @property
    def state(self) -> State:
        return STATE_AFTER[self.step]

    def shown(self) -> dict[str, Any]:
        """The row as contracts.md section 6 writes it."""
        return {
            "id": self.entry_id,
            "at": self.at.isoformat(),
            "order_id": self.order_id,
            "line_id": self.line_id,
            "cause": self.cause,
            "remedy": self.remedy,
            "fen": self.fen,
            "state": self.state,
        }
