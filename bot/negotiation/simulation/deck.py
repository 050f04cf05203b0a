"""Options as arrays, for strategies that weigh many at once, and the ground a claim is played on."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.aftersales.assessment import Remedy
from bot.negotiation.forms import Forms, part_cost, shop_cost
from bot.negotiation.matter import Matter
from bot.negotiation.menu import planned
from bot.negotiation.option import Option
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.claim import Claim
from bot.negotiation.terms import Terms
from bot.negotiation.worth import Taste, Vector, features, neutral

GIVEN_BACK: frozenset[Remedy] = frozenset({"return_refund"})
CASH_STEPS = (0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
COUPON_STEPS = (0.0, 0.1, 0.25, 0.5)
GIFT_STEPS = (0.0, 0.15)


class Deck:
    """Options as rows. features: (n, 7); shop, cost: fen; worth: neutral; owed, returned: flags."""

    def __init__(self, features: Vector, shop: Vector, cost: Vector, owed: NDArray[np.bool_], taste: Taste) -> None:
        self.features, self.shop, self.cost, self.owed = features, shop, cost, owed
        self.worth: Vector = features @ taste.weights()
        self.returned: NDArray[np.bool_] = features[:, 2] > 0

    def to(self, claim: Claim, given: Assumptions) -> Vector:
        """Utilities to the claim's own customer, by what they really lost (negotiation.md, "Consumer utility")."""
        felt = self.features.copy()
        felt[:, 1] *= claim.truth / claim.severity
        felt[:, 2] = np.where(self.returned, 1.0 - claim.truth, 0.0)
        utilities: Vector = felt @ claim.customer.taste.weights() + given.apology
        return utilities

    def true_shop(self, claim: Claim, terms: Terms, row: int) -> float:
        """What the row really costs, in fen: goods sent back whole by a dishonest customer sell again."""
        shop = float(self.shop[row])
        if self.returned[row]:
            shop -= claim.salvage(claim.truth, terms) - claim.salvage(claim.severity, terms)
        return max(0.0, shop)


class Ground:
    """One claim with all that follows from its facts; shared by every strategy that plays it."""

    def __init__(self, claim: Claim, terms: Terms, given: Assumptions) -> None:
        self.claim, self.terms, self.given = claim, terms, given
        self.matter: Matter = claim.matter(terms)
        self.taste = neutral(terms, claim.value_fen)

    def of_twin(self, claim: Claim) -> Ground:
        """The ground of another customer with the same facts; what follows from the facts is shared."""
        other = Ground(claim, self.terms, self.given)
        other.__dict__.update(forms=self.forms, fair=self.fair, grid=self.grid, reach=self.reach)
        return other

    @cached_property
    def proven(self) -> Ground:
        """The ground after the customer's evidence came in."""
        return Ground(self.claim.proven(), self.terms, self.given)

    @cached_property
    def forms(self) -> Forms:
        return planned(self.matter, self.terms).forms

    @cached_property
    def fair(self) -> Deck:
        """The product's own forms."""
        return self.deck_of(self.forms.options)

    def deck_of(self, options: tuple[Option, ...]) -> Deck:
        value = self.claim.value_fen
        rows = [
            features([(part.remedy, part.fen) for part in option.parts], value, self.claim.severity, self.terms.days)
            for option in options
        ]
        return Deck(
            np.array(rows, dtype=np.float64).reshape(len(rows), 7),
            np.array([option.shop_fen for option in options], dtype=np.float64),
            np.array([option.cost_fen for option in options], dtype=np.float64),
            np.array([option.owed for option in options], dtype=bool),
            self.taste,
        )

    @cached_property
    def grid(self) -> Deck:
        """Bundles of everything (negotiation.md, "Offer space"): bases × coupon × gift. The first rows are the owed
        remedies as the law gives them, the last one is nothing at all."""
        matter, terms, value = self.matter, self.terms, self.claim.value_fen
        owed: list[tuple[Remedy, int]] = [(due.remedy, due.fen) for due in matter.owed]
        bases: list[tuple[Remedy, int]] = [("refund_part", round(step * value)) for step in CASH_STEPS]
        bases += [("return_refund", value), ("refund", value)]
        allowed = {due.remedy for due in (*matter.owed, *matter.negotiable)}
        bases += [(r, 0) for r in ("repair", "exchange", "resend") if r in allowed and (r == "repair" or matter.in_stock)]
        singles = owed + bases
        table = np.array([features([pair], value, matter.severity, terms.days) for pair in singles])
        shop = np.array([shop_cost(remedy, fen, matter, terms) for remedy, fen in singles], dtype=np.float64)
        cost = np.array([part_cost(remedy, fen, matter, terms) for remedy, fen in singles], dtype=np.float64)
        blocks, shops, costs = [table[: len(owed)]], [shop[: len(owed)]], [cost[: len(owed)]]
        for coupon in COUPON_STEPS:
            for gift in GIFT_STEPS:
                block = table[len(owed) :].copy()
                block[:, 4] += coupon
                block[:, 5] += gift
                extra = value * (terms.cost.coupon * coupon + terms.cost.gift * gift)
                blocks.append(block)
                shops.append(shop[len(owed) :] + extra)
                costs.append(cost[len(owed) :] + extra)
        coupons = np.zeros((len(COUPON_STEPS) - 1, 7))
        coupons[:, 4] = COUPON_STEPS[1:]
        blocks += [coupons, np.zeros((1, 7))]
        pure = terms.cost.coupon * value * np.array([*COUPON_STEPS[1:], 0.0])
        shops.append(pure)
        costs.append(pure)
        rows = np.concatenate(blocks)
        flags = np.arange(len(rows)) < len(owed)
        return Deck(rows, np.concatenate(shops), np.concatenate(costs), flags, self.taste)

    @cached_property
    def reach(self) -> Deck:
        """Everything the fair oracle may offer: the product's forms and the grid's bundles inside the fair set."""
        right = self.forms.entitlement
        band = (self.grid.worth >= max(right.floor, right.worth - FAIR_BELOW)) & (
            self.grid.worth <= right.worth + FAIR_ABOVE
        )
        if self.matter.evidence == "none" or self.matter.suspect:
            band &= self.grid.returned | (self.grid.features[:, 0] <= self.terms.value.unproven_cash)
        band &= (self.grid.cost <= self.matter.cap_fen) & ~self.grid.owed
        both = (self.fair, self.grid)
        keep = (np.ones(len(self.fair.shop), dtype=bool), band)
        return Deck(
            np.concatenate([deck.features[mask] for deck, mask in zip(both, keep, strict=True)]),
            np.concatenate([deck.shop[mask] for deck, mask in zip(both, keep, strict=True)]),
            np.concatenate([deck.cost[mask] for deck, mask in zip(both, keep, strict=True)]),
            np.concatenate([deck.owed[mask] for deck, mask in zip(both, keep, strict=True)]),
            self.taste,
        )


FAIR_BELOW, FAIR_ABOVE = 0.02, 0.05
"""The fair set of negotiation.md section 2: floor or E − .02 ≤ N ≤ E + .05."""
