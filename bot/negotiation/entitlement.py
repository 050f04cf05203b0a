"""What a customer is entitled to, from the facts alone (negotiation.md section 2).

Floor F: the least neutral worth among the remedies the law gives. Entitlement E: F, or the loss plus
the shop's premium where the shop is at fault, whichever is more. Mood, patience and words are not arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bot.negotiation.matter import Matter
from bot.negotiation.terms import Terms


class Entitlement(msgspec.Struct, frozen=True):
    """floor, worth: neutral worth as shares of the price; least and most bound what may be offered: the
    entitlement less the slack, and with all that it may be lifted (terms.value.above), never below the floor."""

    floor: float
    worth: float
    least: float
    most: float
    rule: str
    """Which rule made it, as said to the customer."""
    trace: str
    """The same with the numbers, for an agent."""


def entitlement_of(matter: Matter, owed_worths: Sequence[float], terms: Terms) -> Entitlement:
    """The entitlement of a matter whose owed remedies have these neutral worths."""
    value = terms.value
    floor = max(0.0, min(owed_worths)) if owed_worths else 0.0
    seen = matter.severity * (value.unproven if matter.evidence == "none" else 1.0)
    if matter.exact:
        worth, rule = floor, "应退金额已经确定"
    elif matter.fault == "undelivered" and matter.evidence != "none":
        worth, rule = 1.0, "没有收到货，全额"
    elif matter.fault in {"seller", "undelivered"}:
        bonus = value.premium if matter.evidence != "none" else 0.0
        worth, rule = max(floor, seen + bonus), "商家责任：损失加诚意"
    elif matter.fault == "late":
        worth, rule = max(floor, value.late_least, seen), "迟发：至少给的那份"
    elif matter.fault == "wear":
        worth, rule = max(floor, value.wear * seen), "使用磨损：损失的几成"
    elif matter.owed:
        worth, rule = floor, "法定应得"
    else:
        worth, rule = value.goodwill, "不欠，表示心意"
    worth = min(1.0, worth)
    return Entitlement(
        floor=floor,
        worth=worth,
        least=max(floor, worth - value.slack),
        most=worth + value.above + value.slack,
        rule=rule,
        trace=f"{rule}；法定 {floor:.3f}，应得 {worth:.3f}（占实付）",
    )
