"""What a customer's words claim about a case: facts by pattern (`claim.yml`) and the affected share."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("claim.yml")

NUMBER = {"一": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "仨": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
COUNT = r"(\d{1,3}|[一二两俩三四五六七八九]?十[一二三四五六七八九]?|[一二两俩三仨四五六七八九])"
PIECE = r"\s*(?:个|只|颗|枚|斤|盒|袋|包|朵|枝|支|条|件|瓶|罐|块)?"
BAD = r"(?:都|全|有|是)?(?:烂|坏|腐|霉|破|化|死|蔫|枯|碎|裂|压坏|不能吃|臭|(?:黑|黄)(?=[了的掉,，。！!\s]|$))(?:脱|掉|咯|嘞)?"

OF_TOTAL = (
    re.compile(rf"{COUNT}{PIECE}(?:里面?|里头|当中|中)?.{{0,3}}?{BAD}了?{COUNT}{PIECE}"),
    re.compile(rf"(?:一共|总共|共|买了|收到|到了){COUNT}{PIECE}.{{0,8}}?{BAD}了?(?:有)?{COUNT}{PIECE}"),
    re.compile(rf"(?:一共|总共|共|买了|收到|到了)?{COUNT}{PIECE}.{{0,6}}?{COUNT}{PIECE}{BAD}"),
)
BAD_FIRST = re.compile(rf"{BAD}了?(?:有)?{COUNT}{PIECE}.{{0,6}}?(?:一共|总共|共|买了|总){COUNT}{PIECE}")
COUNTED_BAD = re.compile(rf"{COUNT}{PIECE}(?:是|都)?{BAD}的?.{{0,4}}?(?:一共|总共|共|买了|总){COUNT}{PIECE}")
WHOLE = re.compile(
    rf"(?<!没)(?<!没有)(?<!不是)(?<!不)(?:全|都|整箱|整盒|一箱|通通|全部)(?:都|是|全)*(?:烂(?!摊)|坏|腐|化|死|蔫|枯|黄|黑|臭|碎|裂|不能吃)(?!(?:掉|了)?(?:有|差不多)?{COUNT})"
    r"|没(?:有)?一[个只条颗](?:好|能吃|活)|死(?:光|完|绝)|一[只条]没活"
)
NOT_WANTED = r"(?<![赔退补返给要偿])(?<![赔退补返给要偿][我咱个回])(?<![赔退补返给偿]我[个这])"
NOT_MONEY = r"(?!的?(?:钱|价|款|差价))"
"""「赔我一半」 and 「退一半的钱」 say what is wanted, not how much is bad: a demand must not become a fact that money follows from."""

HALF = re.compile(rf"{NOT_WANTED}(?:一大?半|半(?:箱|盒|袋)|百分之五十|50[%％]){NOT_MONEY}")
MOST = re.compile(rf"{NOT_WANTED}(?:大部分|大多|多数|一大半|超过一半|大半){NOT_MONEY}")


@cache
def patterns() -> tuple[tuple[re.Pattern[str], dict[str, Any]], ...]:
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple((re.compile(entry["pattern"]), entry["facts"]) for entry in raw)


def claimed_facts(text: str) -> dict[str, Any]:
    """Fact name → claimed value (names of contracts.md section 3). The first pattern that states a fact wins."""
    facts: dict[str, Any] = {}
    for pattern, stated in patterns():
        if pattern.search(text):
            for name, value in stated.items():
                facts.setdefault(name, value)
    share = affected_share(text)
    if share is not None:
        facts["affected_share"] = share
    return facts


def number(word: str) -> int:
    """「十二」, 「12」, 「两」 → the number; up to 99 in words."""
    if word.isdigit():
        return int(word)
    if "十" in word:
        tens, _, ones = word.partition("十")
        return (NUMBER[tens] if tens else 1) * 10 + (NUMBER[ones] if ones else 0)
    return NUMBER[word]


def affected_share(text: str) -> float | None:
    """「10个烂了3个」 → 0.3; None where the words give no share. Never above 1."""
    for pattern in OF_TOTAL:
        found = pattern.search(text)
        if found:
            total, bad = number(found[1]), number(found[2])
            if 0 < bad <= total:
                return bad / total
    found = BAD_FIRST.search(text) or COUNTED_BAD.search(text)
    if found:
        bad, total = number(found[1]), number(found[2])
        if 0 < bad <= total:
            return bad / total
    if MOST.search(text):
        return 0.6
    if HALF.search(text):
        return 0.5
    if WHOLE.search(text):
        return 1.0
    return None
