"""What those who wait and those at the desks hear of the queue; what stays of a case for both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from bot.cases import assignment, audit, duty, escalation
from bot.store import models
from bot.store.conversation import conversation_turn
from bot.store.database import session
from bot.web import live
from bot.web.hub import DESK
from tests.dialogues.shop import NOW
from tests.ledger.test_race import waits_for_a_lock
from tests.web.conftest import LAMP, MUG, PATIENT, Agent, Customer, wait_until
from tests.web.test_chat import offered
from tests.web.test_live import present, until

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer: nothing comes in between there."""


def waiting(client: TestClient, number: int) -> Customer:
    customer = Customer(client, f"cus_t{number:03d}")
    customer.ask("转人工")
    return customer


def test_every_desk_hears_how_many_wait(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    given(LAMP, number=2)
    first = waiting(client, 1)
    agent, other = Agent(client, "xiaoli"), Agent(client, "xiaowang")
    with client.websocket_connect(f"/ws/desk?token={other.token}") as desk:
        assert until(desk, "queue")["waiting"] == 1
        waiting(client, 2)
        until(desk, "queue", waiting=2)
        agent.does(first.case()["case_id"], "claim")
        until(desk, "queue", waiting=1)


def test_who_waits_hears_that_the_place_changed(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    given(LAMP, number=2)
    first = waiting(client, 1)
    with session() as db:  # the frozen clock gives both the same moment; the first came a minute before
        row = db.get(models.Case, first.case()["case_id"])
        assert row is not None
        row.updated_at = NOW - timedelta(minutes=1)
    second = waiting(client, 2)
    assert second.list()["queue"]["ahead"] == 1
    with client.websocket_connect(f"/ws/chat?token={second.token}") as chat:
        chat.receive_json()
        Agent(client, "xiaoli").does(first.case()["case_id"], "claim")
        while until(chat, "owner")["queue"]["ahead"] != 0:
            pass


def test_the_expected_wait_is_told_where_there_is_a_pace(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    with session() as db:
        for minutes in (30, 20, 10):
            audit.write(db, NOW - timedelta(minutes=minutes), "xiaoli", "claim", None)
    agent = Agent(client, "xiaoli")
    with client.websocket_connect(f"/ws/desk?token={agent.token}"):
        while not any(row["on_duty"] for row in client.get("/api/v1/desk/agents", headers=agent.headers).json()["agents"]):
            pass
        customer = Customer(client, "cus_t001")
        assert "大约要等10分钟" in "".join(message["text"] for message in customer.ask("转人工"))
        assert customer.list()["queue"] == {"ahead": 0, "on_duty": True, "wait_minutes": 10}


def test_a_case_that_waits_for_the_parcel_can_be_rated_and_tells_who_said_what(
    client: TestClient, given: Callable[..., None], staff: None
) -> None:
    given(MUG, LAMP)
    customer, _ = offered(client)
    customer.ask("转人工")
    agent, case_id = Agent(client, "xiaoli"), customer.case()["case_id"]
    agent.does(case_id, "claim")
    agent.does(case_id, "reply", text="您好")
    approved = agent.act(case_id, "approve", remedy="return_refund")
    assert approved.is_success, approved.text
    agent.does(case_id, "resolve", outcome="settled")
    assert customer.case()["state"] == "awaiting_return"
    assert client.post("/api/v1/rating", json={"stars": 5}, headers=customer.headers).status_code == 204
    by = {message["text"]: message.get("by") for message in agent.document(case_id)["messages"]}
    assert by["您好"] == "xiaoli"
    assert by["杯子碎了"] is None


def test_the_customers_other_cases_have_titles(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG, LAMP)
    customer = Customer(client, "cus_t001")
    customer.ask("台灯不要了")
    customer.ask("杯子碎了")
    case_id = customer.case()["case_id"]
    (other,) = Agent(client, "xiaoli").document(case_id)["desk"]["customer"]["cases"]
    assert "台灯" in other["title"] or "马克杯" in other["title"]


def test_waiting_cases_go_to_the_idlest_at_the_desk_up_to_the_limit(client: TestClient, given: Callable[..., None], staff: None) -> None:
    customers = {}
    for number in (1, 2, 3):
        given(MUG, number=number)
        customers[number] = waiting(client, number)
    assert assignment.assign(1, NOW) == [], "nobody is at the desk"
    with session() as db:
        for name in ("xiaoli", "xiaowang", "laochen"):
            duty.seen(db, name)
    assert assignment.assign(0, NOW) == []
    assert sorted(given.agent for given in assignment.assign(1, NOW)) == ["xiaoli", "xiaowang"]
    assert assignment.assign(1, NOW) == [], "both are full, and a supervisor is not filled up"
    held = {customer.list()["agent"]: customer for customer in customers.values()}
    xiaoli = Agent(client, "xiaoli")
    xiaoli.does(held["xiaoli"].case()["case_id"], "release")
    assert [given.agent for given in assignment.assign(1, NOW)] == ["xiaoli"], "the other one that waits, not the one given back"
    assert (held["xiaoli"].owner(), held[None].owner()) == ("queue", "agent")


@contextmanager
def about_to_be_given(database_url: str, conversation_id: str, limit: int) -> Iterator[list[assignment.Assigned]]:
    """Another process has chosen who gets this conversation's case and gives it when the block ends; what it gave is there after it."""
    given: list[assignment.Assigned] = []
    with ThreadPoolExecutor(1) as pool:
        with session() as db, conversation_turn(db, conversation_id, customer_id=None, at=NOW):
            giving = pool.submit(assignment.assign, limit, NOW)
            while not waits_for_a_lock(database_url):
                assert not giving.done(), giving.result()
            yield given
        given += giving.result(timeout=PATIENT)


@only_postgresql
def test_whoever_left_since_being_chosen_is_given_nothing(
    client: TestClient, given: Callable[..., None], staff: None, database_url: str
) -> None:
    given(MUG)
    customer = waiting(client, 1)
    with session() as db:
        duty.seen(db, "xiaoli")
    with about_to_be_given(database_url, customer.conversation_id, 1) as got, session() as db:
        duty.left(db, "xiaoli")
    assert (got, customer.owner()) == ([], "queue")


@only_postgresql
def test_two_processes_give_one_agent_no_more_than_the_limit(
    client: TestClient, given: Callable[..., None], staff: None, database_url: str
) -> None:
    given(MUG)
    given(LAMP, number=2)
    one, two = waiting(client, 1), waiting(client, 2)
    with session() as db:
        duty.seen(db, "xiaoli")
        urgent(db, one, minutes=1)
    with about_to_be_given(database_url, one.conversation_id, 1) as got:
        with session() as db:
            urgent(db, two, minutes=0)
        assert [each.conversation_id for each in assignment.assign(1, NOW)] == [two.conversation_id]
    assert (got, one.owner(), two.owner()) == ([], "queue", "agent")


def urgent(db: Session, customer: Customer, minutes: int) -> None:
    """The customer's case is to be answered in so many minutes."""
    case = db.get(models.Case, customer.case()["case_id"])
    assert case is not None
    case.deadlines = [{"what": escalation.REPLY_DEADLINE, "at": (NOW + timedelta(minutes=minutes)).isoformat()}]


def test_whoever_steps_away_is_off_duty_at_once_and_gets_nothing(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, agent = waiting(client, 1), Agent(client, "xiaoli")
    with client.websocket_connect(f"/ws/desk?token={agent.token}") as desk:
        until(desk, "queue")
        desk.send_json({"type": "away"})
        desk.send_json({"type": "ping"})
        until(desk, "pong")
        assert assignment.assign(5, NOW) == []
    assert customer.list()["queue"]["on_duty"] is False


def test_a_note_of_presence_still_on_its_way_puts_nobody_back_on_duty(client: TestClient, given: Callable[..., None], staff: None) -> None:
    """The database is busy while the desk connects: the note of it waits, and so does stepping away. Often: either may come first."""
    agent = Agent(client, "xiaoli")
    for _ in range(20):
        with ExitStack() as connected:
            with session() as busy:
                busy.connection()  # holds SQLite's write lock
                desk = connected.enter_context(client.websocket_connect(f"/ws/desk?token={agent.token}"))
                until(desk, "queue")
                desk.send_json({"type": "away"})
                client.get("/api/v1/desk/agents", headers=agent.headers)  # a whole call later it is sure to wait, too
            desk.send_json({"type": "ping"})
            until(desk, "pong")
            with session() as db:  # after whoever still waits to write
                assert duty.present(db) == []


def test_whoever_steps_away_and_closes_at_once_is_off_duty(
    client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket is gone while a note of presence is still being written."""
    monkeypatch.setattr(live, "SEEN_EVERY", 0.01)
    agent = Agent(client, "xiaoli")
    noting, go = threading.Event(), threading.Event()
    note = live.note_presence

    def slow(name: str) -> None:
        note(name)
        noting.set()
        assert go.wait(PATIENT)

    monkeypatch.setattr(live, "note_presence", slow)
    with client.websocket_connect(f"/ws/desk?token={agent.token}") as desk:
        until(desk, "queue")
        assert noting.wait(PATIENT)
        desk.send_json({"type": "away"})
        client.get("/healthz")  # a whole call later it has been heard
    go.set()
    wait_until(lambda: present() == [], "whoever stepped away is off duty")


@pytest.mark.timeout(60)
def test_a_desk_that_looks_away_while_news_are_read_watches_no_longer(
    client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(MUG)
    given(LAMP, number=2)
    first, second = waiting(client, 1), waiting(client, 2)
    reading, go = threading.Event(), threading.Event()
    news_of = live.news_of

    def slow(conversation_id: str, after: int) -> tuple[list[live.Frame], live.Frame]:
        found = news_of(conversation_id, after)
        if found[0]:
            reading.set()
            assert go.wait(PATIENT)
        return found

    monkeypatch.setattr(live, "news_of", slow)
    monkeypatch.setattr(live, "MOST_WATCHED", 1)
    with client.websocket_connect(f"/ws/desk?token={Agent(client, 'xiaoli').token}") as desk:
        desk.send_json({"type": "watch", "conversation_id": first.conversation_id})
        desk.send_json({"type": "ping"})
        until(desk, "pong")
        first.send("在吗")
        assert reading.wait(PATIENT)
        desk.send_json({"type": "unwatch", "conversation_id": first.conversation_id})
        desk.send_json({"type": "ping"})
        until(desk, "pong")
        go.set()
        client.portal.call(client.app.state.hub.tell, DESK, {"type": "unpaid"})  # type: ignore[union-attr,attr-defined]
        until(desk, "unpaid")  # told after whatever was being read
        desk.send_json({"type": "watch", "conversation_id": second.conversation_id})
        desk.send_json({"type": "ping"})
        until(desk, "pong")
        second.send("我也在")
        assert until(desk, "message")["conversation_id"] == second.conversation_id
