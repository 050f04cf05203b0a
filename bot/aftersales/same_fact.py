"""One fact told in two ways (「说好两天发，到今天没发」「路上摔坏了，收到就是破的」): the more specific issue carries the money.

rules.md 2.0 names no sum for telling a thing twice; equal facts get equal money (section 5, 19), so the other
issue is not judged beside it. Only where the fact is certainly the same one and nothing owed is lost:
- A broken promise where the systems see a late dispatch is that lateness, told beside it or alone: rules.md 1.3 and
  2.1 say what late goods give, whatever was promised of the time. Unless another promise is known of: by the systems
  (`promised`) or because the customer tells of one (`promised_other`). Then both are judged, and nothing owed is lost.
  In time by the systems, the promise may have been a shorter one: then it is a claim of its own (承诺不一致取最短).
- A broken promise beside a price drop that the price table pays: keeping the promise is paying it.
- A defect beside a damage on the way: that damage, unless it was repaired before. Damage owes all that a defect does.
- Not as described beside the wrong item: that is why. The wrong item owes all that a wrong description does.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.aftersales import price_protection
from bot.aftersales.case import Issue
from bot.aftersales.promise import about_time
from bot.aftersales.situation import Situation


def _late_as_promised(s: Situation) -> bool:
    told = s.facts.promised
    return s.late and not s.facts.promised_other and (told is None or about_time(told))


def _price_as_promised(s: Situation) -> bool:
    about_price = s.facts.promised is None or price_protection.promised(s) is not None
    return about_price and price_protection.judge(s).state == "owed"


AGAIN: tuple[tuple[Issue, Issue, Callable[[Situation], bool]], ...] = (
    ("promise_broken", "price_drop", _price_as_promised),
    ("quality_defect", "damaged_in_transit", lambda s: not s.facts.repairs_done),
    ("not_as_described", "wrong_item", lambda s: True),
)
"""Issue told again, the more specific one, whether both are the same fact."""


def told_once(s: Situation) -> frozenset[Issue]:
    """The issues by what they are about: without those that only tell another one's fact again, and with a promise
    that was about a time the shop missed told as the lateness it is."""
    again: set[Issue] = {issue for issue, told, same in AGAIN if s.issues >= {issue, told} and same(s)}
    issues = s.issues - again
    if "promise_broken" in issues and _late_as_promised(s):
        return issues - {"promise_broken"} | {"late_delivery"}
    return issues
