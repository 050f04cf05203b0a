"""Whatever fails, a message is answered once: Rasa mute, broken, slow or gone, the web restarted, two webs at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.cases import desk, duty, inbox
from bot.cases.words import say
from bot.clock import SHOP_ZONE
from bot.store import models
from bot.store.database import session
from bot.web import bursts
from bot.web.app import make_app
from tests.dialogues.shop import NOW
from tests.web.conftest import DROPPED, LAMP, MUG, PATIENT, Agent, Customer, both_databases, money, wait_until
from tests.web.stand_in import StandIn
from tests.web.test_desk import handed_over


def said_by_bot(customer: Customer) -> list[str]:
    return [message["text"] for message in customer.list()["messages"] if message["from"] == "bot"]


@both_databases
@pytest.mark.parametrize("mode", ["mute", "broken"])
def test_where_the_bot_fails_the_customer_hears_the_truth_once_and_a_person_gets_it(
    client: TestClient, given: Callable[..., None], rasa: StandIn, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    if mode == "broken":
        monkeypatch.setattr(rasa, "answer", lambda request: [])
    rasa.mode = mode
    customer.ask("台灯不亮")
    assert said_by_bot(customer) == [say("trouble")]
    assert customer.owner() == "queue"
    assert customer.case()["state"] == "with_person"
    rasa.mode = "well"


def test_a_turn_that_failed_once_is_tried_again_before_a_person_has_to(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    """The database was started anew in the middle of it."""
    given(MUG)
    rasa.failing = 2
    customer = Customer(client, "cus_t001")
    said = customer.ask("杯子碎了")
    assert say("trouble") not in [message["text"] for message in said]
    assert customer.list()["owner"] == "bot"
    assert len(rasa.heard) == 3


def test_rasa_gone_is_told_and_not_waited_for(given: Callable[..., None], rasa: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    rasa.stop()
    monkeypatch.setattr(bursts, "SOON", 0.5)
    with TestClient(make_app()) as client:
        customer = Customer(client, "cus_t001")
        customer.send("台灯不亮")
        wait_until(lambda: said_by_bot(customer), "the bot said something")  # that it takes long may be said before
        assert said_by_bot(customer) == [say("trouble")]
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_a_slow_answer_that_comes_after_the_trouble_is_dropped(
    client: TestClient, given: Callable[..., None], rasa: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(DROPPED)
    monkeypatch.setattr(bursts, "SOON", 0.3)
    monkeypatch.setattr(bursts, "PATIENCE", 0.6)
    customer = Customer(client, "cus_t001")
    rasa.gate.clear()
    customer.ask("退我差价")
    while not said_by_bot(customer):
        customer.hear()
    rasa.gate.set()
    end = time.monotonic() + PATIENT
    while customer.conversation_id not in rasa.answered and time.monotonic() < end:
        time.sleep(0.01)
    assert rasa.answered[customer.conversation_id].replies == ()
    assert said_by_bot(customer) == [say("trouble")]
    assert money() == []


def test_who_waits_long_is_told_and_gets_the_answer(
    client: TestClient, given: Callable[..., None], rasa: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(DROPPED)
    monkeypatch.setattr(bursts, "SOON", 0.3)
    customer = Customer(client, "cus_t001")
    rasa.gate.clear()
    told = customer.ask("退我差价")
    assert [(message["from"], message["text"]) for message in told] == [("system", say("still_working"))]
    rasa.gate.set()
    assert any("500.00元" in message["text"] for message in customer.hear())
    assert customer.owner() == "bot"
    assert money() == [("price_difference", 50000)]


@pytest.mark.usefixtures("place")
def test_who_waits_through_a_second_turn_is_told_once(given: Callable[..., None]) -> None:
    given(DROPPED)
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(conversation_id, "cus_t001", "m1", NOW, text="退我差价")
    waiting = inbox.waiting(conversation_id)
    assert waiting is not None
    assert [inbox.ask_to_wait(waiting, NOW) for _ in range(2)] == [True, False]


def test_an_answer_whose_receipt_was_lost_is_not_given_again(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(DROPPED)
    customer = Customer(client, "cus_t001")
    rasa.mode = "lost"
    customer.ask("退我差价")
    rasa.mode = "well"
    customer.ask("谢谢")
    assert say("trouble") not in said_by_bot(customer)
    assert len([text for text in said_by_bot(customer) if "500.00元" in text]) == 1
    assert money() == [("price_difference", 50000)]


@both_databases
def test_what_was_accepted_before_a_crash_is_answered_once_after_it(given: Callable[..., None], rasa: StandIn) -> None:
    given(DROPPED)
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    # The row was committed, then everything stopped before anybody saw it.
    inbox.receive(conversation_id, "cus_t001", "before", NOW, text="退我差价")
    for _ in range(2):
        with TestClient(make_app()) as client:
            customer = Customer(client, "cus_t001")
            assert customer.conversation_id == conversation_id
            customer.hear()
    assert len(rasa.heard) == 1
    assert money() == [("price_difference", 50000)]


@both_databases
def test_two_webs_that_take_up_the_same_message_answer_it_once(given: Callable[..., None], rasa: StandIn) -> None:
    given(DROPPED)
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(conversation_id, "cus_t001", "both", NOW, text="退我差价")
    rasa.gate.clear()
    with TestClient(make_app()) as one, TestClient(make_app()):
        end = time.monotonic() + PATIENT
        while len(rasa.heard) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        rasa.gate.set()
        customer = Customer(one, "cus_t001")
        customer.hear()
        customer.ask("谢谢")
        assert len([text for text in said_by_bot(customer) if "500.00元" in text]) == 1
        assert say("trouble") not in said_by_bot(customer)
    assert money() == [("price_difference", 50000)]


@both_databases
def test_order_is_kept_under_sixteen_writers(client: TestClient, given: Callable[..., None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    given(LAMP)
    customer = Customer(client, "cus_t001")
    with ThreadPoolExecutor(16) as pool:
        seqs = list(pool.map(lambda number: (number, inbox.receive(customer.conversation_id, "cus_t001", f"m{number}", NOW, text=f"第{number}句")), range(64)))
    listed = {message["seq"]: message["text"] for message in customer.list()["messages"]}
    assert all(listed[seq] == f"第{number}句" for number, seq in seqs)
    assert len({seq for _, seq in seqs}) == 64
    assert sorted(listed) == list(range(1, len(listed) + 1))


@pytest.mark.parametrize("seconds", [-90, 7200], ids=["away", "clock-set-back"])
def test_a_case_of_an_agent_who_went_away_is_back_in_the_queue(
    client: TestClient, given: Callable[..., None], staff: None, seconds: int
) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    assert desk.give_back_of_absent(NOW) == []  # the desk was never connected: nothing is known of a leave
    from datetime import datetime

    with session() as db:
        row = db.get(models.Agent, "xiaoli")
        assert row is not None
        row.seen_at = datetime.now(SHOP_ZONE) + timedelta(seconds=seconds)
    with session(read_only=True) as db:
        assert duty.present(db) == []
    assert desk.give_back_of_absent(NOW) == [customer.conversation_id]
    assert desk.give_back_of_absent(NOW) == []
    assert customer.owner() == "queue"
    assert [case["case_id"] for case in agent.cases("queue")] == [case_id]
    assert agent.act(case_id, "reply", text="在吗").status_code == 409


def test_nobody_answering_is_seen(client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    assert inbox.silence(NOW) == (0, 0.0)
    customer.send("还在吗")
    assert inbox.silence(NOW + timedelta(seconds=90)) == (1, 90.0)
    agent.does(case_id, "reply", text="在的")
    assert inbox.silence(NOW + timedelta(seconds=90)) == (0, 0.0)


def test_the_audit_trail_names_every_act(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    _, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    for name, body in (("claim", {}), ("reply", {"text": "您好"}), ("note", {"text": "x"}), ("release", {}), ("claim", {}), ("return-to-bot", {})):
        agent.does(case_id, name, **body)
    with session(read_only=True) as db:
        done = db.scalars(select(models.AuditEntry.what).where(models.AuditEntry.who == "xiaoli").order_by(models.AuditEntry.audit_id)).all()
    assert done == ["claim", "reply", "note", "release", "claim", "return_to_bot"]
