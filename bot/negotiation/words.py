"""The words of a negotiation, from words.yml: warm, short, sums worked out, never the same sentence twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from bot.aftersales.assessment import Reason, Remedy, ReturnFreight
from bot.negotiation.entitlement import Entitlement
from bot.negotiation.matter import Matter
from bot.negotiation.option import Option, Part

UPSET = 0.6
"""Anger from which the tone changes; the money does not."""
ALIKE = 0.1
"""Forms are called of about equal worth when none is worth more than another by a larger share of the price."""
Note = Literal["raised", "taken", "moved", "mixed", "cannot"]
"""What is said to a counter-offer."""


class Spoken(msgspec.Struct, frozen=True):
    """message: what is said above the options; texts: one an option; used: every sentence said so far."""

    message: str
    texts: tuple[str, ...]
    used: frozenset[str]


class Heard(msgspec.Struct, frozen=True):
    """A counter-offer as heard: what to say of it, the form it asked for, and why it cannot be."""

    note: Note
    remedy: Remedy
    why: str = ""


@cache
def _book() -> Any:
    return yaml.safe_load((Path(__file__).parent / "words.yml").read_text(encoding="utf-8"))


def _alike(menu: Sequence[Option]) -> bool:
    worths = [option.worth for option in menu]
    return max(worths, default=0.0) - min(worths, default=0.0) <= ALIKE


def _later(variants: list[str], time: int) -> list[str]:
    """The variants for the time-th saying (from 1): they get shorter."""
    return variants[min(time, len(variants)) - 1 :]


def yuan(fen: int) -> str:
    """Fen as yuan with two places: 1497 → 14.97元."""
    return f"{fen // 100}.{fen % 100:02d}元"


class Speaker:
    """Speaks one conversation; remembers which sentences were said (given in, given back)."""

    def __init__(self, matter: Matter, right: Entitlement, freight: ReturnFreight) -> None:
        self.matter, self.right, self.freight = matter, right, freight
        self.book = _book()

    def offer(
        self,
        menu: tuple[Option, ...],
        turn: int,
        final: bool,
        mood: float,
        heard: Heard | None,
        restated: bool,
        used: frozenset[str],
    ) -> Spoken:
        """What to say with a menu. turn counts from 1; mood is anger 0–1; restated: nothing on it is new;
        used: sentences said before."""
        said = set(used)
        lines: list[str] = []

        def say(variants: list[str], **fill: str) -> None:
            for variant in variants:
                sentence = variant.format(**fill)
                if sentence not in said:
                    said.add(sentence)
                    lines.append(sentence)
                    return

        book, matter = self.book, self.matter
        if turn == 1:
            say(book["upset"] if mood >= UPSET else book["feeling"][matter.fault])
            sending = book["sending"][self.freight]
            say(book["found"][self._finding(menu)], paid=yuan(matter.value_fen), floor=yuan(matter.floor_fen), sending=sending)
        elif mood >= UPSET:
            say(book["calm_later"])
        if heard:
            told = book["cannot"] if heard.note == "cannot" else _later(book[heard.note], turn - 1)
            say(told, label=book["labels"][heard.remedy], why=heard.why or book["not_open"])
        if matter.needs:
            say(book["needs"], needs="、".join(book["evidence"].get(kind, kind) for kind in matter.needs))
        if not (menu and restated and heard and (heard.note != "cannot" or turn > 2)):
            self._introduce(menu, turn, restated, say)
        sides = list(dict.fromkeys(part for option in menu for part in option.sides))
        if sides:
            say(book["sides"], sums="、".join(self._named(part) for part in sides))
        if menu:
            only = book["invite_only"] if len(menu) == 1 and turn == 1 else []
            say([*only, *book["person"]] if final and turn > 1 else [*only, *book["invite"][turn - 1 :], *book["person"]])
        texts = tuple(self._option(option, said) for option in menu)
        return Spoken("。".join(lines) + "。" if lines else "", texts, frozenset(said))

    def _introduce(self, menu: tuple[Option, ...], turn: int, restated: bool, say: Any) -> None:
        book = self.book
        if not menu:
            say(book["not_yet"] if self.matter.needs else book["nothing"])
        elif restated and len(menu) > 1:
            say(_later(book["restated"], turn - 1))
        elif len(menu) == 1:
            say(_later(book["only"], turn))
        elif self._is_choice(menu):
            say(book["choice"])
        elif not _alike(menu):
            say(book["either"])
        else:
            say(_later(book["menu"], turn))

    def settled(self, text: str) -> str:
        return str(self.book["settled"][0]).format(option=text) + "。"

    def human(self, reason: str) -> str:
        return str(self.book["human"].get(reason, self.book["human"]["other"])[0]) + "。"

    def reasons(self, menu: tuple[Option, ...]) -> tuple[Reason, ...]:
        """Why the offers are what they are, besides the rules' own reasons."""
        words, source = self.book["reasons"], self.book["source"]
        made = [Reason(
            "negotiation.entitlement", words["entitlement"].format(rule=self.right.rule), source,
            {"trace": self.right.trace},
        )]
        if self.matter.evidence == "none" and not self.matter.exact and self.matter.needs:
            made.append(Reason("negotiation.unproven", words["unproven"], source))
        if len(menu) > 1:
            kind = "choice" if self._is_choice(menu) else "form" if _alike(menu) else "either"
            made.append(Reason(f"negotiation.{kind}", words[kind], source))
        return tuple(made)

    def _is_choice(self, menu: tuple[Option, ...]) -> bool:
        """Whether keeping the goods for less than the entitlement stands beside sending them back for all of it."""
        less = any(not option.owed and option.worth < self.right.least - 1e-9 for option in menu)
        return less and any(option.owed and option.remedy == "return_refund" for option in menu)

    def _finding(self, menu: tuple[Option, ...]) -> str:
        matter = self.matter
        if matter.exact:
            return "exact"
        if matter.needs:
            return "unproven"
        if not menu:
            return "nothing"
        if matter.fault == "seller":
            if any(due.fen >= matter.value_fen for due in matter.owed):
                return "whole"
            only_kind = not matter.owed and all(option.remedy in {"coupon", "gift"} for option in menu)
            return "goodwill" if only_kind else "seller"
        if matter.underway and any(option.remedy == "return_refund" and option.owed for option in menu):
            return "underway"
        if matter.fault in {"mind", "late", "none"} and matter.owed:
            return "returnable"
        return "goodwill" if matter.fault in {"mind", "none"} else matter.fault

    def _named(self, part: Part) -> str:
        return f"{self.book['labels'][part.remedy]}{yuan(part.fen)}"

    def _option(self, option: Option, said: set[str]) -> str:
        book = self.book
        extras = "".join("，" + book["extra"][part.remedy].format(sum=yuan(part.fen)) for part in option.extras)
        fill = {"sum": yuan(option.fen), "right": book["right"], "freight": book["freight"][self.freight]}
        book_of = book["options"][option.remedy]
        own = self.matter.fault if self.matter.fault in book_of else "other"
        owed = "underway" if self.matter.underway and "underway" in book_of else "owed"
        kind = owed if option.owed else own
        for variant in book_of[kind]:
            sentence = str(variant.format(**fill)) + extras
            if sentence not in said:
                said.add(sentence)
                return sentence
        number = sum(sentence.startswith("方案") for sentence in said) + 1
        label = self._named(option.parts[0]) if option.fen else book["labels"][option.remedy]
        right = f"（{book['right']}）" if option.owed else ""
        sentence = str(book["again"]).format(number=number, label=label + right) + extras
        said.add(sentence)
        return sentence
