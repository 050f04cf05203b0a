"""「顾客说了话，没人答」 is a number and an alarm, and the watch outlives a row that nobody can read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from bot.cases import duty, inbox
from bot.clock import SHOP_ZONE
from bot.store import models
from bot.store.database import session
from bot.web import app, bursts
from tests.dialogues.shop import NOW
from tests.web.conftest import LAMP, MUG, PATIENT, Agent, Customer, wait_until
from tests.web.stand_in import StandIn
from tests.web.test_desk import handed_over
from tests.web.test_live import until


def number(client: TestClient, name: str) -> float:
    """What /metrics says now."""
    line = next(line for line in client.get("/metrics").text.splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


def until_number(client: TestClient, name: str, wanted: float) -> None:
    end = time.monotonic() + PATIENT
    while (found := number(client, name)) != wanted:
        assert time.monotonic() < end, f"{name} stays {found}"
        time.sleep(0.05)


@pytest.mark.usefixtures("staff")
def test_whom_nobody_answers_is_counted_and_rings_at_the_desk(
    client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    assert number(client, "heqi_queue_cases") == 1
    agent = Agent(client, "xiaoli")
    with client.websocket_connect(f"/ws/desk?token={agent.token}") as desk:
        until(desk, "ready")
        agent.does(case_id, "claim")
        assert number(client, "heqi_queue_cases") == 0
        until_number(client, "heqi_agents_on_duty", 1)  # noted at once, but after "ready"
        customer.send("还在吗")
        monkeypatch.setenv("HEQI_NOW", (NOW + timedelta(seconds=90)).isoformat())
        assert until(desk, "unanswered") == {"type": "unanswered", "count": 1, "oldest_seconds": 90}
        until_number(client, "heqi_unanswered_oldest_seconds", 90)
        assert number(client, "heqi_unanswered_conversations") == 1
        agent.does(case_id, "reply", text="在的")
        until_number(client, "heqi_unanswered_conversations", 0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk is watched many times a second, and whoever waits at all rings."""
    monkeypatch.setattr(app, "ALARM_EVERY", 0.02)
    monkeypatch.setattr(app, "ALARM_AFTER", 0.0)


@pytest.mark.usefixtures("staff")
def test_nobody_is_given_back_before_the_desks_could_connect_again(
    quick: None, client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product was down for a minute, the agent sat there all along."""
    given(MUG)
    customer, case_id = handed_over(client)
    Agent(client, "xiaoli").does(case_id, "claim")
    with session() as db:
        db.get(models.Agent, "xiaoli").seen_at = datetime.now(SHOP_ZONE) - duty.AWAY - timedelta(seconds=1)
    with client.websocket_connect(f"/ws/desk?token={Agent(client, 'xiaowang').token}") as other:
        customer.send("还在吗")
        for _ in range(3):  # each is a look at who is gone
            until(other, "unanswered")
        assert customer.owner() == "agent"
        monkeypatch.setattr(duty, "AWAY", timedelta(0))
        monkeypatch.setattr(duty, "RECONNECTED", timedelta(0))
        until(other, "queue", waiting=1)
    assert customer.owner() == "queue"


LONG = (duty.AWAY + duty.RECONNECTED).total_seconds()


def looked(*times: tuple[float, float]) -> duty.Lookout:
    lookout = duty.Lookout()
    for ticks, wall in times:
        lookout.noted(ticks, wall)
    return lookout


def every_five(begin: float, end: float, ahead: float = 0.0) -> list[tuple[float, float]]:
    """A look each five seconds of the steady clock, the real clock ahead of it by so much."""
    return [(float(ticks), ticks + ahead) for ticks in range(int(begin), int(end) + 1, 5)]


@pytest.mark.parametrize(
    ("times", "sure"),
    [
        (every_five(1000, 1000), False), (every_five(1000, 1000 + LONG - 5), False), (every_five(1000, 1000 + LONG), True),
        ([*every_five(1000, 1200), *every_five(1300, 1305)], False),  # frozen in between
        ([*every_five(1000, 1200), *every_five(1300, 1300 + LONG)], True),
        ([*every_five(1000, 1200), *every_five(1205, 1205, -3600)], False),  # the clock set back
        ([*every_five(1000, 1200), *every_five(1205, 1205, 61)], False),  # or forward
        ([*every_five(1000, 1200), *every_five(1205, 1205 + LONG, 61)], True),
        ([*every_five(1000, 1200), *every_five(1205, 1205, 1)], True),  # or put right by a second
    ],
)
def test_who_is_gone_is_known_after_a_time_without_a_break(times: list[tuple[float, float]], sure: bool) -> None:
    assert looked(*times).sure == sure


def test_who_is_gone_is_not_known_while_the_database_is_away_and_shortly_after() -> None:
    lookout = looked(*every_five(1000, 1200))
    lookout.lost()
    assert not lookout.sure
    for ticks, wall in every_five(1205, 1200 + LONG):
        lookout.noted(ticks, wall)
        assert not lookout.sure
    lookout.noted(1205 + LONG, 1205 + LONG)
    assert lookout.sure


@pytest.mark.usefixtures("place")
def test_a_clock_that_was_set_back_makes_no_wait_negative(given: Callable[..., None]) -> None:
    given(LAMP)
    conversation_id, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(conversation_id, "cus_t001", "a", NOW, text="在吗")
    assert inbox.silence(NOW - timedelta(hours=1)) == (1, 0.0)


def test_turns_are_counted_by_how_they_ended(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    before = {outcome: counted(client, outcome) for outcome in ("answered", "trouble")}
    customer.ask("你好")
    rasa.mode = "mute"
    customer.ask("台灯不亮")
    # What the bot said may be seen a moment before its turn is counted.
    wait_until(lambda: [counted(client, outcome) - count for outcome, count in before.items()] == [1, 1], "one turn each is counted")


def counted(client: TestClient, outcome: str) -> float:
    name = f'heqi_turns_total{{outcome="{outcome}"}}'
    return number(client, name) if name in client.get("/metrics").text else 0.0


@pytest.mark.usefixtures("rasa")
def test_a_row_that_nobody_can_read_does_not_end_the_watch(given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    given(LAMP, number=2)
    monkeypatch.setattr(bursts, "SWEEP_EVERY", 0.05)
    monkeypatch.setattr(bursts, "STUCK_AFTER", 0.1)
    broken, _ = inbox.open_conversation("cus_t001", NOW)
    inbox.receive(broken, "cus_t001", "a", NOW, text="你好")
    with session() as db:
        db.execute(text("UPDATE messages SET at = 'no time'"))
    with TestClient(app.make_app()) as client:
        customer = Customer(client, "cus_t002")
        # Written down by a process that died before anybody answered.
        inbox.receive(customer.conversation_id, "cus_t002", "b", NOW, text="你好")
        customer.hear()
