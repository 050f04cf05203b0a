"""Does being loud or holding out pay? Measured on honest claims, with equal facts (negotiation.md section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.negotiation.act import Act
from bot.negotiation.simulation.claim import twin
from bot.negotiation.simulation.deck import Ground
from bot.negotiation.simulation.play import Session, play, reservation
from bot.negotiation.simulation.strategies import Make

LONGEST = 6
"""Menus that somebody who holds out waits for at the most."""


class Twins(NamedTuple):
    """One honest claim played loud and meek: neutral worth in the end, whether the bot settled both, and the
    utility that refusing would have gained. worths: best neutral worth on each menu of somebody who refuses."""

    loud: float
    meek: float
    both_by_bot: bool
    held_out: float
    worths: tuple[float, ...]


def twins_of(ground: Ground, seed: int) -> tuple[Ground, Ground]:
    """The loud and the meek customer of one claim: same facts, tastes and luck."""
    claim, given = ground.claim, ground.given
    return ground.of_twin(twin(claim, given.loud, seed)), ground.of_twin(twin(claim, given.meek, seed))


def _best_so_far(ground: Ground, session: Session, act: Act) -> Iterator[tuple[float, float]]:
    """The highest utility that could be taken after each menu and the highest worth on it, the customer
    answering every one with `act`."""
    claim, given, best, here = ground.claim, ground.given, 0.0, ground
    proved = False
    for _ in range(LONGEST):
        shown = session.show()
        if shown is None:
            return
        deck, rows = shown
        now = max(map(float, deck.to(claim, given)[rows]), default=0.0)
        best = max(best, now) if session.stands else now
        worth = max(map(float, deck.worth[rows]), default=0.0)
        if session.asks_proof and here.matter.needs and claim.customer.can_prove and not proved:
            proved, here = True, here.proven
            session.proven()
            continue
        yield best, worth
        taken = session.rejected(act)
        if taken:
            deck, row = taken
            yield float(deck.to(claim, given)[row]), float(deck.worth[row])
            return


def holding_out(ground: Ground, make: Make) -> tuple[float, tuple[float, ...]]:
    """max over k of U(refuse k menus, demanding everything, then take the best) − U(take the first worth r),
    as a share of the price; and the worth on each menu refused. What a person gives after a hand-over is not
    the strategy's and not counted."""
    everything = Act("counter", remedy="refund_part", fen=ground.claim.value_fen)
    least = reservation(ground.claim.customer, ground.given)
    refusing = list(_best_so_far(ground, make(ground), everything))
    plain = list(_best_so_far(ground, make(ground), Act("reject")))
    worths = tuple(worth for _, worth in refusing)
    if not plain:
        return 0.0, worths
    taken = next((utility for utility, _ in plain if utility >= least), plain[-1][0])
    return max(0.0, max((utility for utility, _ in refusing), default=taken) - taken), worths


def twins(ground: Ground, make: Make, seed: int) -> Twins:
    """Plays an honest claim's loud and meek twin, and somebody who holds out."""
    loud, meek = twins_of(ground, seed)
    of_loud, of_meek = play(loud, make(loud)), play(meek, make(meek))
    gain, worths = holding_out(ground, make)
    return Twins(of_loud.worth, of_meek.worth, of_loud.end == of_meek.end == "bot", gain, worths)
