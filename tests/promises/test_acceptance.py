"""The same acceptance twice is one payment: from two browsers at two webs, at the same moment, and after a restart."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.cases import inbox
from bot.ledger import ledger
from bot.store import models
from bot.store.database import session
from bot.store.platform import DemoShop
from bot.web.app import make_app
from tests.dialogues.shop import NOW
from tests.web.conftest import MUG, PATIENT, Agent, Customer, both_databases, money
from tests.web.stand_in import StandIn
from tests.web.test_chat import offered
from tests.web.test_desk import handed_over


def ledger_rows() -> list[dict[str, object]]:
    with session(read_only=True) as db:
        return [row for case_id in db.scalars(select(models.Case.case_id)) for row in ledger.rows(db, case_id)]


def until_quiet(conversation_id: str) -> None:
    end = time.monotonic() + PATIENT
    while inbox.unanswered() and time.monotonic() < end:
        time.sleep(0.02)
    assert inbox.unanswered() == []


@both_databases
def test_the_bots_offer_accepted_in_two_browsers_at_once_is_paid_once(given: Callable[..., None], rasa: StandIn) -> None:
    given(MUG)
    with TestClient(make_app()) as one, TestClient(make_app()) as other:
        first, choices = offered(one)
        second = Customer(other, "cus_t001")
        assert first.conversation_id == second.conversation_id
        # Any kind will do: what is promised is one row of the ledger, whether money or goods.
        choice = next(choice["id"] for choice in choices if ".option:" in choice["id"])
        start = threading.Barrier(8)

        def press(number: int) -> None:
            start.wait(30)
            (first, second)[number % 2].send(choice=choice)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(press, range(8)))
        until_quiet(first.conversation_id)
        promised = ledger_rows()
        assert len(promised) == 1
    with TestClient(make_app()) as restarted:
        again = Customer(restarted, "cus_t001")
        again.send(choice=choice)
        until_quiet(again.conversation_id)
    assert ledger_rows() == promised


@both_databases
@pytest.mark.usefixtures("staff")
def test_an_agents_offer_accepted_eight_times_at_once_is_paid_once(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "laochen")
    agent.does(case_id, "claim")
    agent.does(case_id, "offer", remedy="coupon", fen=300)
    choice = next(
        choice["id"] for message in customer.list()["messages"] for choice in message["choices"] if choice["id"].endswith("option:coupon-300")
    )
    start = threading.Barrier(8)

    def press(_: int) -> int:
        start.wait(30)
        return inbox.receive(customer.conversation_id, "cus_t001", uuid.uuid4().hex, NOW, choice=choice)

    with ThreadPoolExecutor(8) as pool:
        seqs = list(pool.map(press, range(8)))
    assert len(set(seqs)) == 8
    assert money() == [("coupon", 300)]


def pressable(customer: Customer, ending: str) -> list[str]:
    """The choices shown so far whose ids end so, oldest first."""
    return [choice["id"] for message in customer.list()["messages"] for choice in message["choices"] if choice["id"].endswith(ending)]


@both_databases
@pytest.mark.usefixtures("staff")
def test_of_two_offers_of_one_remedy_the_customer_takes_one(client: TestClient, given: Callable[..., None]) -> None:
    """Sent twice by a slow link, or made better: the older card stays on the customer's page."""
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "laochen")
    agent.does(case_id, "claim")
    agent.does(case_id, "offer", remedy="gift", fen=2000)  # raises the cap: it is not what holds here
    for fen in (300, 300, 500):
        agent.does(case_id, "offer", remedy="coupon", fen=fen)
    first, again, better = (*pressable(customer, "option:coupon-300"), *pressable(customer, "option:coupon-500"))
    for choice in (first, first, again, better):
        customer.send(choice=choice)
    assert money() == [("coupon", 300)]
    agent.does(case_id, "offer", remedy="freight", fen=1000)
    customer.send(choice=pressable(customer, "option:freight-1000")[0])
    assert sorted(money()) == [("coupon", 300), ("freight", 1000)]


@pytest.mark.usefixtures("staff")
def test_an_offer_whose_receipt_was_lost_is_made_once(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "laochen")
    agent.does(case_id, "claim")
    made = [agent.does(case_id, "offer", remedy="coupon", fen=300, client_id="once") for _ in range(2)]
    assert made[0] == made[1]
    assert len(pressable(customer, "option:coupon-300")) == 1


@both_databases
def test_what_another_case_took_meanwhile_is_not_promised_again_and_a_person_goes_on(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    told = customer.ask("不要了")
    while not any(message["choices"] for message in told):
        told = customer.hear()
    choice = next(choice["id"] for message in told for choice in message["choices"] if ".option:return_refund" in choice["id"])
    with session() as db:
        (row,) = db.scalars(select(models.Case))
        other = models.Case(
            case_id="k2", conversation_id=row.conversation_id, customer_id=row.customer_id, order_id=row.order_id, line_id=row.line_id,
            wish="complaint", state="closed", floor_fen=0, cap_fen=8900, opened_at=NOW, updated_at=NOW,
        )
        db.add(other)
        db.flush()
        entry = ledger.promise(db, other, cause="x", remedy="refund", fen=8900, at=NOW)
        ledger.accept(db, entry, NOW)
        ledger.pay(db, entry, DemoShop(db), NOW)
    heard = customer.ask(choice=choice)
    assert any("金额没有变动" in message["text"] for message in heard)
    assert customer.owner() == "queue"
    assert money() == [("refund", 8900)]
    assert len(ledger_rows()) == 1
