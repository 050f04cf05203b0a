"""What a conversation remembers from one turn to the next, in the conversation's own row.

It is written in the transaction that writes the answer, so that a process killed at any moment leaves
both or neither; and whichever Rasa takes the next turn, one just started too, knows as much as the last.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bot.cases.reply import Answer, Awaiting
from bot.cases.turn import Turn
from bot.store import models
from bot.store.database import session as open_session


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """See Answer and domain.yml for what the fields mean."""

    awaiting: Awaiting | None = None
    case_id: str | None = None
    pending: dict[str, Any] = {}
    unclear: int = 0


def memory(conversation: models.Conversation | None) -> Memory:
    """What is remembered; nothing where nobody has answered yet."""
    return msgspec.convert((conversation.memory if conversation is not None else None) or {}, Memory)


def memory_of(conversation_id: str) -> Memory:
    with open_session(read_only=True) as session:
        return memory(session.get(models.Conversation, conversation_id))


def reminded(turn: Turn, conversation: models.Conversation) -> Turn:
    """The turn with what is remembered. A pressed button's own case goes before the one talked about last."""
    known = memory(conversation)
    return msgspec.structs.replace(
        turn, awaiting=known.awaiting, case_id=turn.case_id or known.case_id, pending=known.pending, unclear=known.unclear
    )


def remember(conversation: models.Conversation, answer: Answer) -> None:
    kept = Memory(answer.awaiting, answer.case_id, answer.pending or {}, answer.unclear)
    conversation.memory = msgspec.to_builtins(kept)
