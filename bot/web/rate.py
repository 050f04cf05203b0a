"""How often somebody may call: a bucket for each customer and each address.

Counted for all web processes together where they share a Redis, in this process otherwise.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import Scope

from bot.web.problem import Problem
from bot.web.replicas import Replicas

REMEMBERED = 50_000
"""Buckets kept; the longest unused is forgotten first, by then it is full again."""


LONGEST_ADDRESS = 64
"""Characters of an address; a proxy may hand on anything, and it is remembered."""


def address_of(scope: Scope) -> str:
    """Whose calls are counted together: an address, of IPv6 the /64, which is what a single customer of a provider has."""
    host = str((scope.get("client") or ("unknown",))[0])[:LONGEST_ADDRESS]
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    # Written into IPv6, all of IPv4 is a single /64.
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address.packed, 64), strict=False))


class Buckets:
    """`a_minute` calls for each key, all at once if they like, refilled evenly. `name` keeps kinds of keys apart."""

    def __init__(self, name: str, a_minute: int, replicas: Replicas | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.a_minute, self.replicas, self.clock = name, a_minute, replicas, clock
        self.left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (calls left, when counted)

    async def take(self, key: str) -> None:
        """Counts one call. Raises Problem (429) where the bucket is empty."""
        if wait := await self.wait(key, take=True):
            seconds = max(1, round(wait))
            raise Problem(429, "too_many", f"操作太频繁了,请 {seconds} 秒后再试", {"Retry-After": str(seconds)})

    async def check(self, key: str) -> None:
        """As `take`, without counting: for things of which only failures count."""
        if await self.wait(key, take=False):
            raise Problem(429, "too_many", "尝试次数太多,请一分钟后再试", {"Retry-After": "60"})

    async def wait(self, key: str, *, take: bool) -> float:
        """Seconds until the key may call again, 0 where it may now."""
        shared = await self.replicas.wait(f"{self.name}:{key}", self.a_minute, take=take) if self.replicas else None
        return self.wait_here(key, take=take) if shared is None else shared

    def wait_here(self, key: str, *, take: bool) -> float:
        now = self.clock()
        left, counted = self.left.get(key, (float(self.a_minute), now))
        left = min(float(self.a_minute), left + (now - counted) * self.a_minute / 60)
        if left < 1:
            return (1 - left) * 60 / self.a_minute
        if take:
            self.left[key] = (left - 1, now)
            self.left.move_to_end(key)
            while len(self.left) > REMEMBERED:
                self.left.popitem(last=False)
        return 0.0
