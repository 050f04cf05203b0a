"""The running web application over a fresh database, with a stand-in for Rasa, and people who use it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.settings import DEMO_SECRET
from bot.store import models, snapshot
from bot.store.database import session
from bot.store.password import hashed
from bot.web import bursts
from bot.web.app import make_app
from tests.dialogues.shop import NOW, snapshot_of
from tests.web.stand_in import StandIn

LAMP = {"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 7, "delivered": 2}
MUG = {"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3}
DROPPED = {
    "goods": "phone", "unit": 599900, "paid": 3, "delivered": 1, "labels": ["return7", "price_protection"],
    "protection": {"days": 15, "ratio": 1.0, "excluded_kinds": [], "from": "paid"}, "prices": [[0.1, 549900, "direct"]],
}
PASSWORD = "ein gutes Passwort"
PATIENT = 60
"""Seconds a test waits for an answer that is on its way; only a test that fails ever waits so long."""


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Asks again and again until it holds."""
    end = time.monotonic() + PATIENT
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


def customer_token(customer_id: str, **claims: Any) -> str:
    return jwt.encode({"sub": customer_id, **claims}, DEMO_SECRET, "HS256")


class Customer:
    """A customer with the chat open."""

    def __init__(self, client: TestClient, customer_id: str, **extra: Any) -> None:
        opened = client.post("/api/v1/sessions", json={"customer_token": customer_token(customer_id), **extra})
        assert opened.status_code == 200, opened.text
        self.client = client
        self.conversation_id: str = opened.json()["conversation_id"]
        self.token: str = opened.json()["token"]
        self.opened = opened.json()
        self.headers = {"Authorization": f"Bearer {self.token}"}
        self.seen = 0

    def send(self, text: str | None = None, **fields: Any) -> int:
        """Sends a text, or a choice=…; returns the seq of the 202."""
        body = {"client_id": uuid.uuid4().hex, **({"text": text} if text is not None else {}), **fields}
        answer = self.client.post("/api/v1/messages", json=body, headers=self.headers)
        assert answer.status_code == 202, answer.text
        return int(answer.json()["seq"])

    def upload(self, content: bytes, **fields: str) -> Any:
        data = {"client_id": uuid.uuid4().hex, **fields}
        return self.client.post("/api/v1/messages", data=data, files={"file": ("x.bin", content)}, headers=self.headers)

    def list(self, after: int = 0, wait: float = 0) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/messages?after={after}&wait={wait}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def hear(self) -> list[dict[str, Any]]:
        """What others said since the last time, as soon as there is something."""
        end = time.monotonic() + PATIENT
        while time.monotonic() < end:
            messages = self.list(self.seen, 5)["messages"]
            self.seen = max([self.seen, *(message["seq"] for message in messages)])
            others = [message for message in messages if message["from"] != "customer"]
            if others:
                return others
        raise AssertionError("nobody answered")

    def ask(self, text: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        self.send(text, **fields)
        return self.hear()

    def owner(self) -> str:
        return str(self.list(10**6)["owner"])

    def case(self) -> dict[str, Any]:
        answer = self.client.get("/api/v1/case", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


class Agent:
    """Somebody signed in at the desk."""

    def __init__(self, client: TestClient, name: str) -> None:
        answer = client.post("/api/v1/desk/login", json={"user": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.client, self.name = client, name
        self.token: str = answer.json()["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def cases(self, state: str) -> list[dict[str, Any]]:
        answer = self.client.get(f"/api/v1/desk/cases?state={state}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["cases"])

    def act(self, case_id: str, name: str, **body: Any) -> Any:
        return self.client.post(f"/api/v1/desk/cases/{case_id}/{name}", json=body, headers=self.headers)

    def does(self, case_id: str, name: str, **body: Any) -> Any:
        """The act, which must be possible."""
        answer = self.act(case_id, name, **body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def document(self, case_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/desk/cases/{case_id}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """SQLite where a test does not ask for both databases: what a call refuses does not depend on it."""
    kind = getattr(request, "param", "sqlite")
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[kind])
    monkeypatch.setenv("HEQI_DATABASE_URL", url)
    return url


@pytest.fixture
def place(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the product of this test keeps its things."""
    monkeypatch.setenv("HEQI_VAR", str(tmp_path))
    monkeypatch.setenv("HEQI_NOW", NOW.isoformat())
    return tmp_path


@pytest.fixture
def given(place: Path) -> Callable[..., None]:
    """Loads orders for customer 1 (or another number: cus_t002 …)."""

    def load(*orders: dict[str, Any], number: int = 1) -> None:
        with session() as db:
            snapshot.merge(db, snapshot.read(json.dumps(snapshot_of(number, list(orders)))), NOW)

    return load


@pytest.fixture
def rasa(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    stand_in = StandIn()
    # A slow machine is no slow Rasa: only tests of slowness hear that it takes long.
    monkeypatch.setattr(bursts, "SOON", float(PATIENT))
    monkeypatch.setattr(bursts, "PATIENCE", float(PATIENT))
    monkeypatch.setenv("HEQI_RASA_PORT", str(stand_in.port))
    monkeypatch.setenv("HEQI_ACTIONS_PORT", str(stand_in.port))
    yield stand_in
    stand_in.stop()


@pytest.fixture
def client(rasa: StandIn) -> Iterator[TestClient]:
    with TestClient(make_app(), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def staff(place: Path) -> None:
    """xiaoli and xiaowang are agents, laochen is their supervisor."""
    with session() as db:
        secret = hashed(PASSWORD)
        for name, role in (("xiaoli", "agent"), ("xiaowang", "agent"), ("laochen", "supervisor")):
            db.add(models.Agent(name=name, role=role, password_hash=secret))


def money() -> list[tuple[str, int]]:
    """What the platform really paid."""
    with session(read_only=True) as db:
        return [(row.remedy, row.fen) for row in db.scalars(select(models.Payout).order_by(models.Payout.at))]
