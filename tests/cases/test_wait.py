"""The expected wait: by the pace at which people took cases lately, or nothing said."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.cases.wait import expected_minutes
from bot.clock import SHOP_ZONE

NOW = datetime(2026, 11, 25, 10, tzinfo=SHOP_ZONE)


@pytest.mark.parametrize(
    ("ahead", "minutes_ago", "expected"),
    [
        (0, [], None), (5, [3, 8], None), (0, [2, 5, 9], 3), (2, [2, 5, 9], 9), (0, [1, 1, 1], 1), (4, [10, 20, 30, 40, 50, 60], 50),
    ],
)
def test_the_pace_of_the_last_hour(ahead: int, minutes_ago: list[int], expected: int | None) -> None:
    claims = [NOW - timedelta(minutes=ago) for ago in minutes_ago]
    assert expected_minutes(ahead, claims, NOW) == expected
