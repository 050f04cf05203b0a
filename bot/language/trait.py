"""Colours and sizes of goods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.language import number
from bot.language.entity import Found
from bot.language.lexicon import any_of, lexicon

COLOUR = re.compile(any_of(lexicon().colours))
ONE_COLOUR = re.compile(r"(?<=[换要选拍发买成是款的])(?P<colour>[黑白红蓝绿黄灰粉紫])(?=的|款|[,。.!?\s]|换|$)")
NO_COLOUR = re.compile(r"(?:黄色|绿色)(?:食品|网站|通道|环保)|透明(?:度|的)|本色|花色品种|大红[袍枣]")

CLOTHES = r"[2-9]?x{1,4}[ls]|[smlx](?![a-z级形型站弯店巾])|[2-9]xl"
SIZE = re.compile(
    rf"(?<![\da-z.-])(?:(?P<letters>{CLOTHES})(?:码|号|(?![\da-z./-]))|(?P<number>\d{{2}}(?:\.5)?)码(?!钱)|(?P<spelled>[二三四]十[一二三四五六七八九]?)码(?!钱)|(?P<body>1[4-9]\d/\d{{2,3}}[aby]?)|(?P<shoe>3[4-9]|4[0-8])(?:\.5)?号(?:鞋|的鞋|脚))"
)
NAMED_SIZE = re.compile(any_of(lexicon().sizes))


def colours(text: str, now: datetime) -> Iterator[Found]:
    """Colours of goods; the value ends in 色 (黑 → 黑色)."""
    for match in COLOUR.finditer(text):
        if not NO_COLOUR.match(text, match.start()):
            value = match[0] if match[0].endswith("色") else f"{match[0]}色"
            shade = match[0].endswith("色") and text[match.end() : match.end() + 1] == "差"  # 米白色差: 米白, 色差
            yield Found("colour", value, match.start(), match.end() - shade)
    for match in ONE_COLOUR.finditer(text):
        yield Found("colour", f"{match['colour']}色", match.start("colour"), match.end("colour"))


def sizes(text: str, now: datetime) -> Iterator[Found]:
    """Sizes of clothes and shoes; the value is without 码 and 号, letters in upper case."""
    for match in SIZE.finditer(text):
        value = match["letters"] or match["number"] or match["body"] or match["shoe"] or str(number.value(match["spelled"]))
        yield Found("size", value.upper(), match.start(), match.end())
    for match in NAMED_SIZE.finditer(text):
        yield Found("size", match[0], match.start(), match.end())
