"""Customers we did not write: NegMAS's stock negotiators play the customer over its alternating offers protocol.

NegMAS is no dependency of the product: `available()` says whether it can be imported. A menu is offered
element by element, as the protocol knows no menus. None of these agents behaves like a complaining customer
(no walking out, no anger, no proof): they test what can be bargained out of a strategy, no more.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bot.negotiation.act import Act
from bot.negotiation.simulation.claim import claim
from bot.negotiation.simulation.deck import Deck, Ground
from bot.negotiation.simulation.measure import BELOW, STANDS, Plan, product
from bot.negotiation.simulation.play import Session, reservation
from bot.negotiation.simulation.strategies import BASELINES, Make
from bot.negotiation.terms import read_terms

AGENTS = (
    "ToughNegotiator", "AspirationNegotiator", "BoulwareTBNegotiator", "LinearTBNegotiator", "ConcederTBNegotiator",
    "NaiveTitForTatNegotiator", "SimpleTitForTatNegotiator", "FirstOfferOrientedTBNegotiator",
    "LastOfferOrientedTBNegotiator", "BestOfferOrientedTBNegotiator", "MiCRONegotiator", "NiceNegotiator",
    "RandomNegotiator", "CABNegotiator", "CANNegotiator", "CARNegotiator", "WABNegotiator", "WANNegotiator",
    "WARNegotiator",
)
STEPS = 24
"""Rounds of the protocol: one proposal of each side."""
NAMES = ("fixed ladder", "Boulware", "linear", "posted entitlement", "Bayes, profit only", STANDS)


class Foreign(NamedTuple):
    """One strategy against all agents. agreed, breach, above_cap: shares of negotiations; payout: direct cost over
    order value of the agreements; spread: mean over claims of the standard deviation of the neutral worth
    that different agents got for the same facts."""

    name: str
    agreed: float
    breach: float
    above_cap: float
    payout: float
    spread: float
    negotiations: int


class Deal(NamedTuple):
    worth: float
    direct: float
    cost: float


def available() -> bool:
    """Whether NegMAS is installed."""
    return importlib.util.find_spec("negmas") is not None


class Space:
    """Everything that can be named in one claim: the product's forms, then the bundles of the grid."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.decks: tuple[Deck, Deck] = (ground.fair, ground.grid)
        self.names = {
            f"{which}-{row}": (which, row) for which, deck in enumerate(self.decks) for row in range(len(deck.shop))
        }
        self.ids = [option.id for option in ground.forms.options]

    def name(self, deck: Deck, row: int) -> str | None:
        """The outcome of a row that a session shows; None for one that has no name here."""
        for which, known in enumerate(self.decks):
            same = np.flatnonzero((np.abs(known.features - deck.features[row]) < 1e-9).all(axis=1))
            if len(same):
                return f"{which}-{int(same[0])}"
        return None

    def utilities(self) -> dict[tuple[str], float]:
        """Outcome → utility to the claim's own customer, kept positive for agents that expect it."""
        own = [deck.to(self.ground.claim, self.ground.given) for deck in self.decks]
        return {(name,): max(1e-6, float(own[which][row])) for name, (which, row) in self.names.items()}

    def deal(self, name: str) -> Deal:
        which, row = self.names[name]
        deck = self.decks[which]
        direct = deck.true_shop(self.ground.claim, self.ground.terms, row)
        return Deal(float(deck.worth[row]), direct, float(deck.cost[row]))

    def as_counter(self, name: str) -> Act:
        """What an agent that proposes this asks for: money, or that form."""
        which, row = self.names[name]
        deck = self.decks[which]
        money, replaced, given_up = (float(deck.features[row, column]) for column in range(3))
        value = self.ground.claim.value_fen
        if given_up > 0:
            return Act("counter", remedy="return_refund", fen=value)
        if replaced > 0:
            return Act("counter", remedy="exchange", fen=0)
        return Act("counter", remedy="refund_part", fen=round(min(1.0, money) * value))


def _shop(base: type[Any], response: Any, session: Session, space: Space) -> Any:
    """The strategy as a negotiator of the protocol; `shown` collects what it offered."""

    class Shop(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="shop")
            self.queue: list[str] = []
            self.standing: set[str] = set()
            self.shown: list[tuple[Deck, int]] = []
            self.heard: Act | None = None
            self.asked = False
            self.gone = False

        def refill(self) -> None:
            if self.asked:
                session.rejected(self.heard or Act("reject"))
            self.asked, self.heard = True, None
            shown = session.show()
            if shown is None:
                self.gone = True
                return
            deck, rows = shown
            self.shown.extend((deck, row) for row in rows)
            named = [name for row in rows if (name := space.name(deck, row))]
            self.standing = (self.standing | set(named)) if session.stands else set(named)
            self.queue = named
            self.gone = not named

        def propose(self, state: Any, dest: str | None = None) -> Any:
            if not self.queue:
                self.refill()
            return None if self.gone else (self.queue.pop(0),)

        def respond(self, state: Any, source: str | None = None) -> Any:
            offer = state.current_offer
            if offer is None:
                return response.REJECT_OFFER
            if offer[0] in self.standing:
                return response.ACCEPT_OFFER
            self.heard = space.as_counter(offer[0])
            return response.REJECT_OFFER

    return Shop()


def one(ground: Ground, make: Make, agent: str) -> tuple[Deal | None, bool]:
    """One negotiation: the deal or None, and whether a legal remedy was shown (or none is owed)."""
    sao, preferences = importlib.import_module("negmas.sao"), importlib.import_module("negmas.preferences")
    outcomes = importlib.import_module("negmas.outcomes")
    space, session = Space(ground), make(ground)
    issue = outcomes.make_issue(list(space.names), name="settlement")
    mechanism = sao.SAOMechanism(issues=[issue], n_steps=STEPS)
    ufun = preferences.MappingUtilityFunction(
        space.utilities(), reserved_value=max(1e-6, reservation(ground.claim.customer, ground.given)),
        outcome_space=mechanism.outcome_space,
    )
    shop = _shop(sao.SAONegotiator, sao.ResponseType, session, space)
    mechanism.add(shop)
    mechanism.add(getattr(sao, agent)(name="customer"), ufun=ufun)
    agreement = mechanism.run().agreement
    legal = not ground.matter.owed or any(bool(deck.owed[row]) for deck, row in shop.shown)
    return (space.deal(agreement[0]) if agreement else None), legal


def against(plan: Plan, count: int, agents: Sequence[str] = AGENTS) -> list[Foreign]:
    """Every strategy against every agent on `count` honest, proven claims of the shop's fault.

    NegMAS draws from the process's global random numbers, so these are seeded here.
    Raises ModuleNotFoundError where NegMAS is missing.
    """
    random.seed(plan.seed)
    np.random.seed(plan.seed)
    terms = read_terms(plan.terms)
    grounds: list[Ground] = []
    number = 0
    while len(grounds) < count:
        ground = Ground(claim(number, plan.seed, plan.given), terms, plan.given)
        number += 1
        honest = not ground.claim.customer.malicious
        if honest and ground.claim.evidence == "strong" and ground.matter.fault == "seller":
            grounds.append(ground)
    makes = {**BASELINES, **product([])}
    return [_figures(name, grounds, makes[name], agents) for name in NAMES]


def _figures(name: str, grounds: Sequence[Ground], make: Make, agents: Sequence[str]) -> Foreign:
    deals: list[tuple[Ground, Deal]] = []
    spreads: list[float] = []
    breaches = above = 0
    for ground in grounds:
        worths = []
        for agent in agents:
            deal, legal = one(ground, make, agent)
            if deal is None:
                continue
            deals.append((ground, deal))
            worths.append(deal.worth)
            breaches += not legal and deal.worth < ground.forms.entitlement.floor - BELOW
            above += deal.cost > ground.matter.cap_fen + 1
        if len(worths) > 1:
            spreads.append(float(np.std(worths)))
    played = len(grounds) * len(agents)
    value = sum(ground.claim.value_fen for ground, _ in deals)
    return Foreign(
        name, len(deals) / played, breaches / played, above / played,
        sum(deal.direct for _, deal in deals) / max(1, value), float(np.mean(spreads)) if spreads else 0.0, played,
    )
