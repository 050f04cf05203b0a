"""Several wishes in one message: all are kept, the first is acted on, the others are not forgotten.

The message is cut into clauses; each clause is read by the quick classifier. What a clause surely says
and the whole message's reading does not cover is a further wish.
"""

from __future__ import annotations

import re

WISHES = frozenset({
    "refund", "return_goods", "exchange", "repair", "resend", "cancel_order", "price_protection", "compensation", "complaint", "human",
    "refund_status", "withdraw_request", "logistics", "invoice", "modify_order", "promotion", "payment", "product_info", "policy", "account",
})
"""Intents that ask for something; acts such as thanks or a bare fact are no wish."""

SURE = 0.6
LEAST_CHARACTERS = 2
CUT = re.compile(
    r"[,。!?;~\s]+|(?=顺便|另外|但是|不过|可是|还有(?:就是|个|,)|再就是|对了|然后(?:还|再|那|帮|麻烦|想|问)|并且|同时|以及|而且(?:要|还要))"
)
FAMILIES = (
    frozenset({"refund", "return_goods"}), frozenset({"price_protection", "compensation"}), frozenset({"withdraw_request", "cancel_order"}),
    frozenset({"refund", "refund_status"}), frozenset({"refund", "cancel_order"}), frozenset({"exchange", "return_goods"}),
    frozenset({"cancel_order", "return_goods"}),
)
"""Neighbours that one sentence may mean at once; a clause reads as a second wish only outside these."""


def clauses(text: str) -> list[str]:
    """The parts of a normalised message that may hold a wish each; empty where it is all one."""
    parts = [part.strip() for part in CUT.split(text) if len(part.strip()) >= LEAST_CHARACTERS]
    return parts if len(parts) > 1 else []


def wishes(intent: str, readings: list[tuple[str, float]]) -> tuple[str, ...]:
    """The message's intent and its clauses' (intent, probability) → the wishes, the intent first.

    Empty where nothing is wished. A clause adds a wish when it is surer than SURE and neither the
    intent nor a neighbour of it.
    """
    found = [intent] if intent in WISHES else []
    for name, probability in readings:
        if name not in WISHES or probability < SURE or name in found:
            continue
        if any(name in family and other in family for family in FAMILIES for other in found):
            continue
        found.append(name)
    return tuple(found)
