"""Does being loud or holding out pay? Measured on honest claims, with equal facts (negotiation.md section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bot.negotiation.act import Act
from bot.negotiation.simulation.claim import Claim, twin
from bot.negotiation.simulation.deck import Ground
from bot.negotiation.simulation.play import Session, play, reservation
from bot.negotiation.simulation.strategies import Make

LONGEST = 6
"""Menus that somebody who holds out waits for at the most."""


class Equality(NamedTuple):
    """loud_minus_meek: neutral worth, both twins settled by the bot; held_out: utility gained by refusing.

    pairs: twins compared; loud, meek: mean neutral worth in the end, whoever gave it.
    """

    loud_minus_meek: float
    held_out: float
    pairs: int
    loud: float
    meek: float


def twins_of(ground: Ground, seed: int) -> tuple[Ground, Ground]:
    """The loud and the meek customer of one claim: same facts, tastes and luck."""

    def with_temper(claim: Claim) -> Ground:
        return Ground(claim, ground.terms, ground.given)

    given = ground.given
    return with_temper(twin(ground.claim, given.loud, seed)), with_temper(twin(ground.claim, given.meek, seed))


def _best_so_far(ground: Ground, session: Session, act: Act) -> Iterator[float]:
    """The highest utility that could be taken after each menu, the customer answering every one with `act`."""
    claim, given, best, here = ground.claim, ground.given, 0.0, ground
    proved = False
    for _ in range(LONGEST):
        shown = session.show()
        if shown is None:
            return
        deck, rows = shown
        now = max(map(float, deck.to(claim, given)[rows]), default=0.0)
        best = max(best, now) if session.stands else now
        if session.asks_proof and here.matter.needs and claim.customer.can_prove and not proved:
            proved, here = True, here.proven
            session.proven()
            continue
        yield best
        taken = session.rejected(act)
        if taken:
            deck, row = taken
            yield float(deck.to(claim, given)[row])
            return


def gain_of_holding_out(ground: Ground, make: Make) -> float:
    """max over k of U(refuse k menus, demanding everything, then take the best) − U(take the first worth r),
    as a share of the price. What a person gives after a hand-over is not the strategy's and not counted."""
    everything = Act("counter", remedy="refund_part", fen=ground.claim.value_fen)
    least = reservation(ground.claim.customer, ground.given)
    refusing = list(_best_so_far(ground, make(ground), everything))
    plain = list(_best_so_far(ground, make(ground), Act("reject")))
    if not plain:
        return 0.0
    taken = next((utility for utility in plain if utility >= least), plain[-1])
    return max(0.0, max(refusing, default=taken) - taken)


def equality(grounds: list[Ground], make: Make, seed: int) -> Equality:
    """Measured over the honest claims among these grounds."""
    differences, gains, loud_worth, meek_worth = [], [], [], []
    for ground in grounds:
        if ground.claim.customer.malicious:
            continue
        loud, meek = twins_of(ground, seed)
        of_loud, of_meek = play(loud, make(loud)), play(meek, make(meek))
        loud_worth.append(of_loud.worth)
        meek_worth.append(of_meek.worth)
        if of_loud.end == of_meek.end == "bot":
            differences.append(of_loud.worth - of_meek.worth)
        gains.append(gain_of_holding_out(ground, make))
    return Equality(
        float(np.mean(differences)) if differences else 0.0,
        float(np.mean(gains)) if gains else 0.0,
        len(differences),
        float(np.mean(loud_worth)) if loud_worth else 0.0,
        float(np.mean(meek_worth)) if meek_worth else 0.0,
    )
