"""Names what happened to the customer, once, without flattery."""

from __future__ import annotations

from bot.cases.turn import Turn
from bot.cases.words import say, wordings
from bot.store import models


def sorry_for(row: models.Case, turn: Turn) -> str:
    """One clause that names what happened to the customer, said once in a conversation."""
    for issue in row.issues:
        key = f"sorry_{issue}"
        if key in wordings():
            text = say(key)
            return "" if any(text in old for old in turn.said) else text
    return ""
