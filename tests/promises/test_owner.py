"""The bot never talks over a person: random orders of messages, claims, replies, late bot answers and faults."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from bot.store import models, snapshot
from bot.store.database import engine, session
from tests.dialogues.shop import NOW, snapshot_of
from tests.promises.interleaving import AGENTS, SUPERVISOR, Interleaving
from tests.promises.scale import scaled
from tests.web.conftest import DROPPED

INTERLEAVINGS = scaled(120, 10_000)
STEPS = 12
TOGETHER = 150
"""Conversations in one database; then a fresh one."""


@pytest.fixture
def full(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database with customers 1 … TOGETHER and the desk's people. In memory where the machine has such a place."""
    place = Path(tempfile.mkdtemp(prefix="heqi-", dir="/dev/shm" if Path("/dev/shm").is_dir() else tmp_path))
    made = shutil.copy(sqlite_template, place / "full.db")
    monkeypatch.setenv("HEQI_NOW", NOW.isoformat())
    monkeypatch.setenv("HEQI_DATABASE_URL", f"sqlite:///{made}")
    whole: dict[str, list[object]] = {"skus": [], "prices": [], "customers": [], "orders": []}
    for number in range(1, TOGETHER + 1):
        for name, records in snapshot_of(number, [DROPPED]).items():
            if name != "shop":
                whole[name] += records
    with session() as db:
        snapshot.merge(db, snapshot.read(json.dumps(whole)), NOW)
        for name in AGENTS:
            db.add(models.Agent(name=name, role="agent", password_hash="x"))
        db.add(models.Agent(name=SUPERVISOR, role="supervisor", password_hash="x"))
    engine().dispose()
    yield made
    shutil.rmtree(place)


def attack(full: Path, first: int) -> Counter[str]:
    """TOGETHER interleavings from `first` on in a copy of `full`, in a process of its own; returns how often what was met."""
    place = full.with_name(str(first))
    place.mkdir()
    os.environ["HEQI_VAR"] = str(place)
    os.environ["HEQI_DATABASE_URL"] = f"sqlite:///{shutil.copy(full, place / 'heqi.db')}"
    met: Counter[str] = Counter()
    for index in range(first, min(first + TOGETHER, INTERLEAVINGS)):
        one = Interleaving(index - first + 1, random.Random(index))
        try:
            broken = next(filter(None, (one.step() for _ in range(STEPS))), None)
        except Exception as fault:
            # Not every exception comes through to another process; its text does.
            raise AssertionError(f"interleaving {index}: {fault!r} after {' → '.join(one.done)}") from fault
        assert broken is None, f"interleaving {index}: {broken} after {' → '.join(one.done)}"
        seen = one.now
        met[seen.owner] += 1
        met["paid"] += seen.paid > 0
        met["late"] += any(waiting.burst.fence < seen.fence for waiting in one.begun)
    engine().dispose()
    shutil.rmtree(place)
    return met


@pytest.mark.timeout(3600)
def test_the_bot_never_talks_over_a_person(full: Path) -> None:
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as workers:
        met = sum(workers.map(partial(attack, full), range(0, INTERLEAVINGS, TOGETHER)), Counter())
    # The attack met what it is about: every owner, late answers, money.
    assert all(met[what] > INTERLEAVINGS // 100 for what in ("bot", "queue", "agent", "late", "paid")), met
    print(f"{INTERLEAVINGS} interleavings of {STEPS} steps, ended with {dict(met)}")
