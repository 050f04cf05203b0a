"""Real Rasa and a real action server over a database of their own, started once for all conversations."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import processes
from bot.store import migration

from .shop import NOW


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Talk:
    """What a customer can do: send text or press a button, and read what comes back."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"

    def send(self, conversation_id: str, customer_id: str | None, text: str) -> list[dict[str, Any]]:
        """The bot's messages in answer to one message."""
        metadata = {"customer_id": customer_id} if customer_id else {}
        body = json.dumps({"sender": conversation_id, "message": text, "metadata": metadata}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return list(json.loads(answer.read()))


class Product:
    """A running product: Rasa, an action server, a database of their own."""

    def __init__(self, talk: Talk, database_url: str, actions: processes.Running, logs: Path, env: dict[str, str]) -> None:
        self.talk, self.database_url, self.actions, self.logs, self.env = talk, database_url, actions, logs, env

    def start_actions(self, **changed: str) -> None:
        """Starts the action server again, on the same port, its environment changed by `changed`."""
        self.actions.stop()
        self.actions = processes.Running(self.actions.service, self.logs, {**self.env, **changed})
        self.actions.wait_ready()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product all conversations share; nobody may harm it."""
    with running(tmp_path_factory.mktemp("product")) as started:
        yield started


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of a test module's own, to take parts away from."""
    with running(tmp_path_factory.mktemp("harmed")) as started:
        yield started


@contextmanager
def running(place: Path) -> Iterator[Product]:
    if not list((processes.ROOT / "models").glob("*.tar.gz")):
        pytest.fail("no trained model in models/: run `make train` first (make test does)")
    database_url = f"sqlite:///{place / 'heqi.db'}"
    migration.upgrade(database_url)
    actions_port, rasa_port = free_port(), free_port()
    env = {
        "HEQI_DATABASE_URL": database_url,
        "HEQI_NOW": NOW.isoformat(),
        "HEQI_VAR": str(place),
        "HEQI_ACTIONS_PORT": str(actions_port),
    }
    logs = Path(os.environ["HEQI_TEST_LOGS"]) / place.name if "HEQI_TEST_LOGS" in os.environ else place / "log"
    actions = processes.Running(processes.actions(actions_port), logs, env)
    rasa = processes.Running(processes.rasa(rasa_port), logs, env)
    try:
        actions.wait_ready()
        rasa.wait_ready()
        started = Product(Talk(rasa_port), database_url, actions, logs, env)
        try:
            yield started
        finally:
            started.actions.stop()
    finally:
        rasa.stop()
        actions.stop()
