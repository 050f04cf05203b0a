"""Which of the customer's own order lines a message is about.

Only the customer's own lines come in, so nothing of anybody else can be found or shown. Pure: the
lines, the words and the time go in, the lines that fit best come out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

SHOP_ZONE = ZoneInfo("Asia/Shanghai")

RECENT = re.compile(r"最近|最新|刚刚?(买|下|拍|订)(?!了?.{0,2}天)|上一?单|最后(一|那)单|这一?单|这个订单|才买(?!了?.{0,2}天)")
DIGITS = re.compile(r"\d{4,24}")

SURE_PRODUCT = 2.0
"""A product score from here on names the product beyond doubt: a run of two characters that two lines share, or more."""

STOP = frozenset("的了我你他她是在有和就不人都一个上也很到说要去会着没看好自己这那么吗呢吧啊退货款换单买卖修补差价钱快递件色款大小新号天元块行装满音")
"""Single characters that say nothing about a product."""


class OrderLineView(msgspec.Struct, frozen=True):
    """One line as a customer may see it; `unit_paid_fen` in fen, times with zone."""

    order_id: str
    line_id: str
    sku_id: str
    title: str
    spec: str
    category: str
    status: str
    quantity: int
    unit_paid_fen: int
    paid_at: datetime | None
    traits: tuple[str, ...] = ()


class Mention(msgspec.Struct, frozen=True):
    """What a message says about which order: its text, numbers and days the language room found."""

    text: str
    order_numbers: tuple[str, ...] = ()
    days: tuple[date, ...] = ()


def find(mention: Mention, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines that fit best, best first: one where the words are clear, several where they tie.

    Empty where the message names nothing. An order number that is none of the customer's finds
    nothing, whatever else the message says.
    """
    numbers = mention.order_numbers or tuple(n for n in DIGITS.findall(mention.text) if len(n) >= 12)
    if numbers:
        return [line for line in lines if line.order_id in numbers]
    tail = re.search(r"尾号\D{0,2}(\d{3,8})", mention.text)
    if tail:
        return [line for line in lines if line.order_id.endswith(tail[1])]

    candidates = list(lines)
    scores = {(line.order_id, line.line_id): product_score(mention.text, line, lines) for line in candidates}
    named = False
    if mention.days:
        on_day = [line for line in candidates if line.paid_at and line.paid_at.astimezone(SHOP_ZONE).date() in mention.days]
        fits = any(scores[line.order_id, line.line_id] for line in on_day)
        # A product surely named outweighs a day: people count days wrongly, or mean the day it came.
        if on_day and (fits or max(scores.values()) < SURE_PRODUCT):
            candidates, named = on_day, True
    best = max((scores[line.order_id, line.line_id] for line in candidates), default=0.0)
    if best > 0:
        return [line for line in candidates if scores[line.order_id, line.line_id] >= best * 0.8]
    if RECENT.search(mention.text) and not named:
        # See by_recency: a guess, where the matter itself points elsewhere.
        newest = sorted((line for line in candidates if line.paid_at), key=lambda line: line.paid_at or datetime.min, reverse=True)
        return [line for line in newest if line.order_id == newest[0].order_id] if newest else []
    return candidates if named else []


def named_by(text: str, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines whose product the text names best; several where they tie, none where it names none."""
    scores = [(product_score(text, line, lines), line) for line in lines]
    best = max((score for score, _ in scores), default=0.0)
    return [line for score, line in scores if score >= best * 0.8] if best > 0 else []


def by_recency(mention: Mention, lines: Sequence[OrderLineView]) -> bool:
    """Whether nothing but 「刚买」 points at a line: the weakest of all signs."""
    undated = Mention(RECENT.sub("", mention.text), mention.order_numbers, mention.days)
    return RECENT.search(mention.text) is not None and not find(undated, lines)


def by_day(mention: Mention, lines: Sequence[OrderLineView]) -> bool:
    """Whether nothing but a day points at a line: 「昨天说好送的」 means no order of yesterday."""
    return bool(mention.days) and not find(Mention(mention.text, mention.order_numbers), lines)


BOUGHT = re.compile(r"(?:我|之前|当时|昨天|上次)?(?:买的|拍的|下单的)(?:是|那个|那款)?\s*([^,，。！？\s]{2,16})")
"""What the customer says they have, as against what they compare it with: 「我买的512G，你们256G便宜」."""

COMPARED = re.compile(r"(?:你们|你家|现在|店里|直播间|人家)([^,，。！？\s]{2,14})")
"""What the shop sells now, as against what the customer has: 「512G的 你们256G便宜一千」."""


def product_score(text: str, line: OrderLineView, lines: Sequence[OrderLineView]) -> float:
    """How much of the line's title, spec and category the text names.

    Shared runs of two and more characters count with the square of their length; a single telling
    character (杯, 鞋) counts where the text uses it and the product's name ends a word with it.
    Runs that many of the customer's lines share tell less.
    """
    name = f"{line.title} {line.spec} {line.category}".lower()
    said = text.lower()
    bought, compared = BOUGHT.findall(said), COMPARED.findall(said)
    score = 0.0
    for run in shared_runs(said, name):
        carriers = sum(run in f"{other.title} {other.spec} {other.category}".lower() for other in lines)
        weight = 2.0 if any(run in phrase for phrase in bought) else 0.3 if any(run in phrase for phrase in compared) else 1.0
        score += weight * len(run) ** 2 / carriers
    if score == 0.0:
        for character in (set(said) & endings(line)) - STOP:
            score += 0.5 / sum(character in endings(other) for other in lines)
    return score


def endings(line: OrderLineView) -> set[str]:
    """The characters that say what kind of thing a line is: 杯 of 马克杯, 鞋 of 跑步鞋, 花 of 鲜花."""
    words = [*re.split(r"[\s/（）()]+", line.title), line.category.removesuffix("子")]
    return {word[-1] for word in words if word and "\u4e00" <= word[-1] <= "\u9fff"}


def shared_runs(text: str, name: str) -> list[str]:
    """The longest runs (two characters or more) that stand in both, left to right, not overlapping."""
    runs = []
    start = 0
    while start < len(text) - 1:
        end = start
        while end < len(text) and text[start : end + 1] in name and not text[end].isspace():
            end += 1
        run = text[start:end]
        if len(run) >= 2 and not all(character in STOP or character.isdigit() for character in run):
            runs.append(run)
            start = end
        else:
            start += 1
    return runs
