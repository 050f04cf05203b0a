"""What a customer's words claim."""

import pytest

from bot.cases.claim import affected_share, claimed_facts


@pytest.mark.parametrize(
    ("text", "share"),
    [("10个橙子3个烂了", 0.3), ("十个烂了六个", 0.6), ("烂了4个 一共12个", 4 / 12), ("收到20个，有5个坏的", 0.25), ("一半都坏了", 0.5), ("你好", None)],
)
def test_the_affected_share_is_read_from_words(text, share):
    assert affected_share(text) == share


@pytest.mark.parametrize(
    ("text", "facts"),
    [("还没拆封", {"sealed": True}), ("用了一次脸过敏", {"sealed": False, "safety_kind": "allergy"}), ("我儿子偷偷买的", {"minor": True})],
)
def test_facts_are_claimed_by_words(text, facts):
    assert claimed_facts(text) == facts
