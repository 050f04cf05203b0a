"""A person at the simulator's table: fair play scores best, the law and the cap bound every score."""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

from bot.negotiation.simulation.practice import ABOVE_CAP, UNLAWFUL, Known, Move, Practice, practise
from bot.negotiation.terms import read_terms

TERMS = read_terms({})
CLAIMS = range(60)
Way = Callable[[int, Known], Move]


def fair(turn: int, known: Known) -> Move:
    if turn == 0 and known.evidence == "none":
        return Move("evidence")
    loss = Move("offer", "refund_part", max(1, round(known.severity * known.value_fen)))
    forms = [*(Move("offer", remedy, fen) for remedy, fen in known.owed), loss]
    return forms[min(turn, len(forms) - 1)]


def give_all(turn: int, known: Known) -> Move:
    return Move("offer", "refund_part", known.value_fen)


def give_nothing(turn: int, known: Known) -> Move:
    return Move("end")


def played(number: int, way: Way) -> Practice:
    moves: tuple[Move, ...] = ()
    while (now := practise(number, moves, TERMS)).score is None:
        moves += (way(len(moves), now.known) if len(moves) < 12 else Move("end"),)
    return now


def test_fair_play_scores_better_than_giving_all_and_giving_nothing() -> None:
    points = {way.__name__: mean(score.points for one in CLAIMS if (score := played(one, way).score)) for way in (fair, give_all, give_nothing)}
    assert points["fair"] > points["give_all"] + 15
    assert points["fair"] > points["give_nothing"] + 15


def test_no_score_is_high_where_the_law_or_the_cap_was_missed() -> None:
    scores = [score for way in (give_all, give_nothing) for one in CLAIMS if (score := played(one, way).score)]
    assert any(not score.lawful for score in scores) and any(score.above_cap for score in scores)
    assert all(score.points <= UNLAWFUL for score in scores if not score.lawful)
    assert all(score.points <= ABOVE_CAP for score in scores if score.above_cap)
