"""The bot never talks over a person: random orders of messages, claims, replies, late bot answers and faults."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
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
def fresh(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Makes a new database with customers 1 … TOGETHER and turns to it. In memory where the machine has such a place."""
    shared = Path("/dev/shm")
    place = shared / f"heqi-{random.randrange(10**9)}" if shared.is_dir() else tmp_path_factory.mktemp("owner")
    place.mkdir(exist_ok=True)
    full = place / "full.db"
    full.write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("HEQI_VAR", str(place))
    monkeypatch.setenv("HEQI_NOW", NOW.isoformat())
    monkeypatch.setenv("HEQI_DATABASE_URL", f"sqlite:///{full}")
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
    engine(f"sqlite:///{full}").dispose()
    content = full.read_bytes()
    made: list[Path] = [full]

    def turn_to_new() -> None:
        engine(f"sqlite:///{made[-1]}").dispose()
        for old in place.glob(f"{made[-1].name}*"):
            old.unlink()
        made.append(place / f"{len(made)}.db")
        made[-1].write_bytes(content)
        monkeypatch.setenv("HEQI_DATABASE_URL", f"sqlite:///{made[-1]}")

    yield turn_to_new
    engine(f"sqlite:///{made[-1]}").dispose()
    for path in sorted(place.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    place.rmdir()


@pytest.mark.timeout(3600)
def test_the_bot_never_talks_over_a_person(fresh: object) -> None:
    met: Counter[str] = Counter()
    for index in range(INTERLEAVINGS):
        if index % TOGETHER == 0:
            fresh()  # type: ignore[operator]
        one = Interleaving(index % TOGETHER + 1, random.Random(index))
        for _ in range(STEPS):
            broken = one.step()
            assert broken is None, f"interleaving {index}: {broken} after {' → '.join(one.done)}"
        seen = one.now
        met[seen.owner] += 1
        met["paid"] += seen.paid > 0
        met["late"] += any(waiting.burst.fence < seen.fence for waiting in one.begun)
    # The attack met what it is about: every owner, late answers, money.
    assert all(met[what] > INTERLEAVINGS // 100 for what in ("bot", "queue", "agent", "late", "paid")), met
    print(f"{INTERLEAVINGS} interleavings of {STEPS} steps, ended with {dict(met)}")
