"""One customer's small shop on both databases, and a way to take turns without Rasa."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bot.cases import conversation
from bot.cases.reply import Answer
from bot.cases.turn import Turn
from bot.store import snapshot
from bot.store.database import session
from tests.dialogues.shop import NOW, snapshot_of


class Chat:
    """A conversation of customer 1."""

    def __init__(self, customer_id: str = "cus_t001", conversation_id: str = "talk") -> None:
        self.customer_id, self.conversation_id = customer_id, conversation_id
        self.last = Answer(())
        self.minutes = 0

    def say(self, text: str, handler: Callable[..., Answer], **heard: Any) -> str:
        """The bot's words to one message, understood as `heard`."""
        self.minutes += 1
        turn = Turn(self.conversation_id, self.customer_id, text, NOW + timedelta(minutes=self.minutes))
        self.last = conversation.take(msgspec.structs.replace(turn, **heard), handler)
        return "\n".join(reply.text for reply in self.last.replies)


@pytest.fixture
def given(database_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Loads orders for customer 1 (or another number); returns the database's URL."""
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    monkeypatch.setenv("HEQI_NOW", NOW.isoformat())

    def load(*orders: dict[str, Any], number: int = 1) -> str:
        with session() as db:
            snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, list(orders)))), NOW)
        return database_url

    return load
