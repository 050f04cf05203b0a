"""Several goods in one message: what is said of one is never taken for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.cases import choosing, evidence, intake
from bot.cases.matter import matters
from bot.cases.order_finder import OrderLineView
from bot.ledger import ledger
from bot.store import models
from bot.store.database import session
from tests.cases.conftest import Chat


def line(title: str, category: str = "", spec: str = "") -> OrderLineView:
    return OrderLineView(title, f"{title}-1", title, title, spec, category, "delivered", 1, 10000, None)


LINES = (line("星河14 5G手机", "手机"), line("手绘马克杯", "杯子"), line("轻暖羽绒服", "女装"), line("云听蓝牙耳机", "耳机"))


@pytest.mark.parametrize(
    ("text", "said_of"),
    [
        ("杯子碎了要退，还有羽绒服不要了", {"手绘马克杯": "杯子碎了要退", "轻暖羽绒服": "羽绒服不要了"}),
        ("手机降价500退差价，另外杯子碎了一个，顺便问下羽绒服啥时候发", {"星河14 5G手机": "手机降价500退差价", "手绘马克杯": "杯子碎了一个"}),
        ("耳机左边没声音 羽绒服也太大了 都退", {"云听蓝牙耳机": "耳机左边没声音", "轻暖羽绒服": "羽绒服也太大了，都退"}),
        ("手机坏了，连不上蓝牙耳机了", {"星河14 5G手机": "手机坏了", "云听蓝牙耳机": "连不上蓝牙耳机了"}),
        ("买手机的时候说好送耳机，结果呢", {}),
        ("杯子碎了，真是的，外面的箱子也破了", {"手绘马克杯": "杯子碎了，真是的，外面的箱子也破了"}),
    ],
)
def test_a_message_is_cut_by_the_goods_it_says_something_of(text: str, said_of: dict[str, str]) -> None:
    assert {matter.lines[0].title: matter.text for matter in matters(text, LINES) if matter.says_something} == said_of


def test_each_goods_get_the_issues_and_the_wish_their_own_words_bear_out() -> None:
    lipstick, jeans = matters("杯子颜色发错了 另外羽绒服太大了想换小一码", LINES)
    read = ("wrong_item", "change_of_mind")
    assert (lipstick.issues(read), lipstick.wish(("exchange",))) == (("wrong_item",), None)
    assert (jeans.issues(read), jeans.wish(("exchange",))) == (("change_of_mind",), "exchange")


def test_what_is_wrong_with_one_order_pays_nothing_for_another(given: Callable[..., str]) -> None:
    """The shop's fault in the one parcel made the other, which was only too large, free to send back and a sum besides."""
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2}, {"goods": "dress", "unit": 29900, "paid": 5, "delivered": 2})
    chat = Chat()
    chat.say(
        "杯子发错了 另外连衣裙太大了想换小一码", intake.open_case,
        intent="exchange", wishes=("exchange",), issues=("wrong_item", "change_of_mind"),
    )
    assert "连衣裙" in chat.last.replies[-1].text, "the customer hears that the other is not forgotten"
    for text in ("照片发你了", "面单也拍了"):
        chat.say(text, evidence.take_evidence, intent="provide_evidence")
    option = next(choice.id for choice in chat.last.replies[-1].choices if choice.id.startswith("option:"))
    chat.say("", choosing.choose, intent="choose", choice=option)
    other = next(choice for choice in chat.last.replies[-1].choices if choice.id.startswith("matter:"))
    chat.say(other.label, choosing.choose, intent="choose", choice=other.id)
    with session(read_only=True) as db:
        cases = {row.order_id: row for row in db.scalars(select(models.Case))}
        issues = sorted(tuple(row.issues) for row in cases.values())
        dress = next(row for row in cases.values() if "change_of_mind" in row.issues)
        assert issues == [("change_of_mind",), ("wrong_item",)]
        assert dress.wish == "exchange"
        assert [entry for entry in ledger.read(db) if entry.case_id == dress.case_id] == []


def test_goods_that_are_only_named_beside_do_not_draw_the_refund_to_themselves(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2}, {"goods": "dress", "unit": 29900, "paid": 3, "shipped": None, "delivered": None})
    Chat().say(
        "杯子碎了 退款 顺便连衣裙催一下", intake.open_case, intent="refund", wishes=("refund", "logistics"), issues=("damaged_in_transit",)
    )
    with session(read_only=True) as db:
        row = db.scalars(select(models.Case)).one()
        assert (row.issues, row.state) == (["damaged_in_transit"], "awaiting_evidence")
        assert list(ledger.read(db)) == []
