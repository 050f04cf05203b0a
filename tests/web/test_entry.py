"""A customer who opens the chat on an order and then types is answered about that order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import LAMP, MUG, Customer, money

CHEAPER = {**LAMP, "labels": ["price_protection"], "prices": [[0.1, 7800, "direct"]]}
CHEAPER_MUG = {**MUG, "labels": ["price_protection"], "prices": [[0.1, 8000, "direct"]]}


def order_of(client: TestClient, word: str) -> str:
    orders = client.get("/api/v1/orders", headers=Customer(client, "cus_t001").headers).json()["orders"]
    return str(next(order["order_id"] for order in orders if word in order["title"]))


@pytest.mark.parametrize("word", ["杯", "灯"])
def test_typed_words_are_about_the_order_one_came_from(client: TestClient, given: Callable[..., None], word: str) -> None:
    given(CHEAPER_MUG, CHEAPER)
    order_id = order_of(client, word)
    customer = Customer(client, "cus_t001", order_id=order_id)
    customer.hear()
    customer.ask("降价了,退我差价")
    assert customer.case()["order_id"] == order_id
    assert money() == [("price_difference", 900 if word == "杯" else 1000)]


def test_an_order_named_goes_before_the_one_come_from(client: TestClient, given: Callable[..., None]) -> None:
    given(CHEAPER_MUG, CHEAPER)
    customer = Customer(client, "cus_t001", order_id=order_of(client, "杯"))
    customer.hear()
    customer.ask("台灯降价了,退我差价")
    assert customer.case()["order_id"] == order_of(client, "灯")


def test_coming_in_again_from_another_order_changes_what_it_is_about(client: TestClient, given: Callable[..., None]) -> None:
    given(CHEAPER_MUG, CHEAPER)
    for word in ("杯", "灯"):
        customer = Customer(client, "cus_t001", order_id=order_of(client, word))
        customer.seen = customer.list()["messages"][-1]["seq"]
        customer.ask("降价了,退我差价")
    assert sorted(money()) == [("price_difference", 900), ("price_difference", 1000)]


def test_a_person_asked_for_first_of_all_gets_the_order(client: TestClient, given: Callable[..., None]) -> None:
    given(MUG, LAMP)
    customer = Customer(client, "cus_t001", order_id=order_of(client, "灯"))
    customer.hear()
    customer.ask("转人工")
    assert (customer.case()["state"], customer.case()["order_id"]) == ("with_person", order_of(client, "灯"))


def test_a_price_drop_is_among_the_problems_to_press(client: TestClient, given: Callable[..., None]) -> None:
    given(CHEAPER_MUG, CHEAPER)
    customer = Customer(client, "cus_t001", order_id=order_of(client, "杯"))
    (asked,) = customer.hear()
    problems = customer.ask(choice=asked["choices"][0]["id"])[-1]["choices"]
    (dropped,) = (choice for choice in problems if choice["label"] == "降价了")
    customer.ask(choice=dropped["id"])
    assert money() == [("price_difference", 900)]
    assert customer.case()["wish"] == "price_protection"
