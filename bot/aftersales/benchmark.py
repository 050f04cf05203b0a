"""How many assessments a second one core makes, for `heqi bench`."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from bot.aftersales.assess import assess
from bot.aftersales.case import Case
from bot.aftersales.policy import Policy


def assessments_per_second(cases: Sequence[Case], policy: Policy, seconds: float = 2.0) -> float:
    """Goes round the cases for about `seconds` and gives assessments per second by Python call.

    Raises ValueError without cases.
    """
    if not cases:
        raise ValueError("cases: 至少要有一个案子")
    done = 0
    started = perf_counter()
    while (spent := perf_counter() - started) < seconds:
        for case in cases:
            assess(case, policy)
        done += len(cases)
    return done / spent
