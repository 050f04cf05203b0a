"""What identifies a person is hidden, all else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.masking import mask


@pytest.mark.parametrize(("text", "hidden"), [
    ("我电话13812345678", "我电话[电话]"), ("電話 138 1234 5678 打這個", "電話 [电话] 打這個"), ("１３８１２３４５６７８", "[电话]"),
    ("寄到浙江省杭州市西湖区文三路12号3单元402室", "寄到[地址]"), ("收件人王小明", "收件人[姓名]"), ("身份证110101199003077715", "身份证[身份证号]"),
    ("邮箱abc@example.com可以", "邮箱[邮箱]可以"),
])
def test_personal_details_are_hidden(text: str, hidden: str) -> None:
    assert mask(text) == hidden


@pytest.mark.parametrize("text", ["退我50块", "订单号6923847556102938471", "昨天买的黑色XL", "[电话]打不通", ""])
def test_what_identifies_nobody_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(alphabet="退款我要第3个。 ,😡", max_size=10), st.from_regex(r"1[3-9]\d{9}", fullmatch=True), st.text(alphabet="款退。 ,😡", max_size=10))
def test_a_telephone_is_hidden_wherever_it_stands(before: str, number: str, after: str) -> None:
    assert number not in mask(f"{before}。{number}。{after}")
