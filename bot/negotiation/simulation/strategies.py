"""The product's strategy and the baselines of negotiation.md section 2, as sessions to be played."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bot.negotiation.act import Act
from bot.negotiation.negotiation import Negotiation, Offer
from bot.negotiation.simulation.deck import Deck, Ground
from bot.negotiation.simulation.play import Session
from bot.negotiation.worth import Vector

TURNS_PLANNED = 6
"""Turns over which a time-dependent strategy plans to concede."""


class Base:
    """A session over the grid of bundles."""

    asks_proof = False
    stands = False

    def __init__(self, ground: Ground) -> None:
        self.ground, self.turn = ground, 0
        self.deck = ground.grid
        self.legal: list[int] = list(map(int, np.flatnonzero(self.deck.owed)))

    def show(self) -> tuple[Deck, list[int]] | None:
        rows = self.rows(self.turn)
        self.turn += 1
        return self.deck, rows

    def rows(self, turn: int) -> list[int]:
        raise NotImplementedError

    def rejected(self, act: Act) -> tuple[Deck, int] | None:
        """Takes a demand in money that costs no more than its own next offer (AC_next, Baarslag)."""
        if act.remedy != "refund_part" or act.fen is None:
            return None
        coming = self.rows(self.turn)
        if not coming or act.fen > self.deck.shop[coming[-1]]:
            return None
        return self.cash(act.fen), 0

    def proven(self) -> None:
        raise NotImplementedError

    def cash(self, fen: float) -> Deck:
        """A deck of one row: so much money, goods kept."""
        row = np.zeros((1, 7))
        row[0, 0] = fen / self.ground.claim.value_fen
        row[0, 6] = self.ground.terms.days["refund_part"]
        one = np.array([float(fen)])
        return Deck(row, one, one, np.array([False]), self.ground.taste)

    def nearest(self, worth: float, within: NDArray[np.bool_] | None = None) -> int:
        """The row in money alone that is worth nearest."""
        money = (self.deck.features[:, [1, 2, 4, 5]] == 0).all(axis=1) & (self.deck.features[:, 0] > 0)
        rows = np.flatnonzero(money if within is None else money & within)
        return int(rows[np.abs(self.deck.worth[rows] - worth).argmin()])


class Full(Base):
    """Always everything back, goods kept."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.all = self.cash(ground.claim.value_fen)

    def show(self) -> tuple[Deck, list[int]] | None:
        return self.all, [0]

    def rejected(self, act: Act) -> None:
        return None


class Refuse(Base):
    """Nothing but an apology."""

    def rows(self, turn: int) -> list[int]:
        return []

    def rejected(self, act: Act) -> None:
        return None


class Ladder(Base):
    """Coupon, 10 %, 30 %, 50 %, everything: one rung more for each rejection."""

    shares = (0.1, 0.3, 0.5, 1.0)

    def rows(self, turn: int) -> list[int]:
        if turn == 0:
            plain = (self.deck.features[:, 4] == COUPON_RUNG) & (self.deck.features.sum(axis=1) == COUPON_RUNG)
            return [int(np.flatnonzero(plain)[0])]
        return [self.nearest(self.shares[min(turn, len(self.shares)) - 1])]


COUPON_RUNG = 0.1


class FairLadder(Ladder):
    """The ladder cut to [floor, cap], the legal remedy shown."""

    def rows(self, turn: int) -> list[int]:
        right = self.ground.forms.entitlement
        rung = super().rows(turn)[0]
        worth = float(np.clip(self.deck.worth[rung], right.floor, right.worth + 0.10))
        return [*self.legal, self.nearest(worth, self.deck.cost <= self.ground.matter.cap_fen)]


class TimeDependent(Base):
    """Concedes cost with time, α(t) = (t/T)^(1/β) (Faratin 1998); offers the bundle of most worth for it."""

    def __init__(self, ground: Ground, beta: float) -> None:
        super().__init__(ground)
        self.beta = beta

    def rows(self, turn: int) -> list[int]:
        share = (min(turn + 1, TURNS_PLANNED) / TURNS_PLANNED) ** (1.0 / self.beta)
        most = share * self.ground.claim.value_fen
        affordable = np.flatnonzero(self.deck.shop <= most)
        return [int(affordable[self.deck.worth[affordable].argmax()])] if len(affordable) else []


class Posted(Base):
    """Posts the entitlement in money beside the legal remedy and does not negotiate."""

    def rows(self, turn: int) -> list[int]:
        forms = self.ground.forms
        alone = [i for i, o in enumerate(forms.options) if not o.owed and o.remedy == "refund_part" and not o.extras]
        self.deck = self.ground.fair
        legal = list(map(int, np.flatnonzero(self.deck.owed)))
        return legal + alone[:1] if legal or alone else list(range(min(1, len(forms.options))))

    def rejected(self, act: Act) -> None:
        return None


class CostMin(Base):
    """Bayes-MESO that only minimises expected total cost: up to three bundles worth at most E + .10,
    whatever the law says; belief over random customers of a deliberately wrong prior."""

    particles = 48

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        rng = np.random.default_rng(7)
        n, value = self.particles, ground.claim.value_fen
        hassle = ground.taste.hassle
        tastes = np.stack([
            np.ones(n), rng.uniform(0.7, 1.1, n), -rng.uniform(0.6, 1.0, n), -hassle * rng.uniform(0.5, 2.0, n),
            rng.uniform(0.1, 0.8, n), rng.uniform(0.2, 0.7, n), -ground.taste.delay * rng.uniform(0.5, 3.0, n),
        ])
        loss = ground.matter.severity
        self.weights = np.full(n, 1.0 / n)
        self.least, self.hoped = loss * rng.uniform(0.1, 0.9, n), loss * rng.uniform(1.0, 1.3, n)
        self.usable = np.flatnonzero(
            (self.deck.worth <= ground.forms.entitlement.worth + 0.10)
            & (self.deck.cost <= ground.matter.cap_fen) & ~self.deck.owed
        )
        self.utilities: Vector = (self.deck.features[self.usable] @ tastes).T
        lifetime = ground.given.goodwill * 0.5 * (100 * ground.given.goodwill_yuan + ground.given.goodwill_share * value)
        whole = np.clip(self.utilities / max(loss, 0.05), 0.0, 1.0)
        self.costs = self.deck.shop[self.usable][None, :] + 0.5 * lifetime * (1.0 - whole)
        worth = ground.forms.entitlement.worth
        self.exit = 0.5 * (worth * value + 1200) + 0.7 * lifetime

    def chances(self, turn: int) -> Vector:
        wanted = self.least + (self.hoped - self.least) * max(0.0, 1.0 - turn / 5.0)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip((self.utilities - wanted[:, None]) / 0.05, -40, 40))))

    def rows(self, turn: int) -> list[int]:
        if not len(self.usable):
            return []
        yes = self.chances(turn)
        later = self.costs.min(axis=1)
        on = 0.25 * self.exit + 0.75 * later * 1.15 + 30
        menu: list[int] = []
        best_utility = np.full(len(self.weights), -np.inf)
        best_yes, best_cost = np.zeros(len(self.weights)), np.zeros(len(self.weights))
        best = np.inf
        for _ in range(3):
            better = self.utilities > best_utility[:, None]
            p = np.where(better, yes, best_yes[:, None])
            cost = np.where(better, self.costs, best_cost[:, None])
            expected = self.weights @ (p * cost + (1.0 - p) * on[:, None])
            pick = int(expected.argmin())
            if expected[pick] >= best - 1e-9:
                break
            best = float(expected[pick])
            menu.append(pick)
            wins = better[:, pick]
            best_utility = np.where(wins, self.utilities[:, pick], best_utility)
            best_yes, best_cost = np.where(wins, yes[:, pick], best_yes), np.where(wins, self.costs[:, pick], best_cost)
        self.last = best_yes
        return [int(self.usable[i]) for i in menu]

    def rejected(self, act: Act) -> tuple[Deck, int] | None:
        if len(self.usable):
            self.weights = self.weights * (1.0 - self.last + 1e-6)
            self.weights /= self.weights.sum()
        if act.remedy == "refund_part" and act.fen is not None and len(self.usable):
            planned = self.rows(self.turn)
            if planned and act.fen <= min(self.deck.shop[row] for row in planned):
                return self.cash(act.fen), 0
        return None


class Fair:
    """The product: bot.negotiation itself, through its own acts."""

    def __init__(self, ground: Ground, asks_proof: bool, stands: bool, clock: list[float] | None = None) -> None:
        self.ground, self.clock = ground, clock
        self.asks_proof, self.stands = asks_proof, stands
        self.negotiation = self._timed(lambda: Negotiation.over(ground.matter, ground.terms, ground.claim.customer.opening))

    def _timed(self, step: Callable[[], Negotiation]) -> Negotiation:
        start = time.process_time()
        made = step()
        if self.clock is not None:
            self.clock.append(time.process_time() - start)
        return made

    def show(self) -> tuple[Deck, list[int]] | None:
        move = self.negotiation.move()
        if not isinstance(move, Offer):
            return None
        return self.ground.deck_of(move.options), list(range(len(move.options)))

    def rejected(self, act: Act) -> None:
        self.negotiation = self._timed(lambda: self.negotiation.answer(act))

    def proven(self) -> None:
        self.ground = self.ground.proven
        self.negotiation = self._timed(lambda: self.negotiation.with_facts(self.ground.matter))


Make = Callable[[Ground], Session]

BASELINES: dict[str, Make] = {
    "always full refund": Full,
    "always refuse": Refuse,
    "fixed ladder": Ladder,
    "ladder in [floor, cap]": FairLadder,
    "Boulware": lambda ground: TimeDependent(ground, 0.2),
    "linear": lambda ground: TimeDependent(ground, 1.0),
    "conceder": lambda ground: TimeDependent(ground, 2.0),
    "posted entitlement": Posted,
    "Bayes, profit only": CostMin,
}
