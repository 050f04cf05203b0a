"""Real faults: a part of the product is gone. The customer hears the truth, and nothing they said is lost."""

from __future__ import annotations

import json
import time
from typing import Any

from sqlalchemy import select

from bot.store import models, snapshot
from bot.store.database import session

from .conftest import free_port
from .shop import NOW, snapshot_of

PATIENCE = 60.0
"""Seconds to wait for what the product does by itself."""
TRUE_SENTENCE = "出了点故障"


def given(product: Any, number: int) -> tuple[str, str]:
    """A customer with one order; returns conversation and customer."""
    with session(product.database_url) as db:
        snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, [{"goods": "lamp", "unit": 8800}]))), NOW)
    return f"fault_{number}", f"cus_t{number:03d}"


def words(heard: list[dict[str, Any]]) -> str:
    return "\n".join(answer.get("text", "") for answer in heard)


def case_in_queue(product: Any, conversation: str, text: str) -> models.Case:
    """The case that stands in the queue for this message; fails where none comes by itself in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with session(product.database_url, read_only=True) as db:
            row = db.scalars(select(models.Case).where(models.Case.conversation_id == conversation)).first()
            said = db.scalars(select(models.Message.text).where(models.Message.conversation_id == conversation)).all()
            if row is not None and text in said:
                owner = db.get(models.Conversation, conversation)
                assert owner is not None
                assert owner.owner == "queue"
                return row
        time.sleep(0.2)
    raise AssertionError(f"「{text}」 of {conversation} did not become a case within {PATIENCE:.0f} s")


def test_the_action_server_is_gone_and_comes_back(harmed: Any) -> None:
    conversation, customer = given(harmed, 901)
    harmed.actions.stop()
    heard = words(harmed.talk.send(conversation, customer, "台灯坏了 怎么办"))
    assert TRUE_SENTENCE in heard
    assert "已为您" not in heard
    harmed.start_actions()
    row = case_in_queue(harmed, conversation, "台灯坏了 怎么办")
    assert (row.state, row.customer_id) == ("with_person", customer)
    assert words(harmed.talk.send(conversation, customer, "退货运费谁出"))


def test_the_database_is_gone_and_comes_back(harmed: Any) -> None:
    conversation, customer = given(harmed, 902)
    nowhere = f"postgresql://heqi@127.0.0.1:{free_port()}/heqi"
    harmed.start_actions(HEQI_DATABASE_URL=nowhere)
    for text in ("台灯降价了 退差价", "有人吗"):
        assert TRUE_SENTENCE in words(harmed.talk.send(conversation, customer, text))
    harmed.start_actions()
    row = case_in_queue(harmed, conversation, "有人吗")
    assert (row.state, row.customer_id) == ("with_person", customer)
    with session(harmed.database_url, read_only=True) as db:
        said = db.scalars(
            select(models.Message.text).where(models.Message.conversation_id == conversation).order_by(models.Message.seq)
        ).all()
        assert db.scalars(select(models.LedgerEntry)).all() == []
    assert said == ["台灯降价了 退差价", "有人吗"]


def test_a_note_that_cannot_be_taken_up_stops_nobody(harmed: Any) -> None:
    """Noted for a conversation that belongs to somebody else: it stays where it is, everybody else is answered."""
    conversation, customer = given(harmed, 903)
    _, other = given(harmed, 904)
    harmed.start_actions()
    assert words(harmed.talk.send(conversation, customer, "你好"))
    harmed.actions.stop()
    assert TRUE_SENTENCE in words(harmed.talk.send(conversation, other, "我要退款"))
    assert TRUE_SENTENCE in words(harmed.talk.send("fault_904", other, "台灯不亮"))
    harmed.start_actions()
    case_in_queue(harmed, "fault_904", "台灯不亮")
    assert TRUE_SENTENCE not in words(harmed.talk.send(conversation, customer, "退货运费谁出"))
