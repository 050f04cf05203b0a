"""Signals that call a person: one picture for two orders, an empty parcel sent back. The floor stays; nobody is accused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.aftersales.speech import forbidden
from bot.store import models
from bot.store.database import session
from tests.dialogues.shop import NOW, order_number
from tests.web.conftest import LAMP, MUG, Agent, Customer, both_databases, money
from tests.web.test_files import image

ACCUSING = ("骗", "假", "重复", "同一张", "用过", "别的订单", "异常", "可疑", "空包")
MUG_WORDS, LAMP_WORDS = "杯子碎了", "台灯碎了"


def broken(customer: Customer, words: str, order_id: str, photo: bytes, parcel: bytes) -> models.Case:
    """Says that the order's goods are broken, sends two pictures; the case as the database has it then."""
    customer.seen = max((message["seq"] for message in customer.list()["messages"]), default=0)
    customer.ask(words)
    for kind, content in (("parcel_photo", parcel), ("photo", photo)):
        assert customer.upload(content, kind=kind).status_code == 202
        customer.hear()
    with session(read_only=True) as db:
        return db.scalars(select(models.Case).where(models.Case.order_id == order_id)).one()


def looked_at(row: models.Case, customer: Customer, owed_fen: int) -> dict[str, Any]:
    """The case waits for a person with all that is owed, nothing else to give, and no word of why; what the desk reads."""
    assert (row.state, row.human_reason, row.cap_fen) == ("with_person", "dispute", row.floor_fen)
    assert customer.owner() == "queue"
    said = [message["text"] for message in customer.list()["messages"] if message["from"] != "customer"]
    assert [text for text in said if forbidden(text) or any(word in text for word in ACCUSING)] == []
    assert "signals" not in str(customer.case())
    assert "shared_pictures" not in str(customer.case())
    agent = Agent(customer.client, "xiaoli")
    signals = dict(agent.document(row.case_id)["summary"]["signals"])
    agent.does(row.case_id, "claim")
    (agreed,) = agent.does(row.case_id, "approve", remedy="return_refund")["ledger"]
    assert (agreed["fen"], agreed["state"]) == (owed_fen, "awaiting_return")
    return signals


@both_databases
@pytest.mark.parametrize(("number", "words", "order_id", "owed_fen"), [(2, MUG_WORDS, order_number(2, 1), 8900), (1, LAMP_WORDS, order_number(1, 2), 8800)], ids=["another-customer", "same-customer"])
def test_the_same_picture_for_another_order_goes_to_a_person(
    client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch, number: int, words: str, order_id: str, owed_fen: int
) -> None:
    given(MUG, LAMP)
    given(MUG, number=2)
    photo = image("PNG")
    before = Customer(client, "cus_t001")
    assert broken(before, MUG_WORDS, order_number(1, 1), photo, image("PNG", (41, 30))).state == "negotiating"
    before.ask(choice=before.list()["messages"][-1]["choices"][0]["id"])
    agreed = before.case()
    assert agreed["state"] == "awaiting_return"
    monkeypatch.setenv("HEQI_NOW", (NOW + timedelta(hours=1)).isoformat())
    customer = Customer(client, f"cus_t00{number}")
    second = broken(customer, words, order_id, photo, image("PNG", (42, 30)))
    assert looked_at(second, customer, owed_fen)["shared_pictures"] == 1
    with session(read_only=True) as db:
        kept = db.scalars(select(models.Case).where(models.Case.case_id == agreed["case_id"])).one()
        assert (kept.state, kept.human_reason) == ("awaiting_return", None)
    assert money() == []


def test_pictures_of_ones_own_stay_with_the_bot(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    given(MUG, number=2)
    for number in (1, 2):
        row = broken(Customer(client, f"cus_t00{number}"), MUG_WORDS, order_number(number, 1), image("PNG", (50 + number, 30)), image("PNG", (60 + number, 30)))
        assert (row.state, row.human_reason, row.floor_fen) == ("negotiating", None, 8900)


@both_databases
def test_an_empty_parcel_sent_back_calls_a_person_for_the_next_case(
    client: TestClient, given: Callable[..., None], staff: None
) -> None:
    given(MUG, LAMP)
    customer = Customer(client, "cus_t001")
    customer.ask("杯子不要了")
    customer.ask("可以")
    returning = customer.case()
    assert returning["state"] == "awaiting_return"
    agent = Agent(client, "xiaoli")
    agent.does(returning["case_id"], "claim")
    agent.does(returning["case_id"], "resolve", outcome="returned_empty")
    ended = customer.case()
    assert (ended["state"], [row["state"] for row in ended["ledger"]]) == ("closed", ["awaiting_return"])
    row = broken(customer, LAMP_WORDS, order_number(1, 2), image("PNG", (70, 30)), image("PNG", (71, 30)))
    assert looked_at(row, customer, 8800)["empty_returns_90d"] == 1
