"""One step of load: so many customers at once for so long, and what was measured meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from itertools import cycle

import aiohttp
import msgspec

from bot.load.customer import Customer, Heard, Talk, talks
from bot.load.product import Product, machine_busy


class Measured(msgspec.Struct, frozen=True):
    """One step's numbers: times in seconds, `cpu_per_turn` in milliseconds of one core, `memory_mb` at its end."""

    at_once: int
    think: float
    seconds: float
    talks: int
    turns: int
    turns_per_second: float
    p50: float
    p95: float
    p99: float
    first_p95: float
    errors: dict[str, int]
    cpu_per_turn: dict[str, float]
    others_cpu: float
    load_average: float
    memory_mb: dict[str, float]


def percentile(times: list[float], share: float) -> float:
    """The smallest time that `share` of all do not exceed; nan where there is none."""
    if not times:
        return float("nan")
    ranked = sorted(times)
    return ranked[max(0, -(-len(ranked) * round(share * 100) // 100) - 1)]


async def play(port: int, ids: Iterator[str], at_once: int, seconds: float, think: float) -> Heard:
    """`at_once` customers, each followed by the next, until the time is over; who talks then may finish."""
    heard = Heard()
    end = time.monotonic() + seconds
    scripts: Iterator[Talk] = cycle(talks())
    timeout = aiohttp.ClientTimeout(total=90)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:

        async def place(number: int) -> None:
            await asyncio.sleep(think * number / at_once)  # they did not all come in at the same moment
            while time.monotonic() < end:
                await Customer(http, next(ids), heard).talk(next(scripts), think)

        await asyncio.gather(*(place(number) for number in range(at_once)))
    return heard


def step(product: Product, ids: Callable[[], Iterator[str]], at_once: int, seconds: float, think: float) -> Measured:
    cpu, busy, own = product.cpu(), machine_busy(), time.process_time()
    began = time.monotonic()
    heard = asyncio.run(play(product.port, ids(), at_once, seconds, think))
    spent = time.monotonic() - began
    used = {name: total - cpu.get(name, 0.0) for name, total in product.cpu().items()}
    used["customers"] = time.process_time() - own
    turns = max(1, len(heard.turns))
    return Measured(
        at_once=at_once, think=think, seconds=round(spent, 1), talks=heard.talks, turns=len(heard.turns),
        turns_per_second=round(len(heard.turns) / spent, 2),
        p50=percentile(heard.turns, 0.5), p95=percentile(heard.turns, 0.95), p99=percentile(heard.turns, 0.99),
        first_p95=percentile(heard.first, 0.95), errors=dict(heard.errors),
        cpu_per_turn={name: round(1000 * total / turns, 1) for name, total in used.items()},
        others_cpu=round((machine_busy() - busy - sum(used.values())) / spent, 2),
        load_average=round(os.getloadavg()[0], 2), memory_mb={name: round(mb) for name, mb in product.memory().items()},
    )
