"""What a message says of each of the goods it names: 「杯子碎了要退，还有羽绒服不要了」 are two matters, not one.

The language room reads a message as a whole. What it read is given to the goods whose own words bear it out,
so that one order is never judged, nor paid, by what is wrong with another. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from bot.cases import ground
from bot.cases.order_finder import CLAUSE, OrderLineView, named_by, spoken_of

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
        return any(ground.said(issue, self.text) for issue in ground.GROUNDS) or any(words.search(self.text) for words in WISHED_BY.values())

    def issues(self, read: Sequence[str]) -> tuple[str, ...]:
        """Which of the issues that were read in the whole message these words bear out."""
        return tuple(issue for issue in read if ground.said(issue, self.text))

    def wish(self, read: Sequence[str]) -> str | None:
        """The first of the wishes that were read in the whole message that these words speak of."""
        return next((wish for wish in read if wish in WISHED_BY and WISHED_BY[wish].search(self.text)), None)


def matters(text: str, lines: Sequence[OrderLineView]) -> list[Matter]:
    """What is said of each of the goods, in the message's order. A clause that names none belongs to those named before it;
    of goods that are fine or stay nothing is said."""
    found: list[Matter] = []
    for clause in filter(None, CLAUSE.split(spoken_of(text, lines))):
        named = tuple(named_by(clause, lines))
        last = found[-1] if found else None
        if named and (last is None or not set(named) & set(last.lines)):
            found.append(Matter(named, clause))
        elif last is not None:
            both = tuple(line for line in last.lines if line in named)
            found[-1] = Matter(both or last.lines, f"{last.text}，{clause}")
    return found
