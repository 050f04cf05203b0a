"""The real web process, killed at any moment: what was answered with 202 is answered once, what was not can be sent again."""

from __future__ import annotations

import json
import random
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import processes
from bot.cases import inbox
from bot.store import models
from bot.store.database import session
from tests.dialogues.shop import NOW
from tests.web.conftest import DROPPED, both_databases, customer_token, money
from tests.web.stand_in import StandIn

CUSTOMERS = 24
KILLS = 2
PATIENT = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(port: int, path: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """Calls until it is answered, as a page does: the same body again and again."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    end = time.monotonic() + PATIENT
    while time.monotonic() < end:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                raise
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"{path} was never answered")


@both_databases
def test_killed_again_and_again_every_message_is_answered_once(
    given: Callable[..., None], rasa: StandIn, place: Path, database_url: str
) -> None:
    for number in range(1, CUSTOMERS + 1):
        given(DROPPED, number=number)
    port = free_port()
    web = processes.Running(processes.web("127.0.0.1", port), place / "log")
    web.wait_ready()
    chance = random.Random(7)
    finished = threading.Event()

    def talk(number: int) -> tuple[str, int]:
        opened = call(port, "/api/v1/sessions", {"customer_token": customer_token(f"cus_t{number:03d}")})
        # Spread over the time in which the process is killed.
        finished.wait(chance.random() * 2)
        sent = call(port, "/api/v1/messages", {"client_id": "only", "text": "退我差价"}, opened["token"])
        return opened["conversation_id"], sent["seq"]

    try:
        with ThreadPoolExecutor(CUSTOMERS) as pool:
            talks = [pool.submit(talk, number) for number in range(1, CUSTOMERS + 1)]
            for _ in range(KILLS):
                finished.wait(0.1 + chance.random() * 0.6)
                web.process.send_signal(signal.SIGKILL)
                web.process.wait()
                web = processes.Running(processes.web("127.0.0.1", port), place / "log")
                web.wait_ready()
            sent = dict(done.result() for done in talks)
        end = time.monotonic() + PATIENT
        while inbox.silence(NOW)[0] and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        web.stop()
    assert len(sent) == CUSTOMERS
    with session(read_only=True) as db:
        messages = db.scalars(select(models.Message).order_by(models.Message.conversation_id, models.Message.seq)).all()
    customers = Counter(message.conversation_id for message in messages if message.sender == "customer")
    answers = Counter(message.conversation_id for message in messages if message.sender == "bot" and "500.00元" in message.text)
    assert customers == Counter(dict.fromkeys(sent, 1))
    assert answers == Counter(dict.fromkeys(sent, 1))
    assert money() == [("price_difference", 50000)] * CUSTOMERS
