"""What Rasa hears of a customer: the matter, never the person."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.testclient import TestClient

from tests.dialogues.shop import order_number
from tests.web.conftest import LAMP, Customer
from tests.web.stand_in import StandIn


def test_the_tracker_gets_the_order_but_no_telephone_name_or_address(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001")
    order = order_number(1, 1)
    customer.ask(f"我叫王小明,电话13812345678,地址浙江省杭州市西湖区文三路88号,订单{order}退 50 元")
    heard = json.dumps(rasa.heard, ensure_ascii=False)
    assert [word for word in ("王小明", "13812345678", "文三路") if word in heard] == []
    assert order in heard
    assert "退 50 元" in heard
    assert "13812345678" in customer.list()["messages"][0]["text"]


def test_a_pressed_button_reaches_the_bot_unchanged(client: TestClient, given: Callable[..., None], rasa: StandIn) -> None:
    given(LAMP)
    customer = Customer(client, "cus_t001", order_id=order_number(1, 1))
    choice = customer.list()["messages"][0]["choices"][0]["id"]
    customer.send(choice=choice)
    customer.hear()
    customer.hear() if not rasa.heard else None
    assert json.loads(rasa.heard[-1]["message"][len("/choose") :]) == {"choice": f"line:{order_number(1, 1)}:{order_number(1, 1)}-1"}
