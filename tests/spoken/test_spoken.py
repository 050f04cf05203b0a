"""Simulated customers who speak: the same every time, and compared side by side with the engine alone."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from bot.aftersales.policy import Policy
from bot.command.bench_negotiation import lost_tables
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.terms import read_terms
from bot.spoken.compare import Pair, lost
from bot.spoken.complaint import Complaint, complaints, phrases
from bot.spoken.mind import parts_of
from bot.spoken.run import by_engine

GIVEN, TERMS, POLICY = Assumptions(), read_terms(), Policy()
NOW = datetime.fromisoformat("2026-11-25T10:00:00+08:00")
TOLD = complaints(40, 3, GIVEN)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    """Forty complaints as the engine settles them, their spoken side the same."""
    url = f"sqlite:///{tmp_path_factory.mktemp('spoken') / 'heqi.db'}"
    played = zip(TOLD, by_engine(TOLD, url, POLICY, TERMS, GIVEN, NOW), strict=True)

    def as_meant(told: Complaint) -> tuple[str, tuple[str, ...]]:
        return told.wish, (told.kind.issue,)

    return [
        Pair(told, ended, negotiation, msgspec.structs.replace(ended, opened=as_meant(told), heard=(("reject", "reject"),)))
        for told, (ended, negotiation) in played
    ]


def test_the_same_seed_gives_the_same_complaints_of_every_kind() -> None:
    assert complaints(10, 3, GIVEN) == TOLD[:10]
    assert {told.kind.issue for told in TOLD} == {kind.issue for kind in phrases().kinds.values()}


def test_the_engine_ends_every_complaint_and_the_words_lose_nothing_where_they_are_understood(pairs: list[Pair]) -> None:
    found = lost(pairs, TERMS, GIVEN)
    assert found.alone == found.spoken
    assert (found.opened, found.menus, found.ends, found.options, found.acts_right) == (1.0, 1.0, 1.0, 1.0, 1.0)
    assert found.alone.settled > 0.5


def test_what_is_misheard_fails_or_ends_otherwise_is_counted(pairs: list[Pair]) -> None:
    first, second, *rest = (pair for pair in pairs if pair.alone.end == "bot")
    assert first.spoken is not None
    other = msgspec.structs.replace(first.spoken, end="person", option=None, opened=None, heard=(("counter coupon 500", "reject"),))
    found = lost([first._replace(spoken=other), second._replace(spoken=None, fault="HTTP 500"), *rest], TERMS, GIVEN)
    assert found.failed == {"HTTP 500": 1}
    assert found.misheard == (("counter coupon → reject", 1),)
    assert max(found.opened, found.ends, found.acts_right) < 1.0
    assert found.spoken.settled < found.alone.settled
    assert "1 × counter coupon → reject" in lost_tables(found)


def test_an_option_s_parts_are_read_from_its_id() -> None:
    assert parts_of("exchange-0+refund_part-1650+freight-900") == [("exchange", 0), ("refund_part", 1650), ("freight", 900)]
