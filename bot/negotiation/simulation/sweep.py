"""The constants that are assumptions, moved: does the order of the strategies hold?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import structs

from bot.negotiation.simulation.assumptions import KINDS, Assumptions, Kind
from bot.negotiation.simulation.measure import (
    ORACLE_STANDS,
    STANDS,
    WIDER,
    Figures,
    Plan,
    figures,
    run,
)

NAMES = ("fixed ladder", "linear", "conceder", "posted entitlement", "Bayes, profit only", STANDS, ORACLE_STANDS, WIDER)


class Case(NamedTuple):
    """What is moved, and the plan with it moved."""

    name: str
    given: Assumptions
    terms: dict[str, object]


def _terms_that_believe(cash: float, replacement: float, speed: float, future: float) -> dict[str, object]:
    shares = {"cash": cash, "replacement": replacement, "speed": speed, "future": future}
    return {"preferences": {name: {"share": share} for name, share in shares.items()}}


def cases() -> list[Case]:
    """Every constant moved alone; then the goodwill premium, which is how a budget enters; then a population
    that nothing was designed on."""
    base = Assumptions()

    def moved(name: str, **changes: object) -> Case:
        return Case(name, structs.replace(base, **changes), {})

    strangers = {
        name: Kind(
            share, kind.replacement * 0.9, kind.attachment * 0.85, kind.hassle * 1.5, kind.coupon * 0.7, kind.gift * 0.8,
            kind.delay * 2.0,
        )
        for (name, kind), share in zip(KINDS.items(), (0.15, 0.25, 0.15, 0.20, 0.25), strict=True)
    }
    return [
        Case("as assumed", base, {}),
        moved("goodwill × 0.5", goodwill=0.5),
        moved("goodwill × 2", goodwill=2.0),
        moved("goodwill × 4", goodwill=4.0),
        moved("malicious 12 %", malicious=0.12),
        moved("malicious 18 %", malicious=0.18),
        moved("a person costs 30", person_yuan=30.0),
        moved("25 % misheard", misheard=0.25),
        moved("tastes spread wider", taste_spread=0.35),
        moved("nobody knows the law", knows_law=0.0),
        moved("losses misread twice as far", reading_error=0.10),
        Case("belief: all want cash", base, _terms_that_believe(0.85, 0.05, 0.05, 0.05)),
        Case("belief: all want coupons", base, _terms_that_believe(0.05, 0.05, 0.05, 0.85)),
        *(Case(f"premium {premium:.2f}", base, {"value": {"premium": premium}}) for premium in (0.0, 0.1, 0.2)),
        moved("strangers", kinds=strangers, anger=(3.0, 2.0), patience=(1, 6), hassle_yuan=12.0, assertive=(2.0, 2.0)),
    ]


def sweep(
    seed: int, count: int, jobs: int, tick: Callable[[int], object] = lambda done: None
) -> list[tuple[str, list[Figures]]]:
    """Each case with the figures of NAMES. count: claims a case."""
    return [
        (case.name, figures(run(Plan(seed, case.given, case.terms, NAMES), count, jobs, tick))) for case in cases()
    ]


def order_holds(rows: list[Figures]) -> bool:
    """Whether the gated oracle is cheapest of the fair strategies and posting the entitlement dearest."""
    cost = {row.name: row.cost for row in rows}
    return cost[ORACLE_STANDS] <= cost[STANDS] <= cost["posted entitlement"]
