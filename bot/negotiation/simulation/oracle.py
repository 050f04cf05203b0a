"""Oracles that know the hidden customer: exact backward induction over turns (negotiation.md section 2)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bot.negotiation.act import Act
from bot.negotiation.menu import in_money
from bot.negotiation.simulation.deck import Deck, Ground
from bot.negotiation.simulation.play import (
    NOTHING,
    End,
    Settlement,
    by_person,
    by_platform,
    reservation,
    satisfaction,
    says_yes,
    threshold,
    total_cost,
)
from bot.negotiation.worth import Vector

Reach = Literal["anything", "fair", "gated"]
"""What an oracle may do: anything; only offer the fair set with every legal remedy beside it; or the same with
the two other gates that the product keeps: one form of the entitlement in money on every menu, and after
the policy's rounds a person."""


HAND_OVER = -1


class Oracle:
    """Plays the policy of least expected total cost, knowing taste, threshold, hazard and exits.

    Each turn it shows one option (with those its gates ask for) or hands over to a person.
    """

    def __init__(self, ground: Ground, reach: Reach, asks_proof: bool, stands: bool) -> None:
        self.reach, self.asks_proof, self.stands = reach, asks_proof, stands
        self.spent = 0
        self._plan(ground)

    def _beside(self, ground: Ground) -> list[int]:
        """Rows that stand on every menu."""
        if self.reach == "anything":
            return []
        legal = list(map(int, np.flatnonzero(self.deck.owed)))
        if self.reach == "fair":
            return legal
        money = [i for i, option in enumerate(ground.forms.options) if in_money(option, ground.forms)]
        return legal if set(money) & set(legal) else [*legal, *money[:1]]

    def _plan(self, ground: Ground) -> None:
        claim, given, terms = ground.claim, ground.given, ground.terms
        self.ground = ground
        self.deck: Deck = ground.grid if self.reach == "anything" else ground.reach
        deck = self.deck
        self.step = 0
        customer = claim.customer
        count = len(deck.shop)
        own: Vector = deck.to(claim, given)
        self.beside = self._beside(ground)
        legal = np.array(self.beside, dtype=int)
        if count and len(legal):
            top = int(legal[own[legal].argmax()])
            pick = np.where(own >= own[top], np.arange(count), top)
        else:
            pick = np.arange(count)
        utility = own[pick] if count else np.array([])
        direct = np.array([deck.true_shop(claim, terms, int(row)) for row in pick])
        returned = deck.returned[pick] if count else np.array([], dtype=bool)
        least = reservation(customer, given)
        knows = customer.knows_law and bool(ground.matter.owed) and self.reach == "anything"
        assertive = max(customer.assertive, 0.8) if knows else customer.assertive
        walk = given.walk_base + given.walk_anger * customer.anger + given.walk_insult * (utility < given.insult * least)
        person, platform = by_person(ground), by_platform(ground)
        last = min(customer.patience, terms.rounds) if self.reach == "gated" else customer.patience

        def cost(end: End, got: Settlement, turns: int) -> float:
            content = satisfaction(claim, end, got.utility, np.array(got.returned), turns, given)
            return float(total_cost(claim, end, np.array(got.direct), content, turns, given))

        self.moves: list[int] = [HAND_OVER]
        value = cost("person", person, last + 1 + self.spent)
        for turn in reversed(range(last)):
            turns = turn + 1 + self.spent
            over = cost("person", person, turns)
            leaves = assertive * (
                given.to_person * over + (1.0 - given.to_person) * cost("dispute", platform, turns)
            )
            content = satisfaction(claim, "bot", utility, returned, turns, given)
            settled = total_cost(claim, "bot", direct, content, turns, given)
            silent = np.full(count, cost("churn", NOTHING, turns))
            if self.stands:
                back = given.comes_back * (utility >= least)
                silent = back * settled + (1.0 - back) * silent
            yes = says_yes(utility, threshold(customer, turn, given), given)
            out = np.ones(count) if turn + 1 >= customer.patience else walk
            goes_on = out * (leaves + (1.0 - assertive) * silent) + (1.0 - out) * value
            expected = yes * settled + (1.0 - yes) * goes_on
            best = int(expected.argmin()) if count else HAND_OVER
            if best == HAND_OVER or over < expected[best]:
                best, value = HAND_OVER, over
            else:
                value = float(expected[best])
            self.moves.append(best)
        self.moves.reverse()

    def show(self) -> tuple[Deck, list[int]] | None:
        move = self.moves[min(self.step, len(self.moves) - 1)]
        if move == HAND_OVER:
            return None
        return self.deck, list(dict.fromkeys([*self.beside, move]))

    def rejected(self, act: Act) -> None:
        self.step += 1

    def proven(self) -> None:
        self.spent += 1
        self._plan(self.ground.proven)
