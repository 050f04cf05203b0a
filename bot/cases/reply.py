"""What the shop says in one turn, before any channel has it: text, buttons, a card."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Awaiting = Literal["order", "problem", "detail", "evidence", "offer", "confirmation", "meaning"]
"""What the bot asked last; decides how a short answer is read (slot `awaiting` in domain.yml)."""


class Choice(msgspec.Struct, frozen=True):
    """A button. `id` comes back as it is and is checked against the database, never trusted."""

    id: str
    label: str


class Reply(msgspec.Struct, frozen=True):
    """One bubble. Every amount on a card also stands in the text."""

    text: str
    choices: tuple[Choice, ...] = ()
    card: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True):
    """The shop's whole answer to one message and what Rasa is to remember of it."""

    replies: tuple[Reply, ...]
    awaiting: Awaiting | None = None
    case_id: str | None = None
    pending: dict[str, Any] | None = None
    unclear: int = 0
