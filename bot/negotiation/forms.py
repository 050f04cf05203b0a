"""Every form of settlement a case has, all worth the entitlement, and why the others are left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np

from bot.aftersales.assessment import Remedy
from bot.negotiation.entitlement import Entitlement, entitlement_of
from bot.negotiation.matter import MONEY, Matter
from bot.negotiation.option import Option, Part
from bot.negotiation.terms import Terms
from bot.negotiation.tiers import Tier, tier_of
from bot.negotiation.worth import REPLACES, Features, Vector, features, neutral

Pairs = tuple[tuple[Remedy, int], ...]

CASH_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
"""How an entitlement is split between money and a coupon or gift; the first is all money."""


EXTRAS: tuple[Remedy, ...] = ("refund_part", "coupon", "gift")
"""What may be added to a form to bring it to the entitlement."""


class LeftOut(msgspec.Struct, frozen=True):
    remedy: Remedy
    why: str


class Forms(msgspec.Struct, frozen=True):
    """options in a fixed order; features: one row an option, columns of worth.Features."""

    options: tuple[Option, ...]
    features: Vector
    entitlement: Entitlement
    tier: Tier
    left_out: tuple[LeftOut, ...]


def part_cost(remedy: Remedy, fen: int, matter: Matter, terms: Terms) -> int:
    """What a remedy counts against the cap, in fen: money in full, coupon and gift at their expected cost;
    goods and work carry no sum, as in the ledger's guard (contracts.md section 5)."""
    if remedy in REPLACES:
        return 0
    return goods_cost(remedy, fen, matter, terms)


def goods_cost(remedy: Remedy, fen: int, matter: Matter, terms: Terms) -> int:
    """What a remedy itself costs the shop in fen, without freight and handling."""
    if remedy == "coupon":
        return round(terms.cost.coupon * fen)
    if remedy == "gift":
        return round(terms.cost.gift * fen)
    if remedy == "repair":
        return round(terms.cost.repair_share * matter.goods_fen) + terms.cost.repair_fen
    if remedy == "exchange":
        return max(0, matter.goods_fen - matter.salvage_fen)
    if remedy == "resend":
        whole = matter.fault == "undelivered"
        return matter.goods_fen if whole else round(matter.goods_fen * max(matter.severity, 0.05))
    return fen


def shop_cost(remedy: Remedy, fen: int, matter: Matter, terms: Terms) -> int:
    """Full expected cost to the shop in fen (negotiation.md section 2, "Shop cost")."""
    cost = goods_cost(remedy, fen, matter, terms)
    if remedy in {"repair", "exchange"}:
        return cost + 2 * matter.freight_fen
    if remedy == "resend":
        return cost + matter.freight_fen
    if remedy == "return_refund":
        return max(0, cost + matter.freight_fen + terms.cost.handling_fen - matter.salvage_fen)
    return cost


class _Builder:
    """Makes options of one matter and remembers what was left out."""

    def __init__(self, matter: Matter, terms: Terms) -> None:
        self.matter, self.terms = matter, terms
        self.value = max(1, matter.value_fen)
        self.taste: list[float] = neutral(terms, self.value).weights().tolist()
        self.rows: dict[Pairs, Features] = {}
        self.tier = tier_of(matter, terms)
        self.left_out: dict[Remedy, str] = {}
        self.limits = self._limits()

    def row(self, pairs: Pairs) -> Features:
        """The features of remedies taken together, worked out once."""
        if pairs not in self.rows:
            self.rows[pairs] = features(pairs, self.value, self.matter.severity, self.terms.days)
        return self.rows[pairs]

    def worth(self, pairs: Pairs) -> float:
        return sum(feature * weight for feature, weight in zip(self.row(pairs), self.taste, strict=True))

    def option(self, pairs: Pairs, owed: bool) -> Option:
        matter, terms = self.matter, self.terms
        parts = tuple(Part(r, fen, part_cost(r, fen, matter, terms)) for r, fen in pairs)
        main = pairs[0][0]
        goes_back = main in {"return_refund", "exchange", "repair"}
        sides = tuple(
            Part(due.remedy, due.fen, due.fen)
            for due in matter.sides
            if due.remedy == "medical" or goes_back or (main == "refund" and owed)  # the freight paid for what never came
        )
        shop = sum(shop_cost(r, fen, matter, terms) for r, fen in pairs)
        return Option(parts + sides, main == "return_refund" or goes_back, owed, self.worth(pairs), shop)

    def _limits(self) -> dict[Remedy, int]:
        """Remedy → most fen that may be offered of it without being owed; goods at 0."""
        matter, terms = self.matter, self.terms
        caps: dict[Remedy, int] = {
            "coupon": round(terms.limit.coupon * self.value), "gift": round(terms.limit.gift * self.value),
        }
        limits: dict[Remedy, int] = {}
        for due in matter.negotiable:
            remedy = due.remedy
            # Another size within the return period is the right to return in another form, not a compensation.
            swapped = remedy == "exchange" and matter.fault == "mind"
            if remedy not in self.tier.remedies and not swapped:
                self.left_out[remedy] = f"这一单最高到“{self.tier.title}”这一层"
            elif remedy in {"exchange", "resend"} and not matter.in_stock:
                self.left_out[remedy] = "没有现货"
            else:
                most = min(caps.get(remedy, self.value), due.fen) if due.fen else caps.get(remedy, 0)
                if remedy in caps and most < terms.limit.least_fen:
                    self.left_out[remedy] = "数目太小，没有意义"
                    continue
                if remedy == "refund_part" and (matter.evidence == "none" or matter.suspect):
                    most = min(most, round(terms.value.unproven_cash * self.value))
                limits[remedy] = most
        return limits

    def rounded(self, fen: float) -> int:
        step = self.terms.round_fen
        return max(step, math.ceil(fen / step - 1e-9) * step)

    def topped(self, base: Pairs, target: float, extra: Remedy) -> Pairs | None:
        """base with as much of `extra` as brings its worth to target; None when that is not allowed."""
        if extra not in self.limits:
            return None
        weight = {"coupon": self.terms.worth.coupon, "gift": self.terms.worth.gift}.get(extra, 1.0)
        if weight <= 0:
            return None
        gap = target - self.worth((*base, (extra, 0)))
        if gap <= 1e-9:
            return base or None
        fen = self.rounded(gap * self.value / weight)
        if extra != "refund_part":
            fen = max(fen, self.terms.limit.least_fen)
        return (*base, (extra, fen)) if fen <= self.limits[extra] else None

    def in_money(self, target: float) -> int:
        """The money that alone is worth target, its days of waiting made up for; 0 when not allowed."""
        alone = self.topped((), target, "refund_part")
        return alone[0][1] if alone else self.limits.get("refund_part", 0)

    def kept_for_less(self, right: Entitlement) -> Option | None:
        """Keeping proven goods for the most the rules let the bot pay, where that is less than the entitlement.

        Offered only beside the return for the full price, where no other form keeps the goods: who prefers
        it says that the loss is smaller than it was read. Nothing to haggle over: it is the limit at once.
        """
        matter, most = self.matter, self.limits.get("refund_part", 0)
        beside_return = any(due.remedy == "return_refund" for due in matter.owed)
        if not most or not beside_return or matter.evidence == "none" or matter.suspect:
            return None
        fen = min(most, matter.cap_fen)
        option = self.option((("refund_part", fen),), owed=False) if fen else None
        return option if option is not None and option.worth < right.least - 1e-9 else None

    def at_the_limit(self) -> Iterator[Option]:
        """Each remedy at the most that may be given of it: where no form reaches the entitlement and nothing is
        owed, this is all there is. The same for everybody, so there is nothing to haggle over."""
        for remedy, most in self.limits.items():
            if remedy in REPLACES or most:
                option = self.option(((remedy, most),), owed=False)
                if option.cost_fen <= self.matter.cap_fen:
                    yield option

    def bases(self, target: float) -> Iterator[tuple[Pairs, bool]]:
        """What may stand alone or be topped up, and whether it is owed: goods, then shares in money."""
        for due in self.matter.owed:
            if due.remedy in REPLACES and (self.matter.in_stock or due.remedy == "repair"):
                yield ((due.remedy, 0),), True
        owed = {due.remedy for due in self.matter.owed}
        for remedy in REPLACES:
            if remedy in self.limits and remedy not in owed:
                yield ((remedy, 0),), False
        for due in self.matter.negotiable:
            if due.remedy in {"return_refund", "refund"} and due.remedy in self.limits:
                yield ((due.remedy, due.fen or self.value),), False
        alone = self.in_money(target)
        for share in CASH_SHARES if alone else (0.0,):
            fen = min(alone, self.rounded(share * alone)) if share else 0
            yield ((("refund_part", fen),) if fen else ()), False

    def sized(self, right: Entitlement, target: float) -> Iterator[Option]:
        """Every form of this neutral worth, owed remedies topped up to it among them."""
        slack = self.terms.round_fen / self.value / min(1.0, self.terms.worth.coupon or 1.0)
        for base, legal in self.bases(target):
            if base and not legal and self.worth(base) >= target - self.terms.value.slack:
                made = [base]
            else:
                used = {remedy for remedy, _ in base} or {"refund_part"}
                tops = (self.topped(base, target, extra) for extra in EXTRAS if extra not in used)
                made = [pairs for pairs in tops if pairs]
            if not made and base and not legal:
                self.left_out.setdefault(base[0][0], "这种形式抵不上您应得的")
            for pairs in made:
                option = self.option(pairs, owed=legal)
                if option.worth < right.least - 1e-9:
                    continue
                if option.worth > right.most + slack:
                    self.left_out.setdefault(option.remedy, "比应得的高出太多，对别的顾客不公平")
                elif option.cost_fen > self.matter.cap_fen:
                    self.left_out.setdefault(option.remedy, "这个数目要由同事来定")
                else:
                    yield option


class Drafts:
    """The forms of one matter at any lift: how far above the entitlement forms that replace or mend the
    goods, and all others, lie. A lift is the same for everybody with the same facts."""

    def __init__(self, matter: Matter, terms: Terms) -> None:
        self.matter, self.build = matter, _Builder(matter, terms)
        self.owed = [self.build.option(((due.remedy, due.fen),), owed=True) for due in matter.owed]
        self.right = entitlement_of(matter, [option.worth for option in self.owed], terms)
        self._sized: dict[float, list[Option]] = {}

    def _at(self, lift: float) -> list[Option]:
        if lift not in self._sized:
            self._sized[lift] = list(self.build.sized(self.right, min(self.right.worth + lift, self.right.most)))
        return self._sized[lift]

    def forms(self, goods_lift: float = 0.0, money_lift: float = 0.0) -> Forms:
        """The owed remedies as the law gives them, then the forms at these lifts (shares of the price)."""
        right, matter, build = self.right, self.matter, self.build
        kept_goods = [due.fen for due in matter.owed if due.remedy in MONEY and not due.return_needed]
        floor_in_cash = min(kept_goods, default=0)
        goods = [option for option in self._at(goods_lift) if option.remedy in REPLACES]
        others = [option for option in self._at(money_lift) if option.remedy not in REPLACES]
        options: dict[str, Option] = {}
        for option in (*self.owed, *goods, *others):
            spoken = sum(part.fen for part in option.parts)
            if option.owed or option.remedy in REPLACES or spoken >= floor_in_cash:
                options.setdefault(option.id, option)
        if not options:
            options = {option.id: option for option in build.at_the_limit()}
        elif all(option.return_needed or option.owed for option in options.values()):
            less = build.kept_for_less(right)
            if less is not None:
                options[less.id] = less
        topped = {option.remedy for option in options.values() if option.owed and option.extras}
        kept = tuple(
            option for option in options.values()
            if option.extras or option.remedy not in topped or option.worth >= right.least
        )
        rows = [build.row(tuple((p.remedy, p.fen) for p in (o.parts[0], *o.extras))) for o in kept]
        left = tuple(LeftOut(r, why) for r, why in build.left_out.items() if r not in {o.remedy for o in kept})
        return Forms(kept, np.array(rows, dtype=np.float64).reshape(len(rows), 7), right, build.tier, left)


def forms_of(matter: Matter, terms: Terms) -> Forms:
    """All forms of a matter: the owed ones as the law gives them, the others worth the entitlement."""
    return Drafts(matter, terms).forms()


def asked_form(
    forms: Forms, matter: Matter, terms: Terms, remedy: Remedy, fen: int, planned: Sequence[Option]
) -> tuple[Option | None, Literal["raised", "taken", "moved", "mixed"] | None]:
    """The form that answers a counter-offer, and what to say of it; (None, None) when there is none.

    A counter below the entitlement is raised to it. One inside the band is taken as it is when it costs
    the shop no more than the next planned offer. One above gets the same form at the entitlement. What the
    case has only beside another remedy is shown so. Money for kept goods is one form whatever it is called.
    """
    own = [option for option in forms.options if option.remedy == remedy]
    if not own and remedy in MONEY:
        own = [option for option in forms.options if option.remedy in MONEY]
    exact = next((option for option in own if option.fen == fen and (option.owed or not option.extras)), None)
    if exact is not None:
        return exact, "taken"
    alone = max((option for option in own if not option.extras), key=lambda option: option.fen, default=None)
    if alone is None:
        near = own or [o for o in forms.options if any(part.remedy == remedy for part in o.extras)]
        return (near[0], "mixed") if near else (None, None)
    if fen < alone.fen:
        return alone, "raised"
    build = _Builder(matter, terms)
    wanted = build.option(((alone.remedy, fen),), owed=False)
    planned_cost = max((o.shop_fen for o in planned if not o.owed), default=alone.shop_fen)
    within = wanted.worth <= alone.worth + terms.value.slack and fen <= build.limits.get(alone.remedy, 0)
    if within and wanted.shop_fen <= planned_cost and wanted.cost_fen <= matter.cap_fen:
        return wanted, "taken"
    return alone, "moved"
