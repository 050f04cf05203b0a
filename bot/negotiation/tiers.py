"""Which tier of the owner's ladder a case opens: severity × evidence, with the reason."""

from __future__ import annotations

import msgspec

from bot.aftersales.assessment import Remedy
from bot.negotiation.matter import Matter
from bot.negotiation.terms import Terms, TierName

EVIDENCE_WORDS = {"none": "还没有凭证", "some": "有图为证", "strong": "情况已经清楚"}


class Tier(msgspec.Struct, frozen=True):
    """The tier a case opens. remedies: those of this tier and of all below it; trace: why, for the agent."""

    name: TierName
    title: str
    remedies: frozenset[Remedy]
    trace: str


def tier_of(matter: Matter, terms: Terms) -> Tier:
    """The highest tier that the owner's table opens for the facts. Remedies owed by law need no tier."""
    opening = next(row for row in terms.opens if matter.severity <= row.upto)
    name: TierName = {"none": opening.none, "some": opening.some, "strong": opening.strong}[matter.evidence]
    names = [tier.name for tier in terms.tiers]
    opened = terms.tiers[: names.index(name) + 1]
    trace = (
        f"损失约 {matter.severity:.0%}(≤{opening.upto:.0%} 一档),{EVIDENCE_WORDS[matter.evidence]}"
        f" → 最高到“{terms.title(name)}”"
    )
    return Tier(name, terms.title(name), frozenset(r for tier in opened for r in tier.remedies), trace)
