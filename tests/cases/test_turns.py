"""What a customer meets in a conversation: end states in the database, words, who owns the conversation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from bot.cases import (
    bargaining,
    choosing,
    complaint,
    desk,
    escalation,
    evidence,
    intake,
    progress,
    question,
    small_talk,
    unanswered,
    unclear,
    withdrawal,
)
from bot.cases.conversation import take
from bot.cases.desk_refused import DeskRefused
from bot.cases.turn import Entity, Turn
from bot.ledger import ledger
from bot.store import models
from bot.store.database import session
from tests.cases.conftest import Chat
from tests.dialogues.shop import NOW, order_number

LAMP = {"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 7, "delivered": 2}
DROPPED = {
    "goods": "phone", "unit": 599900, "paid": 3, "delivered": 1, "labels": ["return7", "price_protection"],
    "protection": {"days": 15, "ratio": 1.0, "excluded_kinds": [], "from": "paid"}, "prices": [[0.1, 549900, "direct"]],
}


def only_case() -> models.Case:
    with session(read_only=True) as db:
        return db.scalars(select(models.Case)).one()


def owner(conversation_id: str = "talk") -> str:
    with session(read_only=True) as db:
        row = db.get(models.Conversation, conversation_id)
        assert row is not None
        return str(row.owner)


def money() -> list[tuple[str, int, str]]:
    with session(read_only=True) as db:
        return [(row.remedy, row.fen, row.state) for row in ledger.read(db)]


def test_a_price_difference_is_paid_once_however_often_it_is_asked_for(given: Callable[..., str]) -> None:
    given(DROPPED)
    chat = Chat()
    assert "500.00元" in chat.say("降价了退我差价", intake.open_case, intent="price_protection")
    chat.say("降价了退我差价", intake.open_case, intent="price_protection")
    chat.say("还没退给我啊 退差价", intake.open_case, intent="price_protection")
    assert money() == [("price_difference", 50000, "paid")]


def test_nothing_of_another_customer_is_found_by_its_order_number(given: Callable[..., str]) -> None:
    given(LAMP)
    given(DROPPED, number=2)
    with session(read_only=True) as db:
        theirs = db.scalars(select(models.Order.order_id).where(models.Order.customer_id == "cus_t002")).one()
    words = Chat().say(f"订单{theirs}我要退款", intake.open_case, intent="refund", entities=(Entity("order_number", theirs),))
    assert "手机" not in words
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).all() == []


def test_a_pressed_button_for_another_customers_order_opens_nothing(given: Callable[..., str]) -> None:
    given(LAMP)
    given(DROPPED, number=2)
    with session(read_only=True) as db:
        theirs = db.scalars(select(models.OrderLine).join(models.Order, models.Order.order_id == models.OrderLine.order_id).where(models.Order.customer_id == "cus_t002")).one()
    Chat().say("/choose", choosing.choose, intent="choose", choice=f"line:{theirs.order_id}:{theirs.line_id}")
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).all() == []


def test_who_says_that_it_came_broken_is_not_shown_an_order_that_is_not_sent(given: Callable[..., str]) -> None:
    given(LAMP, DROPPED, {**LAMP, "shipped": None, "delivered": None})
    chat = Chat()
    chat.say("收到就是坏的 退钱", intake.open_case, intent="refund", issues=("quality_defect",))
    assert len(chat.last.replies[-1].choices) == 2
    assert money() == []


def test_asking_for_a_person_puts_the_conversation_into_the_queue_at_once(given: Callable[..., str]) -> None:
    given(LAMP)
    words = Chat().say("转人工", escalation.hand_over_on_request, intent="human")
    assert "人工" in words
    assert owner() == "queue"
    row = only_case()
    assert (row.state, row.human_reason) == ("with_person", "asked")
    assert row.summary is not None and row.summary["reason"] == "asked"


def test_in_the_queue_the_bot_moves_no_money(given: Callable[..., str]) -> None:
    given(DROPPED)
    chat = Chat()
    chat.say("转人工", escalation.hand_over_on_request, intent="human")
    chat.say("先把差价退我", intake.open_case, intent="price_protection")
    assert money() == []
    assert owner() == "queue"


def test_the_bot_is_silent_while_an_agent_owns_the_conversation(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("转人工", escalation.hand_over_on_request, intent="human")
    with session() as db:
        db.add(models.Agent(name="xiaoli", role="agent", password_hash="x"))
        db.flush()
        row = db.get(models.Conversation, "talk")
        assert row is not None
        row.owner, row.agent_id = "agent", "xiaoli"
    assert chat.say("还在吗", small_talk.small_talk, intent="chitchat") == ""
    with session(read_only=True) as db:
        newest = db.scalars(select(models.Message).order_by(models.Message.seq.desc())).first()
        assert newest is not None
        assert (newest.sender, newest.text) == ("customer", "还在吗")


def test_an_accepted_offer_is_one_payment_also_when_accepted_twice(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3})
    chat = Chat()
    chat.say("杯子碎了一只 赔我", intake.open_case, intent="compensation", issues=("damaged_in_transit",))
    if chat.last.awaiting == "evidence":
        chat.say("照片发了", evidence.take_evidence, intent="provide_evidence")
    assert chat.last.awaiting == "offer"
    choice = next(choice.id for reply in chat.last.replies for choice in reply.choices if choice.id.startswith("option:"))
    chat.say("", choosing.choose, intent="choose", choice=choice)
    before = money()
    chat.say("", choosing.choose, intent="choose", choice=choice)
    assert before
    assert money() == before


@pytest.mark.parametrize(("first", "again"), [("late_delivery", "promise_broken"), ("promise_broken", "late_delivery")])
def test_a_fact_settled_once_is_not_settled_again_in_other_words(given: Callable[..., str], first: str, again: str) -> None:
    given({"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 4, "delivered": 2})
    chat = Chat()
    chat.say("发货太慢了 赔我", intake.open_case, intent="compensation", issues=tuple(dict.fromkeys((first, "late_delivery"))))
    choice = next(choice.id for reply in chat.last.replies for choice in reply.choices if choice.id.startswith("option:"))
    chat.say("", choosing.choose, intent="choose", choice=choice)
    before = money()
    assert [state for *_, state in before] == ["paid"]
    chat.say("说好两天内发的 赔我", intake.open_case, intent="compensation", issues=(again,))
    assert only_case().state == "settled"
    assert money() == before


@pytest.mark.parametrize("wish", ["compensation", "refund", "exchange"])
@pytest.mark.parametrize("state", [{"paid": 8, "shipped": None, "delivered": None}, {"paid": 8, "shipped": 4, "delivered": None}, {"paid": 8, "shipped": 4, "delivered": 2}, {"paid": 40, "shipped": 34, "delivered": 30}], ids=str)
def test_a_missed_time_gets_the_same_in_either_words(given: Callable[..., str], state: dict[str, int | None], wish: str) -> None:
    got = []
    for number, text, issues in ((1, "还没发货 太慢了", ("late_delivery",)), (2, "说好两天内发的 到今天没发", ("promise_broken",))):
        given({"goods": "lamp", "unit": 8800, **state}, number=number)
        chat = Chat(f"cus_t{number:03d}", f"talk_{number}")
        chat.say(text, intake.open_case, intent=wish, issues=issues)
        if chat.last.awaiting is not None:
            chat.say("这是你们客服答应我的截图", evidence.take_evidence, intent="provide_evidence", issues=("promise_broken",) if number == 2 else ())
        with session(read_only=True) as db:
            case = db.scalars(select(models.Case).where(models.Case.conversation_id == f"talk_{number}")).one()
            paid = [(row.remedy, row.fen, row.state) for row in ledger.entries_of_case(db, case.case_id)]
        choices = [choice.id for reply in chat.last.replies for choice in reply.choices]
        got.append((chat.last.awaiting, choices, case.state, case.floor_fen, case.cap_fen, paid))
    assert got[0] == got[1]


def test_waiting_told_as_a_promise_without_a_wish_is_answered_like_waiting(given: Callable[..., str]) -> None:
    said = []
    for number, text, issues in ((1, "怎么还没发货", ("late_delivery",)), (2, "说好两天内发的 到今天没发", ("promise_broken",))):
        given({"goods": "lamp", "unit": 8800, "paid": 8, "shipped": None, "delivered": None}, number=number)
        chat = Chat(f"cus_t{number:03d}", f"talk_{number}")
        said.append((chat.say(text, intake.open_case, intent="report_problem", issues=issues), [choice.id for reply in chat.last.replies for choice in reply.choices]))
    assert said[0] == said[1]
    assert said[0][1] == ["refund_now", "urge"]


def test_another_promise_told_after_the_lateness_was_made_good_is_heard(given: Callable[..., str]) -> None:
    given({"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 4, "delivered": 2})
    chat = Chat()
    chat.say("说好两天内发的 赔我", intake.open_case, intent="compensation", issues=("promise_broken",))
    assert chat.last.awaiting == "offer"
    chat.say("还说送灯泡的 没有送", intake.open_case, intent="compensation", issues=("promise_broken",))
    assert chat.last.awaiting == "evidence", "while it is negotiated: what was promised is asked for"
    given({"goods": "lamp", "unit": 8800, "paid": 8, "shipped": 4, "delivered": 2}, number=2)
    chat = Chat("cus_t002", "talk_2")
    chat.say("说好两天内发的 赔我", intake.open_case, intent="compensation", issues=("promise_broken",))
    choice = next(choice.id for reply in chat.last.replies for choice in reply.choices if choice.id.startswith("option:"))
    chat.say("", choosing.choose, intent="choose", choice=choice)
    chat.say("还说送灯泡的 没有送 赔我", intake.open_case, intent="compensation", issues=("promise_broken",))
    assert chat.last.awaiting == "evidence"


def test_an_offer_stands_though_the_policy_was_changed_since(
    given: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text("{}\n", encoding="utf-8")
    monkeypatch.setenv("HEQI_POLICY", str(policy))
    given(LAMP)
    chat = Chat()
    chat.say("台灯坏了 退款", intake.open_case, intent="refund", issues=("quality_defect",))
    chat.say("照片发了", evidence.take_evidence, intent="provide_evidence")
    choice = next(choice.id for reply in chat.last.replies for choice in reply.choices if choice.id.startswith("option:repair-0+"))
    policy.write_text("negotiation: {value: {premium: 0.2}}\n", encoding="utf-8")
    chat.say("", choosing.choose, intent="choose", choice=choice)
    agreed = {f"{remedy}-{fen}" for remedy, fen, _ in money()}
    assert agreed == set(choice.removeprefix("option:").split("+"))


def test_an_option_that_was_never_offered_is_not_taken(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3})
    chat = Chat()
    chat.say("杯子碎了一只 赔我", intake.open_case, intent="compensation", issues=("damaged_in_transit",))
    if chat.last.awaiting == "evidence":
        chat.say("照片发了", evidence.take_evidence, intent="provide_evidence")
    chat.say("", choosing.choose, intent="choose", choice="option:refund-999900")
    assert money() == []


def test_equal_facts_get_equal_offers_loud_or_meek(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3}, number=1)
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 3}, number=2)
    menus = []
    for number, mood, text in ((1, "calm", "杯子到手有一只碎了 麻烦处理下"), (2, "angry", "什么垃圾 杯子碎了！！赔钱！！")):
        chat = Chat(f"cus_t{number:03d}", f"talk_{number}")
        chat.say(text, intake.open_case, intent="compensation", issues=("damaged_in_transit",), mood=mood)
        if chat.last.awaiting == "evidence":
            chat.say("照片发了", evidence.take_evidence, intent="provide_evidence", mood=mood)
        menus.append({choice.id for reply in chat.last.replies for choice in reply.choices if choice.id.startswith("option:")})
    assert menus[0]
    assert menus[0] == menus[1]


def test_a_withdrawn_request_pays_nothing_and_can_be_made_again(given: Callable[..., str]) -> None:
    given({"goods": "dress", "unit": 25900, "paid": 6, "delivered": 2})
    chat = Chat()
    chat.say("裙子不喜欢 退货", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    if chat.last.awaiting == "offer":
        chat.say("可以", bargaining.accept_offer, intent="affirm")
    chat.say("不退了", withdrawal.withdraw, intent="withdraw_request")
    chat.say("是", choosing.choose, intent="choose", choice="yes")
    assert only_case().state == "withdrawn"
    assert all(state == "cancelled" for _, _, state in money())


def test_a_withdrawn_matter_that_was_opened_anew_waits_for_a_person_as_the_new_one(given: Callable[..., str]) -> None:
    given(LAMP)
    chat = Chat()
    chat.say("台灯坏了 退货", intake.open_case, intent="return_goods", issues=("quality_defect",))
    old = only_case().case_id
    chat.say("不退了", withdrawal.withdraw, intent="withdraw_request")
    chat.say("是", choosing.choose, intent="choose", choice="yes")
    assert only_case().state == "withdrawn"
    chat.say("台灯坏了 退货", intake.open_case, intent="return_goods", issues=("quality_defect",))
    chat.say("转人工", escalation.hand_over_on_request, intent="human", case_id=old)  # said on a page that still shows the old one
    with session(read_only=True) as db:
        states = {row.case_id: row.state for row in db.scalars(select(models.Case))}
    assert states.pop(old) == "withdrawn"
    assert list(states.values()) == ["with_person"]
    assert owner() == "queue"


def test_a_refusal_names_ways_left_and_disagreeing_brings_a_person(given: Callable[..., str]) -> None:
    given({"goods": "biscuit", "unit": 5990, "paid": 4, "delivered": 2, "labels": ["no_return7_opened"]})
    chat = Chat()
    chat.say("饼干不好吃 退了吧 已经拆开了", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    for _ in range(6):
        if owner() != "bot":
            break
        chat.say("不行 我不同意", bargaining.reject_offer, intent="reject_offer")
    assert owner() == "queue"
    assert money() == []


def test_a_complaint_is_taken_by_a_person_and_never_stopped(given: Callable[..., str]) -> None:
    given(LAMP)
    words = Chat().say("你们卖假货 我要打12315", complaint.take_complaint, intent="complaint", issues=("counterfeit",), mood="threatening")
    assert "您的权利" in words
    assert only_case().human_reason == "counterfeit"


def test_progress_tells_what_was_paid(given: Callable[..., str]) -> None:
    given(DROPPED)
    chat = Chat()
    chat.say("退差价", intake.open_case, intent="price_protection")
    assert "500.00元" in chat.say("退了没", progress.tell_progress, intent="refund_status")


def test_a_message_nobody_could_answer_becomes_a_case_in_the_queue(given: Callable[..., str]) -> None:
    given(LAMP)
    unanswered.note("lost", "cus_t001", "台灯坏了怎么没人理")
    Chat().say("你好", small_talk.small_talk, intent="greet")
    assert owner("lost") == "queue"
    with session(read_only=True) as db:
        messages = db.scalars(select(models.Message.text).where(models.Message.conversation_id == "lost")).all()
    assert messages == ["台灯坏了怎么没人理"]
    assert list(unanswered.waiting()) == []


def test_a_note_that_another_process_took_up_meanwhile_is_passed_over(given: Callable[..., str]) -> None:
    given(LAMP)
    paths = [unanswered.note(name, "cus_t001", "在吗") for name in ("one", "two", "three")]
    waiting = unanswered.waiting()
    next(waiting)
    paths[1].unlink()
    assert [message.conversation_id for _, message in waiting] == ["three"]


def test_a_conversation_of_one_customer_cannot_be_taken_by_another(given: Callable[..., str]) -> None:
    given(LAMP)
    given(DROPPED, number=2)
    Chat().say("你好", small_talk.small_talk, intent="greet")
    with pytest.raises(PermissionError):
        take(Turn("talk", "cus_t002", "我的订单呢", NOW), small_talk.small_talk)


SEVERAL = (
    {"goods": "phone", "unit": 599900, "paid": 3, "delivered": 1},
    {"goods": "roses", "unit": 9900, "paid": 2, "delivered": 1},
    {"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2},
)


def line_of(order: int) -> str:
    return f"{order_number(1, order)}-1"


def test_a_case_given_back_without_an_order_asks_for_its_order_and_goes_on(given: Callable[..., str]) -> None:
    given(*SEVERAL)
    chat = Chat()
    chat.say("转人工", escalation.hand_over_on_request, intent="human")
    case_id = only_case().case_id
    with session() as db:
        db.add(models.Agent(name="小丽", role="agent", password_hash="x"))
    desk.claim(case_id, "小丽", NOW)
    desk.return_to_bot(case_id, "小丽", NOW)
    assert "哪一单" in chat.say("退货", intake.open_case, intent="return_goods")
    chat.say("杯子", intake.choose_order, intent="inform")
    chat.say("有裂缝", intake.take_problem, intent="report_problem", issues=("quality_defect",))
    row = only_case()
    assert (row.line_id, row.wish, row.state) == (line_of(3), "return_goods", "awaiting_evidence")


def test_another_wish_each_time_is_no_answer_to_which_order(given: Callable[..., str]) -> None:
    given(*SEVERAL)
    chat = Chat()
    chat.say("我要退款", intake.open_case, intent="refund")
    chat.say("我要换货", intake.open_case, intent="exchange")
    assert owner() == "bot"
    chat.say("我要维修", intake.open_case, intent="repair")
    assert owner() == "queue"


def test_a_complaint_names_the_only_order_it_can_be_about(given: Callable[..., str]) -> None:
    given({"goods": "dress", "unit": 29900, "paid": 4, "delivered": None, "shipped": None}, *SEVERAL)
    Chat().say("一直不发货 我要投诉", complaint.take_complaint, intent="complaint", issues=("late_delivery",))
    assert only_case().line_id == line_of(1)


def test_a_complaint_with_several_possible_orders_names_none(given: Callable[..., str]) -> None:
    given(*SEVERAL)
    Chat().say("什么破店 我要投诉", complaint.take_complaint, intent="complaint", mood="angry")
    assert only_case().line_id is None


def test_a_complaint_about_a_price_that_dropped_names_what_dropped_not_the_newest(given: Callable[..., str]) -> None:
    given(DROPPED, {"goods": "mug", "unit": 8900, "paid": 1, "delivered": 0.5})
    Chat().say("刚买完就降价 我要投诉", complaint.take_complaint, intent="complaint", issues=("price_drop",))
    assert only_case().line_id == line_of(1)


def test_a_screen_is_looked_for_among_what_has_one(given: Callable[..., str]) -> None:
    given(*SEVERAL, {"goods": "band", "unit": 29900, "paid": 5, "delivered": 2})
    chat = Chat()
    chat.say("屏幕有条绿线", intake.open_case, intent="report_problem", issues=("quality_defect",))
    assert {choice.label.split()[0] for choice in chat.last.replies[-1].choices} == {"星河14", "知动智能手环"}


def test_in_the_queue_words_are_noted_for_the_person_and_nothing_is_asked_back(given: Callable[..., str]) -> None:
    given(*SEVERAL)
    chat = Chat()
    chat.say("我要投诉", complaint.take_complaint, intent="complaint")
    for text, handler, intent in (
        ("呵呵", small_talk.small_talk, "chitchat"), ("啥玩意", unclear.ask_again, "nlu_fallback"), ("垃圾", small_talk.calm, "insult"),
        ("能插两张卡么", question.answer_question, "product_info"),
    ):
        chat.say(text, handler, intent=intent)
        assert chat.last.awaiting is None
        assert [choice for reply in chat.last.replies for choice in reply.choices] == []
    assert "排" in chat.say("人呢", small_talk.small_talk, intent="chitchat")
    chat.say("是那个杯子", small_talk.small_talk, intent="inform")
    assert only_case().line_id == line_of(3)


def test_a_picture_after_the_money_is_paid_is_kept_and_the_payment_not_told_as_a_new_one(given: Callable[..., str]) -> None:
    given(DROPPED)
    chat = Chat()
    assert "已为您补差价" in chat.say("退差价", intake.open_case, intent="price_protection")
    again = chat.say("照片发你了", evidence.take_evidence, intent="provide_evidence")
    assert "办过了" in again or "已经登记" in again
    assert money() == [("price_difference", 50000, "paid")]


def test_other_goods_named_while_a_picture_is_awaited_are_a_case_of_their_own(given: Callable[..., str]) -> None:
    given(*SEVERAL, {"goods": "orange", "unit": 5990, "paid": 2, "delivered": 1})
    chat = Chat()
    chat.say("杯子有裂缝 退货", intake.open_case, intent="return_goods", issues=("quality_defect",))
    chat.say("不对 我说的是脐橙 坏了", evidence.take_evidence, intent="report_problem", issues=("quality_defect",))
    with session(read_only=True) as db:
        assert {row.line_id for row in db.scalars(select(models.Case))} == {line_of(3), line_of(4)}


def test_a_number_that_no_option_has_accepts_nothing(given: Callable[..., str]) -> None:
    given({"goods": "headset", "unit": 49900, "paid": 25, "delivered": 22})
    chat = Chat()
    chat.say("耳机坏了", intake.open_case, intent="report_problem", issues=("quality_defect",))
    chat.say("照片发你了", evidence.take_evidence, intent="provide_evidence")
    assert chat.last.awaiting == "offer"
    chat.say("考虑一下", bargaining.reject_offer, intent="reject_offer")
    assert len(only_case().negotiation) == 1, "who only thinks has refused nothing"
    chat.say("第二个方案", bargaining.accept_offer, intent="accept_offer", entities=(Entity("ordinal", "2"),))
    assert money() == []


def test_who_agreed_to_an_exchange_and_wants_to_return_after_all_gets_a_person(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2})
    chat = Chat()
    chat.say("杯子有裂缝 要退货", intake.open_case, intent="return_goods", issues=("quality_defect",))
    chat.say("照片发你了", evidence.take_evidence, intent="provide_evidence")
    chat.say("换一个吧", bargaining.counter_offer, intent="exchange")
    agreed = money()
    assert "exchange" in {remedy for remedy, _, _ in agreed}
    chat.say("还是退货吧", intake.open_case, intent="return_goods")
    assert owner() == "queue"
    assert money() == agreed


def test_anger_without_an_end_brings_a_person(given: Callable[..., str]) -> None:
    given(*SEVERAL)
    chat = Chat()
    for text in ("滚", "垃圾", "去死"):
        chat.say(text, small_talk.calm, intent="insult", mood="angry")
    assert owner() == "queue"


def test_who_names_the_goods_and_asks_for_a_person_gets_a_case_that_knows_its_order(given: Callable[..., str]) -> None:
    """Without its order a person at the desk can offer and approve nothing."""
    given(*SEVERAL)
    Chat().say("杯子碎了 转人工", escalation.hand_over_on_request, intent="human", issues=("damaged_in_transit",))
    row = only_case()
    assert (row.line_id, row.state, row.human_reason) == (line_of(3), "with_person", "asked")


def test_why_asked_of_an_offer_after_a_refusal_tells_the_reason_not_the_general_rule(given: Callable[..., str]) -> None:
    given({"goods": "serum", "unit": 25900, "paid": 6, "delivered": 3})
    chat = Chat()
    chat.say("精华不想要了 用了一次", intake.open_case, intent="return_goods", issues=("change_of_mind",))
    assert chat.last.awaiting == "offer"
    assert "完好标准" in chat.say("凭什么 法律规定七天无理由", question.answer_question, intent="policy", confidence=0.9)
    assert chat.last.awaiting == "offer"


def test_who_sends_the_picture_later_is_neither_asked_again_nor_handed_over(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2})
    chat = Chat()
    chat.say("杯子有裂缝", intake.open_case, intent="report_problem", issues=("quality_defect",))
    for text, handler in (("等下 我在上班 晚点拍", evidence.take_evidence), ("下班再发", evidence.no_evidence)):
        words = chat.say(text, handler, intent="inform")
        assert "照片" not in words
        assert (chat.last.awaiting, owner()) == ("evidence", "bot")
    chat.say("照片发你了", evidence.take_evidence, intent="provide_evidence")
    assert chat.last.awaiting == "offer"


@pytest.mark.parametrize(
    ("text", "intent", "answered"), [("太少了吧", "reject_offer", "照片"), ("哦哦", "chitchat", "照片"), ("运费我可不出", "nlu_fallback", "运费我们出")],
)
def test_words_that_are_neither_picture_nor_none_leave_the_question_open(given: Callable[..., str], text: str, intent: str, answered: str) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2})
    chat = Chat()
    chat.say("杯子有裂缝", intake.open_case, intent="report_problem", issues=("quality_defect",))
    assert answered in chat.say(text, evidence.no_evidence, intent=intent, awaiting="evidence")
    assert (chat.last.awaiting, owner()) == ("evidence", "bot")
    assert "不会直接拒绝您" in chat.say("没有", evidence.no_evidence, intent="deny", awaiting="evidence", unclear=chat.last.unclear)
    assert owner() == "queue"


@pytest.mark.parametrize(
    ("text", "intent", "paid"),
    [
        ("直接退 不换", "exchange", ("return_refund", "awaiting_return")), ("能修吗", "repair", None), ("换一个可以吗？", "exchange", None),
        ("换要几天", "exchange", None), ("第二个", "counter_offer", ("exchange", "paid")), ("那换一个吧", "exchange", ("exchange", "paid")),
    ],
)
def test_only_words_that_say_so_take_an_offer(given: Callable[..., str], text: str, intent: str, paid: tuple[str, str] | None) -> None:
    given({"goods": "rice_cooker", "unit": 32900, "paid": 9, "delivered": 6})
    chat = Chat()
    chat.say("电饭煲内胆掉涂层", intake.open_case, intent="report_problem", issues=("quality_defect",))
    chat.say("照片发了", evidence.take_evidence, intent="provide_evidence", awaiting="evidence")
    ordinal = (Entity("ordinal", 2),) if text == "第二个" else ()
    chat.say(text, bargaining.counter_offer, intent=intent, awaiting="offer", entities=ordinal)
    if paid is None:
        assert money() == []
        assert chat.last.awaiting == "offer"
        chat.say("确定", bargaining.accept_offer, intent="affirm", awaiting="offer", pending=chat.last.pending or {})
        assert money()[0][0] in {"repair", "exchange", "refund_part"}
    else:
        assert paid in [(remedy, state) for remedy, _, state in money()]


def test_a_picture_in_answer_to_how_many_is_kept_and_the_question_stays(given: Callable[..., str]) -> None:
    given({"goods": "orange", "unit": 4990, "paid": 3, "delivered": 0.8, "labels": ["no_return7_fresh", "broken_refund"]})
    chat = Chat()
    chat.say("橙子烂了", intake.open_case, intent="report_problem", issues=("quality_defect",))
    assert chat.last.awaiting == "detail"
    for _ in range(3):
        words = chat.say("", intake.take_detail, intent="provide_evidence", awaiting="detail", recorded=True, pending=chat.last.pending, unclear=chat.last.unclear)
        assert "照片" in words
        assert (chat.last.awaiting, owner()) == ("detail", "bot")
    chat.say("四只烂的 总共八只", intake.take_detail, intent="inform", awaiting="detail", pending=chat.last.pending)
    assert only_case().facts["affected_share"] == 0.5


RICE_COOKER = {"goods": "rice_cooker", "unit": 32900, "paid": 9, "delivered": 6}


def with_offer(chat: Chat) -> None:
    chat.say("电饭煲内胆掉涂层", intake.open_case, intent="report_problem", issues=("quality_defect",))
    chat.say("照片发了", evidence.take_evidence, intent="provide_evidence", awaiting="evidence")
    assert chat.last.awaiting == "offer"


@pytest.mark.parametrize("between", ["谢谢", "等等", "运费谁出啊", "先退钱"])
def test_a_yes_takes_what_was_shown_for_it_in_the_turn_before_and_nothing_older(given: Callable[..., str], between: str) -> None:
    given(RICE_COOKER)
    chat = Chat()
    with_offer(chat)
    chat.say("能修吗", bargaining.counter_offer, intent="repair", awaiting="offer")
    chat.say(between, bargaining.counter_offer, intent="chitchat", awaiting="offer", pending=chat.last.pending or {})
    chat.say("好的", bargaining.accept_offer, intent="affirm", awaiting="offer", pending=chat.last.pending or {})
    assert money() == []


def taken_back() -> list[str]:
    found = yaml.safe_load(Path("data/nlu/withdraw_request.yml").read_text(encoding="utf-8"))
    return [line.removeprefix("- ") for entry in found["nlu"] for line in entry["examples"].splitlines() if line.strip()]


def test_no_wording_of_taking_back_moves_money(given: Callable[..., str]) -> None:
    given(RICE_COOKER)
    chat = Chat()
    with_offer(chat)
    for text in taken_back():
        chat.say(text, withdrawal.withdraw, intent="withdraw_request", awaiting=chat.last.awaiting, pending=chat.last.pending or {})
        assert money() == [], text


def test_an_agents_offer_ends_with_what_the_bot_settles(given: Callable[..., str]) -> None:
    given(RICE_COOKER)
    chat = Chat()
    with_offer(chat)
    case_id = only_case().case_id
    with session() as db:
        db.add(models.Agent(name="xiaoli", role="agent", password_hash="x"))
    at = NOW + timedelta(minutes=30)
    desk.claim(case_id, "xiaoli", at)
    desk.offer(case_id, "xiaoli", "refund_part", 2600, at)
    desk.return_to_bot(case_id, "xiaoli", at)
    chat.minutes = 40
    chat.say("那退货吧", intake.open_case, intent="return_goods")
    chat.say("不想退 给点补偿", bargaining.counter_offer, intent="compensation", awaiting="offer")
    part = [option.id for reply in chat.last.replies for option in reply.choices if option.id.startswith("option:refund_part")]
    chat.say("", choosing.choose, intent="choose", choice=part[0])
    paid = money()
    assert paid
    chat.say("", choosing.choose, intent="choose", choice="option:refund_part-2600")
    assert money() == paid


def test_what_the_ledger_refused_counts_as_taken_for_nobody(given: Callable[..., str]) -> None:
    given(RICE_COOKER)
    chat = Chat()
    with_offer(chat)
    ours = only_case()
    back = next(option.id for reply in chat.last.replies for option in reply.choices if option.id.startswith("option:return_refund"))
    with session() as db:  # another case of the same goods takes money meanwhile
        db.add(models.Agent(name="xiaoli", role="agent", password_hash="x"))
        other = models.Case(
            case_id="case_other", conversation_id="talk", customer_id="cus_t001", order_id=ours.order_id, line_id=ours.line_id, wish="price_protection",
            issues=["price_drop"], facts={}, state="settled", mood="calm", cap_fen=5000, floor_fen=5000, opened_at=NOW, updated_at=NOW,
        )
        db.add(other)
        db.flush()
        ledger.promise(db, other, cause="price_drop", remedy="price_difference", fen=5000, at=NOW)
    assert "没能办成" in chat.say("", choosing.choose, intent="choose", choice=back)
    assert owner() == "queue"
    at = NOW + timedelta(hours=1)
    desk.claim(ours.case_id, "xiaoli", at)
    with pytest.raises(DeskRefused) as refused:
        desk.resolve(ours.case_id, "xiaoli", "settled", at)
    assert refused.value.code == "owed"


def test_words_twice_that_say_nothing_about_the_picture_bring_a_person(given: Callable[..., str]) -> None:
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2})
    chat = Chat()
    chat.say("杯子有裂缝", intake.open_case, intent="report_problem", issues=("quality_defect",))
    chat.say("哦哦", evidence.no_evidence, intent="chitchat", awaiting="evidence")
    chat.say("哈哈", evidence.no_evidence, intent="chitchat", awaiting="evidence", unclear=chat.last.unclear)
    assert owner() == "queue"


def test_a_picture_said_to_be_sent_that_never_came_is_not_asked_for_as_if_nothing_had_been_said(given):
    given({"goods": "mug", "unit": 8900, "paid": 6, "delivered": 2})
    chat = Chat()
    chat.say("杯子碎了 退款", intake.open_case, intent="refund", issues=("damaged_in_transit",), recorded=True)
    assert "还没看到" in chat.say("照片发了", evidence.take_evidence, intent="provide_evidence", recorded=True)
    assert {choice.id for choice in chat.last.replies[-1].choices} == {"evidence:none", "human"}
    assert chat.last.awaiting == "evidence"
    waits = chat.say("好的", evidence.take_evidence, intent="affirm", recorded=True)
    assert "方便" in waits or "等您" in waits


JEANS = {"goods": "dress", "unit": 29900, "paid": 6, "delivered": 2}


@pytest.mark.parametrize("text", ["连衣裙退了", "裙子退一下", "连衣裙退了吧 谢谢", "连衣裙没拆 退了", "裙子能退吗", "帮我退下裙子"])
def test_a_bare_request_tells_of_no_fault_though_one_is_read_into_it(given: Callable[..., str], text: str) -> None:
    given(JEANS, LAMP)
    chat = Chat()
    chat.say(text, intake.open_case, intent="return_goods", issues=("quality_defect",))
    assert chat.last.awaiting == "problem"
    assert only_case().issues == []


@pytest.mark.parametrize("text", ["连衣裙开线退了", "裙子掉色 退一下", "连衣裙不好穿退了", "裙子起球退了吧"])
def test_a_fault_in_any_words_is_believed(given: Callable[..., str], text: str) -> None:
    given(JEANS, LAMP)
    chat = Chat()
    chat.say(text, intake.open_case, intent="return_goods", issues=("quality_defect",))
    assert only_case().issues == ["quality_defect"]
    assert chat.last.awaiting == "evidence"


@pytest.mark.parametrize("text", ["没坏 就是不要了", "没毛病 就是想退", "无理由退货", "七天无理由", "用不上"])
def test_who_says_that_nothing_is_wrong_sends_back_without_a_reason(given: Callable[..., str], text: str) -> None:
    given(JEANS, LAMP)
    chat = Chat()
    chat.say("连衣裙退了", intake.open_case, intent="return_goods", issues=("quality_defect",))
    chat.say(text, intake.take_problem, intent="inform", issues=("quality_defect",))
    assert only_case().issues == ["change_of_mind"]
    assert (chat.last.awaiting, owner()) == ("offer", "bot") or only_case().state == "awaiting_return"


@pytest.mark.parametrize(("told", "issues"), [("连衣裙想退掉 快点处理", ["change_of_mind"]), ("连衣裙掉色 想退", ["quality_defect", "change_of_mind"])])
def test_it_takes_back_what_was_only_read_in(given: Callable[..., str], told: str, issues: list[str]) -> None:
    given(JEANS, LAMP)
    chat = Chat()
    chat.say(told, intake.open_case, intent="return_goods", issues=("quality_defect",))
    assert chat.last.awaiting == "evidence"
    chat.say("没坏 就是不要了", evidence.take_evidence, intent="inform", issues=("quality_defect",))
    assert only_case().issues == issues
    assert (chat.last.awaiting == "evidence") is ("quality_defect" in issues)


def test_no_problem_is_no_reason_to_send_anything_back(given: Callable[..., str]) -> None:
    given(JEANS)
    chat = Chat()
    for text in ("没问题", "没坏"):
        chat.say(text, small_talk.small_talk, intent="chitchat")
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).all() == []
