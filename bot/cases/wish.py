"""What the customer wants and what is wrong, as far as a message says it."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.aftersales.case import Wish
from bot.cases.claim import claimed_facts
from bot.cases.turn import Turn

WISHES: frozenset[str] = frozenset(Wish.__args__)  # type: ignore[attr-defined]

NATURAL_WISH = {
    "price_drop": "price_protection",
    "missing_item": "resend",
    "wrong_item": "exchange",
    "late_delivery": "cancel_order",
    "not_received": "refund",
    "billing_error": "refund",
    "damaged_in_transit": "refund",
    "safety": "refund",
}
"""What most people want when they only say what is wrong; the menu shows the other ways too."""


class Heard(msgspec.Struct, frozen=True):
    """A wish with its issues and claimed facts; `wish` None where only a problem was stated."""

    wish: str | None
    issues: tuple[str, ...]
    facts: dict[str, Any]


def hear(turn: Turn) -> Heard:
    """What this message adds, together with what was pending from earlier messages."""
    pending = turn.pending
    wish = turn.intent if turn.intent in WISHES else pending.get("wish")
    issues = tuple(dict.fromkeys([*pending.get("issues", ()), *turn.issues]))
    facts = {**pending.get("facts", {}), **claimed_facts(turn.text)}
    if "safety_kind" in facts and "safety" not in issues:
        issues = (*issues, "safety")
    if wish == "price_protection" and "price_drop" not in issues:
        issues = ("price_drop", *issues)
    return Heard(wish, issues, facts)


def natural_wish(issues: tuple[str, ...]) -> str:
    """The wish to assess under where the customer named none."""
    for issue in issues:
        if issue in NATURAL_WISH:
            return NATURAL_WISH[issue]
    return "return_goods"
