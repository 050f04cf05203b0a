"""The owner's numbers, out of what customers and agents really did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from bot.store import models
from bot.store.database import session
from bot.store.password import hashed
from tests.web.conftest import DROPPED, LAMP, MUG, PASSWORD, Agent, Customer, both_databases
from tests.web.test_chat import offered

PERIOD = "/api/v1/insight?from=2026-11-25&to=2026-11-25"


@pytest.fixture
def owner(client: TestClient, staff: None) -> Agent:
    with session() as db:
        db.add(models.Agent(name="laoban", role="owner", password_hash=hashed(PASSWORD)))
    return Agent(client, "laoban")


@both_databases
def test_the_numbers_are_what_happened(client: TestClient, given: Callable[..., None], owner: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEQI_MONTH_BUDGET_FEN", "40000")
    given(MUG)
    given(DROPPED, number=2)
    given(LAMP, number=3)
    by_bot, waiting = Customer(client, "cus_t002"), Customer(client, "cus_t003")
    by_person, _ = offered(client)
    by_bot.ask("降价了,退我差价")
    client.post("/api/v1/rating", json={"stars": 2}, headers=by_bot.headers)
    client.post("/api/v1/rating", json={"stars": 4}, headers=by_bot.headers)
    by_person.ask("转人工")
    waiting.ask("态度太差")
    waiting.ask("转人工")
    agent, case_id = Agent(client, "xiaoli"), by_person.case()["case_id"]
    agent.does(case_id, "claim")
    answer = agent.does(case_id, "offer", remedy="refund_part", fen=800)
    by_person.send(choice=by_person.list()["messages"][answer["seq"] - 1]["choices"][0]["id"])
    agent.does(case_id, "resolve", outcome="settled")

    found = client.get(PERIOD, headers=owner.headers)
    assert found.status_code == 200, found.text
    numbers = found.json()
    assert numbers["cases"] == {"total": 3, "by_bot": 1, "by_person": 1, "open": 1}
    assert numbers["money"]["paid_fen"] == 50800
    assert (numbers["money"]["owed_fen"], numbers["money"]["goodwill_fen"]) == (50800, 0), "the case owed more than the 8.00"
    assert numbers["money"]["budget"] == {"month": "2026-11", "month_fen": 40000, "goodwill_fen": 0, "spent": False}
    assert numbers["money"]["price_protection_fen"] == 50000
    assert numbers["ratings"] == {"average": 4.0, "count": 1}
    assert numbers["by_hour"][10] == 3
    assert {row["name"]: row["count"] for row in numbers["by_issue"]} == {"price_drop": 1, "damaged_in_transit": 1, "service_attitude": 1}
    assert {row["title"]: (row["count"], row["paid_fen"]) for row in numbers["by_product"]}["手绘马克杯"] == (1, 800)
    assert numbers["times"]["first_answer_seconds"]["p50"] is not None
    table = client.get(f"{PERIOD}&format=csv", headers=owner.headers)
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.count("\r\n") == 4
    assert client.get("/api/v1/insight?from=2026-11-24&to=2026-11-24", headers=owner.headers).json()["cases"]["total"] == 0


def test_a_refusal_is_told_with_its_rule(client: TestClient, given: Callable[..., None], owner: Agent) -> None:
    given({**DROPPED, "labels": ["return7"], "protection": None, "prices": [[20, 549900, "direct"]]})
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    assert customer.case()["state"] == "negotiating", "a goodwill offer follows the refusal"
    (reason,) = client.get(PERIOD, headers=owner.headers).json()["refusals"]["reasons"]
    assert (reason["rule"], reason["count"]) == (customer.case()["assessment"]["reasons"][0]["rule"], 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "from"), ("from=2026-11-25", "to"), ("from=x&to=2026-11-25", "from"), ("from=2026-11-25&to=2026-11-24", "to"),
        ("from=2020-01-01&to=2026-11-24", "to"), ("from=2026-11-25&to=2026-11-25&format=xls", "format"),
    ],
)
def test_what_cannot_be_asked_names_its_field(client: TestClient, owner: Agent, query: str, field: str) -> None:
    answer = client.get(f"/api/v1/insight?{query}", headers=owner.headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{field}:")


def test_only_the_owner_sees_the_numbers(client: TestClient, staff: None, given: Callable[..., None]) -> None:
    given(LAMP)
    assert client.get(PERIOD).status_code == 401
    for name in ("xiaoli", "laochen"):
        assert client.get(PERIOD, headers=Agent(client, name).headers).status_code == 403
    assert client.get(PERIOD, headers=Customer(client, "cus_t001").headers).status_code == 401
