"""How a starved process is told from one that hangs, and where a process logs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

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


@pytest.mark.parametrize("to_output", [True, False])
def test_what_a_process_says_goes_where_it_was_asked_for(to_output: bool, tmp_path: Path) -> None:
    starter = f"""
import sys
from pathlib import Path
from bot.processes import Running, Service
says = (sys.executable, "-c", "print('say', 'it')")
Running(Service("x", says, "", ""), {'None' if to_output else f'Path({str(tmp_path)!r})'}).process.wait()
"""
    heard = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True).stdout
    assert ("say it" in heard) == to_output
    assert [path.name for path in tmp_path.iterdir()] == ([] if to_output else ["x.log"])
