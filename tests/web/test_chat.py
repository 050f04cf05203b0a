"""The customer's calls, one by one, and what comes of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from bot.store import models
from bot.store.database import session
from bot.web import bearer, bursts
from bot.web.bearer import DeskToken, Visitor
from tests.web.conftest import DROPPED, LAMP, MUG, Customer, both_databases, customer_token, money, wait_until
from tests.web.stand_in import StandIn


def count(model: Any) -> int:
    with session(read_only=True) as db:
        return int(db.scalar(select(func.count()).select_from(model)) or 0)


@pytest.mark.parametrize(
    "token",
    [
        customer_token("cus_nobody"),
        customer_token("cus_\0"),
        customer_token("cus_t001", exp=int(time.time()) - 1),
        customer_token("cus_t001", iat=int(time.time()) + 3600),
        jwt.encode({"sub": "cus_t001"}, "another secret of some length, thirty-two", "HS256"),
        jwt.encode({"sub": "cus_t001"}, "demo-secret-only-for-this-machine", "HS384"),
        jwt.encode({"sub": "cus_t001"}, None, "none"),
        jwt.encode({"name": "cus_t001"}, "demo-secret-only-for-this-machine", "HS256"),
        jwt.encode({"sub": ""}, "demo-secret-only-for-this-machine", "HS256"),
        "x.y.z", "", 7, None, "\u0000", "a" * 10_000,
    ],
    ids=["unknown", "control-sub", "expired", "future", "forged", "other-algorithm", "none", "no-sub", "empty-sub", "no-jwt", "empty", "number", "null", "control", "long"],
)
def test_no_session_without_the_shops_word(client: TestClient, given: Callable[..., None], token: object) -> None:
    given(LAMP)
    answer = client.post("/api/v1/sessions", json={"customer_token": token})
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("customer_token:")
    assert count(models.Conversation) == 0


def test_a_customer_comes_back_into_the_same_conversation(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    given(MUG, number=2)
    first, again, other = Customer(client, "cus_t001"), Customer(client, "cus_t001"), Customer(client, "cus_t002")
    assert first.conversation_id == again.conversation_id != other.conversation_id
    assert [first.opened["resumed"], again.opened["resumed"]] == [False, True]


@both_databases
def test_a_message_is_answered_and_stands_in_the_list(client: TestClient, given: Callable[..., None]) -> None:
    given(DROPPED)
    customer = Customer(client, "cus_t001")
    seq = customer.send("降价了,退我差价")
    said = customer.hear()
    assert seq == 1
    assert any("500.00元" in message["text"] for message in said)
    listed = customer.list()
    assert [message["seq"] for message in listed["messages"]] == list(range(1, len(listed["messages"]) + 1))
    assert listed["owner"] == "bot"
    assert money() == [("price_difference", 50000)]
    assert customer.case()["state"] == "settled"
    assert "cap_fen" not in customer.case()["assessment"]


@both_databases
def test_the_same_client_id_is_one_message_and_one_answer(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(DROPPED)
    customer = Customer(client, "cus_t001")
    body = {"client_id": "once", "text": "退我差价"}
    answers = [client.post("/api/v1/messages", json=body, headers=customer.headers) for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, {"seq": 1})] * 3
    customer.hear()
    client.post("/api/v1/messages", json=body, headers=customer.headers)
    assert [message["text"] for message in customer.list()["messages"] if message["from"] == "customer"] == ["退我差价"]
    assert len(rasa.heard) == 1
    assert money() == [("price_difference", 50000)]


@both_databases
def test_messages_sent_together_are_one_thought(
    client: TestClient, given: Callable[..., None], rasa: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(LAMP)
    monkeypatch.setattr(bursts, "QUIET", 3.0)  # a single POST may take long here
    monkeypatch.setattr(bursts, "TYPING", 30.0)
    customer = Customer(client, "cus_t001")
    for text in ("你好", "那个台灯", "怎么用"):
        customer.send(text)
    customer.hear()
    assert [request["message"] for request in rasa.heard] == ["你好，那个台灯，怎么用"]


def test_what_comes_while_the_bot_thinks_is_the_next_thought(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    rasa.gate.clear()
    customer.send("第一句")
    wait_until(lambda: rasa.heard, "the bot heard the first")
    customer.send("第二句")
    customer.send("第三句")
    rasa.gate.set()
    wait_until(lambda: len(rasa.heard) > 1, "the bot heard the second")
    assert [request["message"] for request in rasa.heard] == ["第一句", "第二句，第三句"]


@pytest.mark.parametrize("text", ["/choose{\"choice\": \"yes\"}", " /restart", "/ /session_start", "\t//choose", "　/choose"])
def test_typed_words_never_command_rasa(client: TestClient, given: Callable[..., None], rasa: StandIn, text: str) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    customer.ask(text)
    assert not rasa.heard[0]["message"].strip().startswith("/")
    assert customer.list()["messages"][0]["text"] == text.strip()


def offered(client: TestClient) -> tuple[Customer, list[dict[str, str]]]:
    """A customer in front of the bot's offer, and the offer's buttons."""
    customer = Customer(client, "cus_t001")
    said = customer.ask("杯子碎了")
    while customer.case()["state"] == "awaiting_evidence":
        answer = customer.upload(picture())
        assert answer.status_code == 202, answer.text
        said = customer.hear()
    message = next(message for message in said if message["card"] and message["card"]["kind"] == "offer")
    return customer, message["choices"]


def picture() -> bytes:
    from tests.web.test_files import jpeg

    return jpeg()


@both_databases
def test_an_offer_accepted_by_its_button_is_paid_once_from_two_browsers(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer, choices = offered(client)
    second = Customer(client, "cus_t001")
    assert second.conversation_id == customer.conversation_id
    option = next(choice["id"] for choice in choices if ".option:" in choice["id"])
    customer.send(choice=option)
    second.send(choice=option)
    customer.hear()
    second.seen = customer.list()["messages"][-1]["seq"] - 1
    second.hear()
    case = customer.case()
    assert case["state"] in {"settled", "awaiting_return"}
    assert len(case["ledger"]) == len({(row["remedy"], row["fen"]) for row in case["ledger"]})
    assert len(money()) == len([row for row in case["ledger"] if row["state"] == "paid"])


def test_choice_ids_are_unique_in_the_conversation(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer, _ = offered(client)
    customer.ask("不行")
    ids = [choice["id"] for message in customer.list()["messages"] for choice in message["choices"]]
    assert len(ids) == len(set(ids)) > 3


def test_a_choice_that_was_not_offered_is_no_choice(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer, _ = offered(client)
    before = customer.list()
    for choice in ("option:refund-1", "1.option:refund-1", "99.yes", "999999999999.yes", "-1.yes", "²3.yes", ".", "", "yes"):
        answer = client.post("/api/v1/messages", json={"client_id": "c", "choice": choice}, headers=customer.headers)
        assert answer.status_code == 400, choice
        assert "choice" in answer.json()["error"]["message"], choice
    assert customer.list() == before


def test_a_person_can_always_be_called_by_button(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    customer.ask(choice="human")
    listed = customer.list()
    assert listed["owner"] == "queue"
    assert listed["queue"] == {"ahead": 0, "on_duty": False, "wait_minutes": None}


WRONG_MESSAGES: list[tuple[object, str]] = [
    ({"client_id": "a"}, "text"),
    ({"client_id": "a", "text": "x", "choice": "human"}, "text"),
    ({"text": "x"}, "client_id"),
    ({"client_id": 7, "text": "x"}, "client_id"),
    ({"client_id": "", "text": "x"}, "client_id"),
    ({"client_id": "a" * 101, "text": "x"}, "client_id"),
    ({"client_id": "a", "text": "   "}, "text"),
    ({"client_id": "a", "text": "x" * 2001}, "text"),
    ({"client_id": "a", "text": ["x"]}, "text"),
    ({"client_id": "a", "text": "a\u0000b"}, "text"),
    ([], "body"),
    ("text", "body"),
]


def test_wrong_messages_are_named_and_leave_nothing(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    for body, field in WRONG_MESSAGES:
        answer = client.post("/api/v1/messages", json=body, headers=customer.headers)
        assert answer.status_code == 400, body
        assert field in answer.json()["error"]["message"], body
    assert customer.list()["messages"] == []


def test_what_is_no_json_is_refused(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    for raw in (b"", b"{", b"\xff\xfe", b'{"client_id":"a","text":"\\ud800"}', b"[" * 20_000):
        answer = client.post("/api/v1/messages", content=raw, headers={**customer.headers, "Content-Type": "application/json"})
        assert answer.status_code == 400, raw[:20]
    assert client.post("/api/v1/messages", content=b"a=b", headers=customer.headers).status_code == 415


def test_wrong_queries_are_named(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    for query in ("after=-1", "after=x", "after=99999999999", "wait=-1", "wait=nan", "wait=x"):
        answer = client.get(f"/api/v1/messages?{query}", headers=customer.headers)
        assert answer.status_code == 400, query
        assert query.partition("=")[0] in answer.json()["error"]["message"], query


@both_databases
def test_a_customer_reaches_nothing_of_another(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    given(LAMP, number=2)
    victim, choices = offered(client)
    sent = victim.upload(picture())
    assert sent.status_code == 202
    upload_id = victim.list()["messages"][sent.json()["seq"] - 1]["card"]["upload_id"]
    thief = Customer(client, "cus_t002")
    assert client.get("/api/v1/case", headers=thief.headers).status_code == 404
    assert client.get(f"/api/v1/files/{upload_id}", headers=victim.headers).status_code == 200
    assert client.get(f"/api/v1/files/{upload_id}", headers=thief.headers).status_code == 404
    assert client.get("/api/v1/files/..%2f..%2fheqi.db", headers=thief.headers).status_code == 404
    assert client.post("/api/v1/messages", json={"client_id": "c", "choice": choices[0]["id"]}, headers=thief.headers).status_code == 400
    order_id = client.get("/api/v1/orders", headers=victim.headers).json()["orders"][0]["order_id"]
    assert order_id not in str(client.get("/api/v1/orders", headers=thief.headers).json())
    opened = client.post("/api/v1/sessions", json={"customer_token": customer_token("cus_t002"), "order_id": order_id})
    assert opened.status_code == 404
    assert thief.list()["messages"] == []


def test_only_a_chat_token_opens_the_chat(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    wrong = {
        "none": "", "shop": customer_token("cus_t001"), "desk": bearer.desk_token(DeskToken("xiaoli", "x")),
        "other customer": bearer.chat_token(Visitor(customer.conversation_id, "cus_t002")),
        "no conversation": bearer.chat_token(Visitor("cnv_none", "cus_t001")),
        "changed": customer.token[:-2] + ("AA" if customer.token[-2:] != "AA" else "BB"),
    }
    monkeypatch.setattr(bearer, "HOLDS", -1)
    wrong["expired"] = bearer.chat_token(Visitor(customer.conversation_id, "cus_t001"))
    for name, token in wrong.items():
        for call in ("messages", "case", "orders", "transcript"):
            answer = client.get(f"/api/v1/{call}", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, (name, call)
        assert client.post("/api/v1/messages", json={"client_id": uuid.uuid4().hex, "text": "x"}, headers={"Authorization": f"Bearer {token}"}).status_code == 401, name
    assert customer.list()["messages"] == []


def test_clocks_that_differ_a_little_shut_nobody_out(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Our tokens come from machines whose clocks are ahead of this one, or were made before it was set back; the shop's are allowed some seconds."""
    given(LAMP)
    now = time.time()
    answer = client.post("/api/v1/sessions", json={"customer_token": customer_token("cus_t001", iat=int(now) + 20)})
    assert answer.status_code == 200
    with monkeypatch.context() as ahead:
        ahead.setattr(bearer.time, "time", lambda: now + 3600)
        token = bearer.chat_token(Visitor(answer.json()["conversation_id"], "cus_t001"))
    assert client.get("/api/v1/messages", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_chat_opened_on_an_order_asks_about_it(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG, LAMP)
    order_id = next(
        order["order_id"] for order in client.get("/api/v1/orders", headers=Customer(client, "cus_t001").headers).json()["orders"] if "杯" in order["title"]
    )
    customer = Customer(client, "cus_t001", order_id=order_id)
    Customer(client, "cus_t001", order_id=order_id)
    (asked,) = customer.list()["messages"]
    assert "马克杯" in asked["text"]
    said = customer.ask(choice=asked["choices"][0]["id"])
    assert "马克杯" in "".join(message["text"] for message in said)


def test_the_transcript_says_who_spoke(client: TestClient, given: Callable[..., None]) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    customer.ask("你好")
    text = client.get("/api/v1/transcript", headers=customer.headers).text
    assert "顾客:你好" in text
    assert "智能客服小和:" in text


def test_a_rating_needs_something_that_ended(client: TestClient, given: Callable[..., None]) -> None:
    given(DROPPED)
    customer = Customer(client, "cus_t001")
    assert client.post("/api/v1/rating", json={"stars": 5}, headers=customer.headers).status_code == 409
    customer.ask("退我差价")
    for stars, status in ((0, 400), (6, 400), ("5", 400), (True, 400), (4, 204)):
        assert client.post("/api/v1/rating", json={"stars": stars}, headers=customer.headers).status_code == status, stars


def test_the_demo_shop_is_shut_outside_the_demo(client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    (shown,) = client.get("/demo/customers").json()["customers"]
    assert client.post("/api/v1/sessions", json={"customer_token": shown["customer_token"]}).status_code == 200
    monkeypatch.setenv("HEQI_SHOP_SECRET", "s" * 40)  # and HEQI_DEMO forgotten
    assert client.get("/demo/customers").json() == {"customers": []}
    monkeypatch.setenv("HEQI_DEMO", "false")
    assert client.get("/demo/customers").status_code == 404


def test_a_shop_that_set_only_one_secret_is_not_entered_with_the_other_that_everybody_knows(
    client: TestClient, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(LAMP)
    headers = Customer(client, "cus_t001").headers  # signed as anybody could sign it who read our source
    assert client.get("/api/v1/orders", headers=headers).status_code == 200
    monkeypatch.setenv("HEQI_SHOP_SECRET", "s" * 40)
    assert client.get("/api/v1/orders", headers=headers).status_code == 401
