"""What Rasa forgets or doubles does not matter: who speaks and what was said stands in our database.

lessons.md R1: a pause is gone when a session begins anew; R2: with its database down Rasa knows neither pause nor
talk, and loses what was said meanwhile; R3: its lock expires under a slow turn, and two turns run at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.person import HandOver
from actions.shop_action import ShopAction
from actions.wishes import OpenCase
from bot.cases import conversation, desk, inbox, intake
from bot.cases.turn import Turn
from bot.cases.words import say
from bot.store import models
from bot.store.database import session
from tests.dialogues.shop import NOW
from tests.web.conftest import DROPPED, both_databases, money

REASON = "退我差价"


def tracker(waiting: inbox.Waiting, intent: str) -> Tracker:
    """Rasa's tracker right after a session start or a lost store: one message, no slot, no past."""
    metadata = {"customer_id": waiting.customer_id, "recorded": True, "case_id": None, "burst": msgspec.to_builtins(waiting.burst)}
    message: dict[str, Any] = {"text": waiting.said, "intent": {"name": intent, "confidence": 0.99}, "entities": [], "metadata": metadata}
    return Tracker(waiting.conversation_id, {}, message, [], False, None, {}, "action_listen")


def said_by(action: ShopAction, forgetful: Tracker) -> list[str]:
    dispatcher = CollectingDispatcher()
    asyncio.run(action.run(dispatcher, forgetful, {}))
    return [str(message["text"]) for message in dispatcher.messages]


def said_by_bot(conversation_id: str) -> int:
    with session(read_only=True) as db:
        return db.query(models.Message).filter_by(conversation_id=conversation_id, sender="bot").count()


def claimed() -> tuple[str, inbox.Waiting]:
    """A conversation an agent has, in which the customer writes again; and the turn that was begun before."""
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(conversation_id, "cus_t001", "1", NOW, text="转人工")
    asked = inbox.waiting(conversation_id)
    assert asked is not None
    assert said_by(HandOver(), tracker(asked, "human")) != []
    with session(read_only=True) as db:
        case_id = str(db.query(models.Case.case_id).scalar())
    inbox.receive(conversation_id, "cus_t001", "2", NOW, text=REASON)
    late = inbox.waiting(conversation_id)
    assert late is not None
    desk.claim(case_id, "xiaoli", NOW)
    desk.reply(case_id, "xiaoli", "您好", NOW)
    return conversation_id, late


@both_databases
@pytest.mark.usefixtures("staff")
def test_r1_a_new_session_at_rasa_does_not_give_the_bot_the_word(given: Callable[..., None]) -> None:
    given(DROPPED)
    conversation_id, late = claimed()
    before = said_by_bot(conversation_id)
    later = NOW + timedelta(minutes=61)
    inbox.receive(conversation_id, "cus_t001", "3", later, text=REASON)
    # Rasa is not asked at all; and were it asked, with the newest numbers and no memory of the agent, nothing is said.
    assert inbox.waiting(conversation_id) is None
    with session(read_only=True) as db:
        row = db.get(models.Conversation, conversation_id)
        assert row is not None
        newest = msgspec.structs.replace(late.burst, after=row.answered_seq, through=row.heard_seq, fence=row.fence)
    for burst in (late.burst, newest):
        assert said_by(OpenCase(), tracker(msgspec.structs.replace(late, burst=burst), "price_protection")) == []
    assert not inbox.settle(msgspec.structs.replace(late, burst=newest), ["我来帮您"], later)
    assert said_by_bot(conversation_id) == before
    assert money() == []


@pytest.mark.usefixtures("staff")
def test_r2_what_was_said_while_the_database_was_gone_is_there_afterwards(
    given: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    given(DROPPED)
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(conversation_id, "cus_t001", "1", NOW, text=REASON)
    asked = inbox.waiting(conversation_id)
    assert asked is not None
    monkeypatch.setenv("HEQI_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/gone")
    assert said_by(OpenCase(), tracker(asked, "price_protection")) == [say("trouble")]
    monkeypatch.setenv("HEQI_DATABASE_URL", database_url)
    assert money() == []
    assert inbox.waiting(conversation_id) == asked
    assert len(said_by(OpenCase(), tracker(asked, "price_protection"))) > 0
    assert said_by(OpenCase(), tracker(asked, "price_protection")) == []
    assert money() == [("price_difference", 50000)]


@both_databases
def test_r3_two_turns_of_one_message_at_once_are_one_answer_and_one_payment(given: Callable[..., None]) -> None:
    given(DROPPED)
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(conversation_id, "cus_t001", "1", NOW, text=REASON)
    asked = inbox.waiting(conversation_id)
    assert asked is not None
    turn = Turn(conversation_id, "cus_t001", asked.said, NOW, intent="price_protection", recorded=True, burst=asked.burst)
    start = threading.Barrier(8)

    def run(_: int) -> int:
        start.wait(30)
        return len(conversation.take(turn, intake.open_case).replies)

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(run, range(8)))
    assert answers[:7] == [0] * 7
    assert answers[7] == said_by_bot(conversation_id) > 0
    assert money() == [("price_difference", 50000)]
