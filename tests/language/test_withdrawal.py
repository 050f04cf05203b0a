"""A request taken back or denied is never the request."""

from __future__ import annotations

import pytest

from bot.language.understanding import Language
from bot.language.withdrawal import REQUESTS, denied, withdrawn
from tests.language.conftest import NOW

TAKEN_BACK = [
    "不退了", "算了不换了", "我不退货了", "取消退款申请", "帮我撤销售后", "退款取消一下", "恢复订单", "别给我退了", "那个售后单关掉吧", "不用退款了，我留着",
    "投诉撤回吧", "不修了", "點錯了取消退款", "不 退 了", "都不退了",
]
STILL_ASKED = ["怎么还不退款", "为什么不退款", "退不了", "你们不给退", "取消退款失败", "不退款我就投诉", "申请退款", "我要退货", "不支持退换吗", "退款不了解流程"]

ALL_BACK = ["全部退了 都不要了", "都退了吧", "全退", "两个都退了 不要了", "统统退掉"]


@pytest.mark.parametrize("text", ALL_BACK)
def test_all_wished_back_takes_nothing_back(text: str, language: Language) -> None:
    assert language.understand(text, NOW).intent in {"refund", "return_goods", "cancel_order"}


@pytest.mark.parametrize("text", TAKEN_BACK)
def test_taken_back_is_never_read_as_the_request(text: str, language: Language) -> None:
    said = language.understand(text, NOW)
    assert said.intent not in REQUESTS
    assert not set(said.wishes) & set(REQUESTS)


@pytest.mark.parametrize("text", STILL_ASKED)
def test_complaining_that_it_is_not_done_takes_nothing_back(text: str) -> None:
    assert not withdrawn(text)


@pytest.mark.parametrize(("text", "what"), [
    ("不是要退款", "refund"), ("我没申请退款", "refund"), ("不是要投诉你", "complaint"), ("没说要换货", "exchange"),
])
def test_what_is_denied_is_not_meant(text: str, what: str, language: Language) -> None:
    assert what in denied(text)
    assert language.understand(text, NOW).intent != what


def test_one_thing_taken_back_and_another_asked_keeps_the_other(language: Language) -> None:
    said = language.understand("不退了，帮我换个大一码的吧", NOW)
    assert said.intent in ("exchange", "withdraw_request")
    assert "refund" not in said.wishes
    assert "return_goods" not in said.wishes


@pytest.mark.parametrize(("text", "wish"), [("杯子碎了一只 赔我点吧不退了", "compensation"), ("给我换个新的吧不退了", "exchange")])
def test_what_is_asked_in_the_place_of_what_is_given_up_is_the_wish(text: str, wish: str, language: Language) -> None:
    assert language.understand(text, NOW).intent == wish
