"""Two web processes' worth of the application over one Redis: live at once, limits together; alone where Redis is gone."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import pytest
from redis import Redis
from starlette.testclient import TestClient

from bot.web import hub
from bot.web.app import make_app
from bot.web.replicas import OK, Replicas
from tests.redis_server import OwnRedis, require_redis
from tests.web.conftest import MUG, PATIENT, Agent, Customer
from tests.web.stand_in import StandIn
from tests.web.test_desk import handed_over
from tests.web.test_live import until


@contextmanager
def two_over(url: str, monkeypatch: pytest.MonkeyPatch, customer_rate: int = 120) -> Iterator[tuple[TestClient, TestClient]]:
    """The application twice; both use the Redis when the block begins."""
    monkeypatch.setenv("HEQI_REDIS_URL", url)
    monkeypatch.setenv("HEQI_REDIS_PREFIX", f"heqi_test_{uuid.uuid4().hex[:12]}")
    monkeypatch.setenv("HEQI_CUSTOMER_RATE", str(customer_rate))
    with TestClient(make_app()) as near, TestClient(make_app()) as far:
        redis_is("ok", near, far)
        yield near, far


def redis_is(state: str, *clients: TestClient) -> None:
    """Waits until /readyz says so everywhere: as soon as a second of silence has told them. Customers are served meanwhile."""
    end = time.monotonic() + PATIENT
    for client in clients:
        while not (said := client.get("/readyz").json())["parts"]["redis"].startswith(state):
            assert time.monotonic() < end, said
            time.sleep(0.1)
        assert said["ready"], said


def statuses(calls: list[tuple[TestClient, Customer]]) -> list[int]:
    return [
        client.post("/api/v1/messages", json={"client_id": uuid.uuid4().hex, "text": "x"}, headers=customer.headers).status_code
        for client, customer in calls
    ]


def test_a_customer_here_and_an_agent_there_talk_live(
    rasa: StandIn, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(MUG)
    monkeypatch.setattr(hub, "LOOK_EVERY", 3600.0)  # nobody looks into the database: what is heard came over Redis
    with two_over(require_redis(), monkeypatch) as (near, far):
        customer, case_id = handed_over(near)
        agent = Agent(far, "xiaoli")
        with near.websocket_connect(f"/ws/chat?token={customer.token}") as chat, far.websocket_connect(f"/ws/desk?token={agent.token}") as desk:
            chat.receive_json()
            desk.receive_json()
            desk.send_json({"type": "watch", "conversation_id": customer.conversation_id})
            agent.does(case_id, "claim")
            until(chat, "owner", agent="xiaoli")
            desk.send_json({"type": "typing", "conversation_id": customer.conversation_id, "on": True})
            until(chat, "typing", **{"from": "agent", "on": True})
            chat.send_json({"type": "typing", "on": True})
            until(desk, "typing", conversation_id=customer.conversation_id, on=True)
            desk.send_json({"type": "typing", "conversation_id": customer.conversation_id, "on": False})
            until(chat, "typing", **{"from": "agent", "on": False})
            agent.does(case_id, "reply", text="您好")
            while until(chat, "message")["message"]["text"] != "您好":
                pass
            customer.send("我想退货")
            while until(desk, "message")["message"]["text"] != "我想退货":
                pass


def test_the_bot_waits_for_a_customer_who_types_at_another_process(
    rasa: StandIn, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(MUG)
    monkeypatch.setattr("bot.web.bursts.QUIET", 60.0)  # the burst is open all the while
    monkeypatch.setattr("bot.web.bursts.TYPING", 60.0)
    with two_over(require_redis(), monkeypatch) as (near, far):
        customer = Customer(near, "cus_t001")
        with far.websocket_connect(f"/ws/chat?token={customer.token}") as chat:
            chat.receive_json()
            customer.send("杯子")
            until(chat, "message")
            chat.send_json({"type": "typing", "on": True})
            bursts = near.app.state.bursts  # type: ignore[attr-defined]
            end = time.monotonic() + PATIENT
            while customer.conversation_id not in bursts.typed:
                assert time.monotonic() < end
                time.sleep(0.01)


def test_a_limit_is_counted_by_all_together(rasa: StandIn, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(MUG)
    given(MUG, number=2)
    with two_over(require_redis(), monkeypatch, customer_rate=2) as (near, far):
        customer, other = Customer(near, "cus_t001"), Customer(far, "cus_t002")
        assert statuses([(near, customer), (far, customer), (near, customer), (far, customer)]) == [202, 202, 429, 429]
        assert statuses([(near, other)]) == [202]


def test_a_redis_whose_clock_was_set_back_shuts_nobody_out() -> None:
    prefix = f"heqi_test_{uuid.uuid4().hex[:12]}"
    moment = (time.time() + 3600) * 1000 + 30_000  # what a customer's writing left before Redis's clock was set back an hour
    with Redis.from_url(require_redis()) as redis:
        redis.set(f"{prefix}:calls:customer:cus_t001", moment, ex=10)
        assert asyncio.run(waits(prefix, "customer:cus_t001", 3)) == [0, 0, pytest.approx(30, abs=1)]


async def waits(prefix: str, key: str, calls: int) -> list[float | None]:
    """Seconds that each of these calls has to wait; two a minute are free."""
    replicas = Replicas(require_redis(), prefix)
    replicas.state = OK
    try:
        return [await replicas.wait(key, 2, take=True) for _ in range(calls)]
    finally:
        await replicas.redis.close()


def test_what_is_no_news_of_ours_ends_nothing(
    rasa: StandIn, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(MUG)
    monkeypatch.setattr(hub, "LOOK_EVERY", 3600.0)
    with two_over(require_redis(), monkeypatch) as (near, far):
        customer, case_id = handed_over(near)
        agent = Agent(far, "xiaoli")
        channel = near.app.state.replicas.channel  # type: ignore[attr-defined]
        with near.websocket_connect(f"/ws/chat?token={customer.token}") as chat, Redis.from_url(require_redis()) as redis:
            chat.receive_json()
            for stray in ("5", "[1", "\xff", '["x", "y"]', '["x", 7, {}]', json.dumps(["x", customer.conversation_id, {"no": "type"}])):
                assert redis.publish(channel, stray) == 2
            agent.does(case_id, "claim")
            until(chat, "owner", agent="xiaoli")


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_without_redis_each_goes_on_alone_until_it_is_back(
    rasa: StandIn, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: signal.Signals
) -> None:
    given(MUG)
    given(MUG, number=2)
    own = OwnRedis(tmp_path)
    caplog.set_level(logging.INFO, "bot.web.replicas")
    monkeypatch.setattr("bot.web.replicas.AGAIN", 0.05)  # many a try in vain
    try:
        with two_over(own.url, monkeypatch, customer_rate=2) as (near, far):
            caplog.clear()
            customer = Customer(near, "cus_t001")
            assert statuses([(near, customer), (far, customer), (near, customer)]) == [202, 202, 429]
            own.process.send_signal(fault)
            redis_is("no answer", near, far)
            # Counted by each for itself, and what is written here is still heard there.
            assert statuses([(near, customer), (near, customer), (near, customer), (far, customer)]) == [202, 202, 429, 202]
            there = Customer(far, "cus_t002")
            assert there.ask("你好")
            assert statuses([(near, there)]) == [202]
            if fault is signal.SIGKILL:
                own.process.wait()
                own.start()
            else:
                own.process.send_signal(signal.SIGCONT)
            redis_is("ok", near, far)
            other = Customer(near, "cus_t002")
            assert statuses([(near, other), (far, other), (near, other)]) == [202, 202, 429]
            # Each process says once that it is gone and once that it is there again, however often that happens.
            said = [record.getMessage()[:13] for record in caplog.records if record.name == "bot.web.replicas"]
            without = list(accumulate({"redis is gone": 1, "redis is ther": -1}[word] for word in said))
            assert max(without) == 2 and without[-1] == 0, said
    finally:
        own.kill()
