"""What the words wish, where the model hears a wish that they refuse."""

from __future__ import annotations

import pytest

from bot.cases.bargaining import form_named
from bot.cases.wish import meant


@pytest.mark.parametrize(
    ("intent", "text", "wish"),
    [
        ("exchange", "直接退 不换", "refund"), ("exchange", "换一个", "exchange"), ("exchange", "要不换一个吧", "exchange"), ("exchange", "能不能换", "exchange"),
        ("exchange", "不想换了", None), ("repair", "别修了 换新的", "exchange"), ("return_goods", "不退了 给我换", "exchange"), ("refund", "不退货 退款", "refund"),
        ("refund", "不想退 给点补偿", None), ("complaint", "不换", "complaint"), ("exchange", "换不换都行", "exchange"), ("resend", "不用补了 退我吧", "refund"),
    ],
)
def test_what_is_refused_is_not_wished(intent: str, text: str, wish: str | None) -> None:
    assert meant(intent, text) == wish


@pytest.mark.parametrize(
    ("text", "form"), [("不换货 退钱", None), ("不换货了 退货吧", "return_refund"), ("换货", "exchange"), ("要不换一个", "exchange"), ("不退货 退款", "refund"), ("别给我券", None)],
)
def test_a_form_that_is_refused_is_not_named(text: str, form: str | None) -> None:
    assert form_named(text) == form
