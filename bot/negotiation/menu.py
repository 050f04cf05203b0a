"""Which forms to show next: the legal remedies, one in money, and what costs the shop least in all.

The money is fixed by `forms`; here only the choice among forms of equal worth is made, by the expected
total cost J = cost + lost goodwill + people's and turns' cost under the belief (negotiation.md section 2).
"""

from __future__ import annotations

import math
from collections.abc import Set

import numpy as np

from bot.negotiation.belief import Belief, likely_yes, prior, tastes
from bot.negotiation.forms import Drafts, Forms
from bot.negotiation.matter import MONEY, Matter
from bot.negotiation.option import Option
from bot.negotiation.terms import Terms
from bot.negotiation.worth import Vector

LIFTS = (0.0, 0.5, 1.0)
"""How far above the entitlement forms of a case may lie, as shares of terms.value.above."""
LEAST = 2
"""A menu has at least so many options where the case has them."""
KEPT_BEND = 2.5
RETURNED_MIDDLE, RETURNED_WIDTH = 0.9, 0.12
"""Satisfaction with the sum: concave where the goods are kept, an S-curve where they go back (Gelbrich 2015,
negotiation.md section 1); the constants are assumptions."""
SUM_COUNTS = 0.5
"""Weight of the sum in satisfaction (Orsingher 2010 gives the order; negotiation.md section 2)."""


def in_money(option: Option, forms: Forms) -> bool:
    """Whether an option gives the entitlement in money alone, so that nobody has to take a coupon for it."""
    if option.extras:
        return False
    return option.remedy in MONEY or (
        option.remedy == "return_refund" and option.worth >= forms.entitlement.least - 1e-9
    )


def planned(matter: Matter, terms: Terms) -> Planner:
    """The planner of a matter at the lifts of least expected total cost under the prior belief.

    A lift pays when it makes keeping the goods better for both than sending them back. It follows from
    the facts alone and holds for the whole negotiation, so that equal facts get equal money. First the
    lift of goods is chosen, then that of money.
    """
    drafts, start = Drafts(matter, terms), prior(terms)
    cost, planner = _at(drafts, terms, start, 0.0, 0.0)
    for kind in (0, 1):
        for share in LIFTS[1:]:
            lifts = (share, planner.lifts[1]) if kind == 0 else (planner.lifts[0], share)
            other_cost, other = _at(drafts, terms, start, *lifts)
            if other_cost < cost - 1e-9:
                cost, planner = other_cost, other
    return planner


def _at(drafts: Drafts, terms: Terms, start: Belief, goods: float, money: float) -> tuple[float, Planner]:
    """The planner at these lifts (shares of terms.value.above) and its first menu's expected cost."""
    forms = drafts.forms(goods * terms.value.above, money * terms.value.above)
    planner = Planner(drafts.matter, terms, forms, (goods, money))
    menu = planner.indices(start, frozenset(), None, terms.rounds - 1)
    return (planner.expected(menu, start, terms.rounds - 1) if menu else planner.no_deal), planner


class Planner:
    """Chooses menus of one matter. Holds only what follows from matter, terms and forms."""

    def __init__(self, matter: Matter, terms: Terms, forms: Forms, lifts: tuple[float, float] = (0.0, 0.0)) -> None:
        self.matter, self.terms, self.forms, self.lifts = matter, terms, forms, lifts
        value = max(1, matter.value_fen)
        self.utilities: Vector = tastes(terms, value) @ forms.features.T
        self.yes = likely_yes(self.utilities, matter.severity)
        stake = terms.stake
        goodwill = stake.goodwill * (stake.goodwill_fen + stake.goodwill_share * value)
        whole = np.clip(self.utilities / max(matter.severity, 0.05), 0.0, 1.0)
        concave = (1.0 - np.exp(-KEPT_BEND * whole)) / (1.0 - math.exp(-KEPT_BEND))
        curve = 1.0 / (1.0 + np.exp((RETURNED_MIDDLE - whole) / RETURNED_WIDTH))
        back = forms.features[:, 2] > 0
        content = np.where(back[None, :], curve, concave)
        shop = np.array([option.shop_fen for option in forms.options], dtype=np.float64)
        self.cost: Vector = shop[None, :] + 2.0 * SUM_COUNTS * goodwill * (1.0 - content)
        self.no_deal = forms.entitlement.worth * value + stake.person_fen + 0.5 * goodwill

    def expected(self, menu: list[int], belief: Belief, turns_left: int) -> float:
        """Expected total cost in fen when this menu is shown (indices into forms.options)."""
        return float(self.with_each(menu[:-1], menu[-1:], belief, turns_left)[0])

    def with_each(self, menu: list[int], others: list[int], belief: Belief, turns_left: int) -> Vector:
        """Expected total cost in fen of the menu with each one of the other options added."""
        utility, yes, cost = self.utilities[:, others], self.yes[:, :, others], self.cost[:, others]
        if menu:
            rows = np.arange(len(self.utilities))
            top = np.array(menu)[self.utilities[:, menu].argmax(axis=1)]
            better = utility > self.utilities[rows, top][:, None]
            yes = np.where(better[:, None, :], yes, self.yes[rows, :, top][:, :, None])
            cost = np.where(better, cost, self.cost[rows, top][:, None])
        no_deal = np.full_like(cost, self.no_deal)
        if turns_left:
            goes_on = np.minimum(cost, self.no_deal) + self.terms.stake.turn_fen
            no_deal = 0.5 * no_deal + 0.5 * goes_on
        both = yes * cost[:, None, :] + (1.0 - yes) * no_deal[:, None, :]
        summed: Vector = np.einsum("tf,tfn->n", belief.grid(), both)
        return summed

    def menu(
        self, belief: Belief, shown: Set[str], asked: Option | None, turns_left: int
    ) -> tuple[Option, ...]:
        """The next menu: the legal remedies that fit, the form asked for, one in money, then new forms.

        shown: ids already offered (they stand and need no repeating, unless nothing new is left).
        """
        chosen = [self.forms.options[i] for i in self.indices(belief, shown, asked, turns_left)]
        if asked and not asked.owed:
            chosen.insert(len([option for option in chosen if option.owed]), asked)
        return tuple(chosen)

    def indices(self, belief: Belief, shown: Set[str], asked: Option | None, turns_left: int) -> list[int]:
        """The same as indices into forms.options, without an unowed form asked for."""
        options = self.forms.options
        size = self.terms.menu
        asked_id = asked.id if asked else None
        legal = self._legal(belief, asked_id)
        others = [
            i for i, option in enumerate(options)
            if i not in legal and option.id != asked_id and (not option.owed or option.extras)
        ]
        unseen = [i for i in others if options[i].id not in shown]
        fresh = unseen or others
        room = size - (1 if asked and not asked.owed else 0)
        keep = max(1, room - 1 if shown and unseen else room)
        menu = legal[:keep]
        if not any(self._in_money(i) for i in menu):
            menu += [i for i in fresh if self._in_money(i)][: room - len(menu)]
        cost = self.expected(menu, belief, turns_left) if menu else math.inf
        while len(menu) < room:
            rest = [i for i in fresh if i not in menu]
            if not rest:
                break
            costs = self.with_each(menu, rest, belief, turns_left)
            best = int(costs.argmin())
            new = not shown or not unseen or any(i in unseen for i in menu)
            if len(menu) >= LEAST and costs[best] >= cost and new:
                break
            menu.append(rest[best])
            cost = float(costs[best])
        return menu

    def _legal(self, belief: Belief, asked_id: str | None) -> list[int]:
        """One form of every owed remedy: the one asked for, or the one of least expected cost that is worth
        most; the remedy asked for first, then money before goods."""
        owed = [i for i, option in enumerate(self.forms.options) if option.owed]
        best: dict[str, tuple[bool, bool, float, int]] = {}
        for i, cost in zip(owed, self.with_each([], owed, belief, 1), strict=True):
            option = self.forms.options[i]
            short = option.worth < self.forms.entitlement.least - 1e-9
            rank = (option.id != asked_id, short, float(cost), i)
            if option.remedy not in best or rank < best[option.remedy]:
                best[option.remedy] = rank
        ranked = sorted(best.values(), key=lambda rank: (rank[0], -self.forms.options[rank[3]].fen, rank[3]))
        return [rank[3] for rank in ranked]

    def unseen(self, shown: Set[str]) -> bool:
        """Whether any form has not been offered yet."""
        return any(option.id not in shown for option in self.forms.options)

    def _in_money(self, index: int) -> bool:
        return in_money(self.forms.options[index], self.forms)

    def expected_spend(self, menu: tuple[Option, ...], belief: Belief) -> int:
        """Cost to the shop in fen of the form on the menu that each taste likes best, in the mean of the belief."""
        ids = {option.id for option in menu}
        columns = [i for i, option in enumerate(self.forms.options) if option.id in ids]
        if not columns:
            return 0
        liked = np.array(columns)[self.utilities[:, columns].argmax(axis=1)]
        shop = np.array([option.shop_fen for option in self.forms.options], dtype=np.float64)
        return round(float(belief.grid().sum(axis=1) @ shop[liked]))

    def best_utilities(self, menu: tuple[Option, ...]) -> Vector:
        """The highest utility on a menu for each preference."""
        ids = {option.id for option in menu}
        columns = [i for i, option in enumerate(self.forms.options) if option.id in ids]
        if not columns:
            return np.zeros(self.utilities.shape[0])
        return np.asarray(self.utilities[:, columns].max(axis=1))
