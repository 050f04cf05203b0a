"""What Rasa told of the messages it understood, from RabbitMQ to the owner's numbers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from bot.store import models
from bot.store.database import engine, session
from bot.web.app import make_app
from tests.dialogues.shop import NOW
from tests.rabbitmq import Line, left, own_name, tell
from tests.web.conftest import MUG, Agent, Customer, both_databases
from tests.web.stand_in import StandIn
from tests.web.test_insight import PERIOD, owner

PATIENT = 20

__all__ = ["owner"]


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with own_name(monkeypatch) as made:
        yield made


def heard(conversation_id: str, event_id: str, intent: str = "refund", confidence: float = 0.9) -> dict[str, Any]:
    reading = {"name": intent, "confidence": confidence}
    return {"event": "user", "sender_id": conversation_id, "message_id": event_id, "timestamp": NOW.timestamp(), "intent": reading, "reading": reading}


def kept() -> int:
    with session(read_only=True) as db:
        return db.scalar(select(func.count()).select_from(models.Understanding)) or 0


def wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@both_databases
def test_the_owner_sees_how_much_was_understood(name: str, client: TestClient, given: Callable[..., None], owner: Agent, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    given(MUG)
    talk = Customer(client, "cus_t001").conversation_id
    button = {"event": "user", "sender_id": talk, "message_id": "e0", "timestamp": 1.0, "intent": {"name": "choose", "confidence": 1.0}}
    yesterday = {**heard(talk, "e5"), "timestamp": (NOW - timedelta(days=1)).timestamp()}
    tell(
        name,
        heard(talk, "e1"), heard(talk, "e1"), heard(talk, "e2", "policy", 0.4499), heard(talk, "e3", "policy", 0.2), heard(talk, "e4", "policy", 0.45),
        b"\xff\xfe secret", heard(talk, "e6", confidence=1.5), heard(talk, "e7\x00"), {**heard(talk, "e8"), "timestamp": "secret"}, heard("secret", "e9"),
        button, yesterday,
    )
    wait(lambda: kept() == 5)
    numbers = client.get(PERIOD, headers=owner.headers).json()["understood"]
    assert numbers == {"heard": 4, "unsure": 2, "ask_below": 0.45, "unsure_intents": [{"name": "policy", "count": 2}], "listening": True}
    assert caplog.text.count("was dropped") == 5
    assert "secret" not in caplog.text
    assert client.get("/readyz").json()["parts"]["rabbitmq"] == "ok"


def test_without_rabbitmq_the_owner_is_told_so(client: TestClient, owner: Agent) -> None:
    numbers = client.get(PERIOD, headers=owner.headers).json()["understood"]
    assert (numbers["heard"], numbers["listening"]) == (0, False)
    assert "rabbitmq" not in client.get("/readyz").json()["parts"]


def test_several_web_processes_take_each_event_once(name: str, rasa: StandIn, given: Callable[..., None]) -> None:
    given(MUG)
    with TestClient(make_app()) as near, TestClient(make_app()):
        talk = Customer(near, "cus_t001").conversation_id
        tell(name, *[heard(talk, f"e{number}") for number in range(40)])
        wait(lambda: kept() == 40)
    assert left(name) <= 2, "all but the last of each process are acknowledged"


def test_an_event_waits_for_the_database(name: str, client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    talk = Customer(client, "cus_t001").conversation_id
    refused = threading.Event()
    sql_event.listen(engine(), "handle_error", lambda _context: refused.set())
    with session() as db:
        db.execute(text("ALTER TABLE understandings RENAME TO away"))
    tell(name, heard(talk, "e1"))
    assert refused.wait(PATIENT)
    with session() as db:
        db.execute(text("ALTER TABLE away RENAME TO understandings"))
    wait(lambda: kept() == 1)


def test_customers_are_served_while_rabbitmq_is_gone(
    name: str, rasa: StandIn, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given(MUG)
    line = Line()
    monkeypatch.setenv("HEQI_RABBITMQ_URL", line.url)
    caplog.set_level(logging.WARNING, "bot.web.events")

    def rabbitmq_is(state: str, number: int) -> None:
        """Waits until operators are told so; customers are answered meanwhile."""
        wait(lambda: str(client.get("/readyz").json()["parts"]["rabbitmq"]).startswith(state))
        assert client.get("/readyz").json()["ready"]
        assert f'heqi_ready{{part="rabbitmq"}} {number}.0' in client.get("/metrics").text
        assert customer.ask("在吗")

    with TestClient(make_app()) as client:
        customer = Customer(client, "cus_t001")
        rabbitmq_is("no answer", 0)
        line.mend()
        rabbitmq_is("ok", 1)
        line.cut()
        rabbitmq_is("no answer", 0)
        tell(name, heard(customer.conversation_id, "e1"))
        line.mend()
        rabbitmq_is("ok", 1)
        wait(lambda: kept() == 1)
        assert caplog.text.count("rabbitmq is gone") == 2
        assert "guest" not in caplog.text
    line.cut()
