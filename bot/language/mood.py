"""How a message sounds: calm, upset, angry, threatening or vulnerable (mood.yml).

It shapes the tone and who joins the conversation, never the money: equal facts get equal money.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec
import yaml

from bot.language.normalise import EMOJI, EMOJI_WORDS, Normalised, normalise

FILE = Path(__file__).with_name("mood.yml")
MOODS = ("calm", "upset", "angry", "threatening", "vulnerable")
ORDER = ("threatening", "vulnerable", "angry", "upset")


class Signs(msgspec.Struct, frozen=True):
    """What speaks for one mood: patterns with weights, and the weight at which it holds."""

    need: float
    signs: tuple[tuple[str, float], ...]


class Moods(msgspec.Struct, frozen=True):
    """The file mood.yml."""

    threatening: Signs
    vulnerable: Signs
    angry: Signs
    upset: Signs
    no_threat: str


@cache
def _compiled() -> tuple[dict[str, tuple[float, list[tuple[re.Pattern[str], float]]]], re.Pattern[str]]:
    moods = msgspec.convert(yaml.safe_load(FILE.read_text(encoding="utf-8")), Moods)
    signs = {}
    for name in ORDER:
        listed: Signs = getattr(moods, name)
        signs[name] = (listed.need, [(re.compile(pattern), weight) for pattern, weight in listed.signs])
    return signs, re.compile(moods.no_threat)


def mood(text: str | Normalised) -> str:
    """One of MOODS. Each sign counts once; 「不是要投诉」 is no threat."""
    said = (normalise(text) if isinstance(text, str) else text).compact().text
    spelled = "".join(EMOJI_WORDS.get(character, "") if EMOJI.match(character) else character for character in said)
    signs, no_threat = _compiled()
    earnest = no_threat.sub("", spelled)
    for name in ORDER:
        need, listed = signs[name]
        seen = earnest if name in ("threatening", "upset") else spelled
        if sum(weight for pattern, weight in listed if pattern.search(seen)) >= need:
            return name
    return "calm"
