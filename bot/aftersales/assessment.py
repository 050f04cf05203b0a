"""What the rules say of one case, as contracts.md section 4 writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Decision = Literal["owed", "negotiable", "needs_evidence", "refused", "human"]
Remedy = Literal[
    "refund", "refund_part", "return_refund", "exchange", "resend", "repair", "price_difference",
    "coupon", "gift", "freight", "medical", "none",
]
HumanReason = Literal[
    "asked", "safety", "counterfeit", "legal_claim", "privacy", "complaint", "dispute", "over_limit",
    "minor", "unknown_rule", "repeated", "platform",
]
ReturnFreight = Literal["merchant", "customer", "insurance", "none"]


class RemedyDue(msgspec.Struct, frozen=True):
    """One remedy: owed (do it), or negotiable (may be offered up to `fen`). `fen` is 0 for goods."""

    remedy: Remedy
    fen: int
    return_needed: bool
    kind: Literal["owed", "negotiable"]


class Reason(msgspec.Struct, frozen=True):
    """A rule that fired: its id, its sentence for the customer with the facts filled in, its source.

    `facts` is the trace an agent reads: the facts that the rule looked at.
    """

    rule: str
    text: str
    source: str
    facts: dict[str, Any] = {}


class Deadline(msgspec.Struct, frozen=True):
    what: str
    at: datetime


class Assessment(msgspec.Struct, frozen=True):
    decision: Decision
    remedies: tuple[RemedyDue, ...]
    floor_fen: int
    cap_fen: int
    return_freight: ReturnFreight
    needs: tuple[str, ...]
    to_human: HumanReason | None
    reasons: tuple[Reason, ...]
    options_for_customer: tuple[str, ...]
    deadlines: tuple[Deadline, ...]
    policy_version: str = ""

    @property
    def owed(self) -> list[RemedyDue]:
        """What must be done; where nothing must, `remedies` holds a "none" in its place."""
        return [due for due in self.remedies if due.kind == "owed" and due.remedy != "none"]
