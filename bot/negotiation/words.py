"""The words of a negotiation, from words.yml: warm, short, sums worked out, never the same sentence twice."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from bot.aftersales.assessment import Reason, ReturnFreight
from bot.negotiation.entitlement import Entitlement
from bot.negotiation.matter import Matter
from bot.negotiation.option import Option
from bot.negotiation.terms import Terms

UPSET = 0.6
"""Anger from which the tone changes; the money does not."""
Note = Literal["raised", "taken", "moved"]


class Spoken(msgspec.Struct, frozen=True):
    """message: what is said above the options; texts: one an option; used: every sentence said so far."""

    message: str
    texts: tuple[str, ...]
    used: frozenset[str]


@cache
def _book() -> Any:
    return yaml.safe_load((Path(__file__).parent / "words.yml").read_text(encoding="utf-8"))


def yuan(fen: int) -> str:
    """Fen as yuan with two places: 1497 → 14.97."""
    return f"{fen // 100}.{fen % 100:02d}"


def percent(share: float) -> str:
    return f"{share:.0%}"


class Speaker:
    """Speaks one conversation; remembers which sentences were said (given in, given back)."""

    def __init__(self, matter: Matter, terms: Terms, right: Entitlement, freight: ReturnFreight) -> None:
        self.matter, self.terms, self.right, self.freight = matter, terms, right, freight
        self.book = _book()

    def offer(
        self, menu: tuple[Option, ...], turn: int, final: bool, mood: float, note: Note | None, used: frozenset[str]
    ) -> Spoken:
        """What to say with a menu. turn counts from 1; mood is anger 0–1; used: sentences said before."""
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
            say(book["found"][self._finding(menu)], **self._facts())
        elif mood >= UPSET:
            say(book["calm_later"])
        if note:
            say(book[note])
        if matter.needs:
            say(book["needs"], needs="、".join(book["evidence"].get(kind, kind) for kind in matter.needs))
        if not menu:
            say(book["nothing"])
        elif len(menu) > 1:
            say(book["menu"][min(turn, len(book["menu"])) - 1 :])
        if menu:
            say(book["person"] if final and turn > 1 else book["invite"][min(turn, len(book["invite"])) - 1 :])
        texts = tuple(self._option(option, said) for option in menu)
        return Spoken("。".join(lines) + "。" if lines else "", texts, frozenset(said))

    def settled(self, text: str) -> str:
        return str(self.book["settled"][0]).format(option=text) + "。"

    def human(self, reason: str) -> str:
        return str(self.book["human"].get(reason, self.book["human"]["other"])[0]) + "。"

    def reasons(self) -> tuple[Reason, ...]:
        """Why the offers are what they are, besides the rules' own reasons."""
        words, trace = self.book["reasons"], self.right.trace
        made = [Reason("negotiation.entitlement", words["entitlement"].format(trace=trace), "店铺协商条款")]
        if self.matter.evidence == "none" and not self.matter.exact and self.matter.needs:
            share = percent(self.terms.value.unproven)
            made.append(Reason("negotiation.unproven", words["unproven"].format(unproven=share), "店铺协商条款"))
        made.append(Reason("negotiation.form", words["form"], "店铺协商条款"))
        return tuple(made)

    def _facts(self) -> dict[str, str]:
        matter = self.matter
        return {
            "paid": yuan(matter.value_fen),
            "floor": yuan(matter.floor_fen),
            "severity": percent(matter.severity),
            "worth": percent(self.right.worth),
        }

    def _finding(self, menu: tuple[Option, ...]) -> str:
        matter = self.matter
        if matter.exact:
            return "exact"
        if matter.fault in {"undelivered", "seller"} and matter.evidence == "none":
            return "unproven"
        if matter.fault == "mind" and not matter.owed:
            return "goodwill"
        return {"wear": "seller", "none": "goodwill"}.get(matter.fault, matter.fault) if menu else "unproven"

    def _option(self, option: Option, said: set[str]) -> str:
        book = self.book
        extras = "".join(
            "，" + book["extra"][part.remedy].format(sum=yuan(part.fen))
            for part in (*option.extras, *option.sides)
            if part.fen
        )
        fill = {
            "sum": yuan(option.fen),
            "paid": yuan(self.matter.value_fen),
            "share": percent(option.fen / max(1, self.matter.value_fen)),
            "right": book["right"],
            "freight": book["freight"][self.freight],
        }
        for variant in book["options"][option.remedy]["owed" if option.owed else "other"]:
            sentence = str(variant.format(**fill)) + extras
            if sentence not in said:
                said.add(sentence)
                return sentence
        number = sum(sentence.startswith("方案") for sentence in said) + 1
        right = f"（{book['right']}）" if option.owed else ""
        label = book["labels"][option.remedy] + right
        sentence = str(book["again"]).format(number=number, label=label, sum=fill["sum"]) + extras
        said.add(sentence)
        return sentence
