"""What a customer's words claim."""

import pytest
from sqlalchemy import select

from bot.cases import intake
from bot.cases.claim import affected_share, claimed_facts
from bot.cases.wish import believed
from bot.store import models
from bot.store.database import session
from tests.cases.conftest import Chat


@pytest.mark.parametrize(
    ("text", "share"),
    [("10个橙子3个烂了", 0.3), ("十个烂了六个", 0.6), ("烂了4个 一共12个", 4 / 12), ("收到20个，有5个坏的", 0.25), ("一半都坏了", 0.5), ("一共十个烂了仨", 0.3), ("总共十个嘛 坏脱三个", 0.3), ("你好", None)],
)
def test_the_affected_share_is_read_from_words(text, share):
    assert affected_share(text) == share


@pytest.mark.parametrize("text", ["赔我一半", "退一半的钱给我", "补偿一半吧", "退我50%", "给我退个百分之五十", "退大部分钱就行"])
def test_what_is_demanded_is_no_fact(text):
    assert affected_share(text) is None


@pytest.mark.parametrize("text", ["退钱！一半是烂的", "退款 一半烂了", "烂了一半，退我一半的钱"])
def test_a_demand_beside_it_does_not_hide_the_fact(text):
    assert affected_share(text) == 0.5


@pytest.mark.parametrize(
    ("text", "facts"),
    [("还没拆封", {"sealed": True}), ("用了一次脸过敏", {"sealed": False, "safety_kind": "allergy"}), ("我儿子偷偷买的", {"minor": True}), ("儿子拿我手机偷偷下的单", {"minor": True})],
)
def test_facts_are_claimed_by_words(text, facts):
    assert claimed_facts(text) == facts


@pytest.mark.parametrize(("text", "issues"), [("四件套不要了 退", ()), ("四件套少了个枕套", ("missing_item",)), ("套装写着六件，实际五件", ("missing_item",))])
def test_pieces_are_missing_only_where_a_word_says_so(text, issues):
    assert believed(("missing_item",), text) == issues


@pytest.mark.parametrize(
    ("text", "read", "issues"),
    [
        ("多发了一件", ("missing_item",), ()), ("说好多送一件没送", ("missing_item",), ("missing_item",)),
        ("少了一块釉", ("missing_item",), ("damaged_in_transit",)), ("缺了一小块瓷", ("missing_item",), ("damaged_in_transit",)),
        ("缺个角", ("missing_item", "damaged_in_transit"), ("damaged_in_transit",)), ("少发一个杯子 还缺个角", ("missing_item",), ("missing_item",)),
        ("少了一个瓷杯", ("missing_item",), ("missing_item",)), ("保温杯没问题 马克杯裂了", ("missing_item", "quality_defect"), ("quality_defect",)),
    ],
)
def test_one_too_many_and_a_chip_are_no_missing_piece(text, read, issues):
    assert believed(read, text) == issues


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ("玫瑰花 昨天送到就是蔫的 女朋友都生气了 退钱", ("late_delivery", "quality_defect")), ("快递太慢 到了都烂了", ("late_delivery", "quality_defect")),
        ("晚到三天 螃蟹死了两只", ("late_delivery", "quality_defect")), ("再不发花都死了", ("late_delivery",)), ("慢死了", ("late_delivery",)),
        ("等到现在 物流服务太烂了", ("late_delivery",)), ("还没到 怕路上坏了", ("late_delivery",)), ("发货慢 还漏了一件", ("late_delivery",)),
    ],
)
def test_a_fault_told_beside_the_lateness_counts(text, issues):
    assert believed(("late_delivery",), text) == issues


@pytest.mark.parametrize(("text", "issues"), [("尺码拍错了 想换大一码", ("change_of_mind",)), ("我没拍错 是你们发错了", ("change_of_mind", "wrong_item"))])
def test_the_customers_own_mistake_is_no_wrong_parcel(text, issues):
    assert believed(("change_of_mind", "wrong_item"), text) == issues


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("大闸蟹死了两只 八只里头两只死的", 0.25), ("8只 昨天死1只 今天又死1只", 0.25), ("八只死了一只 又死了一只", 0.25), ("10个坏3个 另有2个压扁了", 0.5),
        ("3个烂的7个好的", 0.3), ("坏的三个 好的七个", 0.3), ("烂的7个好的3个", 0.7), ("只活了六只 一共八只", 0.25), ("十个只有三个能吃", 0.7), ("8只没一只活的", 1.0),
        ("8只死2只 死了3只", None), ("10个烂了3个 6个好的", None), ("全烂了 10个烂了3个", None), ("10个烂了3个 一半都烂了", None), ("十个坏了两三个", None), ("十来个烂了三个", None),
        ("补发三个 烂了三个", None), ("吃了五个 坏了3个", None), ("买了5盒 烂了3个", None), ("30块买的 10个烂3个", 0.3), ("坏了30天", None), ("烂了一点 一共十个", None),
    ],
)
def test_numbers_are_added_where_said_so_and_asked_where_they_contradict_each_other(text, share):
    assert affected_share(text) == share


@pytest.mark.parametrize("answer", ["一共十个", "总共10个", "十个吧", "10个"])
def test_how_many_told_in_two_messages_is_put_together(given, answer):
    given({"goods": "orange", "unit": 4990, "paid": 3, "delivered": 0.8, "labels": ["no_return7_fresh", "broken_refund"]})
    chat = Chat()
    chat.say("橙子烂了三个", intake.open_case, intent="report_problem", issues=("quality_defect",))
    assert chat.last.awaiting == "detail"
    chat.say(answer, intake.take_detail, intent="inform")
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).one().facts["affected_share"] == 0.3
    assert chat.last.awaiting == "evidence"


def test_a_number_alone_is_how_many_are_bad_and_the_total_is_asked(given):
    given({"goods": "orange", "unit": 4990, "paid": 3, "delivered": 0.8, "labels": ["no_return7_fresh", "broken_refund"]})
    chat = Chat()
    chat.say("橙子烂了", intake.open_case, intent="report_problem", issues=("quality_defect",))
    for answer in ("三个", "一共十个"):
        assert chat.last.awaiting == "detail"
        chat.say(answer, intake.take_detail, intent="inform")
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).one().facts["affected_share"] == 0.3


@pytest.mark.parametrize(("answer", "share"), [("大概有三个 一共十个吧", 0.3), ("十个里三个", 0.3), ("三个 总共十个", 0.3), ("一共十个 昨天三个 今天五个", None)])
def test_asked_how_many_are_bad_the_other_number_is_theirs(given, answer, share):
    given({"goods": "orange", "unit": 4990, "paid": 3, "delivered": 0.8, "labels": ["no_return7_fresh", "broken_refund"]})
    chat = Chat()
    chat.say("橙子烂了好几个", intake.open_case, intent="report_problem", issues=("quality_defect",))
    chat.say(answer, intake.take_detail, intent="inform")
    with session(read_only=True) as db:
        assert db.scalars(select(models.Case)).one().facts.get("affected_share") == share
