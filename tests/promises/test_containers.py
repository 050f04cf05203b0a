"""deploy/ as it is, in containers: image, compose file, proxy, volumes. A replica is stopped, killed, cut off; the database is killed, once and again and again."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import subprocess
import threading
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from tests.dialogues.shop import order_number, snapshot_of
from tests.dialogues.test_failure import TRUE_SENTENCE
from tests.promises.product import PATIENT, Customer
from tests.promises.scale import FULL
from tests.promises.test_kill import SAYINGS, faults_in
from tests.promises.test_machines import Desk, hears, texts
from tests.web.conftest import DROPPED, PASSWORD
from tests.web.test_files import jpeg

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PROJECT = "heqi-promise"
NETWORK = f"{PROJECT}_default"
CUSTOMERS = 20
TALKING = range(6, CUSTOMERS + 1)
"""Whose database is killed again and again; the other tests use one customer each."""
KILLS = 8

pytestmark = pytest.mark.skipif(not FULL, reason="builds an image, minutes long: make promises")


def compose() -> tuple[str, ...]:
    """The command of this machine's compose; skips where no Docker answers."""
    for command in (("docker", "compose"), ("docker-compose",)):
        try:
            if subprocess.run(["docker", "info"], capture_output=True).returncode:
                pytest.skip("no Docker daemon answers here")
            if subprocess.run([*command, "version"], capture_output=True).returncode == 0:
                return command
        except FileNotFoundError:
            continue
    pytest.skip("no docker compose here")


class Deployed(msgspec.Struct):
    """The compose file, running; the tests below use one customer each."""

    command: tuple[str, ...]
    env: dict[str, str]

    @property
    def port(self) -> int:
        return int(self.env["HEQI_PORT"])

    def compose(self, *given: str) -> str:
        return self.run(*self.command, "-p", PROJECT, *given)

    def run(self, *argv: str) -> str:
        done = subprocess.run(argv, cwd=DEPLOY, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, (argv, done.stdout[-3000:])
        return done.stdout

    def replicas(self) -> list[str]:
        """The containers that serve, the same one first each time."""
        return sorted(self.run("docker", "ps", "-aq", "--no-trunc", "--filter", f"label=com.docker.compose.project={PROJECT}", "--filter", "label=com.docker.compose.service=heqi", "--filter", "label=com.docker.compose.oneoff=False").split())

    def inside(self, *given: str, mounted: Sequence[str] = ()) -> None:
        """A command of `heqi` in a container of its own."""
        volumes = [part for volume in mounted for part in ("-v", volume)]
        self.compose("run", "--rm", "-T", *volumes, "heqi", "heqi", *given)

    def wait_healthy(self) -> None:
        """Returns when every replica is, as Docker asks it."""
        end = time.monotonic() + PATIENT
        states = ""
        while time.monotonic() < end:
            states = self.run("docker", "inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", *self.replicas())
            if states.splitlines() == ["running healthy"] * 2:
                return
            time.sleep(0.5)
        raise AssertionError(f"not healthy: {states}")

    def customer(self, number: int) -> Customer:
        return Customer(self.port, f"cus_t{number:03d}", self.env["HEQI_SHOP_SECRET"])

    def rows(self, query: str) -> list[str]:
        return self.compose("exec", "-T", "postgres", "psql", "-U", "heqi", "-Atc", query).split()

    def payouts(self) -> list[str]:
        return self.rows("select fen from payouts")


def slow_first_start(place: Path) -> Path:
    """What compose reads beside deploy/: making its first files keeps PostgreSQL as long as on a slow disk."""
    script, beside = place / "slow.sh", place / "slow.yml"
    script.write_text("sleep 10\n", encoding="ascii")
    script.chmod(0o644)
    beside.write_text(json.dumps({"services": {"postgres": {"volumes": [f"{script}:/docker-entrypoint-initdb.d/slow.sh:ro"]}}}), encoding="ascii")
    return beside


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    command = compose()
    place = tmp_path_factory.mktemp("shop")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wanted = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "RABBITMQ_PASSWORD", "HEQI_SHOP_SECRET", "HEQI_SESSION_SECRET")
    files = {"COMPOSE_FILE": f"{DEPLOY / 'compose.yml'}:{slow_first_start(place)}"}
    made = Deployed(command, {**os.environ, **files, "HEQI_PORT": str(port), **{name: secrets.token_hex(32) for name in wanted}})
    now = datetime.now(timezone(timedelta(hours=8))).replace(microsecond=0)
    try:
        made.compose("up", "-d", "--build")
        made.wait_healthy()
        snapshots = [snapshot_of(number, [DROPPED], now) for number in range(1, CUSTOMERS + 1)]
        whole = {"shop": {}, **{part: [row for one in snapshots for row in one[part]] for part in ("skus", "prices", "customers", "orders")}}
        shop = place / "shop.json"
        shop.write_text(json.dumps(whole), encoding="utf-8")
        shop.chmod(0o644)
        made.inside("load", "/shop.json", mounted=[f"{shop}:/shop.json:ro"])
        made.inside("user", "add", "xiaoli", "--role", "agent", "--password", PASSWORD)
        yield made
    finally:
        subprocess.run([*command, "-p", PROJECT, "down", "-v"], cwd=DEPLOY, env=made.env, capture_output=True)


@pytest.mark.timeout(1800)
def test_a_picture_and_a_word_reach_the_desk_through_the_proxy(deployed: Deployed) -> None:
    customer = deployed.customer(1)
    customer.ask("1", "转人工")
    agent = Desk(deployed.port, "xiaoli")
    case_id = agent.take(customer)
    hears(customer, agent, case_id, "您好,我是小丽")
    assert sent_picture(customer) == 202
    card = agent.call("GET", f"/api/v1/desk/cases/{case_id}")["messages"][-1]["card"]
    for _ in range(4):  # the proxy asks the replicas by turns; the picture lies in a volume they share
        assert seen(agent, f"/api/v1/desk/files/{card['upload_id']}") > 100


def sent_picture(customer: Customer) -> int:
    """The status of a picture's upload."""
    limit = uuid.uuid4().hex
    fields = f'--{limit}\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n2\r\n--{limit}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    headers = {"Content-Type": f"multipart/form-data; boundary={limit}", "Authorization": f"Bearer {customer.token}"}
    body = fields.encode() + jpeg() + f"\r\n--{limit}--\r\n".encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{customer.port}/api/v1/messages", body, headers), timeout=30) as answer:
        return int(answer.status)


def seen(agent: Desk, path: str) -> int:
    """Bytes of the picture as the agent's browser gets it."""
    headers = {"Authorization": f"Bearer {agent.token}"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{agent.port}{path}", headers=headers), timeout=30) as answer:
        return len(answer.read())


def stop(deployed: Deployed, replica: str) -> None:
    deployed.run("docker", "stop", "-t", "30", replica)


def kill(deployed: Deployed, replica: str) -> None:
    deployed.run("docker", "kill", replica)


def cut(deployed: Deployed, replica: str) -> None:
    deployed.run("docker", "network", "disconnect", NETWORK, replica)


def start(deployed: Deployed, replica: str) -> None:
    deployed.run("docker", "start", replica)


def reconnect(deployed: Deployed, replica: str) -> None:
    deployed.run("docker", "network", "connect", "--alias", "heqi", NETWORK, replica)


def kill_database(deployed: Deployed, _replica: str) -> None:
    deployed.compose("kill", "postgres")


def start_database(deployed: Deployed, _replica: str) -> None:
    deployed.compose("start", "postgres")


Blow = Callable[[Deployed, str], None]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("number", "blow", "mend"), [(2, stop, start), (3, kill, start), (4, cut, reconnect), (5, kill_database, start_database)])
def test_what_was_accepted_is_answered_and_paid_once(deployed: Deployed, number: int, blow: Blow, mend: Blow) -> None:
    before = len(deployed.payouts())
    customer = deployed.customer(number)
    replica = deployed.replicas()[0]
    deployed.run("docker", "exec", replica, "python", "-c", SEND, customer.token)
    blow(deployed, replica)
    if blow is kill_database:
        mend(deployed, replica)
    answers = customer.answers(1)
    assert any("500.00元" in said for said in answers), answers
    assert customer.ask("2", "在吗")
    if blow is not kill_database:
        mend(deployed, replica)
    deployed.wait_healthy()
    messages = customer.call("GET", "/api/v1/messages?after=0&wait=0")["messages"]
    assert [message["text"] for message in messages if message["from"] == "customer"] == ["手机降价了,把差价退给我", "在吗"]
    said = "".join(message["text"] for message in messages)
    assert said.count("应补差价") == 1 and TRUE_SENTENCE not in said
    assert deployed.payouts()[before:] == ["50000"]


@pytest.mark.timeout(1800)
def test_the_database_killed_again_and_again_loses_and_doubles_nothing(deployed: Deployed) -> None:
    chance = random.Random(5)
    often_enough = threading.Event()

    def talk(number: int) -> list[str]:
        customer = deployed.customer(number)
        for turn, words in enumerate(SAYINGS):
            if (number, turn) == (TALKING[-1], len(SAYINGS) - 1):
                often_enough.wait(PATIENT)
            customer.ask(f"{number}-{turn}", words)
        return faults_in(customer.customer_id, texts(customer))

    def hunt() -> None:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.5, 4))
            kill_database(deployed, "")
            time.sleep(chance.choice((0, 0, 3)))
            start_database(deployed, "")
        often_enough.set()

    with ThreadPoolExecutor(5) as pool:
        hunter = pool.submit(hunt)
        faults = [fault for found in pool.map(talk, TALKING) for fault in found]
        hunter.result()
    assert faults == []
    deployed.wait_healthy()
    paid = Counter(deployed.rows("select order_id from payouts"))
    waiting = deployed.rows("select distinct customer_id from cases where state = 'with_person'")
    assert set(paid.values()) == {1}
    # Who was told of a fault instead waits for a person.
    assert [number for number in TALKING if order_number(number, 1) not in paid and f"cus_t{number:03d}" not in waiting] == []


SEND = """
import json, sys, urllib.request
body = json.dumps({"client_id": "1", "text": "手机降价了,把差价退给我"}).encode()
headers = {"Content-Type": "application/json", "Authorization": f"Bearer {sys.argv[1]}"}
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8000/api/v1/messages", body, headers), timeout=30)
"""
"""Run in the replica that is struck next: the proxy would choose one."""
