"""One way to settle: a main remedy and what comes with it."""

from __future__ import annotations

import msgspec

from bot.aftersales.assessment import Remedy
from bot.negotiation.matter import SIDE_REMEDIES


class Part(msgspec.Struct, frozen=True):
    """One remedy of an option. fen: the amount spoken (0 for goods); cost_fen: what counts against the cap
    (0 for goods)."""

    remedy: Remedy
    fen: int
    cost_fen: int


class Option(msgspec.Struct, frozen=True):
    """What a customer can choose.

    parts: main remedy first, then extras (coupon, gift, money), then freight and medical fees owed anyway.
    owed: the customer's legal right. worth: neutral value as a share of what was paid.
    shop_fen: expected full cost to the shop, freight, handling and resale included.
    """

    parts: tuple[Part, ...]
    return_needed: bool
    owed: bool
    worth: float
    shop_fen: int

    @property
    def id(self) -> str:
        """Made of the parts alone: the same id always means the same remedies and fen."""
        return "+".join(f"{part.remedy}-{part.fen}" for part in self.parts)

    @property
    def remedy(self) -> Remedy:
        return self.parts[0].remedy

    @property
    def fen(self) -> int:
        return self.parts[0].fen

    @property
    def cost_fen(self) -> int:
        """What the option counts against the cap: everything but freight and medical fees."""
        return sum(part.cost_fen for part in self.parts if part.remedy not in SIDE_REMEDIES)

    @property
    def extras(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts[1:] if part.remedy not in SIDE_REMEDIES)

    @property
    def sides(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts[1:] if part.remedy in SIDE_REMEDIES)
