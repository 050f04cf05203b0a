"""Whoever sends too much, too often or too slowly harms nobody else. Each of these once did, or filled the disk."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import struct
import threading
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import Scope
from starlette.websockets import WebSocketDisconnect
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

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
def web(place: Path, rasa: StandIn) -> Iterator[processes.Running]:
    """A web process of its own."""
    started = processes.Running(processes.web("127.0.0.1", free_port()), place / "log")
    try:
        started.wait_ready()
        yield started
    finally:
        started.stop()


@pytest.fixture
def server(web: processes.Running) -> int:
    """Its port."""
    return urlsplit(web.service.pulse).port or 0


def most_memory(web: processes.Running) -> int:
    """The most it ever held, in MB."""
    status = Path(f"/proc/{web.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def chat_socket(port: int, *headers: str) -> socket.socket:
    """The raw line of a customer's live connection, which was let in."""
    body = json.dumps({"customer_token": customer_token("cus_t001")}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/sessions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        token = json.load(answer)["token"]
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    head = [
        f"GET /ws/chat?token={token} HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, "", "",
    ]
    line.sendall("\r\n".join(head).encode())
    assert b" 101 " in line.recv(4096)
    return line


def frame(first: int, content: bytes) -> bytes:
    """One frame as a client sends it; `first` is its first byte: flags and kind."""
    length = len(content)
    said = bytes((length | 0x80,)) if length < 126 else struct.pack(">BH", 0xFE, length) if length < 65536 else struct.pack(">BQ", 0xFF, length)
    return bytes((first,)) + said + bytes(4) + content


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
    with chat_socket(server) as line, pytest.raises(ConnectionError):
        line.sendall(frame(0x81, b'{"type":"typing","on":true}') * 500_000)
    assert alive(server)


FLOODS = {
    "pings": (b"", frame(0x89, b"a" * 125) * 1000),
    "pongs": (b"", frame(0x8A, b"") * 1000),
    "pieces": (frame(0x01, b""), frame(0x00, b"") * 1000),
    "long-pieces": (frame(0x01, b""), frame(0x00, b"a" * 60_000)),
    "bytes": (b"", frame(0x82, b"a" * 1000)),
}


def test_a_socket_that_floods_takes_no_memory_and_is_cut_off(web: processes.Running, server: int, given: Callable[..., None]) -> None:
    """Nothing is read of what the server says meanwhile."""
    given(LAMP)
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packing.compress(bytes(2**20)) for _ in range(256)) + packing.flush(zlib.Z_SYNC_FLUSH)
    chat_socket(server).close()
    before = most_memory(web)
    for name, (first, flood) in {**FLOODS, "inflating": (b"", frame(0xC1, packed))}.items():
        with chat_socket(server, "Sec-WebSocket-Extensions: permessage-deflate") as line:
            try:
                line.sendall(first)
                for _ in range(8 * 2**20 // len(flood)):
                    line.sendall(flood)
            except ConnectionError:
                continue
            assert closed(line), name
    assert alive(server)
    assert most_memory(web) < before + 20


@pytest.mark.parametrize("said", [b"\x00\x01", b"{}"])
def test_a_frame_of_bytes_is_a_wrong_frame(client: TestClient, given: Callable[..., None], said: bytes) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    with client.websocket_connect(f"/ws/chat?token={customer.token}") as socket:
        socket.receive_json()
        socket.send_bytes(said)
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
    assert who("::ffff:192.0.2.1") == who("192.0.2.1") != who("::ffff:192.0.2.2")
    assert who("fe80::1%eth0") != who("fe80::2:0:0:0:1")
    assert len(who("x" * 60_000)) < 100


TRUSTED = yaml.safe_load((processes.ROOT / "deploy/compose.yml").read_text())["x-heqi"]["environment"]["FORWARDED_ALLOW_IPS"]


@pytest.mark.parametrize(
    ("peer", "forwarded"),
    [
        ("203.0.113.9", ["192.0.2.1"]),
        ("203.0.113.9", ["10.0.0.7", "192.0.2.1"]),
        ("172.18.0.5", ["203.0.113.9"]),
        ("172.18.0.5", ["192.0.2.1, 203.0.113.9"]),
        ("172.18.0.5", ["192.0.2.1", " 203.0.113.9 "]),
        ("172.18.0.5", ["192.0.2.1,  172.18.0.9 ,203.0.113.9,10.0.0.7"]),
        ("172.18.0.5", ["unknown, , x" + "a" * 9000 + ", 203.0.113.9:4711"]),
        ("fd00::5", ["2001:db8::1, 203.0.113.9"]),
        ("172.18.0.5", ["192.0.2.1, ::ffff:203.0.113.9"]),
        ("172.18.0.5", ["192.0.2.1, [::ffff:203.0.113.9]:80"]),
    ],
)
def test_nobody_chooses_the_address_he_is_counted_by(peer: str, forwarded: list[str]) -> None:
    """Headers as they come directly, or from a proxy that appends to what the customer wrote."""
    met: list[str] = []

    async def meet(scope: Any, receive: Any, send: Any) -> None:
        met.append(address_of(scope))

    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope: Any = {"type": "http", "client": (peer, 1), "headers": headers}
    asyncio.run(ProxyHeadersMiddleware(meet, TRUSTED)(scope, None, None))  # type: ignore[arg-type]
    assert met == ["203.0.113.9"]


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
