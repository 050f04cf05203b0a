"""How a starved process is told from one that hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from bot.processes import waited_for_processor

SPINS = "while True: pass"
LOOKED = 2.0


@pytest.fixture
def crowded() -> Iterator[list[int]]:
    """Processes that all want the same one processor."""
    one = min(os.sched_getaffinity(0))
    started = [subprocess.Popen([sys.executable, "-c", SPINS], preexec_fn=lambda: os.sched_setaffinity(0, {one})) for _ in range(4)]
    yield [process.pid for process in started]
    for process in started:
        process.kill()
        process.wait()


def grown(pid: int) -> float:
    """The share of a while in which the process waited for a processor."""
    before, began = waited_for_processor(pid), time.monotonic()
    time.sleep(LOOKED)
    return (waited_for_processor(pid) - before) / (time.monotonic() - began)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel tells it on Linux only")
def test_who_waits_for_a_processor_is_told_from_who_does_nothing(crowded: list[int]) -> None:
    assert grown(crowded[0]) > 0.5
    os.kill(crowded[0], signal.SIGSTOP)
    assert grown(crowded[0]) < 0.1
