"""What the contract says of the calls (sections 6 and 7) and no other test of this folder holds it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from bot.cases.words import yuan
from bot.command import main
from tests.web.conftest import DROPPED, LAMP, MUG, Agent, Customer
from tests.web.test_chat import offered
from tests.web.test_desk import handed_over
from tests.web.test_files import jpeg

CASE = {
    "case_id", "conversation_id", "customer_id", "order_id", "line_id", "wish", "issues", "state", "human_reason", "assessment", "offers",
    "messages", "evidence", "ledger", "summary", "deadlines", "policy_version",
}
MESSAGE = {"seq", "from", "at", "text", "choices", "card"}


def test_a_choice_or_a_file_with_the_same_client_id_is_one(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG)
    customer, choices = offered(client)
    option = next(choice["id"] for choice in choices if ".option:" in choice["id"])
    assert customer.send(choice=option, client_id="c") == customer.send(choice=option, client_id="c")
    assert customer.upload(jpeg(), client_id="f").json() == customer.upload(jpeg(), client_id="f").json()
    mine = [message for message in customer.list()["messages"] if message["from"] == "customer"]
    assert len([message for message in mine if message["card"]]) == len({message["card"]["upload_id"] for message in mine if message["card"]})
    assert len([message for message in mine if not message["card"]]) == 2, "the first words and the choice"


def test_the_desk_has_all_that_is_exported_and_the_customer_what_is_theirs(client: TestClient, given: Callable[..., None], staff: None) -> None:
    given(MUG)
    customer, case_id = handed_over(client)
    agent = Agent(client, "xiaoli")
    agent.does(case_id, "claim")
    agent.does(case_id, "note", text="顾客常来")
    shown = agent.document(case_id)
    exported = CliRunner().invoke(main, ["export", case_id], catch_exceptions=False)
    assert exported.exit_code == 0
    assert {name: value for name, value in shown.items() if name != "desk"} == json.loads(exported.output)
    assert set(shown) >= CASE
    agent.does(case_id, "resolve", outcome="withdrawn")
    theirs = customer.case()
    assert theirs["state"] == "withdrawn", "a closed case, too"
    assert set(theirs) >= CASE - {"summary"}
    assert not {"cap_fen", "mood", "notes", "顾客常来"} & set(words_of(theirs))
    assert all(set(message) >= MESSAGE for message in customer.list()["messages"])


def words_of(value: Any) -> Iterator[str]:
    """Every key and text anywhere inside."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)
    elif isinstance(value, str):
        yield value


def sums(card: dict[str, Any]) -> list[int]:
    rows = [*card.get("ledger", ()), *(option for option in card.get("options", ()) if isinstance(option, dict))]
    return [row["fen"] for row in rows if row["fen"]]


@pytest.mark.parametrize(
    ("order", "said"),
    [(DROPPED, "退我差价"), ({**DROPPED, "protection": None, "labels": []}, "退我差价"), (LAMP, "不要了"), (MUG, "杯子碎了")],
    ids=["paid", "refused", "returned", "negotiated"],
)
def test_every_amount_on_a_card_stands_in_the_text(client: TestClient, given: Callable[..., None], order: dict[str, Any], said: str) -> None:
    given(order)
    customer = Customer(client, "cus_t001")
    customer.ask(said)
    while customer.case()["state"] == "awaiting_evidence":
        customer.upload(jpeg())
        customer.hear()
    if customer.case()["state"] == "negotiating":
        customer.ask("可以")
    cards = [message for message in customer.list()["messages"] if message["card"]]
    assert any(sums(message["card"]) for message in cards)
    for message in cards:
        for fen in sums(message["card"]):
            assert yuan(fen) in message["text"], message["card"]["kind"]
