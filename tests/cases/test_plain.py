"""Money moves at once only on words that plainly ask for it; anything else is shown first, and a button or a plain yes does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.cases import (
    bargaining,
    choosing,
    escalation,
    evidence,
    intake,
    order_finder,
    plain,
    question,
    small_talk,
)
from bot.cases.claim import affected_share, completed
from bot.cases.complaint import only_angry
from bot.cases.turn import Turn
from bot.cases.wish import instead, only_asks
from bot.store import models
from bot.store.database import session
from tests.cases.conftest import Chat
from tests.cases.test_turns import DROPPED, LAMP, money, only_case
from tests.dialogues.shop import NOW

UNSENT = {"goods": "lamp", "unit": 8800, "paid": 1, "shipped": None, "delivered": None}
MUG = {"goods": "mug", "unit": 8900, "paid": 1, "shipped": None, "delivered": None}


@pytest.mark.parametrize(
    "text",
    [
        "台灯取消", "退款", "怎么还不发货 我不要了 退款", "刚买三天就降了五百，退我差价", "什么破店 退钱", "帮我把台灯取消一下", "台灯不想要了，帮我退款", "拍错了 退款",
        "等不及了 退了吧", "不等了退钱", "算了 退款吧", "别发了 退钱", "价保", "补差价", "五天没发货，我不要了！", "不换了 直接退钱", "昨天刚买今天便宜一百 你们得补给我", "赶紧给老子退钱",
    ],
)
def test_what_asks_plainly(text: str) -> None:
    assert plain.says(text)


@pytest.mark.parametrize(
    "text",
    [
        "台灯还能取消吗", "取消订单会扣钱吗 台灯那单", "台灯怎么取消", "台灯再不发货我可取消了啊", "台灯 如果明天到不了就帮我取消", "我对象想取消台灯 我不想", "台灯取消 开玩笑的哈哈",
        "台灯本来想取消的 后来想想算了", "我在考虑要不要取消台灯", "听说台灯缺货 你们会取消吗", "台灯是不是被取消了", "退款按钮在哪", "我老婆不让买", "要是今天不发我就不要了",
        "退款就算了 我等等", "你们是不是巴不得我退款", "那只能退款了吗？", "别给我补差价", "不用补差价了 就问问为啥降价", "我没说要取消哈 就问问发货了没",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not plain.says(text)


@pytest.mark.parametrize(
    "text",
    [
        "我妈让我换一个 我想退", "换一个我可不要", "客服昨天说换一个", "人家都是换新的", "上次那个也说给我换 结果没换", "换了也白换", "早知道就换一个了", "你们之前答应我补发的",
        "我老公说补发就行 我不同意", "除了换别的都行", "我朋友之前遇到这种就选了退款", "等等 我问下物业 退款先别急", "要不退款？算了再等等快递", "只能修啊", "修了也没用", "好你个头",
        "行我知道了 想想再说", "好 那我先看看", "明白了", "收到",
    ],
)
def test_what_takes_no_offer(text: str) -> None:
    assert not plain.points_at(text)


@pytest.mark.parametrize("text", ["换一个吧", "那就退货吧", "可以", "就第二个", "好的就这样", "给我换新的", "行 退吧", "知道了 就这么办", "我要换货", "补发一个"])
def test_what_takes_it(text: str) -> None:
    assert plain.points_at(text)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("不换了 退吧", "refund"), ("不退了 换一个", "exchange"), ("不修了退货", "refund"), ("不想换 直接给我退了", "refund"), ("不退了", None), ("不换了也不退了", None), ("取消吧 不退了", None),
        ("别退了 我自己修", None), ("不退了 退货太麻烦", None), ("不换了，我退回去的快递还没到", None), ("不退换了", None),
    ],
)
def test_what_is_asked_for_in_the_place_of_what_is_refused(text: str, wish: str | None) -> None:
    assert instead(text) == wish


@pytest.mark.parametrize("text", ["台灯还能取消吗", "台灯再不发货我可取消了啊", "我对象想取消台灯 我不想", "台灯取消 开玩笑的哈哈"])
def test_an_unsent_order_is_not_cancelled_on_a_question(given: Callable[..., str], text: str) -> None:
    given(UNSENT)
    chat = Chat()
    chat.say(text, intake.open_case, intent="cancel_order")
    assert (money(), only_case().state) == ([], "negotiating")
    option = chat.last.replies[-1].choices[0].id
    chat.say("", choosing.choose, choice=option)
    assert money() == [("refund", 8800, "paid")]


def test_a_plain_cancellation_needs_no_second_word(given: Callable[..., str]) -> None:
    given(UNSENT)
    Chat().say("台灯不想要了 取消", intake.open_case, intent="cancel_order")
    assert money() == [("refund", 8800, "paid")]


@pytest.mark.parametrize(("first", "second"), [("我要退款", "马克杯快点发"), ("能取消订单吗", "马克杯"), ("我要退款", "马克杯是买给我妈的")])
def test_naming_an_order_is_no_yes_to_cancelling_it(given: Callable[..., str], first: str, second: str) -> None:
    given(UNSENT, MUG)
    chat = Chat()
    chat.say(first, intake.open_case, intent="cancel_order")
    chat.say(second, intake.choose_order, intent="inform")
    assert money() == []


def test_naming_it_where_that_was_all_that_was_asked_is(given: Callable[..., str]) -> None:
    given(UNSENT, MUG)
    chat = Chat()
    chat.say("我要退款", intake.open_case, intent="refund")
    chat.say("马克杯那单", intake.choose_order, intent="inform")
    assert money() == [("refund", 8900, "paid")]


def test_the_difference_is_not_paid_to_who_does_not_want_it(given: Callable[..., str]) -> None:
    given(DROPPED)
    Chat().say("不用补差价了 就问问为啥降价", intake.open_case, intent="price_protection", issues=("price_drop",))
    assert money() == []


def test_who_only_says_that_the_price_fell_wants_the_difference(given: Callable[..., str]) -> None:
    given(DROPPED)
    Chat().say("手机降价了", intake.open_case, intent="price_protection", issues=("price_drop",))
    assert money() == [("price_difference", 50000, "paid")]


def test_after_another_wish_a_yes_takes_what_is_shown_now(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯有点大 能换小一号的吗", intake.open_case, intent="exchange", issues=("change_of_mind",))
    chat.say("那算了 退货吧", bargaining.counter_offer, intent="return_goods")
    shown = chat.last.replies[-1].card["options"]
    assert [option["remedy"] for option in shown] == ["return_refund"]
    chat.say("好的 可以", bargaining.accept_offer, intent="affirm")
    assert money() == [("return_refund", 8800, "awaiting_return")]


@pytest.mark.parametrize("text", ["行我知道了 想想再说", "好 那我先看看", "明白了"])
def test_what_only_was_heard_is_no_yes(given: Callable[..., str], text: str) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    chat.say(text, bargaining.accept_offer, intent="affirm")
    assert money() == []


def test_what_turned_up_is_asked_whether_to_be_taken_back(given: Callable[..., str]) -> None:
    given({**LAMP, "delivered": None})
    chat = Chat()
    chat.say("台灯没收到", intake.open_case, intent="report_problem", issues=("not_received",))
    assert only_case().state == "negotiating"
    assert "撤回" in chat.say("找到了 在门卫那", bargaining.accept_offer, intent="affirm")
    assert money() == []


def test_how_much_is_asked_of_the_offer(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    assert "88.00" in "".join(choice.label for reply in [*chat.last.replies] for choice in reply.choices)
    chat.say("退多少钱", question.answer_question, intent="product_info")
    assert any("88.00" in choice.label for reply in chat.last.replies for choice in reply.choices)


def test_after_the_payment_asking_where_it_is_asks_for_nothing_anew(given: Callable[..., str]) -> None:
    given(DROPPED, LAMP)
    chat = Chat()
    chat.say("手机降价了 退我差价", intake.open_case, intent="price_protection", issues=("price_drop",))
    assert "500.00" in chat.say("怎么还不退钱", intake.open_case, intent="refund")
    assert money() == [("price_difference", 50000, "paid")]


def test_a_waybill_told_here_is_said_where_it_belongs(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    chat.say("可以", bargaining.accept_offer, intent="affirm")
    assert "订单页" in chat.say("单号是SF1234567890123", small_talk.small_talk, intent="inform")


def test_that_a_picture_was_sent_is_no_other_wish(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不亮了 退货", intake.open_case, intent="return_goods", issues=("quality_defect",))
    chat.say("照片发了", evidence.take_evidence, intent="resend", issues=("missing_item",))
    assert (only_case().wish, only_case().issues) == ("return_goods", ["quality_defect"])


@pytest.mark.parametrize("text", ["给张券就想打发我", "不同意换货", "换货我不同意", "我不同意退货", "退货我不干", "不要 又要寄回去"])
def test_a_refusal_that_names_a_form_does_not_take_it(given: Callable[..., str], text: str) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不亮了", intake.open_case, intent="report_problem", issues=("quality_defect",))
    chat.say("照片发了", evidence.take_evidence, intent="provide_evidence")
    assert only_case().state == "negotiating"
    chat.say(text, bargaining.reject_offer, intent="reject_offer")
    assert money() == []


def test_an_older_offer_below_what_is_owed_is_no_way_out_of_it(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯有点大 能换小一号的吗", intake.open_case, intent="exchange", issues=("change_of_mind",))
    coupon = next(choice.id for choice in chat.last.replies[-1].choices if "coupon" in choice.id)
    chat.say("那算了 退货吧", bargaining.counter_offer, intent="return_goods")
    chat.say("", choosing.choose, choice=coupon)
    assert money() == []
    chat.say("可以", bargaining.accept_offer, intent="affirm")
    assert money() == [("return_refund", 8800, "awaiting_return")]


def test_an_offer_that_expired_is_made_anew(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    chat.minutes += 4 * 24 * 60
    chat.say("可以", bargaining.accept_offer, intent="affirm")
    chat.say("可以", bargaining.accept_offer, intent="affirm")
    assert money() == [("return_refund", 8800, "awaiting_return")]


def test_the_freight_paid_for_what_never_came_is_given_back_by_the_button_too(given: Callable[..., str]) -> None:
    given(UNSENT)
    with session() as db:
        order = db.scalars(select(models.Order)).one()
        order.freight_fen = 1000
    chat = Chat()
    chat.say("台灯可以取消吗", intake.open_case, intent="cancel_order")
    chat.say("", choosing.choose, choice=chat.last.replies[-1].choices[0].id)
    assert sorted(money()) == [("freight", 1000, "paid"), ("refund", 8800, "paid")]


def test_words_kept_for_later_are_asked_about_when_their_turn_comes(given: Callable[..., str]) -> None:
    assert not plain.asked(Turn("talk", "cus_t001", "马克杯还能取消吗", NOW, choice="matter:1"), ("马克杯",))
    assert plain.asked(Turn("talk", "cus_t001", "马克杯取消", NOW, choice="matter:1"), ("马克杯",))


def test_asking_where_a_parcel_is_does_not_turn_in_circles(given: Callable[..., str]) -> None:
    given(LAMP, {"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3})
    chat = Chat()
    chat.say("我要退款", intake.open_case, intent="refund")
    assert chat.say("东西还没收到 帮我查下物流", intake.choose_order, intent="logistics", issues=("not_received",))


def test_it_turned_up_and_is_returned(given: Callable[..., str]) -> None:
    given({**LAMP, "delivered": None})
    chat = Chat()
    chat.say("台灯没收到", intake.open_case, intent="report_problem", issues=("not_received",))
    assert "撤回" in chat.say("收到了 不用补了 退了吧", bargaining.counter_offer, intent="refund")


@pytest.mark.parametrize(("text", "share"), [("20枝 到手就5枝没蔫", 0.75), ("十个 三个没碎", 0.7), ("十个里三个烂的", 0.3), ("一共八只 两只没死", 0.75)])
def test_what_is_not_bad_is_not_counted_bad(text: str, share: float) -> None:
    assert affected_share(text) == share


def test_none_is_a_number_of_none() -> None:
    assert completed({"affected_count": 0, "bare_count": 0}) == {"affected_count": 0}


@pytest.mark.parametrize(("text", "angry"), [("什么破店 杯子碎了", True), ("杯子碎了 我要告你们", False), ("杯子碎了 打315", False), ("黑心商家 杯子碎了 赔钱", True)])
def test_anger_is_told_from_a_complaint(text: str, angry: bool) -> None:
    turn = Turn("talk", "cus_t001", text, NOW, intent="complaint", issues=("damaged_in_transit",))
    assert only_angry(turn) is angry


def test_an_answer_about_other_goods_is_no_yes_to_these(given: Callable[..., str]) -> None:
    given(UNSENT, {"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3})
    chat = Chat()
    chat.say("马克杯碎了", intake.open_case, intent="report_problem", issues=("damaged_in_transit",))
    assert chat.last.awaiting == "evidence"
    chat.say("台灯 赠品不要了，别寄", intake.open_case, intent="cancel_order")
    assert money() == []


@pytest.mark.parametrize("text", ["好的 谢谢", "可以，谢谢", "行 麻烦了", "谢谢 就这样办"])
def test_a_yes_with_thanks_is_a_yes(given: Callable[..., str], text: str) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    chat.say(text, small_talk.small_talk, intent="thank")
    assert money() == [("return_refund", 8800, "awaiting_return")]


@pytest.mark.parametrize("text", ["退", "退了吧", "帮我退", "好的退", "退货吧"])
def test_a_bare_back_takes_the_one_refund_shown(given: Callable[..., str], text: str) -> None:
    given(UNSENT)
    chat = Chat()
    chat.say("台灯可以退款吗", intake.open_case, intent="refund")
    chat.say(text, bargaining.counter_offer, intent="return_goods")
    assert money() == [("refund", 8800, "paid")]


@pytest.mark.parametrize("text", ["补差价", "补", "那就补吧", "退差价", "价保"])
def test_the_difference_shown_is_taken_by_its_names(given: Callable[..., str], text: str) -> None:
    given(DROPPED)
    chat = Chat()
    chat.say("手机能价保不", intake.open_case, intent="price_protection")
    assert money() == []
    chat.say(text, bargaining.counter_offer, intent="price_protection")
    assert money() == [("price_difference", 50000, "paid")]


@pytest.mark.parametrize(
    "text",
    [
        "我没想取消，手滑点错了", "不许取消 我等着穿", "我怕你们给我取消了", "订单显示取消，我没取消过", "赠品不要了，别寄", "运费退一下", "优惠券退回来", "不要再拖了 发货", "我不买别的了 就这双",
        "今天不发我就取消", "缺货就取消", "没货就退吧", "三天内不发退款", "催一下 不然退款", "是退了还是发了", "台灯取消预约送货",
    ],
)
def test_what_asks_for_no_cancellation(text: str) -> None:
    assert not plain.says(text, "cancel_order")


def test_worse_since_the_payment_brings_a_person(given: Callable[..., str]) -> None:
    given(DROPPED)
    chat = Chat()
    chat.say("手机降价了 退我差价", intake.open_case, intent="price_protection", issues=("price_drop",))
    chat.say("又坏了两个", intake.open_case, intent="price_protection")
    assert only_case().state == "with_person"


def test_a_case_takes_no_wish_that_another_case_of_these_goods_has(given: Callable[..., str]) -> None:
    """The database holds one open case for each wish about the same goods."""
    given(DROPPED)
    chat, other = Chat(), Chat(conversation_id="other")
    chat.say("手机降价了 退我差价", intake.open_case, intent="price_protection", issues=("price_drop",))
    other.say("手机不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    with session() as db:
        row = db.scalars(select(models.Case).where(models.Case.wish == "price_protection")).one()
        turn = Turn("talk", "cus_t001", "又坏了 我要退货", NOW, intent="return_goods", issues=("quality_defect",))
        escalation.hand_over(db, turn, "dispute", row=row)
        assert (row.state, row.wish, row.issues) == ("with_person", "price_protection", ["price_drop", "quality_defect"])


@pytest.mark.parametrize("text", ["台灯 马克杯 都不要了", "台灯和马克杯都不喜欢 想退", "台灯跟马克杯都退了吧"])
def test_both_that_are_named_are_meant(given: Callable[..., str], text: str) -> None:
    given(LAMP, {"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3})
    chat = Chat()
    chat.say(text, intake.open_case, intent="return_goods", issues=("change_of_mind",))
    assert len(chat.last.replies[-1].choices) == 2, chat.last
    chat.say("", choosing.choose, choice=chat.last.replies[-1].choices[0].id)
    chat.say("可以", bargaining.accept_offer, intent="affirm")
    assert any(choice.id.startswith("matter:") for reply in chat.last.replies for choice in reply.choices), "the other one waits"


def test_who_wants_nothing_cancelled_is_offered_it_no_longer(given: Callable[..., str]) -> None:
    given(UNSENT)
    chat = Chat()
    chat.say("台灯可以取消吗", intake.open_case, intent="cancel_order")
    chat.say("别取消我的", bargaining.reject_offer, intent="reject_offer")
    assert (only_case().state, money()) == ("withdrawn", [])


def test_a_condition_cancels_nothing(given: Callable[..., str]) -> None:
    given(UNSENT)
    Chat().say("今天不发台灯我就取消", intake.open_case, intent="cancel_order")
    assert money() == []


@pytest.mark.parametrize("piece", ["嗯", "谢", "大了", "有点大了", "好的", "退", "不要", "的", "没坏"])
def test_nobody_keeps_the_shop_busy_with_a_word_said_again_and_again(piece: str) -> None:
    """Expressions that try every way to cut a text into pieces need longer than the world with forty of them."""
    text = piece * 40 + "x"
    assert plain.thanked_yes(text + " 谢谢") is None
    assert plain.BARE.fullmatch(text) is None
    assert not only_asks(text)
    assert order_finder.SMALL.fullmatch(text) is None
    assert plain.says(text) is (piece in {"退", "不要"})


def test_what_is_shown_first_names_the_goods(given: Callable[..., str]) -> None:
    given(UNSENT, MUG)
    chat = Chat()
    said = chat.say("台灯可以取消吗", intake.open_case, intent="cancel_order")
    assert "台灯”那一单" in said
