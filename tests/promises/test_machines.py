"""More than one machine: two of each process over one PostgreSQL and one Redis. A customer at one, an agent at the other; Redis goes, one machine dies."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from websockets.client import WebSocketClientProtocol, connect

from bot.store import migration, models, snapshot
from bot.store.database import session
from bot.store.password import hashed
from tests.conftest import postgres_database
from tests.dialogues.shop import NOW, snapshot_of
from tests.promises.product import PATIENT, Customer, Killable
from tests.redis_server import OwnRedis
from tests.web.conftest import DROPPED, PASSWORD

CUSTOMER_RATE = 5


class Machines(msgspec.Struct):
    """Two machines' worth of the product; the tests below use them in their order, the last one kills `near`."""

    near: Killable
    far: Killable
    redis: OwnRedis
    database_url: str

    def wait_for_redis(self, state: str) -> None:
        """Returns when both say so; they serve all the while."""
        end = time.monotonic() + PATIENT
        for port in (self.near.port, self.far.port):
            while not (said := json.loads(get(port, "/readyz")))["parts"]["redis"].startswith(state):
                assert time.monotonic() < end, said
                time.sleep(0.1)
            assert said["ready"], said


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return bytes(answer.read())


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    place = tmp_path_factory.mktemp("machines")
    redis = OwnRedis(place)
    with postgres_database() as database_url:
        migration.upgrade(database_url)
        with session(database_url) as db:
            for number in range(1, 4):
                snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, [DROPPED]))), NOW)
            db.add(models.Agent(name="xiaoli", role="agent", password_hash=hashed(PASSWORD)))
        extra = {"HEQI_REDIS_URL": redis.url, "HEQI_CUSTOMER_RATE": str(CUSTOMER_RATE)}
        near, far = Killable(database_url, place, extra), Killable(database_url, place, extra)
        far.log_dir = place / "log-far"
        try:
            near.start()
            far.start()
            yield Machines(near, far, redis, database_url)
        finally:
            near.stop()
            far.stop()
            redis.kill()


class Desk(Customer):
    """An agent's browser at one of the machines."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.customer_id, self.token = port, name, ""
        self.token = str(self.call("POST", "/api/v1/desk/login", {"user": name, "password": PASSWORD})["token"])

    def take(self, customer: Customer) -> str:
        """Claims the customer's case."""
        waiting = self.call("GET", "/api/v1/desk/cases?state=queue")["cases"]
        case_id = next(str(case["case_id"]) for case in waiting if case["conversation_id"] == customer.conversation_id)
        self.act(case_id, "claim")
        return case_id

    def act(self, case_id: str, name: str, **body: Any) -> None:
        self.call("POST", f"/api/v1/desk/cases/{case_id}/{name}", body)


def texts(customer: Customer) -> list[tuple[int, str, str]]:
    listed = customer.call("GET", "/api/v1/messages?after=0&wait=0")["messages"]
    return [(message["seq"], message["from"], message["text"]) for message in listed]


def hears(customer: Customer, agent: Desk, case_id: str, words: str) -> None:
    """The long poll at the one machine hears what the agent says at the other."""
    seq = texts(customer)[-1][0]
    agent.act(case_id, "reply", text=words)
    heard = customer.call("GET", f"/api/v1/messages?after={seq}&wait=20")["messages"]
    assert [message["text"] for message in heard] == [words]


async def typing_is_seen(customer: Customer, agent: Desk) -> None:
    """Both sides see the other typing, which no database holds."""
    async with (
        connect(f"ws://127.0.0.1:{customer.port}/ws/chat?token={customer.token}") as chat,
        connect(f"ws://127.0.0.1:{agent.port}/ws/desk?token={agent.token}") as desk,
    ):
        for frame in ("watch", "typing"):
            await desk.send(json.dumps({"type": frame, "conversation_id": customer.conversation_id, "on": True}))
        assert (await frame_of(chat, "typing"))["from"] == "agent"
        await chat.send(json.dumps({"type": "typing", "on": True}))
        assert (await frame_of(desk, "typing"))["conversation_id"] == customer.conversation_id


async def frame_of(socket: WebSocketClientProtocol, kind: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENT))
        if frame["type"] == kind:
            return frame


def post(port: int, customer: Customer, number: int) -> int:
    """The status of another message to this machine."""
    body = json.dumps({"client_id": f"often {number}", "text": "在吗"}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {customer.token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/messages", body, headers), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.timeout(900)
def test_typing_crosses_and_limits_are_shared_over_redis(machines: Machines) -> None:
    machines.wait_for_redis("ok")
    customer = Customer(machines.near.port, "cus_t002")
    customer.ask("1", "转人工")
    agent = Desk(machines.far.port, "xiaoli")
    case_id = agent.take(customer)
    asyncio.run(typing_is_seen(customer, agent))
    hears(customer, agent, case_id, "您好,我是小丽")
    at_near = [post(machines.near.port, customer, number) for number in range(CUSTOMER_RATE + 1)]
    assert at_near[-1] == 429
    assert post(machines.far.port, customer, CUSTOMER_RATE + 1) == 429


@pytest.mark.timeout(900)
def test_redis_may_go_and_come_back(machines: Machines) -> None:
    customer = Customer(machines.near.port, "cus_t003")
    machines.redis.kill()
    try:
        machines.wait_for_redis("no answer")
        customer.ask("1", "转人工")
        agent = Desk(machines.far.port, "xiaoli")
        hears(customer, agent, agent.take(customer), "没有 Redis 也听得见")
        at_near = [post(machines.near.port, customer, number) for number in range(CUSTOMER_RATE + 1)]
        assert at_near[-1] == 429
        assert post(machines.far.port, customer, CUSTOMER_RATE + 1) == 202  # counted by each for itself
    finally:
        machines.redis.start()
    machines.wait_for_redis("ok")
    asyncio.run(typing_is_seen(customer, agent))
    for machine in (machines.near, machines.far):
        log = (machine.log_dir / "web.log").read_text(encoding="utf-8")
        said = re.findall("redis is gone|redis is there", log)
        assert "redis is gone" in said
        assert all(one != after for one, after in pairwise(said)), said  # each said once, however often it happens


@pytest.mark.timeout(900)
def test_one_machine_may_die(machines: Machines) -> None:
    customer = Customer(machines.near.port, "cus_t001")
    customer.ask("1", "转人工")
    agent = Desk(machines.far.port, "xiaoli")
    case_id = agent.take(customer)
    customer.call("POST", "/api/v1/messages", {"client_id": "2", "text": "手机降价了"})
    assert agent.call("GET", f"/api/v1/desk/cases/{case_id}")["messages"][-1]["text"] == "手机降价了"
    agent.act(case_id, "return-to-bot")
    before = texts(customer)
    for started in machines.near.running.values():
        os.killpg(started.process.pid, signal.SIGKILL)
    # The proxy sends the page to the other machine: the same token, the same list, and the bot goes on there.
    customer.port = machines.far.port
    assert texts(customer)[: len(before)] == before
    assert any("500.00元" in said for said in customer.ask("3", "手机降价了,把差价退给我"))
    assert texts(customer)[: len(before)] == before
    assert customer.call("POST", "/api/v1/messages", {"client_id": "2", "text": "手机降价了"})["seq"] in [seq for seq, _, _ in before]
    with session(machines.database_url, read_only=True) as db:
        assert [row.fen for row in db.query(models.Payout)] == [50000]
