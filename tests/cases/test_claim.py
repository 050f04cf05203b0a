"""What a customer's words claim."""

import pytest

from bot.cases.claim import affected_share, claimed_facts
from bot.cases.wish import believed


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


@pytest.mark.parametrize(("text", "issues"), [("尺码拍错了 想换大一码", ("change_of_mind",)), ("我没拍错 是你们发错了", ("change_of_mind", "wrong_item"))])
def test_the_customers_own_mistake_is_no_wrong_parcel(text, issues):
    assert believed(("change_of_mind", "wrong_item"), text) == issues
