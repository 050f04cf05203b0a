"""What this customer seems to prefer: used to choose among forms of equal worth, for nothing else.

A small grid of customers (taste × how firmly they hold out) with weights that follow Bayes' rule: a
rejection favours those who would have rejected, a counter those who want that form, a word its preference.
Within a preference tastes differ: each is spread over a few variants.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from bot.aftersales.assessment import Remedy
from bot.negotiation.terms import Preference, Terms
from bot.negotiation.worth import Vector, liked

FIRMNESS = np.array((0.55, 0.8, 1.0, 1.25))
"""What share of the loss a customer wants made good before saying yes: a coarse grid, not a fitted one."""
NOISE = 0.06
"""Width of the yes/no logistic, as a share of the price."""
HEARD = 3.0
"""How much likelier a word or a counter in a form makes the preference it fits."""
FITS: dict[Remedy, Preference] = {
    "refund": "cash", "refund_part": "cash", "price_difference": "cash", "return_refund": "cash",
    "exchange": "replacement", "resend": "replacement", "repair": "replacement",
    "coupon": "future", "gift": "future",
}
SPREAD = 0.15
"""How far tastes differ within a preference, as a factor up or down."""
VARIANTS: Vector = 1.0 + SPREAD * np.array([
    # money, replacement, attachment, hassle, coupon, gift, days (columns of worth.Features)
    [0, r, a, r * a * c, c, c, 0] for r in (1, -1) for a in (1, -1) for c in (1, -1)
])
"""Every combination of more or less replacement, attachment and coupon; trouble goes with their product."""


class Belief(msgspec.Struct, frozen=True):
    """weights: one a grid point (taste-major), summing to 1."""

    weights: tuple[float, ...]

    def grid(self) -> Vector:
        """The weights as (tastes, firmness)."""
        return np.array(self.weights).reshape(-1, len(FIRMNESS))


def tastes(terms: Terms, value_fen: int) -> Vector:
    """One row a taste, preference by preference, columns of worth.Features."""
    base = np.array([liked(liking, terms, value_fen).weights() for liking in terms.preferences.values()])
    varied: Vector = (base[:, None, :] * VARIANTS[None, :, :]).reshape(-1, base.shape[1])
    return varied


def prior(terms: Terms) -> Belief:
    shares = np.array([liking.share for liking in terms.preferences.values()])
    points = len(VARIANTS) * len(FIRMNESS)
    return Belief(tuple(np.repeat(shares / shares.sum() / points, points)))


def likely_yes(utilities: Vector, severity: float) -> Vector:
    """Probability of a yes. utilities: (tastes, options); returns (tastes, firmness, options)."""
    gap = utilities[:, None, :] - (FIRMNESS * severity)[None, :, None]
    yes: Vector = 1.0 / (1.0 + np.exp(-np.clip(gap / NOISE, -40, 40)))
    return yes


def after_rejection(belief: Belief, best: Vector, severity: float) -> Belief:
    """best: the highest utility on the menu for each taste."""
    said_no = 1.0 - likely_yes(best[:, None], severity)[:, :, 0]
    return _scaled(belief, said_no + 1e-6)


def after_words(belief: Belief, terms: Terms, heard: Iterable[Preference]) -> Belief:
    names = list(terms.preferences)
    factors = np.ones(len(names))
    for name in heard:
        if name in names:
            factors[names.index(name)] *= HEARD
    return _scaled(belief, np.repeat(factors, len(VARIANTS))[:, None])


def after_counter(belief: Belief, terms: Terms, remedy: Remedy) -> Belief:
    return after_words(belief, terms, [FITS[remedy]] if remedy in FITS else [])


def _scaled(belief: Belief, factors: Vector) -> Belief:
    weights = belief.grid() * factors
    return Belief(tuple((weights / weights.sum()).ravel()))
