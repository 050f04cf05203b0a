"""The shop's own words (lexicon.yml), read once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec
import yaml

FILE = Path(__file__).with_name("lexicon.yml")


class Lexicon(msgspec.Struct, frozen=True):
    """`words` for segmentation, `colours` and `sizes` to be found, `festivals` name → (month, day)."""

    words: tuple[str, ...]
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    festivals: dict[str, tuple[int, int]]


@cache
def lexicon() -> Lexicon:
    """The lexicon; msgspec.ValidationError names what is wrong in the file."""
    return msgspec.convert(yaml.safe_load(FILE.read_text(encoding="utf-8")), Lexicon)


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest that fits."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
