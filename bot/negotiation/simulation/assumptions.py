"""Every constant of the simulation, in one place. All are ASSUMPTIONS, not measurements.

Those named in ../shared/design/negotiation.md are taken from it; the others (marked "ours") were chosen
before the first run and are swept by `heqi bench negotiation --sweep`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Fault = Literal["defect", "misdescribed", "wrong", "damaged", "missing", "undelivered", "late", "mind", "wear"]


class Kind(NamedTuple):
    """One kind of customer: share of the population and mean tastes (worth.Taste; hassle and delay as multiples)."""

    share: float
    replacement: float
    attachment: float
    hassle: float
    coupon: float
    gift: float
    delay: float


class Loss(NamedTuple):
    """One class of claim: share, Beta(a, b) of the share of the value lost, whether the law gives a remedy late."""

    share: float
    a: float
    b: float


KINDS: dict[str, Kind] = {
    "cash": Kind(0.35, 0.80, 0.70, 1.0, 0.15, 0.25, 1.0),
    "replacement": Kind(0.20, 1.05, 0.90, 0.8, 0.35, 0.45, 1.0),
    "speed": Kind(0.20, 0.90, 0.75, 1.8, 0.35, 0.40, 4.0),
    "relationship": Kind(0.15, 0.95, 0.80, 1.0, 0.70, 0.65, 1.0),
    "hard": Kind(0.10, 0.80, 0.70, 1.2, 0.10, 0.20, 1.3),
}
LOSSES: dict[Fault, Loss] = {
    "defect": Loss(0.24, 2.0, 2.5),
    "misdescribed": Loss(0.15, 2.0, 3.0),
    "wrong": Loss(0.07, 6.0, 2.0),
    "damaged": Loss(0.14, 2.0, 2.0),
    "missing": Loss(0.07, 2.0, 4.0),
    "undelivered": Loss(0.08, 0.0, 0.0),
    "late": Loss(0.08, 2.0, 20.0),
    "mind": Loss(0.12, 2.0, 3.0),
    "wear": Loss(0.05, 2.0, 3.0),
}
PROCEDURE: dict[str, float] = {"bot": 1.0, "person": 0.75, "dispute": 0.5, "churn": 0.3}
MANNER: dict[str, float] = {"bot": 0.85, "person": 0.75, "dispute": 0.4, "churn": 0.3}


class Assumptions(msgspec.Struct, frozen=True):
    """Money in yuan, as negotiation.md writes it; probabilities and shares 0–1."""

    # the customers (shares from negotiation.md; tastes ours, and different from the shop's belief)
    kinds: dict[str, Kind] = msgspec.field(default_factory=KINDS.copy)
    taste_spread: float = 0.15
    hassle_yuan: float = 8.0
    hassle_spread: float = 0.4
    delay_per_day: float = 0.003
    apology: float = 0.02
    anger: tuple[float, float] = (2.0, 3.0)
    anger_hard: tuple[float, float] = (4.0, 2.0)
    assertive: tuple[float, float] = (3.0, 2.0)
    greed: tuple[float, float] = (1.2, 6.0)
    greed_hard: tuple[float, float] = (3.0, 4.0)
    patience: tuple[int, int] = (2, 8)
    slopes: tuple[float, ...] = (0.4, 1.0, 2.0)
    escalation_yuan: float = 15.0
    knows_law: float = 0.4
    counters: float = 0.6
    misheard: float = 0.10
    says_wish: float = 0.5
    """Chance (ours) that the first message tells what the customer prefers; misheard as often as a demand."""
    acceptance_width: float = 0.03
    most_hoped: float = 0.95

    # leaving (negotiation.md)
    walk_base: float = 0.03
    walk_anger: float = 0.12
    walk_insult: float = 0.15
    insult: float = 0.5
    to_person: float = 0.60
    comes_back: float = 0.50

    # dishonesty and proof (first three from negotiation.md; the rest ours)
    malicious: float = 0.06
    forged: float = 0.70
    score_shift: float = 1.3
    score_limit: float = 2.2
    no_proof: float = 0.06
    strong_proof: float = 0.70
    can_prove: float = 0.75
    can_forge_later: float = 0.15
    wants_at_least: float = 0.3
    person_sees_through: float = 0.0

    # orders (ours)
    value_yuan: float = 120.0
    value_spread: float = 1.0
    value_range: tuple[float, float] = (15.0, 3000.0)
    goods_share: tuple[float, float] = (0.35, 0.65)
    freight_yuan: tuple[float, float] = (4.0, 12.0)
    in_stock: float = 0.85
    days: int = 14
    losses: dict[Fault, Loss] = msgspec.field(default_factory=LOSSES.copy)
    reading_error: float = 0.05
    """Spread of the loss as read from strong proof; twice that from weak proof."""
    mind_seen: float = 0.3
    """Loss that the shop sees when somebody just does not like the goods."""

    # what a case costs besides money (negotiation.md)
    goodwill: float = 1.0
    goodwill_yuan: float = 30.0
    goodwill_share: float = 0.35
    person_yuan: float = 12.0
    dispute_yuan: float = 40.0
    turn_yuan: float = 0.3

    # satisfaction = .5 D + .2 P + .3 I (weights negotiation.md; the curves' constants ours)
    curve_middle: float = 0.9
    curve_width: float = 0.12
    curve_concave: float = 2.5
    turn_wear: float = 0.08
    procedure: dict[str, float] = msgspec.field(default_factory=PROCEDURE.copy)
    manner: dict[str, float] = msgspec.field(default_factory=MANNER.copy)
    anger_wear: float = 0.15

    # twins for the loudness premium (negotiation.md): anger, assertiveness, greed, patience
    loud: tuple[float, float, float, int] = (0.9, 1.0, 0.6, 6)
    meek: tuple[float, float, float, int] = (0.1, 0.35, 0.05, 3)
