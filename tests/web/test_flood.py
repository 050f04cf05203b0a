"""Whoever sends too much, too often or too slowly harms nobody else. Each of these once did, or filled the disk."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import Scope
from starlette.websockets import WebSocketDisconnect

from bot import processes
from bot.store import models, password
from bot.store.database import session
from bot.web import chat, connection, guard, health, hub, live, media
from bot.web.app import make_app
from bot.web.rate import address_of
from tests.dialogues.conftest import free_port
from tests.dialogues.shop import order_number
from tests.web.conftest import LAMP, MUG, PASSWORD, Agent, Customer, customer_token
from tests.web.stand_in import StandIn
from tests.web.test_files import box, image, mp4


@pytest.fixture
def server(place: Path, rasa: StandIn) -> Iterator[int]:
    """The port of a web process of its own."""
    port = free_port()
    web = processes.Running(processes.web("127.0.0.1", port), place / "log")
    try:
        web.wait_ready()
        yield port
    finally:
        web.stop()


def alive(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)


def closed(line: socket.socket) -> bool:
    """Whether the other side ends the connection, whatever it says before."""
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def end_of(socket: WebSocketTestSession) -> int:
    """With which code the other side closes, whatever it says before."""
    try:
        while True:
            socket.receive_json()
    except WebSocketDisconnect as ended:
        return ended.code


def test_a_head_without_end_is_not_read(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=20) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                line.sendall(b"a" * 2**20)
        assert closed(line)
    assert alive(server)


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n\r\n"], ids=["nothing", "half", "idle"])
def test_who_does_not_go_on_is_hung_up_on(server: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=connection.HEAD_PATIENCE * 3) as line:
        line.sendall(said)
        assert closed(line)


def test_a_body_by_drops_is_not_waited_for(client: TestClient, monkeypatch: pytest.MonkeyPatch, server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=guard.BODY_PATIENCE * 3) as line:
        line.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{")
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 408
        answer.read()
        assert closed(line)


def test_wrong_passwords_sent_together_are_counted_together(client: TestClient, staff: None) -> None:
    def attempt(number: int) -> int:
        return client.post("/api/v1/desk/login", json={"user": f"nobody{number}", "password": "x"}).status_code

    with ThreadPoolExecutor(30) as crowd:
        met = list(crowd.map(attempt, range(60)))
    assert set(met) == {401, 429}
    assert met.count(401) < 30  # twenty, and those that a minute's share gives back meanwhile


def test_a_password_being_checked_keeps_no_customer_waiting(client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    checking, done = threading.Event(), threading.Event()

    def slow(password_hash: str, secret: str) -> bool:
        checking.set()
        return done.wait(20)

    monkeypatch.setattr(password, "fits", slow)
    with ThreadPoolExecutor() as others:
        signing = others.submit(Agent, client, "xiaoli")
        assert checking.wait(10)
        customer.ask("在吗")  # written while the password is being checked
        done.set()
        assert signing.result().name == "xiaoli"


def test_a_locked_name_is_not_told_by_the_time_it_takes(client: TestClient, staff: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        client.post("/api/v1/desk/login", json={"user": "xiaoli", "password": "x"})
    checked: list[str] = []
    fits = password.fits
    monkeypatch.setattr(password, "fits", lambda known, secret: checked.append(known) or fits(known, secret))
    for name in ("xiaoli", "nobody"):
        assert client.post("/api/v1/desk/login", json={"user": name, "password": PASSWORD}).status_code == 401
    assert len(checked) == 2


def test_whoever_asks_whether_it_is_ready_shares_the_answer(client: TestClient, rasa: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    probes: list[int] = []
    begun, go_on, come = threading.Event(), threading.Event(), threading.Semaphore(0)

    def probe(port: int) -> str:
        probes.append(port)
        begun.set()
        go_on.wait(20)
        return "ok"

    def comes(scope: Scope) -> str:
        if scope["path"] == "/readyz":
            come.release()
        return address_of(scope)

    monkeypatch.setattr(health, "understands", probe)
    monkeypatch.setattr(guard, "address_of", comes)
    with ThreadPoolExecutor(20) as crowd:
        first = crowd.submit(client.get, "/readyz")
        assert begun.wait(10)
        asked = [crowd.submit(client.get, "/readyz") for _ in range(19)]
        assert all(come.acquire(timeout=10) for _ in range(20))
        client.get("/healthz")  # answered after all of them were let in
        go_on.set()
        assert {answer.result().status_code for answer in (first, *asked)} == {200}
    assert len(probes) < 5


def test_opening_the_chat_again_and_again_writes_no_more_than_messages_would(
    rasa: StandIn, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(LAMP, MUG)
    monkeypatch.setenv("HEQI_CUSTOMER_RATE", "3")
    with TestClient(make_app()) as client:
        opening = {"customer_token": customer_token("cus_t001")}
        met = [client.post("/api/v1/sessions", json={**opening, "order_id": order_number(1, 1 + number % 2)}).status_code for number in range(6)]
        assert met == [200] * 3 + [429] * 3


def test_a_socket_that_sends_without_end_is_closed(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        socket.receive_json()
        for _ in range(2 * live.MOST_FRAMES):
            socket.send_json({"type": "typing", "on": True})
        assert end_of(socket) == live.TOO_OFTEN


def test_a_socket_that_goes_on_after_it_was_closed_is_cut_off(server: int, given: Callable[..., None]) -> None:
    given(LAMP)
    body = json.dumps({"customer_token": customer_token("cus_t001")}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{server}/api/v1/sessions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        token = json.load(answer)["token"]
    said = b'{"type":"typing","on":true}'
    frame = bytes((0x81, 0x80 | len(said), 0, 0, 0, 0)) + said
    with socket.create_connection(("127.0.0.1", server), timeout=20) as line:
        line.sendall(
            f"GET /ws/chat?token={token} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        with pytest.raises(ConnectionError):
            line.sendall(frame * 500_000)
    assert alive(server)


@pytest.mark.parametrize("frame", [b"\x00\x01", b"{}"])
def test_a_frame_of_bytes_is_a_wrong_frame(client: TestClient, given: Callable[..., None], frame: bytes) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        socket.receive_json()
        socket.send_bytes(frame)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
        assert ended.value.code == live.BAD_FRAME


def test_a_frame_nested_without_end_is_a_wrong_frame(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        socket.receive_json()
        socket.send_text("[" * 4000)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
        assert ended.value.code == live.BAD_FRAME


def test_a_conversation_is_listened_to_by_a_few(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    monkeypatch.setattr(hub, "MOST_LISTENERS", 1)
    customer = Customer(client, "cus_t001")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        socket.receive_json()
        with client.websocket_connect(f"/ws/chat?token={customer.token}") as second, pytest.raises(WebSocketDisconnect) as ended:
            second.receive_json()
        assert ended.value.code == live.TRY_LATER
        assert client.get("/api/v1/messages?wait=5", headers=customer.headers).status_code == 429


def test_sockets_are_counted_among_the_calls_of_an_address(rasa: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_ADDRESS_RATE", "2")
    with TestClient(make_app()) as client:
        codes = []
        for _ in range(3):
            with pytest.raises(WebSocketDisconnect) as ended, client.websocket_connect("/ws/chat?token=x") as socket:
                socket.receive_json()
            codes.append(ended.value.code)
    assert codes == [live.DENIED, live.DENIED, 1008]


def test_a_desk_that_is_signed_out_hears_no_more(client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given(MUG)
    monkeypatch.setattr(live, "SEEN_EVERY", 0.05)
    agent = Agent(client, "xiaoli")
    with client.websocket_connect(f"/ws/desk?token={agent.token}") as socket:
        assert socket.receive_json()["type"] == "ready"
        with session() as db:
            row = db.get(models.Agent, "xiaoli")
            assert row is not None
            row.password_hash = password.hashed("another one")
        assert end_of(socket) == live.DENIED


def test_the_addresses_of_one_household_are_one() -> None:
    def who(host: str) -> str:
        return address_of({"type": "http", "client": (host, 1)})

    assert who("2001:db8:1:2::1") == who("2001:db8:1:2:ffff::9") != who("2001:db8:1:3::1")
    assert who("192.0.2.1") != who("192.0.2.2")
    assert who("testclient") == "testclient"


def test_files_of_a_conversation_have_room_and_no_more(client: TestClient, given: Callable[..., None], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    picture = image("PNG")
    monkeypatch.setattr(chat, "MOST_KEPT", 2 * len(picture))
    assert [customer.upload(picture).status_code for _ in range(3)] == [202, 202, 413]


def test_the_same_message_with_other_files_keeps_none_of_them(client: TestClient, given: Callable[..., None], place: Path) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    answers = [customer.upload(image("PNG", (40, side)), client_id="once") for side in range(30, 40)]
    assert {(answer.status_code, answer.json()["seq"]) for answer in answers} == {(202, 1)}
    assert len([path for path in place.glob("evidence/*/*/*") if path.is_file()]) == 2  # one original, one copy


def test_a_video_of_a_million_empty_parts_is_refused() -> None:
    for inside in (box(b"free", b"") * 1_000_000, (struct.pack(">I4s", 8 + 8000, b"moov") + box(b"free", b"") * 1000) * 1000):
        with pytest.raises(media.BadMedia):
            media.examine(box(b"ftyp", b"isom") + box(b"moov", inside))
    assert media.examine(mp4()).shown


@pytest.mark.usefixtures("staff")
def test_what_fails_answers_like_everything_else(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)

    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(chat, "orders_for", fails)
    answer = client.get("/api/v1/orders", headers=Customer(client, "cus_t001").headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "failed")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
