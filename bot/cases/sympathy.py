"""Names what happened to the customer, once, without flattery."""

from __future__ import annotations

from bot.cases.turn import Turn
from bot.cases.words import say, wordings
from bot.store import models


def sorry_for(row: models.Case, turn: Turn) -> str:
    """One clause that names what happened to the customer, said once in a conversation."""
    keys = [key for issue in row.issues if (key := f"sorry_{issue}") in wordings()]
    return "" if not keys or any(say(key) in old for key in keys for old in turn.said) else say(keys[0])
