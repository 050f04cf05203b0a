"""What a message names, measured on messages annotated by hand, and what must hold for any text."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.entity import Entity
from bot.language.extraction import entities
from tests.language.conftest import NOW

MESSAGES = yaml.safe_load(Path(__file__).with_name("entities.yml").read_text(encoding="utf-8"))
HIDDEN_ONLY = {"id_card"}
"""Found in order to be masked; the annotation does not know it."""


def found_in(text: str) -> list[Entity]:
    return [entity for entity in entities(text, NOW) if entity.entity not in HIDDEN_ONLY]


def f1(names: set[str]) -> tuple[float, list[str]]:
    """F1 over the entities of these names (name, value and place must all be right), and what went wrong."""
    hits = said = true = 0
    wrong = []
    for message in MESSAGES:
        gold = Counter((e["entity"], e["value"], e["text"]) for e in message["entities"] if e["entity"] in names)
        found = Counter(
            (e.entity, e.value, message["text"][e.start : e.end]) for e in found_in(message["text"]) if e.entity in names
        )
        hits += sum((gold & found).values())
        said += sum(found.values())
        true += sum(gold.values())
        if gold != found:
            wrong.append(f"{message['text']}: missed {list(gold - found)}, invented {list(found - gold)}")
    return 2 * hits / (said + true), wrong


def test_the_set_is_large_enough_to_say_something() -> None:
    assert len(MESSAGES) >= 400


def test_entities_of_annotated_messages() -> None:
    every = {e["entity"] for message in MESSAGES for e in message["entities"]}
    score, wrong = f1(every)
    assert score >= 0.95, "\n".join(wrong)


def test_amounts_of_annotated_messages() -> None:
    score, wrong = f1({"amount"})
    assert score >= 0.98, "\n".join(wrong)


@pytest.mark.parametrize(("text", "fen"), [
    ("退我50", 5000), ("五十块", 5000), ("退我个30", 3000), ("補償我五十塊", 5000), ("退我５０元", 5000), ("就要 50 块", 5000),
    ("三块五", 350), ("两千三", 230000), ("1.5万", 1500000), ("一百五吧", 15000), ("¥1,299.00", 129900), ("50💰块", None),
])
def test_money_in_many_spellings(text: str, fen: int | None) -> None:
    assert [e.value for e in found_in(text) if e.entity == "amount"] == ([] if fen is None else [fen]) or fen is None


@pytest.mark.parametrize("text", [
    "满300减50的券用不了", "一分钱都不退我", "退一赔三", "5号电池", "打110", "第二件半价", "电量还剩一半", "订单【金额x】", "快递没到都三天了",
])
def test_numbers_that_are_no_money(text: str) -> None:
    assert [e for e in found_in(text) if e.entity == "amount"] == []


@pytest.mark.parametrize(("text", "roles"), [("十个烂了三个", {"total": 10, "affected": 3}), ("买了5双有2双破了", {"total": 5, "affected": 2})])
def test_how_many_of_how_many(text: str, roles: dict[str, int]) -> None:
    assert {e.role: e.value for e in found_in(text) if e.entity == "quantity"} == roles


SNIPPETS = st.sampled_from([
    "退我50块", "五十", "三成", "八折", "昨天", "上周五", "双十一", "黑色", "XL", "13812345678", "【订单x】", "[数字x]", "１２３", "　", " ", "😡", "👍🏻",
    "補差價", "訂單", "\u200b", "啊啊啊啊", "SF1234567890123", "第二个", "两箱", "%", "¥", "块", "\n",
])


@settings(max_examples=300, deadline=None)
@given(st.lists(SNIPPETS | st.text(max_size=4), max_size=8))
def test_places_are_in_the_text_as_sent_and_do_not_overlap(parts: list[str]) -> None:
    text = "".join(parts)
    found = sorted(entities(text, NOW), key=lambda entity: entity.start)
    for entity in found:
        assert 0 <= entity.start < entity.end <= len(text)
        assert text[entity.start : entity.end].strip()
    assert all(one.end <= other.start for one, other in pairwise(found))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([m for m in MESSAGES if m["entities"]]), st.sampled_from(["😡", "亲，", "【姓名x】您好。", "　　", "麻煩。"]))
def test_what_stands_before_moves_the_place_and_not_the_value(message: dict[str, Any], before: str) -> None:
    plain = [(e.entity, e.value, e.start) for e in found_in("。" + message["text"])]
    moved = [(e.entity, e.value, e.start) for e in found_in("。" + before + "。" + message["text"])]
    shifted = [(name, value, start + len(before) + 1) for name, value, start in plain]
    assert moved == shifted
