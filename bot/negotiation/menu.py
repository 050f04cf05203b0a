"""Which forms to show next: the legal remedies, one in money, and what costs the shop least in all.

The money is fixed by `forms`; here only the choice among forms of equal worth is made, by the expected
total cost J = cost + lost goodwill + people's and turns' cost under the belief (negotiation.md section 2).
"""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from bot.negotiation.belief import Belief, likely_yes, prior, tastes
from bot.negotiation.forms import Forms, forms_of
from bot.negotiation.matter import MONEY, Matter
from bot.negotiation.option import Option
from bot.negotiation.terms import Terms
from bot.negotiation.worth import Vector

LIFTS = (0.0, 0.5, 1.0)
"""How far above the entitlement all forms of a case may lie, as shares of terms.value.above."""
LEAST = 2
"""A menu has at least so many options where the case has them."""


def in_money(option: Option, forms: Forms) -> bool:
    """Whether an option gives the entitlement in money alone, so that nobody has to take a coupon for it."""
    if option.extras:
        return False
    return option.remedy in MONEY or (
        option.remedy == "return_refund" and option.worth >= forms.entitlement.least - 1e-9
    )


def planned(matter: Matter, terms: Terms) -> Planner:
    """The planner of a matter at the lift of least expected total cost under the prior belief.

    A lift pays when it makes keeping the goods better for both than sending them back. It follows from
    the facts alone and holds for the whole negotiation, so that equal facts get equal money.
    """
    start = prior(terms)
    best: tuple[float, Planner] | None = None
    for share in LIFTS:
        planner = Planner(matter, terms, forms_of(matter, terms, share * terms.value.above))
        ids = {option.id for option in planner.menu(start, frozenset(), None, terms.rounds - 1)}
        menu = [i for i, option in enumerate(planner.forms.options) if option.id in ids]
        cost = planner.expected(menu, start, terms.rounds - 1) if menu else planner.no_deal
        if best is None or cost < best[0] - 1e-9:
            best = (cost, planner)
    assert best is not None
    return best[1]


class Planner:
    """Chooses menus of one matter. Holds only what follows from matter, terms and forms."""

    def __init__(self, matter: Matter, terms: Terms, forms: Forms) -> None:
        self.matter, self.terms, self.forms = matter, terms, forms
        value = max(1, matter.value_fen)
        self.utilities: Vector = tastes(terms, value) @ forms.features.T
        self.yes = likely_yes(self.utilities, matter.severity)
        stake = terms.stake
        goodwill = stake.goodwill * (stake.goodwill_fen + stake.goodwill_share * value)
        made_whole = np.clip(self.utilities / max(matter.severity, 0.05), 0.0, 1.0)
        shop = np.array([option.shop_fen for option in forms.options], dtype=np.float64)
        self.cost = shop[None, :] + 0.5 * goodwill * (1.0 - made_whole)
        self.no_deal = forms.entitlement.worth * value + stake.person_fen + 0.5 * goodwill
        self.grid = self.yes.shape[0] // self.utilities.shape[0] if forms.options else 1

    def expected(self, menu: list[int], belief: Belief, turns_left: int) -> float:
        """Expected total cost in fen when this menu is shown (indices into forms.options)."""
        utilities = self.utilities[:, menu]
        pick = utilities.argmax(axis=1)
        rows = np.arange(len(pick))
        chosen = np.repeat(self.cost[:, menu][rows, pick], self.grid)
        yes = self.yes[:, menu].max(axis=1)
        goes_on = min(chosen.mean(), self.no_deal) + self.terms.stake.turn_fen
        no_deal = self.no_deal if turns_left == 0 else 0.5 * self.no_deal + 0.5 * goes_on
        return float(np.dot(belief.weights, yes * chosen + (1.0 - yes) * no_deal))

    def menu(
        self, belief: Belief, shown: Set[str], asked: Option | None, turns_left: int
    ) -> tuple[Option, ...]:
        """The next menu: the legal remedies that fit, the form asked for, one in money, then new forms.

        shown: ids already offered (they stand and need no repeating, unless nothing new is left).
        """
        options = self.forms.options
        size = self.terms.menu
        asked_id = asked.id if asked else None
        legal = self._legal(belief, asked_id)
        fresh = [
            i for i, option in enumerate(options)
            if not option.owed and option.id not in shown and option.id != asked_id
        ] or [i for i, option in enumerate(options) if not option.owed and option.id != asked_id]
        room = size - (1 if asked and not asked.owed else 0)
        keep = max(1, room - 1 if shown and fresh else room)
        menu = legal[:keep]
        if not any(self._in_money(i) for i in menu):
            menu += [i for i in fresh if self._in_money(i)][: room - len(menu)]
        while len(menu) < room:
            rest = [i for i in fresh if i not in menu]
            if not rest:
                break
            pick = min(rest, key=lambda i: (self.expected([*menu, i], belief, turns_left), i))
            if len(menu) >= LEAST and self.expected([*menu, pick], belief, turns_left) >= self.expected(
                menu, belief, turns_left
            ):
                break
            menu.append(pick)
        chosen = [options[i] for i in menu]
        if asked and not asked.owed:
            chosen.insert(len([option for option in chosen if option.owed]), asked)
        return tuple(chosen)

    def _legal(self, belief: Belief, asked_id: str | None) -> list[int]:
        """One form of every owed remedy: the one asked for, or the one of least expected cost that is worth
        most; the remedy asked for first, then money before goods."""
        best: dict[str, tuple[bool, bool, float, int]] = {}
        for i, option in enumerate(self.forms.options):
            if option.owed:
                short = option.worth < self.forms.entitlement.least - 1e-9
                rank = (option.id != asked_id, short, self.expected([i], belief, 1), i)
                if option.remedy not in best or rank < best[option.remedy]:
                    best[option.remedy] = rank
        ranked = sorted(best.values(), key=lambda rank: (rank[0], -self.forms.options[rank[3]].fen, rank[3]))
        return [rank[3] for rank in ranked]

    def unseen(self, shown: Set[str]) -> bool:
        """Whether any form has not been offered yet."""
        return any(option.id not in shown for option in self.forms.options)

    def _in_money(self, index: int) -> bool:
        return in_money(self.forms.options[index], self.forms)

    def best_utilities(self, menu: tuple[Option, ...]) -> Vector:
        """The highest utility on a menu for each preference."""
        ids = {option.id for option in menu}
        columns = [i for i, option in enumerate(self.forms.options) if option.id in ids]
        if not columns:
            return np.zeros(self.utilities.shape[0])
        return np.asarray(self.utilities[:, columns].max(axis=1))
