"""What holds for every call: headers, limits, errors, health, the description, and secrets worth the name."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot import settings
from bot.web import health
from bot.web.app import ROUTES, make_app
from bot.web.problem import Problem
from bot.web.rate import Buckets
from tests.web.conftest import LAMP, MUG, Customer
from tests.web.stand_in import StandIn
from tests.web.test_files import image


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/", "/chat", "/desk", "/insight", "/api/v1/case", "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "script-src 'self';" in policy, path
        assert "set-cookie" not in headers, path
    assert client.get("/api/v1/case").headers["cache-control"] == "no-store"


def test_only_the_chat_may_be_framed_and_only_by_the_shop(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_SHOP_ORIGINS", "https://shop.example.com")
    assert "frame-ancestors 'self' https://shop.example.com" in client.get("/chat").headers["content-security-policy"]
    desk = client.get("/desk").headers
    assert "frame-ancestors 'none'" in desk["content-security-policy"]
    assert desk["x-frame-options"] == "DENY"


def test_faults_have_one_shape(client: TestClient) -> None:
    for method, path, status in (("GET", "/api/v1/nothing", 404), ("DELETE", "/api/v1/messages", 405), ("GET", "/api/v1/case", 401), ("POST", "/", 405)):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"code", "message"}


def test_no_path_leads_out_of_the_built_folder(client: TestClient) -> None:
    for path in ("/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/assets/../../app.py", "/%2e%2e%2f%2e%2e%2fsettings.py", "/.env"):
        assert client.get(path).status_code == 404, path


def test_pages_that_were_not_built_say_how(client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.web.pages.STATIC", tmp_path / "nowhere")
    answer = client.get("/chat")
    assert answer.status_code == 200
    assert "make setup" in answer.text


def test_health_readiness_and_numbers(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]) == (200, {"database": "ok", "rasa": "ok", "actions": "ok", "files": "ok"})
    rasa.mode = "mute"
    assert client.get("/readyz").json()["parts"]["rasa"].startswith("answers, but")
    rasa.mode = "well"
    Customer(client, "cus_t001").ask("你好")
    numbers = client.get("/metrics").text
    assert 'heqi_messages_accepted_total{kind="text"}' in numbers
    assert 'route="/api/v1/messages"' in numbers
    assert "cnv_" not in numbers


def test_a_database_that_is_gone_is_said_so(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    monkeypatch.setenv("HEQI_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    answer = client.post("/api/v1/messages", json={"client_id": "a", "text": "x"}, headers=customer.headers)
    assert answer.status_code == 503
    assert client.get("/readyz").json()["parts"]["database"].startswith("unreachable")
    assert client.get("/healthz").status_code == 200


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow: what a full disk does to whoever writes, also where root runs the tests."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_so_and_keeps_nothing_by_halves(client: TestClient, given: Callable[..., None], place: Path) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    with full_disk():
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["files"].startswith("cannot write")) == (503, True)
        assert customer.upload(image("PNG")).status_code == 503
        assert client.post("/api/v1/messages", json={"client_id": "a", "text": "x"}, headers=customer.headers).status_code == 503
    assert [path for path in place.rglob("*") if path.name.endswith(".partial")] == []
    assert client.get("/readyz").status_code == 200
    assert customer.upload(image("PNG")).status_code == 202


def test_the_disk_of_the_database_is_looked_at_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", "sqlite:////proc/heqi.db")
    assert health.files().startswith("cannot write to /proc")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_takes_no_writes_is_said_so(
    client: TestClient, given: Callable[..., None], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby, say: it answers every question."""
    given(LAMP)
    customer = Customer(client, "cus_t001")
    monkeypatch.setenv("HEQI_DATABASE_URL", f"{database_url}?options=-c%20default_transaction_read_only%3Don")
    answer = client.post("/api/v1/messages", json={"client_id": "a", "text": "x"}, headers=customer.headers)
    assert answer.status_code == 503
    assert "read-only" in client.get("/readyz").json()["parts"]["database"]
    assert customer.list()["messages"] == []


def test_each_customer_has_a_limit(rasa: StandIn, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    given(LAMP, number=2)
    monkeypatch.setenv("HEQI_CUSTOMER_RATE", "2")
    with TestClient(make_app()) as client:
        customer, other = Customer(client, "cus_t001"), Customer(client, "cus_t002")
        statuses = [client.post("/api/v1/messages", json={"client_id": str(number), "text": "x"}, headers=customer.headers).status_code for number in range(3)]
        assert statuses == [202, 202, 429]
        assert len([message for message in customer.list()["messages"] if message["from"] == "customer"]) == 2
        other.send("x")


def test_each_address_has_a_limit(rasa: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_ADDRESS_RATE", "3")
    with TestClient(make_app()) as client:
        answers = [client.get("/healthz") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    bucket = Buckets("test", 60, clock=lambda: now[0])

    async def calls() -> None:
        for _ in range(60):
            await bucket.take("a")
        with pytest.raises(Problem):
            await bucket.take("a")
        await bucket.take("b")
        now[0] = 1.0
        await bucket.take("a")
        with pytest.raises(Problem):
            await bucket.take("a")

    asyncio.run(calls())


OWN = {"HEQI_SHOP_SECRET": "s" * 40, "HEQI_SESSION_SECRET": "t" * 40}


@pytest.mark.parametrize(
    ("given_settings", "named"),
    [
        ({"HEQI_DEMO": "false"}, "HEQI_SHOP_SECRET"),
        ({"HEQI_HOST": "0.0.0.0"}, "HEQI_SHOP_SECRET"),
        ({"HEQI_DEMO": "false", "HEQI_SHOP_SECRET": "s" * 40}, "HEQI_SESSION_SECRET"),
        ({"HEQI_DEMO": "false", **OWN, "HEQI_SESSION_SECRET": "short"}, "HEQI_SESSION_SECRET"),
        ({"HEQI_DEMO": "false", **OWN, "HEQI_SESSION_SECRET": "s" * 40}, "HEQI_SESSION_SECRET"),
        ({"HEQI_DEMO": "false", **OWN}, None),
        ({}, None),
    ],
)
def test_it_does_not_serve_with_secrets_that_everybody_knows(monkeypatch: pytest.MonkeyPatch, given_settings: dict[str, str], named: str | None) -> None:
    for name, value in given_settings.items():
        monkeypatch.setenv(name, value)
    if named is None:
        make_app()
        return
    with pytest.raises(settings.BadSetting, match=named):
        make_app()


def test_the_description_names_every_call(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    there = {(path, method) for path, calls in described["paths"].items() for method in calls}
    served = {
        (route.path, method.lower())
        for route in ROUTES
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD" and (route.path.startswith(("/api/", "/demo/")) or route.path in {"/healthz", "/readyz", "/metrics"})
    }
    assert there == served
