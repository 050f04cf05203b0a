"""Numbers as people type them: 50, 1,299.5, 五十, 三百五, 两千三, 1.5万, 1k, 俩."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import cn2an

CHINESE = "零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟廿"
LONGEST = 16
"""Characters of a number: 九千九百九十九万九千九百九十九 has 15. Without an end a page of 一百一百一百 takes seconds to read."""

DIGITS = r"(?<![\d.])\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?(?!\d)|(?<![\d.])\d{1,7}(?:\.\d{1,2})?(?![\d])"
NUMBER = rf"(?:(?:{DIGITS})(?:[百千万kw](?![a-z])\d?)?|[{CHINESE}]{{1,{LONGEST}}}(?:点[零一二三四五六七八九]{{1,{LONGEST}}})?|[俩仨])"
"""One number, as text. Read it with `value`."""

FORMAL = str.maketrans({"壹": "一", "贰": "二", "叁": "三", "肆": "四", "伍": "五", "陆": "六", "柒": "七", "捌": "八", "玖": "九",
                        "拾": "十", "佰": "百", "仟": "千", "廿": "二十", "〇": "零"})
"""Numerals as on a receipt, and 廿."""

SCALES = {"百": 100, "千": 1000, "k": 1000, "万": 10000, "w": 10000}


def value(text: str) -> Decimal | None:
    """The number a text spells; None where it spells none (「零一」「百百」).

    Colloquial tails count (三百五 = 350, 1万5 = 15000). cn2an reads the Chinese ones.
    """
    text = text.replace(",", "").translate(FORMAL)
    if text in ("俩", "仨"):
        return Decimal(2 if text == "俩" else 3)
    latin = re.fullmatch(r"(\d+(?:\.\d+)?)([百千万kw])?(\d)?", text)
    try:
        if latin:
            amount = Decimal(latin[1])
            if latin[2]:
                scale = SCALES[latin[2]]
                amount = amount * scale + Decimal(latin[3] or 0) * scale / 10
            return amount
        if re.fullmatch(r"[百千万].*", text):
            text = "一" + text
        return Decimal(str(cn2an.cn2an(text.replace("两", "二"), "smart")))
    except (ValueError, InvalidOperation, KeyError):  # KeyError: cn2an's own, for 「零十一」
        return None
