"""One claim played by one strategy against its hidden customer, and what came of it."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, Protocol

import numpy as np

from bot.negotiation.act import Act
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.claim import TURNS, Claim, Customer
from bot.negotiation.simulation.deck import Deck, Ground
from bot.negotiation.worth import Vector

End = Literal["bot", "person", "dispute", "churn"]


class Session(Protocol):
    """A strategy playing one claim."""

    asks_proof: bool
    stands: bool
    """Whether what was offered can still be accepted later, also by somebody who left in silence."""

    def show(self) -> tuple[Deck, list[int]] | None:
        """The options shown now as rows of a deck; None hands over to a person."""

    def rejected(self, act: Act) -> tuple[Deck, int] | None:
        """Takes the rejection or counter; a row when the strategy accepts the customer's demand."""

    def proven(self) -> None:
        """Takes the evidence asked for."""


class Outcome(NamedTuple):
    """direct, total: fen; utility to the customer, worth neutral, both shares of the price."""

    end: End
    turns: int
    direct: float
    total: float
    utility: float
    worth: float
    satisfaction: float
    legal_shown: bool
    above_cap: bool
    floor: float
    reservation: float
    proven: bool


class Shown(NamedTuple):
    utility: float
    worth: float
    direct: float
    returned: bool
    cost: float
    cap: float


def reservation(customer: Customer, given: Assumptions) -> float:
    """The least a customer takes (negotiation.md: r = max(0, assert·loss − hassle_esc/V))."""
    if customer.malicious:
        return given.wants_at_least * customer.loss
    return max(0.0, customer.assertive * customer.loss - customer.escalation)


def threshold(customer: Customer, turn: int, given: Assumptions) -> float:
    """τ(t) = r + (a − r)(1 − t/T)^(1/β), t counting from 0 (negotiation.md)."""
    least = reservation(customer, given)
    hoped = max(least, min(customer.loss * (1.0 + customer.greed), given.most_hoped))
    left = max(0.0, 1.0 - turn / customer.patience)
    return float(least + (hoped - least) * left ** (1.0 / customer.slope))


def says_yes(utility: float | Vector, wanted: float, given: Assumptions) -> Vector:
    """Probability that an offer of this utility is accepted (negotiation.md: logistic((U − τ)/.03))."""
    gap = np.clip((np.asarray(utility) - wanted) / given.acceptance_width, -40.0, 40.0)
    return np.asarray(1.0 / (1.0 + np.exp(-gap)))


def satisfaction(claim: Claim, end: End, utility: float | Vector, returned: Vector, turns: int, given: Assumptions) -> Vector:
    """.5 D + .2 P + .3 I; D is an S-curve for goods given back, concave for goods kept (Gelbrich 2015)."""
    whole = np.clip(np.asarray(utility) / max(claim.customer.loss, 0.05), 0.0, 1.5)
    low, high = (1.0 / (1.0 + math.exp((given.curve_middle - x) / given.curve_width)) for x in (0.0, 1.5))
    curve = (1.0 / (1.0 + np.exp((given.curve_middle - whole) / given.curve_width)) - low) / (high - low)
    bend = given.curve_concave
    concave = np.minimum(1.0, (1.0 - np.exp(-bend * whole)) / (1.0 - math.exp(-bend)))
    distributive = np.where(returned, curve, concave)
    procedure = max(0.0, given.procedure[end] - given.turn_wear * (turns - 1))
    manner = given.manner[end] - given.anger_wear * claim.customer.anger
    return np.asarray(0.5 * distributive + 0.2 * procedure + 0.3 * manner)


def total_cost(claim: Claim, end: End, direct: Vector, content: Vector, turns: int, given: Assumptions) -> Vector:
    """J = direct + CLV·(1 − Sat) + people + turns, in fen (negotiation.md, "Total cost")."""
    lifetime = given.goodwill * 0.5 * (100 * given.goodwill_yuan + given.goodwill_share * claim.value_fen)
    people = {"person": given.person_yuan, "dispute": given.dispute_yuan}.get(end, 0.0)
    return np.asarray(direct + lifetime * (1.0 - content) + 100 * (people + given.turn_yuan * turns))


class Settlement(NamedTuple):
    """What a person or the platform gives: utility, neutral worth, fen, and whether goods go back."""

    utility: float
    worth: float
    direct: float
    returned: bool


NOTHING = Settlement(0.0, 0.0, 0.0, False)


def by_person(ground: Ground) -> Settlement:
    """A person asks for the proof that is missing, gives the entitlement in the form the customer likes
    best, and sees through some frauds."""
    claim, given = ground.claim, ground.given
    if ground.matter.needs and claim.customer.can_prove:
        ground = ground.proven
    if claim.customer.malicious and claim.customer.luck[0][2] < given.person_sees_through:
        return NOTHING
    return _best(ground, ground.fair)


def by_platform(ground: Ground) -> Settlement:
    """The platform gives the statutory remedy worth most in money, or nothing where none is owed."""
    deck = ground.fair
    legal = np.flatnonzero(deck.owed)
    if not len(legal):
        return NOTHING
    row = int(legal[deck.features[legal, 0].argmax()])
    return _row(ground, deck, row)


def _best(ground: Ground, deck: Deck) -> Settlement:
    if not len(deck.shop):
        return NOTHING
    return _row(ground, deck, int(deck.to(ground.claim, ground.given).argmax()))


def _row(ground: Ground, deck: Deck, row: int) -> Settlement:
    utility = float(deck.to(ground.claim, ground.given)[row])
    direct = deck.true_shop(ground.claim, ground.terms, row)
    return Settlement(utility, float(deck.worth[row]), direct, bool(deck.returned[row]))


def demand(customer: Customer, claim: Claim, wanted: float) -> Act:
    """What a customer of this kind asks for when saying no: their form, at their present wish."""
    fen = round(max(0.0, min(1.0, wanted)) * claim.value_fen)
    if customer.kind == "replacement" and claim.fault not in {"late", "mind", "wear"}:
        swap = claim.fault in {"missing", "undelivered"}
        return Act("counter", remedy="resend" if swap else "exchange", fen=0)
    if customer.kind == "relationship":
        return Act("counter", remedy="coupon", fen=round(fen / max(customer.taste.coupon, 0.2)))
    return Act("counter", remedy="refund_part", fen=fen)


def play(ground: Ground, session: Session) -> Outcome:
    """Plays one claim to its end. Luck is drawn with the claim, so strategies are compared on equal luck."""
    given, claim = ground.given, ground.claim
    customer = claim.customer
    wants_least = reservation(customer, given)
    standing: list[Shown] = []
    legal_shown, above_cap, proved = not ground.matter.owed, False, False
    here, turns, tries = ground, 0, 0

    def ended(end: End, got: Settlement) -> Outcome:
        content = float(satisfaction(claim, end, got.utility, np.array(got.returned), turns, given))
        total = float(total_cost(claim, end, np.array(got.direct), np.array(content), turns, given))
        return Outcome(
            end, turns, got.direct, total, got.utility, got.worth, content, legal_shown, above_cap,
            here.forms.entitlement.floor, wants_least, proved,
        )

    def left() -> Outcome:
        luck = customer.luck[0]
        knows = customer.knows_law and not legal_shown
        assertive = max(customer.assertive, 0.8) if knows else customer.assertive
        if customer.luck[min(tries, TURNS - 1)][3] < assertive:
            return ended("person", by_person(here)) if luck[0] < given.to_person else ended("dispute", by_platform(here))
        best = max(standing, key=lambda shown: shown.utility, default=None)
        if session.stands and best and best.utility >= wants_least and luck[1] < given.comes_back:
            return ended("bot", Settlement(best.utility, best.worth, best.direct, best.returned))
        return ended("churn", NOTHING)

    while True:
        shown = session.show()
        turns += 1
        if shown is None:
            return ended("person", by_person(here))
        deck, rows = shown
        if rows:
            legal_shown = legal_shown or bool(deck.owed[rows].any())
            utilities = deck.to(claim, given)
            above_cap = above_cap or bool((deck.cost[rows] > here.matter.cap_fen + 1).any())
            fresh = [
                Shown(float(utilities[row]), float(deck.worth[row]), deck.true_shop(claim, here.terms, row),
                      bool(deck.returned[row]), float(deck.cost[row]), float(here.matter.cap_fen))
                for row in rows
            ]
            standing = standing + fresh if session.stands else fresh
        if session.asks_proof and here.matter.needs and customer.can_prove and not proved:
            proved, here = True, here.proven
            legal_shown = legal_shown and not here.matter.owed
            session.proven()
            continue
        best = max(standing, key=lambda one: one.utility, default=Shown(given.apology, 0.0, 0.0, False, 0.0, 0.0))
        wanted = threshold(customer, tries, given)
        luck = customer.luck[min(tries + 1, TURNS - 1)]
        if standing and luck[0] < float(says_yes(best.utility, wanted, given)):
            return ended("bot", Settlement(best.utility, best.worth, best.direct, best.returned))
        tries += 1
        insulted = best.utility < given.insult * wants_least
        walks = given.walk_base + given.walk_anger * customer.anger + given.walk_insult * insulted
        if tries >= customer.patience or luck[1] < walks:
            return left()
        heard = luck[2] < given.counters * (1.0 - given.misheard)
        taken = session.rejected(demand(customer, claim, threshold(customer, tries, given)) if heard else Act("reject"))
        if taken:
            deck, row = taken
            utility = float(deck.to(claim, given)[row])
            above_cap = above_cap or bool(deck.cost[row] > here.matter.cap_fen + 1)
            return ended("bot", Settlement(utility, float(deck.worth[row]), deck.true_shop(claim, here.terms, row),
                                           bool(deck.returned[row])))
