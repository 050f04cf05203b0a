"""A rule: its id, when it fires, what follows, its sentence for the customer, its source — in one piece.

A rule is written as its condition, a function from the situation to the facts it found (None: does
not fire), under `@rule(...)` that carries the words. The sentence is filled from those very facts, so
words and rule cannot drift apart. `docs/rules.md` is written from the same objects.

Placeholders in a sentence: `{name}` as it is, `{name:yuan}` fen as 500.00元, `{name:time}` a moment,
`{name:percent}` a share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any

from bot.aftersales.assessment import Reason
from bot.aftersales.finding import Finding
from bot.aftersales.money import percent, yuan
from bot.aftersales.period import spoken

if TYPE_CHECKING:
    from bot.aftersales.situation import Situation

Facts = dict[str, Any]
Condition = Callable[["Situation"], "Facts | None"]
Effect = Callable[["Situation"], Finding]

_SPELL: Mapping[str, Callable[[Any], str]] = {"yuan": yuan, "time": spoken, "percent": percent, "": str}

RULES: dict[str, Rule] = {}
"""Every rule by id, in the order in which the modules define them."""


class Rule:
    """One rule. Without `then` it only explains; with it, it decides and ends its table."""

    __slots__ = ("_parts", "check", "effect", "id", "source", "text", "then", "when")

    def __init__(
        self, id: str, check: Condition, *, when: str, effect: str, text: str, source: str, then: Effect | None
    ) -> None:
        self.id = id
        self.check = check
        self.when = when
        self.effect = effect
        self.text = text
        self.source = source
        self.then = then
        self._parts = [
            (literal, name, _SPELL[spec or ""]) for literal, name, spec, _ in Formatter().parse(text)
        ]

    def fire(self, situation: Situation) -> Reason | None:
        """The reason with its facts, or None where the condition does not hold."""
        facts = self.check(situation)
        return None if facts is None else Reason(self.id, self.say(facts), self.source, facts)

    def say(self, facts: Facts) -> str:
        """The sentence with the facts filled in. Raises KeyError where a fact of the sentence is missing."""
        return "".join(
            literal if name is None else literal + spell(facts[name]) for literal, name, spell in self._parts
        )


def rule(
    id: str, *, when: str, effect: str, text: str, source: str, then: Effect | None = None
) -> Callable[[Condition], Rule]:
    """Makes a condition a rule and enters it in RULES. Raises ValueError for an id used twice."""

    def enter(check: Condition) -> Rule:
        if id in RULES:
            raise ValueError(f"rule {id} is defined twice")
        RULES[id] = Rule(id, check, when=when, effect=effect, text=text, source=source, then=then)
        return RULES[id]

    return enter


def decide(table: Sequence[Rule], situation: Situation) -> Finding:
    """Goes down the table: explaining rules add their reason, the first deciding rule that fires ends it.

    Raises LookupError where no rule decides: every table must end in one that always fires.
    """
    reasons: list[Reason] = []
    for each in table:
        reason = each.fire(situation)
        if reason is None:
            continue
        reasons.append(reason)
        if each.then is not None:
            found = each.then(situation)
            found.reasons = (reason, *reasons[:-1])
            return found
    raise LookupError(f"no rule of {[each.id for each in table]} decides")
