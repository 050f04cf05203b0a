"""A product of its own with the complaints' orders in its shop, and both sides of every complaint."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from bot import clock
from bot.aftersales.policy import Policy
from bot.cases import policy
from bot.load.product import Product
from bot.negotiation.negotiation import Negotiation
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.terms import Terms, read_terms
from bot.spoken.compare import Lost, Pair, lost, over_http, with_engine
from bot.spoken.complaint import Complaint, complaints
from bot.spoken.talk import Ended
from bot.store import migration, snapshot
from bot.store.database import engine, session


def run(count: int, seed: int, tick: Callable[[], object] = lambda: None) -> tuple[Lost, list[Pair]]:
    """Plays `count` complaints both ways; tick is called after each conversation.

    Rasa, action server and web run on free ports over a database in a temporary folder. Raises RuntimeError
    where one of them does not become ready.
    """
    given, at = Assumptions(), clock.now()
    told = complaints(count, seed, given)
    in_force = policy.of_file()  # as the product's, whose database is new
    terms = read_terms(in_force.negotiation)
    with tempfile.TemporaryDirectory(prefix="heqi-spoken-") as folder:
        url = f"sqlite:///{Path(folder) / 'heqi.db'}"
        alone = by_engine(told, url, in_force, terms, given, at)
        product = Product(url, Path(folder))
        try:
            product.start()
            spoken = asyncio.run(over_http(product.port, told, terms, given, url, tick))
        finally:
            product.stop()
            engine(url).dispose()
    pairs = [
        Pair(complaint, ended, negotiation, None, heard) if isinstance(heard, str)
        else Pair(complaint, ended, negotiation, heard)
        for complaint, (ended, negotiation), heard in zip(told, alone, spoken, strict=True)
    ]
    return lost(pairs, terms, given), pairs


def by_engine(
    told: Sequence[Complaint], url: str, in_force: Policy, terms: Terms, given: Assumptions, at: datetime
) -> list[tuple[Ended, Negotiation]]:
    """Puts the complaints' orders into the empty database at `url` and has rules and engine alone settle each."""
    migration.upgrade(url)
    with session(url) as opened:
        for complaint in told:
            snapshot.merge(opened, snapshot.read(msgspec.json.encode(complaint.snapshot(at))), at)
    with session(url, read_only=True) as opened:
        return [with_engine(opened, complaint, in_force, terms, given, at) for complaint in told]
