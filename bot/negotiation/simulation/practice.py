"""A person plays the shop against a simulated customer and is measured as the product is: training for agents.

Pure and without memory: the number of a claim and the moves so far give the conversation, always the same.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import yaml

from bot.aftersales.assessment import Remedy
from bot.negotiation.forms import part_cost, shop_cost
from bot.negotiation.simulation.assumptions import Assumptions, Fault
from bot.negotiation.simulation.claim import TURNS, Claim, claim
from bot.negotiation.simulation.deck import Deck, Ground
from bot.negotiation.simulation.play import (
    NOTHING,
    End,
    Settlement,
    Shown,
    by_platform,
    demand,
    play,
    reservation,
    satisfaction,
    says_yes,
    threshold,
    total_cost,
)
from bot.negotiation.simulation.strategies import Fair
from bot.negotiation.terms import Terms
from bot.negotiation.words import yuan
from bot.negotiation.worth import REPLACES, features

GIVEN = Assumptions()
SEED = 20
"""The practised claims; not those the product is measured on."""

BELOW = 0.02
"""A deal is below the law when its neutral worth misses the floor by more (negotiation.md section 3)."""

UNLAWFUL, ABOVE_CAP = 40, 60
"""The best score of a case in which the law was missed, or more was given than a person alone may."""

FORMS: frozenset[Remedy] = frozenset({"refund_part", "refund", "return_refund", "exchange", "resend", "repair", "coupon", "gift"})


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the agent does: an offer (`remedy`, `fen`; goods carry 0), asking for a photo, or leaving it there."""

    act: Literal["offer", "evidence", "end"]
    remedy: Remedy | None = None
    fen: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0

    def __post_init__(self) -> None:
        if self.act == "offer" and self.remedy not in FORMS:
            raise ValueError(f"remedy:应为 {'、'.join(sorted(FORMS))} 之一")
        if self.act == "offer" and (self.fen == 0) != (self.remedy in REPLACES):
            raise ValueError("fen:换货、补发、维修写 0,其余写大于 0 的分数")


class Known(msgspec.Struct, frozen=True):
    """What the agent sees of the case. Money in fen; `severity` the share of the value lost, as the shop reads it."""

    fault: Fault
    value_fen: int
    severity: float
    evidence: str
    within_days: bool
    in_stock: bool
    owed: tuple[tuple[Remedy, int], ...]
    floor_fen: int
    cap_fen: int


class Score(msgspec.Struct, frozen=True):
    """How it went. `points` 0–100: the product's total cost in the same case as a share of the agent's, at most
    UNLAWFUL or ABOVE_CAP where a limit was missed. `content` is the customer's satisfaction 0–1; `product_*` what
    the product came to with the same customer."""

    points: int
    end: End
    lawful: bool
    above_cap: bool
    direct_fen: int
    content: float
    turns: int
    product_end: End
    product_direct_fen: int
    product_content: float


class Practice(msgspec.Struct, frozen=True):
    """The conversation so far: `said` is the customer's opening and an answer to each move; `score` once it has ended."""

    number: int
    known: Known
    said: tuple[str, ...]
    score: Score | None


@cache
def words() -> Any:
    return yaml.safe_load(Path(__file__).with_name("practice.yml").read_text(encoding="utf-8"))


def fault_of(number: int) -> Fault:
    """What claim `number` is about."""
    return claim(number, SEED, GIVEN).fault


def practise(number: int, moves: tuple[Move, ...], terms: Terms) -> Practice:
    """Claim `number` after these moves. Raises ValueError for a move after the end."""
    table = Table(Ground(claim(number, SEED, GIVEN), terms, GIVEN))
    for move in moves:
        if table.score is not None:
            raise ValueError("moves:这一局已经结束")
        table.take(move)
    return Practice(number, table.known, tuple(table.said), table.score)


class Table:
    """One claim under way."""

    def __init__(self, ground: Ground) -> None:
        self.start = self.here = ground
        self.claim: Claim = ground.claim
        self.said: list[str] = []
        self.standing: list[Shown] = []
        self.turns = self.tries = 0
        self.lawful_shown, self.above_cap = not ground.matter.owed, False
        self.score: Score | None = None
        self.say(self.opening())

    @property
    def known(self) -> Known:
        matter = self.here.matter
        return Known(
            self.claim.fault, self.claim.value_fen, round(self.claim.severity, 2), self.here.claim.evidence, self.claim.within_days,
            self.claim.in_stock, tuple((due.remedy, due.fen) for due in matter.owed), matter.floor_fen, matter.cap_fen,
        )

    def opening(self) -> str:
        customer = self.claim.customer
        first = self.variant(words()["opening"][self.claim.fault])
        wish = "".join(words()["wants"][name] for name in customer.opening)
        return f"{first}。{wish}{words()['angry'] if customer.anger > 0.6 else ''}"

    def variant(self, wordings: list[str]) -> str:
        return wordings[(self.claim.number + self.tries) % len(wordings)]

    def say(self, text: str) -> None:
        self.said.append(text)

    def take(self, move: Move) -> None:
        """One move of the agent's, and the customer's answer to it."""
        self.turns += 1
        if move.act == "evidence":
            self.prove()
        elif move.act == "end":
            self.leave()
        else:
            assert move.remedy is not None  # checked when it was read
            self.offered(move.remedy, move.fen)

    def prove(self) -> None:
        if not self.here.matter.needs:
            self.say(words()["again_proof"])
        elif self.claim.customer.can_prove:
            self.here = self.start.proven
            self.lawful_shown = self.lawful_shown and not self.here.matter.owed
            self.say(words()["proof"])
        else:
            self.say(words()["no_proof"])

    def offered(self, remedy: Remedy, fen: int) -> None:
        """The customer takes what stands, or says no, or goes: as in `play`, with the same luck."""
        matter, customer, given = self.here.matter, self.claim.customer, self.start.given
        owed = any(due.remedy == remedy and fen >= due.fen for due in matter.owed)
        self.lawful_shown = self.lawful_shown or owed
        shown = self.shown(remedy, fen)
        self.above_cap = self.above_cap or shown.cost > matter.cap_fen
        self.standing.append(shown)
        best = max(self.standing, key=lambda one: one.utility)
        luck = customer.luck[min(self.tries + 1, TURNS - 1)]
        if luck[0] < float(says_yes(best.utility, threshold(customer, self.tries, given), given)):
            self.say(self.variant(words()["accept"]))
            self.ended("bot", settled(best))
            return
        self.tries += 1
        insulted = best.utility < given.insult * reservation(customer, given)
        if self.tries >= customer.patience or luck[1] < given.walk_base + given.walk_anger * customer.anger + given.walk_insult * insulted:
            self.leave()
        elif luck[2] < given.counters:
            wanted = demand(customer, self.claim, threshold(customer, self.tries, given))
            amount = yuan(round((wanted.fen or 0) / 100) * 100)
            self.say(self.variant(words()["counter"][wanted.remedy]).format(amount=amount))
        else:
            self.say(self.variant(words()["insulted" if insulted else "reject"]))

    def shown(self, remedy: Remedy, fen: int) -> Shown:
        here = self.here
        row = features([(remedy, fen)], self.claim.value_fen, here.claim.severity, here.terms.days)
        cost = part_cost(remedy, fen, here.matter, here.terms)
        deck = Deck(
            np.array([row], dtype=np.float64), np.array([shop_cost(remedy, fen, here.matter, here.terms)], dtype=np.float64),
            np.array([cost], dtype=np.float64), np.array([False]), here.taste,
        )
        direct = deck.true_shop(self.claim, here.terms, 0)
        utility = float(deck.to(self.claim, self.start.given)[0])
        return Shown(utility, float(deck.worth[0]), direct, bool(deck.returned[0]), cost, here.matter.cap_fen)

    def leave(self) -> None:
        """The customer goes to the platform, comes back to what stands, or goes for good."""
        customer, given = self.claim.customer, self.start.given
        assertive = max(customer.assertive, 0.8) if customer.knows_law and not self.lawful_shown else customer.assertive
        best = max(self.standing, key=lambda one: one.utility, default=None)
        if customer.luck[min(self.tries, TURNS - 1)][3] < assertive:
            self.say(words()["dispute"])
            self.ended("dispute", by_platform(self.here))
        elif best and best.utility >= reservation(customer, given) and customer.luck[0][1] < given.comes_back:
            self.say(words()["comes_back"])
            self.ended("bot", settled(best))
        else:
            self.say(words()["churn"])
            self.ended("churn", NOTHING)

    def ended(self, end: End, got: Settlement) -> None:
        given = self.start.given
        content = satisfaction(self.claim, end, got.utility, np.array(got.returned), self.turns, given)
        total = float(total_cost(self.claim, end, np.array(got.direct), content, self.turns, given))
        product = play(self.start, Fair(self.start, True, True))
        lawful = self.claim.customer.malicious or self.lawful_shown or got.worth >= self.here.forms.entitlement.floor - BELOW
        points = round(100 * min(1.0, product.total / max(total, 1.0)))
        points = min(points, 100 if lawful else UNLAWFUL, ABOVE_CAP if self.above_cap else 100)
        self.score = Score(
            points, end, lawful, self.above_cap, round(got.direct), round(float(content), 2), self.turns,
            product.end, round(product.direct), round(product.satisfaction, 2),
        )


def settled(shown: Shown) -> Settlement:
    return Settlement(shown.utility, shown.worth, shown.direct, shown.returned)
