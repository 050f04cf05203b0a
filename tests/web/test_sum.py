"""A price difference that was paid is worked out on the card, with the amounts that the text says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from tests.web.conftest import DROPPED, LAMP, Agent, Customer

TWO_AFTER_ONE_PAYOUT = {
    **DROPPED, "unit": 20000, "quantity": 2, "prices": [[0.1, 15000, "direct"]],
    "history": [{"kind": "price_protection", "days": 1, "fen": 4000, "quantity": 2}],
}
OVER_LIMIT = {**DROPPED, "prices": [[0.1, 539900, "direct"]]}


def sums(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {reason["rule"]: reason["facts"] for reason in message["card"]["reasons"] if "facts" in reason}


def test_the_bots_payout_is_worked_out(client: TestClient, given: Callable[..., None]) -> None:
    given(TWO_AFTER_ONE_PAYOUT)
    said = Customer(client, "cus_t001").ask("退我差价")[-1]
    assert sums(said) == {"PP-19": {"paid": 4000}, "PP-24": {"base": 20000, "now": 15000, "kept": 2, "ratio": 1.0, "diff": 6000}}
    for amount in ("40.00元", "200.00元", "150.00元", "60.00元"):
        assert amount in said["text"]


def test_an_agents_approval_is_worked_out_too(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(OVER_LIMIT)
    customer = Customer(client, "cus_t001")
    customer.ask("退我差价")
    agent, case_id = Agent(client, "xiaoli"), customer.case()["case_id"]
    agent.does(case_id, "claim")
    customer.hear()
    agent.does(case_id, "approve")
    (said,) = customer.hear()
    assert sums(said)["PP-24"]["diff"] == 60000
    assert "5999.00元" in said["text"]


def test_another_remedy_has_no_sum(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    customer.ask("态度太差")
    customer.ask("转人工")
    agent, case_id = Agent(client, "xiaoli"), customer.case()["case_id"]
    agent.does(case_id, "claim")
    answer = agent.does(case_id, "offer", remedy="refund_part", fen=100)
    offer = customer.list()["messages"][answer["seq"] - 1]
    customer.seen = offer["seq"]
    (said,) = customer.ask(choice=offer["choices"][0]["id"])
    assert said["card"]["kind"] == "settled"
    assert sums(said) == {}
