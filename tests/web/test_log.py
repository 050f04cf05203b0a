"""What the running server writes into its log."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from starlette.testclient import TestClient

from bot import processes
from tests.dialogues.conftest import free_port
from tests.web.conftest import LAMP, PATIENT, Customer
from tests.web.stand_in import StandIn

HANDSHAKE = (
    "GET /ws/chat?token=geheim123 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_no_token_stands_in_the_log(place: Path, rasa: StandIn) -> None:
    port = free_port()
    web = processes.Running(processes.web("127.0.0.1", port), place / "log")
    try:
        web.wait_ready()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as live:
            live.sendall(HANDSHAKE.encode())
            assert b"101" in live.recv(4096)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/chat?token=geheim456", timeout=10).close()
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).close()
    finally:
        web.stop()
    log = web.log_path.read_text(encoding="utf-8")
    assert '"WebSocket /ws/chat" [accepted]' in log
    assert "GET /chat" in log
    assert "geheim" not in log
    assert "/healthz" not in log


def test_each_turn_goes_by_the_call_that_asked_for_it(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    rasa.gate.clear()
    asked = []
    for number, text in enumerate(("你好", "台灯不想要了"), 1):
        # The second one comes while the first one is being answered: the same worker takes it up.
        sent = client.post("/api/v1/messages", json={"client_id": text, "text": text}, headers=customer.headers)
        asked.append(sent.headers["x-request-id"])
        end = time.monotonic() + PATIENT
        while number == 1 and not rasa.heard:
            assert time.monotonic() < end
            time.sleep(0.02)
    rasa.gate.set()
    while len(rasa.heard) < 2:
        customer.hear()
    assert [heard["metadata"]["call"] for heard in rasa.heard] == asked
