"""The agents' desk, call by call: who may do what, what the customer sees of it, what the ledger holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from bot.cases import desk, inbox
from bot.cases.desk_refused import DeskRefused
from bot.store import models, password
from bot.store.database import engine, session
from tests.dialogues.shop import NOW, order_number
from tests.web.conftest import DROPPED, LAMP, MUG, PASSWORD, Agent, Customer, both_databases, money
from tests.web.stand_in import StandIn
from tests.web.test_chat import offered

DEAR = {"goods": "lamp", "unit": 88000, "paid": 8, "shipped": 7, "delivered": None}


def handed_over(client: TestClient, words: str = "杯子碎了") -> tuple[Customer, str]:
    """A customer with a case in the queue."""
    customer = Customer(client, "cus_t001")
    customer.ask(words)
    customer.ask("转人工")
    return customer, str(customer.case()["case_id"])


@both_databases
def test_a_case_is_claimed_answered_offered_accepted_and_resolved(
    client: TestClient, given: Callable[..., None], staff: None, rasa: StandIn
) -> None:
    given(MUG)
    customer, _ = offered(client)
    customer.ask("转人工")
    case_id = customer.case()["case_id"]
    agent = Agent(client, "xiaoli")
    (waiting,) = agent.cases("queue")
    assert (waiting["case_id"], waiting["state"], waiting["owner"]) == (case_id, "with_person", "queue")
    assert waiting["next_deadline"]["what"] == "人工回复"

    assert agent.does(case_id, "claim")["owner"] == "agent"
    assert agent.cases("queue") == []
    assert [case["case_id"] for case in agent.cases("mine")] == [case_id]
    agent.does(case_id, "reply", text="您好,我是小李")
    joined, said = customer.hear()
    assert (joined["from"], said["from"], said["by"]) == ("system", "agent", "xiaoli")

    turns = len(rasa.heard)
    customer.send("那你们赔多少")
    answer = agent.does(case_id, "offer", remedy="refund_part", fen=800)
    message = customer.list()["messages"][answer["seq"] - 1]
    assert "8.00元" in message["text"]
    customer.seen = answer["seq"]
    said = customer.ask(choice=message["choices"][0]["id"])
    assert "8.00元" in said[0]["text"]
    assert said[0]["from"] == "system"
    assert len(rasa.heard) == turns
    customer.send(choice=message["choices"][0]["id"])
    assert money() == [("refund_part", 800)]
    assert customer.case()["state"] == "settled"

    agent.does(case_id, "resolve", outcome="已协商一致")
    document = agent.document(case_id)
    assert document["state"] == "settled"
    assert {"claim", "reply", "offer", "accept_offer", "resolve"} <= {entry["what"] for entry in document["desk"]["audit"]}
    assert customer.owner() == "bot"


@both_databases
def test_eight_agents_claim_and_one_has_it(client: TestClient, given: Callable[..., None], place: Any) -> None:
    given(MUG)
    _, case_id = handed_over(client)
    names = [f"agent{number}" for number in range(8)]
    with session() as db:
        for name in names:
            db.add(models.Agent(name=name, role="agent", password_hash="x"))
    start = threading.Barrier(len(names))

    def claim(name: str) -> str:
        start.wait(timeout=30)
        try:
            desk.claim(case_id, name, NOW)
        except DeskRefused as refused:
            return refused.code
        return name

    with ThreadPoolExecutor(len(names)) as pool:
        results = list(pool.map(claim, names))
    winners = [result for result in results if result in names]
    assert len(winners) == 1
    assert results.count("taken") == 7
    with session(read_only=True) as db:
        row = db.get(models.Case, case_id)
        assert row is not None
        conversation = db.get(models.Conversation, row.conversation_id)
        assert conversation is not None
        assert (row.claimed_by, conversation.agent_id) == (winners[0], winners[0])
        claims = db.scalars(select(models.AuditEntry).where(models.AuditEntry.what == "claim")).all()
        assert [entry.who for entry in claims] == winners


def test_only_the_one_who_has_the_case_acts(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    mine, other = Agent(client, "xiaoli"), Agent(client, "xiaowang")
    acts: list[tuple[str, dict[str, Any]]] = [
        ("reply", {"text": "x"}), ("offer", {"remedy": "refund_part", "fen": 100}), ("approve", {}), ("refuse", {}),
        ("request-evidence", {"kinds": ["photo"]}), ("return-to-bot", {}), ("resolve", {"outcome": "settled"}), ("release", {}),
        ("transfer", {"to": "xiaowang"}),
    ]
    for name, body in acts:
        assert mine.act(case_id, name, **body).status_code == 409, name
    mine.does(case_id, "claim")
    before = customer.list()
    for name, body in [("claim", {}), *acts]:
        answer = other.act(case_id, name, **body)
        assert answer.status_code == 409, name
        assert "xiaoli" in answer.json()["error"]["message"], name
    assert customer.list() == before
    mine.does(case_id, "claim")
    assert customer.list() == before


def test_the_bot_is_silent_while_an_agent_has_it_and_goes_on_afterwards(
    client: TestClient, given: Callable[..., None], staff: None, rasa: StandIn
) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    turns = len(rasa.heard)
    customer.send("在吗")
    agent.does(case_id, "reply", text="在的")
    seen = customer.send("好吧")
    short = agent.does(case_id, "return-to-bot", note="顾客接受继续处理", seen_seq=seen)
    assert (short["owner"], short["state"], short["claimed_by"]) == ("bot", "open", None)
    assert len(rasa.heard) == turns
    customer.seen = customer.list()["messages"][-1]["seq"]
    customer.ask("杯子碎了怎么办")
    assert [request["message"] for request in rasa.heard[turns:]] == ["杯子碎了怎么办"]
    assert customer.case()["case_id"] == case_id


@pytest.mark.parametrize(("act", "body"), [("resolve", {"outcome": "已办好"}), ("return-to-bot", {})])
@pytest.mark.parametrize("told", [True, False], ids=["page", "no-page"])
def test_what_the_desk_had_not_shown_is_answered_after_the_agent_has_gone(
    client: TestClient, given: Callable[..., None], staff: None, rasa: StandIn, act: str, body: dict[str, str], told: bool
) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    customer.send("在吗")
    agent.does(case_id, "reply", text="给您登记好了")
    turns = len(rasa.heard)
    shown = customer.send("好") if told else None  # a page says what it showed; of another program nothing is known
    customer.send("等等,我还有一句")
    rasa.gate.clear()
    agent.does(case_id, act, **body, **({"seen_seq": shown} if told else {}))
    customer.seen = customer.list()["messages"][-1]["seq"]
    rasa.gate.set()
    assert [message["from"] for message in customer.hear()] == ["bot"]
    assert [request["message"] for request in rasa.heard[turns:]] == ["等等,我还有一句"]
    assert inbox.unanswered() == []


@contextmanager
def gone_after_an_act() -> Iterator[threading.Event]:
    """The database goes away in the moment in which somebody's act was committed; what is set inside says that it is gone."""
    gone = threading.Event()

    def asked(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if gone.is_set():
            raise OperationalError(statement, None, Exception("the database is gone"))
        if statement.startswith("INSERT INTO audit_entries"):
            connection.info["acted"] = True

    def committed(connection: Any) -> None:
        if connection.info.pop("acted", False):
            gone.set()

    event.listen(engine(), "before_cursor_execute", asked)
    event.listen(engine(), "commit", committed)
    try:
        yield gone
    finally:
        event.remove(engine(), "before_cursor_execute", asked)
        event.remove(engine(), "commit", committed)


@pytest.mark.parametrize(
    ("act", "body", "answered"),
    [("resolve", {"outcome": "已办好"}, {"case_id"}), ("reply", {"text": "您好"}, {"seq"}), ("note", {"text": "常客"}, None)],
)
def test_what_was_done_is_not_answered_by_nothing_was_changed(
    client: TestClient, given: Callable[..., None], staff: None, act: str, body: dict[str, str], answered: set[str] | None
) -> None:
    given(MUG)
    _, case_id = handed_over(client)
    agent = Agent(client, "laochen")
    agent.does(case_id, "claim")
    with gone_after_an_act() as gone:
        answer = agent.act(case_id, act, **body)
        assert gone.is_set()
    assert answer.is_success, answer.text
    assert (set(answer.json()) if answer.content else None) == answered
    assert act in {entry["what"] for entry in agent.document(case_id)["desk"]["audit"]}


def test_what_was_answered_before_is_not_asked_of_the_bot_again(
    client: TestClient, given: Callable[..., None], staff: None, rasa: StandIn
) -> None:
    """The page lags behind: it had shown less than the agent's own words answered; or it says more than there is."""
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    turns = len(rasa.heard)
    for seen in (0, 2**31 - 1):
        agent.does(case_id, "claim")
        customer.send("在吗")
        agent.does(case_id, "reply", text="在的")
        agent.does(case_id, "return-to-bot", seen_seq=seen)
        assert inbox.unanswered() == []
    assert len(rasa.heard) == turns
    customer.ask("那就好")
    for wrong in (-1, "5", 2**31, True):
        assert agent.act(case_id, "resolve", outcome="settled", seen_seq=wrong).status_code == 400, wrong


def test_a_late_word_of_the_bot_is_dropped(client: TestClient, given: Callable[..., None], staff: None, rasa: StandIn) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    rasa.gate.clear()
    customer.send("现在怎么样了")
    while not rasa.heard[-1]["message"].startswith("现在"):
        pass
    agent.does(case_id, "claim")
    agent.does(case_id, "reply", text="我来处理")
    agent.does(case_id, "return-to-bot")
    rasa.gate.set()
    customer.seen = customer.list()["messages"][-1]["seq"]
    customer.ask("你好")
    said = [(message["from"], message["text"]) for message in customer.list()["messages"]]
    after = said[[text for _, text in said].index("现在怎么样了") + 1 :]
    assert [sender for sender, _ in after] == ["system", "agent", "system", "customer", "bot"]


@pytest.mark.parametrize(
    ("remedy", "fen", "status", "code"),
    [
        ("refund_part", 0, 400, "bad_fen"),
        ("exchange", 100, 400, "bad_fen"),
        ("none", 100, 400, "bad_remedy"),
        ("bribe", 100, 400, "bad_remedy"),
        ("refund_part", -5, 400, "bad_request"),
        ("refund_part", 1.5, 400, "bad_request"),
        ("refund_part", "100", 400, "bad_request"),
        ("refund_part", 900000, 409, "over_paid"),
        ("medical", 100, 409, "over_cap"),
    ],
)
def test_an_offer_that_cannot_be_is_refused(
    client: TestClient, given: Callable[..., None], staff: None, remedy: str, fen: object, status: int, code: str
) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    before = customer.list()
    answer = agent.act(case_id, "offer", remedy=remedy, fen=fen)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert customer.list() == before


def test_above_the_cap_a_supervisor_offers(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(LAMP)
    customer, case_id = handed_over(client, "态度太差")
    agent, supervisor = Agent(client, "xiaoli"), Agent(client, "laochen")
    agent.does(case_id, "claim")
    agent.act(case_id, "offer", remedy="medical", fen=1)  # has the case assessed
    above = agent.document(case_id)["desk"]["left_under_cap_fen"] + 100
    refused = agent.act(case_id, "offer", remedy="refund_part", fen=above)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "over_cap")
    answer = supervisor.does(case_id, "offer", remedy="refund_part", fen=above)
    customer.send(choice=customer.list()["messages"][answer["seq"] - 1]["choices"][0]["id"])
    assert money() == [("refund_part", above)]
    assert "raise_cap" in [entry["what"] for entry in agent.document(case_id)["desk"]["audit"]]


def test_what_is_owed_is_neither_undercut_nor_left_open(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given({**DROPPED, "prices": [[0.1, 539900, "direct"]]})  # 600 yuan: above what the bot may pay by itself
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    case_id = customer.case()["case_id"]
    assert customer.case()["state"] == "with_person"
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    assert agent.document(case_id)["assessment"]["floor_fen"] == 60000
    low = agent.act(case_id, "offer", remedy="price_difference", fen=59900)
    assert (low.status_code, low.json()["error"]["code"]) == (409, "below_floor")
    left = agent.act(case_id, "resolve", outcome="settled")
    assert (left.status_code, left.json()["error"]["code"]) == (409, "owed")
    assert agent.act(case_id, "refuse").json()["error"]["code"] == "not_refusable"
    done = agent.does(case_id, "approve")
    assert [(row["remedy"], row["fen"], row["state"]) for row in done["ledger"]] == [("price_difference", 60000, "paid")]
    agent.does(case_id, "approve")
    assert money() == [("price_difference", 60000)]
    agent.does(case_id, "resolve", outcome="settled")
    assert customer.case()["state"] == "settled"
    assert customer.owner() == "bot"


@both_databases
def test_freight_taken_settles_no_debt(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given({**DROPPED, "prices": [[0.1, 539900, "direct"]]})
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    case_id = customer.case()["case_id"]
    agent, supervisor = Agent(client, "xiaoli"), Agent(client, "laochen")
    agent.does(case_id, "claim")
    seq = supervisor.does(case_id, "offer", remedy="freight", fen=1000)["seq"]
    customer.send(choice=customer.list()["messages"][seq - 1]["choices"][0]["id"])
    assert money() == [("freight", 1000)]
    assert customer.case()["state"] == "with_person"
    assert agent.act(case_id, "resolve", outcome="settled").json()["error"]["code"] == "owed"
    agent.does(case_id, "approve")
    assert sorted(money()) == [("freight", 1000), ("price_difference", 60000)]
    assert customer.case()["state"] == "settled"


@both_databases
@pytest.mark.parametrize("back", [False, True], ids=["with the agent", "given back to the bot"])
def test_an_offer_made_before_more_was_owed_is_not_taken_for_all(client: TestClient, given: Callable[..., None], staff: None, back: bool) -> None:
    given({**DROPPED, "prices": [[0.1, 539900, "direct"]]})
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    case_id = customer.case()["case_id"]
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    seq = agent.does(case_id, "offer", remedy="price_difference", fen=60000)["seq"]
    given({**DROPPED, "prices": [[0.1, 539900, "direct"], [0.05, 529900, "direct"]]})
    if back:
        agent.does(case_id, "return-to-bot")
    said = customer.ask(choice=customer.list()["messages"][seq - 1]["choices"][0]["id"])[-1]["text"]
    assert money() == []
    assert "规则该给您的比这个方案多" in said
    assert customer.owner() == ("queue" if back else "agent")
    if back:
        agent.does(case_id, "claim")
    assert agent.act(case_id, "offer", remedy="price_difference", fen=60000).json()["error"]["code"] == "below_floor"
    agent.does(case_id, "approve")
    assert money() == [("price_difference", 70000)]


def test_goodwill_need_not_be_given(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given({**DROPPED, "labels": ["return7"], "protection": None, "prices": [[20, 549900, "direct"]]})
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    customer.ask("转人工")
    case_id = customer.case()["case_id"]
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    assessment = agent.document(case_id)["assessment"]
    assert assessment["decision"] == "negotiable"
    answer = agent.does(case_id, "refuse", text="抱歉")
    said = customer.list()["messages"][answer["seq"] - 1]
    assert assessment["reasons"][0]["text"] in said["text"]
    assert said["card"]["options"] == assessment["options_for_customer"]
    assert customer.case()["state"] == "refused"
    assert money() == []


def test_an_agent_refuses_what_the_rules_refuse(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)  # the price never fell and no label promises anything: the rules refuse, and there is no goodwill to give
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    customer.ask("转人工")
    case_id = customer.case()["case_id"]
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    assert agent.document(case_id)["assessment"]["decision"] == "refused"
    assert agent.act(case_id, "approve").json()["error"]["code"] == "nothing_owed"
    agent.does(case_id, "refuse")
    assert customer.case()["state"] == "refused"
    assert money() == []


def test_of_two_cases_of_one_matter_one_is_claimed(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    for words in ("退我差价", "碎了", "退我差价"):  # the second case becomes one about the price, too
        customer.ask(words)
    with session(read_only=True) as db:
        one, other = db.scalars(select(models.Case.case_id).where(models.Case.wish == "price_protection", models.Case.state == "refused"))
    agent = Agent(client, "xiaoli")
    agent.does(one, "claim")
    answer = agent.act(other, "claim")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "case_open")
    assert one in answer.json()["error"]["message"]


def test_what_lacks_evidence_is_not_approved_and_the_agent_hears_what_lacks(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    customer.ask("碎了")
    case_id = customer.case()["case_id"]
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    refused = agent.act(case_id, "approve").json()["error"]
    assert refused["code"] == "nothing_owed"
    assert "照片" in refused["message"]
    assert "CHECK" not in refused["message"]


def test_evidence_notes_transfer_release(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    mine, other = Agent(client, "xiaoli"), Agent(client, "xiaowang")
    mine.does(case_id, "claim")
    seq = mine.does(case_id, "request-evidence", kinds=["parcel_photo"])["seq"]
    assert customer.list()["messages"][seq - 1]["card"] == {"kind": "needs_evidence", "case_id": case_id, "needs": ["parcel_photo"]}
    assert mine.act(case_id, "request-evidence", kinds=["selfie"]).status_code == 400
    assert mine.act(case_id, "request-evidence", kinds="photo").status_code == 400
    mine.does(case_id, "note", text="顾客像是第一次买")
    assert "像是第一次" not in str(customer.list()) + str(customer.case())
    assert mine.document(case_id)["desk"]["notes"][0]["text"] == "顾客像是第一次买"
    assert mine.act(case_id, "transfer", to="nobody").status_code == 404
    mine.does(case_id, "transfer", to="xiaowang")
    assert [case["case_id"] for case in other.cases("mine")] == [case_id]
    assert mine.cases("mine") == []
    other.does(case_id, "release")
    assert [case["case_id"] for case in mine.cases("queue")] == [case_id]
    assert customer.owner() == "queue"


def test_the_queue_is_sorted_by_the_nearest_deadline(client: TestClient, given: Callable[..., None], staff: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        given(MUG, number=number)
        monkeypatch.setenv("HEQI_NOW", NOW.replace(hour=12 - number).isoformat())
        Customer(client, f"cus_t{number:03d}").ask("转人工")
    listed = Agent(client, "xiaoli").cases("queue")
    assert [case["customer"]["customer_id"] for case in listed] == ["cus_t003", "cus_t002", "cus_t001"]
    dues = [case["next_deadline"]["at"] for case in listed]
    assert dues == sorted(dues)


def test_signing_in(client: TestClient, staff: None) -> None:
    for body in ({}, {"user": "xiaoli"}, {"user": "xiaoli", "password": 7}, {"user": "", "password": "x"}):
        assert client.post("/api/v1/desk/login", json=body).status_code == 400
    wrong = [client.post("/api/v1/desk/login", json={"user": name, "password": "x"}) for name in ("xiaoli", "nobody")]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert wrong[0].json() == wrong[1].json()
    for _ in range(4):
        client.post("/api/v1/desk/login", json={"user": "xiaoli", "password": "x"})
    assert client.post("/api/v1/desk/login", json={"user": "xiaoli", "password": PASSWORD}).status_code == 401
    assert client.post("/api/v1/desk/login", json={"user": "xiaowang", "password": PASSWORD}).status_code == 200


def test_guessing_passwords_from_one_address_is_slowed(client: TestClient, staff: None) -> None:
    statuses = [client.post("/api/v1/desk/login", json={"user": f"user{number}", "password": "x"}).status_code for number in range(40)]
    assert statuses[:20] == [401] * 20
    assert 429 in statuses[20:]


def test_the_desk_is_shut_for_everybody_else(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    assert client.get("/api/v1/messages", headers=agent.headers).status_code == 401
    for headers in ({}, customer.headers, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
        for path in ("me", "cases", f"cases/{case_id}", "agents", "files/upl_0"):
            assert client.get(f"/api/v1/desk/{path}", headers=headers).status_code == 401, path
        for act in ("claim", "reply", "offer", "approve", "refuse", "request-evidence", "return-to-bot", "resolve", "release", "transfer", "note"):
            assert client.post(f"/api/v1/desk/cases/{case_id}/{act}", json={}, headers=headers).status_code == 401, act
    assert agent.cases("all")[0]["claimed_by"] is None


def test_a_new_password_ends_the_session(client: TestClient, staff: None) -> None:
    agent = Agent(client, "xiaoli")
    assert client.get("/api/v1/desk/me", headers=agent.headers).json() == {"name": "xiaoli", "role": "agent"}
    with session() as db:
        row = db.get(models.Agent, "xiaoli")
        assert row is not None
        row.password_hash = password.hashed("another one")
    assert client.get("/api/v1/desk/me", headers=agent.headers).status_code == 401


@both_databases
def test_wrong_desk_calls(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    _, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    assert client.get("/api/v1/desk/cases?state=theirs", headers=agent.headers).status_code == 400
    assert client.get("/api/v1/desk/cases/case_none", headers=agent.headers).status_code == 404
    assert agent.act("case_none", "claim").status_code == 404
    for strange in ("%00", "a%00b", "%ff", "x" * 200, "'%20OR%201=1--"):
        assert agent.act(strange, "claim").status_code == 404, strange
        assert client.get(f"/api/v1/desk/files/{strange}", headers=agent.headers).status_code == 404, strange
    agent.does(case_id, "claim")
    for name, body in (("reply", {}), ("reply", {"text": " "}), ("reply", {"text": 5}), ("resolve", {}), ("offer", {"remedy": "refund"}), ("note", {})):
        assert agent.act(case_id, name, **body).status_code == 400, (name, body)


def test_the_same_reply_twice_is_one(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    seqs = {agent.does(case_id, "reply", text="您好", client_id="r1")["seq"] for _ in range(3)}
    assert len(seqs) == 1
    assert [message["text"] for message in customer.list()["messages"] if message["from"] == "agent"] == ["您好"]


def test_an_offer_of_the_bot_stands_when_a_person_has_it(client: TestClient, given: Callable[..., None], staff: None) -> None:
    """Pressing the bot's old button while an agent has the case moves no money: the agent sees the press."""
    given(MUG)
    customer, choices = offered(client)
    customer.ask("转人工")
    agent = Agent(client, "xiaoli")
    agent.does(customer.case()["case_id"], "claim")
    customer.send(choice=next(choice["id"] for choice in choices if ".option:" in choice["id"]))
    assert money() == []
    assert customer.list()["messages"][-1]["from"] == "customer"


def test_a_case_without_an_order_gets_one_of_the_customers(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG, LAMP)
    given(MUG, number=2)
    customer = Customer(client, "cus_t001")
    customer.ask("转人工")
    case_id = customer.case()["case_id"]
    mine, other = Agent(client, "xiaoli"), Agent(client, "xiaowang")
    shown = mine.document(case_id)["desk"]["orders"]
    assert {(line["order_id"], line["paid_fen"]) for line in shown} == {(order_number(1, 1), 8900), (order_number(1, 2), 8800)}
    lamp = {"order_id": order_number(1, 2), "line_id": f"{order_number(1, 2)}-1"}
    assert mine.act(case_id, "order", **lamp).status_code == 409, "nobody has claimed it"
    mine.does(case_id, "claim")
    assert mine.act(case_id, "approve").json()["error"]["code"] == "no_order"
    assert other.act(case_id, "order", **lamp).json()["error"]["code"] == "not_yours"
    theirs = {"order_id": order_number(2, 1), "line_id": f"{order_number(2, 1)}-1"}
    assert mine.act(case_id, "order", **theirs).status_code == 404
    for wrong in ({}, {"order_id": lamp["order_id"]}, {**lamp, "line_id": 7}):
        assert mine.act(case_id, "order", **wrong).status_code == 400, wrong
    heard = len(customer.list()["messages"])

    assert mine.does(case_id, "order", **lamp)["paid_fen"] == 8800
    mine.does(case_id, "order", **lamp)
    document = mine.document(case_id)
    assert document["assessment"]["floor_fen"] == document["summary"]["floor_fen"] == 8800
    assert document["summary"]["order"]["order_id"] == lamp["order_id"]
    assert (document["state"], document["desk"]["orders"], document["ledger"]) == ("with_person", [], [])
    assert [entry["detail"] for entry in document["desk"]["audit"] if entry["what"] == "put_order"] == [lamp]
    mug = {"order_id": order_number(1, 1), "line_id": f"{order_number(1, 1)}-1"}
    assert mine.act(case_id, "order", **mug).json()["error"]["code"] == "has_order"
    assert len(customer.list()["messages"]) == heard
    assert money() == []
    mine.does(case_id, "offer", remedy="return_refund", fen=8800)


def test_an_order_whose_case_is_open_is_not_put_on_another(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, first = handed_over(client)
    given(MUG, LAMP)
    with session() as db:
        db.add(models.Case(case_id="case_second", conversation_id=customer.conversation_id, customer_id="cus_t001", issues=[], facts={}, state="with_person", human_reason="asked", mood="calm", opened_at=NOW, updated_at=NOW))
    agent = Agent(client, "xiaoli")
    agent.does("case_second", "claim")
    mug = {"order_id": order_number(1, 1), "line_id": f"{order_number(1, 1)}-1"}
    shown = {line["order_id"]: line["open_case"] for line in agent.document("case_second")["desk"]["orders"]}
    assert shown == {order_number(1, 1): {"case_id": first, "state": "with_person"}, order_number(1, 2): None}
    refused = agent.act("case_second", "order", **mug)
    assert refused.json()["error"]["code"] == "case_open"
    assert first in refused.json()["error"]["message"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_order_that_another_conversation_takes_at_the_same_moment_is_refused_in_words(client: TestClient, given: Callable[..., None], staff: None, database_url: str) -> None:
    given(MUG)
    customer = Customer(client, "cus_t001")
    mug = {"order_id": order_number(1, 1), "line_id": f"{order_number(1, 1)}-1"}
    case = {"customer_id": "cus_t001", "issues": [], "facts": {}, "mood": "calm", "opened_at": NOW, "updated_at": NOW}
    with session() as db:
        db.add(models.Case(case_id="case_here", conversation_id=customer.conversation_id, state="with_person", human_reason="asked", **case))
        db.add(models.Conversation(conversation_id="cnv_there", customer_id="cus_t001", opened_at=NOW, updated_at=NOW))
    agent = Agent(client, "xiaoli")
    agent.does("case_here", "claim")
    with ThreadPoolExecutor(1) as pool:
        with session() as db:
            db.add(models.Case(case_id="case_there", conversation_id="cnv_there", wish="return_goods", state="open", **mug, **case))
            db.flush()
            answer = pool.submit(agent.act, "case_here", "order", **mug)
            wait_for_lock(database_url)
        refused = answer.result(timeout=30)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "case_open")
    assert agent.document("case_here")["desk"]["order"] is None


def wait_for_lock(url: str) -> None:
    """Until somebody in this database waits for another's transaction."""
    end = time.monotonic() + 30
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    while time.monotonic() < end:
        with engine(url).connect() as connection:  # a transaction sees one picture of who waits
            if connection.execute(waiting).scalar():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")
