"""How often somebody may call: a bucket for each customer and each address, in this process.

With several web processes each counts for itself; a shared store (Redis) would take this class's place.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from bot.web.problem import Problem

REMEMBERED = 50_000
"""Buckets kept; the longest unused is forgotten first, by then it is full again."""


class Buckets:
    """`a_minute` calls for each key, all at once if they like, refilled evenly."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.a_minute, self.clock = a_minute, clock
        self.left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (calls left, when counted)

    def take(self, key: str) -> None:
        """Counts one call. Raises Problem (429) where the bucket is empty."""
        now = self.clock()
        left = self.now_left(key, now)
        if left < 1:
            wait = max(1, round((1 - left) * 60 / self.a_minute))
            raise Problem(429, "too_many", f"操作太频繁了,请 {wait} 秒后再试", {"Retry-After": str(wait)})
        self.left[key] = (left - 1, now)
        self.left.move_to_end(key)
        while len(self.left) > REMEMBERED:
            self.left.popitem(last=False)

    def check(self, key: str) -> None:
        """As `take`, without counting: for things of which only failures count."""
        if self.now_left(key, self.clock()) < 1:
            raise Problem(429, "too_many", "尝试次数太多,请一分钟后再试", {"Retry-After": "60"})

    def now_left(self, key: str, now: float) -> float:
        left, counted = self.left.get(key, (float(self.a_minute), now))
        return min(float(self.a_minute), left + (now - counted) * self.a_minute / 60)
