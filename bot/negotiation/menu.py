"""Which forms to show next: the legal remedies, one in money, and what costs the shop least in all.

The money is fixed by `forms`; here only the choice among forms of equal worth is made, by the expected
total cost J = cost + lost goodwill + people's and turns' cost under the belief (negotiation.md section 2).
"""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from bot.negotiation.belief import Belief, likely_yes, tastes
from bot.negotiation.forms import Forms
from bot.negotiation.matter import MONEY, Matter
from bot.negotiation.option import Option
from bot.negotiation.terms import Terms
from bot.negotiation.worth import Vector


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

    def menu(self, belief: Belief, shown: Set[str], first: str | None, turns_left: int) -> tuple[Option, ...]:
        """The next menu: at most terms.menu options, every legal remedy that fits, then new forms.

        shown: ids already offered (they stand and need no repeating). first: id asked for by a counter.
        """
        options = self.forms.options
        size = self.terms.menu
        legal = [i for i, option in enumerate(options) if option.owed]
        legal.sort(key=lambda i: (-options[i].fen, i))
        fresh = [i for i, option in enumerate(options) if not option.owed and option.id not in shown]
        asked = [i for i, option in enumerate(options) if option.id == first]
        keep = max(1, size - len(asked) - (1 if shown and fresh else 0))
        menu = legal[:keep] + [i for i in asked if i not in legal[:keep]]
        if not any(self._in_money(i) for i in menu):
            menu += [i for i in fresh if self._in_money(i)][:1]
        while len(menu) < size:
            rest = [i for i in fresh if i not in menu]
            if not rest:
                break
            menu.append(min(rest, key=lambda i: (self.expected([*menu, i], belief, turns_left), i)))
        return tuple(options[i] for i in menu[:size])

    def _in_money(self, index: int) -> bool:
        option = self.forms.options[index]
        return option.remedy in MONEY and not option.extras

    def best_utilities(self, menu: tuple[Option, ...]) -> Vector:
        """The highest utility on a menu for each preference."""
        ids = [option.id for option in menu]
        columns = [i for i, option in enumerate(self.forms.options) if option.id in ids]
        return np.asarray(self.utilities[:, columns].max(axis=1))
