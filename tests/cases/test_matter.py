"""Several goods in one message: what is said of one is never taken for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.cases import bargaining, choosing, evidence, intake, withdrawal
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
        ("手机发错了 不是我要的 羽绒服开线了", {"星河14 5G手机": "手机发错了，不是我要的", "轻暖羽绒服": "羽绒服开线了"}),
        ("手机别退 耳机没声音退了", {"云听蓝牙耳机": "耳机没声音退了"}),
        ("耳机没坏 羽绒服开线了 退钱", {"轻暖羽绒服": "羽绒服开线了，退钱"}),
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


def test_only_the_order_that_is_not_spared_is_cancelled(given: Callable[..., str]) -> None:
    unsent = {"unit": 8900, "paid": 1, "shipped": None, "delivered": None}
    given({"goods": "mug", **unsent}, {"goods": "lamp", **unsent})
    Chat().say("马克杯别取消 台灯取消", intake.open_case, intent="cancel_order", wishes=("cancel_order",))
    with session(read_only=True) as db:
        paid = db.scalars(select(models.Case)).one()
        title = db.scalars(select(models.Sku.title).join(models.OrderLine).where(models.OrderLine.order_id == paid.order_id)).one()
    assert title == "护眼台灯"


def test_all_but_one_asks_among_the_others(given: Callable[..., str]) -> None:
    unsent = {"unit": 8900, "paid": 1, "shipped": None, "delivered": None}
    given({"goods": "mug", **unsent}, {"goods": "lamp", **unsent}, {"goods": "dress", **unsent})
    chat = Chat()
    chat.say("除了马克杯都取消", intake.open_case, intent="cancel_order", wishes=("cancel_order",))
    labels = [choice.label for choice in chat.last.replies[-1].choices if choice.id.startswith("line:")]
    assert len(labels) == 2
    assert not any("马克杯" in label for label in labels)


def offered(given: Callable[..., str], *others: dict[str, Any]) -> tuple[Chat, list[str]]:
    """A chat with an offer open for the customer's mugs, and the ids of its options."""
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2}, *others)
    chat = Chat()
    chat.say("马克杯碎了 赔我", intake.open_case, intent="compensation", issues=("damaged_in_transit",))
    for text in ("照片发你了", "面单也拍了"):
        if chat.last.awaiting == "evidence":
            chat.say(text, evidence.take_evidence, intent="provide_evidence")
    assert chat.last.awaiting == "offer"
    return chat, [choice.id for choice in chat.last.replies[-1].choices if choice.id.startswith("option:")]


def state_of(title: str) -> list[tuple[str | None, str]]:
    """Wish and state of the cases about these goods."""
    with session(read_only=True) as db:
        rows = db.execute(
            select(models.Case.wish, models.Case.state)
            .join(models.OrderLine, (models.OrderLine.order_id == models.Case.order_id) & (models.OrderLine.line_id == models.Case.line_id))
            .join(models.Sku, models.Sku.sku_id == models.OrderLine.sku_id)
            .where(models.Sku.title == title)
        ).all()
    return [(wish, state) for wish, state in rows]


THERMOS = {"goods": "thermos", "unit": 7900, "paid": 6, "delivered": 2}


@pytest.mark.parametrize(
    ("text", "intent", "handler", "wish"),
    [
        ("保温杯也想退 颜色不喜欢", "return_goods", bargaining.counter_offer, "return_goods"),
        ("顺便把保温杯退了", "accept_offer", bargaining.accept_offer, "refund"),
        ("不退马克杯了 退保温杯", "return_goods", bargaining.counter_offer, "return_goods"),
        ("保温杯的钱退我", "counter_offer", bargaining.counter_offer, "refund"),
        ("保温杯换一个", "exchange", bargaining.counter_offer, "exchange"),
        ("保温杯也换", "affirm", bargaining.accept_offer, "exchange"),
        ("保温杯也有问题", "inform", bargaining.counter_offer, "return_goods"),
    ],
)
def test_words_about_other_goods_are_no_answer_to_the_open_offer(
    given: Callable[..., str], text: str, intent: str, handler: Callable[..., Any], wish: str
) -> None:
    chat, options = offered(given, THERMOS)
    chat.say(text, handler, intent=intent, wishes=(intent,))
    assert [wish for wish, _ in state_of("不锈钢保温杯")] == [wish]
    assert [state for _, state in state_of("手绘马克杯")] == ["negotiating"]
    with session(read_only=True) as db:
        assert list(ledger.read(db)) == []
        mugs = db.scalars(select(models.Case.case_id).where(models.Case.state == "negotiating")).one()
    chat.say("", choosing.choose, intent="choose", choice=options[0], case_id=mugs)
    assert [state for _, state in state_of("手绘马克杯")] in (["settled"], ["awaiting_return"]), "the offer of the mugs stands on"


@pytest.mark.parametrize("text", ["保温杯没问题哈", "保温杯不退了", "保温杯留着"])
def test_other_goods_that_stay_are_no_answer_either(given: Callable[..., str], text: str) -> None:
    chat, _ = offered(given, THERMOS)
    for intent, handler in (("affirm", bargaining.accept_offer), ("withdraw_request", withdrawal.withdraw), ("reject_offer", bargaining.reject_offer)):
        chat.say(text, handler, intent=intent)
        assert chat.last.awaiting == "offer"
    assert [state for _, state in state_of("手绘马克杯")] == ["negotiating"]
    assert state_of("不锈钢保温杯") == []


def test_it_is_the_named_goods_whose_request_is_taken_back(given: Callable[..., str]) -> None:
    chat, _ = offered(given, THERMOS)
    chat.say("保温杯也想退", bargaining.counter_offer, intent="return_goods", issues=("quality_defect",))
    with session(read_only=True) as db:
        mugs = db.scalars(select(models.Case.case_id).where(models.Case.state == "negotiating")).one()
    words = chat.say("保温杯不退了", withdrawal.withdraw, intent="withdraw_request", case_id=mugs)
    assert "保温杯" in words
    assert chat.last.awaiting == "confirmation"


@pytest.mark.parametrize("text", ["打发叫花子呢 换一个", "照片早发了 换一个"])
def test_a_shared_character_names_no_other_goods(given: Callable[..., str], text: str) -> None:
    chat, _ = offered(given, {**THERMOS, "goods": "roses"})
    chat.say(text, bargaining.counter_offer, intent="exchange")
    assert state_of("昆明红玫瑰") == []


@pytest.mark.parametrize("text", ["马克杯换一个", "马克杯和保温杯都换", "换一个吧"])
def test_words_about_the_goods_at_hand_stay_answers(given: Callable[..., str], text: str) -> None:
    chat, _ = offered(given, THERMOS)
    chat.say(text, bargaining.counter_offer, intent="exchange")
    assert state_of("不锈钢保温杯") == []


@pytest.mark.parametrize("text", ["保温杯也退了", "保温杯换一个"])
def test_nor_are_they_an_answer_to_what_is_wrong(given: Callable[..., str], text: str) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2}, THERMOS)
    chat = Chat()
    chat.say("马克杯退了", intake.open_case, intent="return_goods")
    assert chat.last.awaiting == "problem"
    chat.say(text, intake.take_problem, intent="return_goods", issues=("quality_defect",))
    assert len(state_of("不锈钢保温杯")) == 1
    with session(read_only=True) as db:
        assert [row.issues for row in db.scalars(select(models.Case))] == [[], []]


def test_what_is_said_of_goods_that_are_fine_is_no_fault_of_others(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2}, THERMOS)
    chat = Chat()
    chat.say("马克杯碎了 赔我", intake.open_case, intent="compensation", issues=("damaged_in_transit",))
    chat.say("保温杯没问题哈", evidence.take_evidence, intent="inform", issues=("missing_item",))
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).one().issues == ["damaged_in_transit"]
