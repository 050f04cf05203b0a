"""What a customer's words claim about a case: facts by pattern (`claim.yml`) and the affected share."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

FILE = Path(__file__).with_name("claim.yml")

NUMBER = {"一": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "仨": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
COUNT = r"(\d{1,3}|[一二两俩三四五六七八九]?十[一二三四五六七八九]?|[一二两俩三仨四五六七八九])"
NUMERAL = r"(?<![第每哪这那])(?:\d+|[一二两俩三仨四五六七八九十百几]+)(?:来|多|几)?"
UNIT = r"[个只颗枚斤盒袋包朵枝支条件瓶罐块]"
NO_PIECES = r"(?![\d一二两俩三仨四五六七八九十百几来多])(?!(?<=一)[^个只颗枚斤盒袋包朵枝支条件瓶罐块\s，,])(?![元半天号点次分月年周成倍角%％]|小时|块钱|\s*块\s*[五钱]|[个]?(?:月|小时|星期|礼拜))"
BAD = (
    r"(?:烂|坏|腐|霉|破(?!了?产)|(?<!变)化(?!妆)|(?<![急气烦累等笑慢忙渴])死(?![机活板])|蔫|枯|碎|裂|压坏|压扁|扁|瘪|磕|摔|馊|变质|不能吃|臭|(?:黑|黄)(?=[了的掉,，。！!\s]|$))(?:脱|掉|咯|嘞)?"
)
GOOD = rf"(?:(?:没有?|不)(?:发|压|摔|变)?{BAD}|没(?:事|问题)|好的|好着|完好|活的?|(?:能|可以)吃)"
ALTOGETHER = r"一共|总共|拢共|总数|总|共|买了|收到|到了|到手"
SPOKEN_OF = re.compile(rf"(?P<good>{GOOD})|(?P<bad>{BAD})|(?P<total>{ALTOGETHER})|(?P<count>{NUMERAL}){NO_PIECES}\s?(?P<unit>{UNIT})?")
BEHIND = re.compile(r"(?:[了的有是：:掉]|大概|差不多|至少|起码|将近)*")
"""What may stand between a word and the number behind it: 「坏的三个」."""
BEFORE = re.compile(r"(?:的|(?![里中当有其])[^\s，,。；;！!？?]){0,4}")
"""What may stand between a number and the word behind it: 「三个橙子烂了」."""
BARE = re.compile(rf"(?:就|是|大概|有|得有|差不多|\s)*{COUNT}\s?{UNIT}?(?:吧|左右|的|了|呢|啊|哦|[。.！!~])*")
"""An answer that is only a number: 「十个吧」."""
WITHIN = re.compile(r"[里中当]")
"""「八只里头」: the number before it is of all."""
MORE = re.compile(r"又|另|还有|再(?!不|说|这)|也有")
"""「今天又死一只」: comes on top of those told before."""
NOT_TOLD = re.compile(r"(?:[补赔退换寄给送要少缺漏差]|[吃用开拆扔尝洗喝]了|再发|补发|重发)[^，,。；;！!？?\s]{0,3}$|其中$")
"""「补我三个」 「吃了两个」: a number of neither."""
WHOLE = re.compile(
    rf"(?<!没)(?<!没有)(?<!不是)(?<!不)(?:全|都|整箱|整盒|一箱|通通|全部)(?:都|是|全)*(?:烂(?!摊)|坏|腐|化|死|蔫|枯|黄|黑|臭|碎|裂|不能吃)(?!(?:掉|了)?(?:有|差不多)?{COUNT})"
    r"|没(?:有)?一[个只条颗](?:好|能吃|活)|死(?:光|完|绝)|一[只条]没活"
)
NONE_LEFT = re.compile(r"没(?:有)?一[个只条颗](?:好|能吃|活)|死(?:光|完|绝)|一[只条]没活")
"""None is left, whatever number stands in it."""
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
    elif (told := counts(text)).affected is not None and told.pieces is None:
        facts["affected_count"] = told.affected
    return facts


def completed(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, with the share where it was told in two messages: 「烂了三个」, asked, 「一共十个」 (or just 「十个」)."""
    affected, pieces, bare = (facts.get(name) for name in ("affected_count", "pieces", "bare_count"))
    rest = {name: value for name, value in facts.items() if name != "bare_count"}
    if bare is not None and affected is None:
        return {**rest, "affected_count": bare}
    pieces = pieces or bare
    if "affected_share" in facts or affected is None or not pieces:
        return rest
    return {**rest, "affected_share": affected / pieces} if affected <= pieces else rest


def number(word: str) -> int:
    """「十二」, 「12」, 「两」 → the number; up to 99 in words."""
    if word.isdigit():
        return int(word)
    if "十" in word:
        tens, _, ones = word.partition("十")
        return (NUMBER[tens] if tens else 1) * 10 + (NUMBER[ones] if ones else 0)
    return NUMBER[word]


class Counts(msgspec.Struct, frozen=True):
    """How many pieces the words say there are, and how many are bad; None where they do not say, or contradict themselves.
    `other`: the one number that no word says what it counts."""

    affected: int | None = None
    pieces: int | None = None
    other: int | None = None


class Told(msgspec.Struct):
    """A word or a number of the text: `kind` bad, good, total or count; `of` what a number was found to count."""

    kind: str
    found: re.Match[str]
    of: str | None = None

    @property
    def worth(self) -> int | None:
        """The number; None for 「几个」 「十来个」 「两三个」."""
        word = self.found["count"]
        return number(word) if re.fullmatch(COUNT, word) else None


def counts(text: str) -> Counts:
    """「8只 昨天死1只 今天又死1只」 → 2 of 8. Nothing where the words contradict each other: it is asked."""
    told = [Told(str(found.lastgroup if found.lastgroup != "unit" else "count"), found) for found in SPOKEN_OF.finditer(text)]
    tie(text, told)
    bad = [each for each in told if each.of == "bad"]
    good = sum(each.worth or 0 for each in told if each.of == "good")
    total = total_of(text, told, bad)
    if any(each.worth is None for each in told if each.of is not None):
        return Counts()
    affected = added_up(text, bad)
    if bad and affected is None:
        return Counts()
    if affected is None:
        affected = total - good if total is not None and 0 < good < total else None
    elif good and total is None:
        total = affected + good
    elif good and affected + good != total:
        return Counts()
    if total is not None and affected is not None and affected > total:
        return Counts()
    rest = {each.worth for each in told if each.kind == "count" and each.of is None}
    return Counts(affected, total, rest.pop() if len(rest) == 1 else None)


def tie(text: str, told: list[Told]) -> None:
    """Gives each word its number: the one right behind it, else the one right before it. From the end, so that the
    number in 「3个烂的7个好的」 goes to the word that has no other."""
    for at in range(len(told) - 1, -1, -1):
        word = told[at]
        if word.kind == "count":
            continue
        behind = told[at + 1] if at + 1 < len(told) else None
        before = told[at - 1] if at else None
        if behind is not None and behind.kind == "count" and behind.of is None and BEHIND.fullmatch(text, word.found.end(), behind.found.start()):
            behind.of = word.kind
        elif word.kind != "total" and before is not None and before.kind == "count" and BEFORE.fullmatch(text, before.found.end(), word.found.start()):
            before.of = word.kind


def total_of(text: str, told: list[Told], bad: list[Told]) -> int | None:
    """How many there are altogether: what is said so, else the one other number, told before the bad ones."""
    for each in told:
        if each.kind == "count" and each.of is None and WITHIN.match(text, each.found.end()):
            each.of = "total"
    named = {each.worth for each in told if each.of == "total"}
    last = max((each.found.start() for each in told if each.of in {"bad", "good"}), default=-1)
    if not named:
        rest = [
            each for each in told
            if each.kind == "count" and each.of is None and each.found["unit"] not in {None, "块"} and each.worth != 1 and each.found.start() < last
            and not NOT_TOLD.search(text[: each.found.start()])
        ]
        named = {each.worth for each in rest}
        for each in rest:
            each.of = "total"
    packed = {each.found["unit"] for each in told if each.of == "total"} & set("斤盒袋包箱罐瓶")
    if packed and packed != {each.found["unit"] for each in bad if each.found["unit"]} | packed:
        return None  # 「五盒 烂了三个」
    return named.pop() if len(named) == 1 else None


def added_up(text: str, bad: list[Told]) -> int | None:
    """How many are bad altogether: told again it is the same number, told on top (「又」, 「另有」) it is more; None where neither."""
    affected, at = None, 0
    for each in bad:
        if affected is None:
            affected = each.worth
        elif MORE.search(text, at, each.found.start()):
            affected += each.worth or 0
        elif affected != each.worth:
            return None
        at = each.found.end()
    return affected


def affected_share(text: str) -> float | None:
    """「10个烂了3个」 → 0.3; None where the words give no share, or two. Never above 1."""
    told, whole = counts(text), WHOLE.search(text)
    if NONE_LEFT.search(text):
        return 1.0
    roughly = 0.6 if MOST.search(text) else 0.5 if HALF.search(text) else 1.0 if whole else None
    if not told.affected or not told.pieces:
        return roughly
    share = told.affected / told.pieces
    if whole is not None and re.search(rf"{NUMERAL}{UNIT}?$", text[: whole.start()]):
        return share  # 「三个全烂了」
    return share if roughly in (None, share) or (roughly == 0.6 and share > 0.5) else None
