"""What a form of settlement is worth to a customer, as a share of what was paid.

Linear in seven features, so that many customers and many options are one matrix product
(negotiation.md section 2, "Consumer utility"):

    U = money + w·replacement − a·given_up − h·hassle + c·coupon + g·gift − κ·days

The neutral worth N is U for one fixed reference customer; it sizes every offer. No mood, no history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.aftersales.assessment import Remedy
from bot.negotiation.terms import Liking, Terms

Vector = NDArray[np.float64]

REPAIRED = 0.92
"""A repaired thing makes good this share of the loss (negotiation.md section 2)."""
REPLACES: dict[Remedy, float] = {"repair": REPAIRED, "exchange": 1.0, "resend": 1.0}
HASSLE: dict[Remedy, float] = {"repair": 0.6, "exchange": 0.8, "resend": 0.0, "return_refund": 1.0}
"""Trouble of each remedy, in units of one trip to send goods back (negotiation.md section 2)."""
MOST_HASSLE = 0.5
"""Trouble of one trip is capped at this share of the price: nobody's trip costs more than half the goods."""


class Features(NamedTuple):
    """One form. money, coupon and gift as shares of the price; given_up: share of use handed back; days."""

    money: float
    replacement: float
    given_up: float
    hassle: float
    coupon: float
    gift: float
    days: float


class Taste(NamedTuple):
    """How one customer weighs the features; hassle as a share of the price, delay per day."""

    replacement: float
    attachment: float
    hassle: float
    coupon: float
    gift: float
    delay: float

    def weights(self) -> Vector:
        return np.array([1.0, self.replacement, -self.attachment, -self.hassle, self.coupon, self.gift, -self.delay])


def features(
    remedies: Sequence[tuple[Remedy, int]], value_fen: int, severity: float, days: dict[Remedy, float]
) -> Features:
    """The features of remedies taken together: (remedy, fen) pairs, goods with fen 0."""
    money = replacement = given_up = hassle = coupon = gift = wait = 0.0
    for remedy, fen in remedies:
        share = fen / value_fen
        wait = max(wait, days.get(remedy, 0.0))
        hassle += HASSLE.get(remedy, 0.0)
        replacement += REPLACES.get(remedy, 0.0) * severity
        if remedy == "coupon":
            coupon += share
        elif remedy == "gift":
            gift += share
        elif remedy not in REPLACES:
            money += share
        if remedy == "return_refund":
            given_up += 1.0 - severity
    return Features(money, replacement, given_up, hassle, coupon, gift, wait)


def neutral(terms: Terms, value_fen: int) -> Taste:
    """The reference customer that every offer is measured by."""
    worth = terms.worth
    return Taste(
        replacement=worth.replacement,
        attachment=worth.attachment,
        hassle=min(MOST_HASSLE, worth.hassle_fen / value_fen),
        coupon=worth.coupon,
        gift=worth.gift,
        delay=worth.delay,
    )


def liked(liking: Liking, terms: Terms, value_fen: int) -> Taste:
    """A customer of one preference; hassle and delay are multiples of the reference customer's."""
    base = neutral(terms, value_fen)
    return Taste(
        replacement=liking.replacement,
        attachment=liking.attachment,
        hassle=min(MOST_HASSLE, base.hassle * liking.hassle),
        coupon=liking.coupon,
        gift=liking.gift,
        delay=base.delay * liking.delay,
    )
