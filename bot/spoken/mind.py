"""What a hidden customer does in face of the options that stand: the same for the engine and for the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from bot.aftersales.assessment import Remedy
from bot.negotiation.act import Act
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.claim import TURNS, Claim
from bot.negotiation.simulation.play import demand, reservation, says_yes, threshold
from bot.negotiation.terms import Terms
from bot.negotiation.worth import REPLACES, Taste, features

YUAN = 100


def parts_of(option_id: str) -> list[tuple[Remedy, int]]:
    """The remedies and fen an option's id is made of."""
    parts: list[tuple[Remedy, int]] = []
    for part in option_id.split("+"):
        remedy, _, fen = part.rpartition("-")
        parts += [(known, int(fen)) for known in get_args(Remedy) if known == remedy]
    return parts


def worth_of(option_id: str, taste: Taste, value_fen: int, loss: float, terms: Terms) -> float:
    """What an option is worth to this taste, as a share of the price; freight and medical fees are no gain."""
    pairs = [pair for pair in parts_of(option_id) if pair[0] not in {"freight", "medical"}]
    row = features(pairs, value_fen, loss, terms.days)
    return float(sum(feature * weight for feature, weight in zip(row, taste.weights(), strict=True)))


class Mind:
    """One customer's side of one negotiation (bot.negotiation.simulation.play, option by option)."""

    def __init__(self, claim: Claim, terms: Terms, given: Assumptions) -> None:
        self.claim, self.terms, self.given = claim, terms, given
        self.tries = 0

    def utility(self, option_id: str) -> float:
        return worth_of(option_id, self.claim.customer.taste, self.claim.value_fen, self.claim.customer.loss, self.terms)

    def act(self, standing: Sequence[str]) -> Act:
        """Accepts, asks for something else, refuses, wants a person, or leaves."""
        customer, given = self.claim.customer, self.given
        worths: Mapping[str, float] = {option: self.utility(option) for option in standing}
        best = max(worths, key=lambda option: worths[option], default=None)
        luck = customer.luck[min(self.tries + 1, TURNS - 1)]
        gained = worths[best] if best else given.apology
        if best and luck[0] < float(says_yes(gained, threshold(customer, self.tries, given), given)):
            return Act("accept", option=best)
        self.tries += 1
        insulted = gained < given.insult * reservation(customer, given)
        walks = given.walk_base + given.walk_anger * customer.anger + given.walk_insult * insulted
        if self.tries >= customer.patience or luck[1] < walks:
            return Act("human" if customer.luck[self.tries % TURNS][3] < customer.assertive else "leave")
        if luck[2] >= given.counters:
            return Act("reject")
        return self.wanted(standing)

    def wanted(self, standing: Sequence[str]) -> Act:
        """The counter-offer, in whole yuan; what stands already is not asked for again."""
        asked = demand(self.claim.customer, self.claim, threshold(self.claim.customer, self.tries, self.given))
        if asked.remedy in REPLACES:
            return Act("reject") if any(option.startswith(f"{asked.remedy}-") for option in standing) else asked
        fen = max(YUAN, round((asked.fen or 0) / YUAN) * YUAN)
        return Act("counter", remedy=asked.remedy, fen=fen)
