"""What a message says of each of the goods it names: 「杯子碎了要退，还有羽绒服不要了」 are two matters, not one.

The language room reads a message as a whole. What it read is given to the goods whose own words bear it out,
so that one order is never judged, nor paid, by what is wrong with another. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from bot.cases.order_finder import OrderLineView, named_by

CLAUSE = re.compile(r"[，,。；;！!？?~～\s]+|顺便|另外|还有|再就是|然后|同时|以及")

BORNE_BY = {
    "price_drop": re.compile(r"降|跌|掉价|便宜|差价|价保|保价"),
    "damaged_in_transit": re.compile(r"碎|破|裂|摔|压|漏|瘪|断|烂|磕|变形"),
    "quality_defect": re.compile(
        r"坏|碎|破|裂|断|烂|洞|漏|开线|脱线|掉色|褪色|起球|脱胶|划痕|瑕疵|质量|故障|失灵|异响|黑屏|花屏|死机|(不|没)(亮|转|响|出声|声音|通电|工作|反应)|[用打开充连](不|没)|不(能|好)用"
    ),
    "wrong_item": re.compile(r"错|不是我"),
    "missing_item": re.compile(r"少|缺|漏发"),
    "not_as_described": re.compile(r"不一样|不符|色差|描述|图片"),
    "not_received": re.compile(r"没(有)?(收|拿)?到|不见"),
    "late_delivery": re.compile(r"(不|没)发|没(有)?到|超时"),
    "change_of_mind": re.compile(r"不(想|需)?要|不喜欢|不合适|不合身|不好看|后悔|买错|太?[大小]了|太[大小]"),
    "safety": re.compile(r"过敏|红疹|发痒|虫|异物|头发|霉|变质|馊|臭|过期|漏电|冒烟|起火|着火|烫|炸|伤"),
    "counterfeit": re.compile(r"假|正品|真伪"),
}
"""The words that bear out an issue; issues that are not about goods have none."""

WISHED_BY = {
    "refund": re.compile(r"退"), "return_goods": re.compile(r"退"), "exchange": re.compile(r"换"), "repair": re.compile(r"修"),
    "resend": re.compile(r"补发|补寄|重发|再发"), "cancel_order": re.compile(r"取消|不要"), "compensation": re.compile(r"赔|补偿"),
    "price_protection": re.compile(r"价|便宜(?!点|些|一点)|券|优惠"),
}


class Matter(msgspec.Struct, frozen=True):
    """What is said of some goods; `lines` are several where the words fit several."""

    lines: tuple[OrderLineView, ...]
    text: str

    @property
    def says_something(self) -> bool:
        """Whether more is said of the goods than their name."""
        return any(pattern.search(self.text) for pattern in (*BORNE_BY.values(), *WISHED_BY.values()))

    def issues(self, read: Sequence[str]) -> tuple[str, ...]:
        """Which of the issues that were read in the whole message these words bear out."""
        return tuple(issue for issue in read if issue in BORNE_BY and BORNE_BY[issue].search(self.text))

    def wish(self, read: Sequence[str]) -> str | None:
        """The first of the wishes that were read in the whole message that these words speak of."""
        return next((wish for wish in read if wish in WISHED_BY and WISHED_BY[wish].search(self.text)), None)


def matters(text: str, lines: Sequence[OrderLineView]) -> list[Matter]:
    """What is said of each of the goods, in the message's order. A clause that names none belongs to those named before it."""
    found: list[Matter] = []
    for clause in filter(None, CLAUSE.split(text)):
        named = tuple(named_by(clause, lines))
        last = found[-1] if found else None
        if named and (last is None or not set(named) & set(last.lines)):
            found.append(Matter(named, clause))
        elif last is not None:
            both = tuple(line for line in last.lines if line in named)
            found[-1] = Matter(both or last.lines, f"{last.text}，{clause}")
    return found
