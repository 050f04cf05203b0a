"""Many claims played by every strategy, and the numbers of issue 4 that come of it.

`run` plays (in several processes if asked), `figures` adds up. All is reproducible from seed and count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import msgspec
import numpy as np

from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.claim import Claim, claim
from bot.negotiation.simulation.deck import Ground
from bot.negotiation.simulation.fairness import Twins, twins
from bot.negotiation.simulation.oracle import Oracle
from bot.negotiation.simulation.play import Outcome, play
from bot.negotiation.simulation.strategies import BASELINES, Fair, Make
from bot.negotiation.terms import Terms, read_terms

HEQI, ASKS, STANDS = "Heqi", "Heqi, asks for proof", "Heqi, asks, offers stand"
ORACLE, ORACLE_STANDS = "fair oracle", "fair oracle, offers stand"
WIDER = "fair oracle, no money gate"
ORACLES: dict[str, Make] = {
    "oracle, anything": lambda ground: Oracle(ground, "anything", False, False),
    WIDER: lambda ground: Oracle(ground, "fair", True, True),
    ORACLE: lambda ground: Oracle(ground, "gated", True, False),
    ORACLE_STANDS: lambda ground: Oracle(ground, "gated", True, True),
}
CHUNK = 100
"""Claims a process takes at a time."""
BELOW = 0.02
"""A deal is below the floor when its neutral worth misses it by more (negotiation.md section 3)."""


def product(clock: list[float]) -> dict[str, Make]:
    """The product as it is, step by step; clock takes the CPU seconds each menu took."""
    return {
        HEQI: lambda ground: Fair(ground, False, False, clock),
        ASKS: lambda ground: Fair(ground, True, False, clock),
        STANDS: lambda ground: Fair(ground, True, True, clock),
    }


class Plan(msgspec.Struct, frozen=True):
    """What to play. terms: the owner's `negotiation:` mapping; names: strategies, all when empty;
    twinned: how many of the first claims are also played loud, meek and holding out."""

    seed: int
    given: Assumptions = Assumptions()
    terms: dict[str, object] = {}
    names: tuple[str, ...] = ()
    twinned: int = 0


class Played(NamedTuple):
    """Of some claims: strategy → outcomes in the claims' order, → twins of the honest ones twinned; seconds
    of every menu of the product."""

    claims: list[Claim]
    outcomes: dict[str, list[Outcome]]
    twinned: dict[str, list[Twins]]
    seconds: list[float]


class Figures(msgspec.Struct, frozen=True):
    """One strategy. Money as shares of the order value; human, dispute, churn, settled as shares of cases.

    cost: total cost J/V with its standard error; whole: honest people without proof, made whole (0–1);
    breach: honest deals by the bot below the floor with the legal remedy never shown; below: the same
    whether it was shown or not, and whoever ended it; menu_ms: 95th percentile of the CPU time for a menu.
    """

    name: str
    settled: float
    payout: float
    malicious_payout: float
    cost: float
    cost_error: float
    person: float
    dispute: float
    churn: float
    turns: float
    satisfaction: float
    whole: float
    below: float
    breach: float
    above_cap: int
    loudness: float | None = None
    held_out: float | None = None
    worths: tuple[float, ...] = ()
    menu_ms: float | None = None


def play_some(plan: Plan, numbers: Sequence[int]) -> Played:
    """Plays the claims of these numbers with every strategy of the plan."""
    terms: Terms = read_terms(plan.terms)
    seconds: list[float] = []
    makes = {**BASELINES, **product(seconds), **ORACLES}
    names = plan.names or tuple(makes)
    played = Played([], {name: [] for name in names}, {name: [] for name in names}, seconds)
    for number in numbers:
        ground = Ground(claim(number, plan.seed, plan.given), terms, plan.given)
        played.claims.append(ground.claim)
        for name in names:
            played.outcomes[name].append(play(ground, makes[name](ground)))
            if number < plan.twinned and not ground.claim.customer.malicious:
                played.twinned[name].append(twins(ground, makes[name], plan.seed))
    return played


def run(plan: Plan, count: int, jobs: int = 1, tick: Callable[[int], object] = lambda done: None) -> Played:
    """Plays `count` claims. jobs: processes; tick is called with the number of claims just played."""
    chunks = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    whole = Played([], {}, {}, [])

    def collect(parts: Iterable[Played]) -> None:
        for part in parts:
            whole.claims.extend(part.claims)
            whole.seconds.extend(part.seconds)
            for name, outcomes in part.outcomes.items():
                whole.outcomes.setdefault(name, []).extend(outcomes)
                whole.twinned.setdefault(name, []).extend(part.twinned[name])
            tick(len(part.claims))

    if jobs == 1:
        collect(play_some(plan, chunk) for chunk in chunks)
    else:
        with ProcessPoolExecutor(jobs) as pool:
            collect(pool.map(play_some, [plan] * len(chunks), chunks))
    return whole


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return float(np.mean(listed)) if listed else 0.0


def figures(played: Played) -> list[Figures]:
    """One row a strategy, in the order played."""
    return [figures_of(name, played) for name in played.outcomes]


def figures_of(name: str, played: Played) -> Figures:
    """What came of one strategy."""
    claims, outcomes = played.claims, played.outcomes[name]
    pairs = list(zip(claims, outcomes, strict=True))
    honest = [pair for pair in pairs if not pair[0].customer.malicious]
    without = [pair for pair in honest if pair[0].evidence == "none"]
    value = sum(one.value_fen for one in claims)
    total = sum(outcome.total for outcome in outcomes)
    cost = total / value
    spread = sum((outcome.total - cost * one.value_fen) ** 2 for one, outcome in pairs)

    def payout(some: Sequence[tuple[Claim, Outcome]]) -> float:
        return sum(outcome.direct for _, outcome in some) / max(1, sum(one.value_fen for one, _ in some))

    def share(end: str) -> float:
        return _mean(outcome.end == end for outcome in outcomes)

    pairs_twinned = played.twinned.get(name, [])
    longest = max((len(one.worths) for one in pairs_twinned), default=0)
    seconds = played.seconds if name == STANDS else []
    return Figures(
        name=name,
        settled=share("bot"),
        payout=payout(honest),
        malicious_payout=payout([pair for pair in pairs if pair[0].customer.malicious]),
        cost=cost,
        cost_error=math.sqrt(spread) / value,
        person=share("person"),
        dispute=share("dispute"),
        churn=share("churn"),
        turns=_mean(outcome.turns for outcome in outcomes),
        satisfaction=_mean(outcome.satisfaction for _, outcome in honest),
        whole=_mean(min(1.0, outcome.worth / one.truth) for one, outcome in without),
        below=_mean(outcome.worth < outcome.floor - BELOW for _, outcome in honest),
        breach=_mean(
            outcome.end == "bot" and not outcome.legal_shown and outcome.worth < outcome.floor - BELOW
            for _, outcome in honest
        ),
        above_cap=sum(outcome.above_cap for outcome in outcomes),
        loudness=_mean(one.loud - one.meek for one in pairs_twinned if one.both_by_bot) if pairs_twinned else None,
        held_out=_mean(one.held_out for one in pairs_twinned) if pairs_twinned else None,
        worths=tuple(
            _mean(one.worths[turn] for one in pairs_twinned if len(one.worths) > turn) for turn in range(longest)
        ),
        menu_ms=1000.0 * float(np.percentile(seconds, 95)) if seconds else None,
    )
