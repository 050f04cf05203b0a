"""One fact told in two ways (「说好两天发，到今天没发」「路上摔坏了，收到就是破的」): the more specific issue carries the money.

rules.md 2.0 names no sum for telling a thing twice; equal facts get equal money (section 5, 19), so the other
issue is not judged beside it. Only where the fact is certainly the same one and nothing owed is lost:
- A broken promise beside a late delivery that the systems see: it was about the time, unless they know of another.
  In time by the systems, the promise may have been a shorter one: then it is a claim of its own (承诺不一致取最短).
- A broken promise beside a price drop that the price table pays: keeping the promise is paying it.
- A defect beside a damage on the way: that damage, unless it was repaired before. Damage owes all that a defect does.
- Not as described beside the wrong item: that is why. The wrong item owes all that a wrong description does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.aftersales import price_protection
from bot.aftersales.case import Issue
from bot.aftersales.situation import Situation

SHIPPING = re.compile("发货|发出|寄出|内发|送达|送到|到货")


def _late_as_promised(s: Situation) -> bool:
    return s.late and (s.facts.promised is None or SHIPPING.search(s.facts.promised) is not None)


def _price_as_promised(s: Situation) -> bool:
    about_price = s.facts.promised is None or price_protection.promised(s) is not None
    return about_price and price_protection.judge(s).state == "owed"


AGAIN: tuple[tuple[Issue, Issue, Callable[[Situation], bool]], ...] = (
    ("promise_broken", "late_delivery", _late_as_promised),
    ("promise_broken", "price_drop", _price_as_promised),
    ("quality_defect", "damaged_in_transit", lambda s: not s.facts.repairs_done),
    ("not_as_described", "wrong_item", lambda s: True),
)
"""Issue told again, the more specific one, whether both are the same fact."""


def told_once(s: Situation) -> frozenset[Issue]:
    """The issues without those that only tell another one's fact again."""
    again: set[Issue] = {issue for issue, told, same in AGAIN if s.issues >= {issue, told} and same(s)}
    return s.issues - again
