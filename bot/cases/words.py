"""The sentences of `words.yml`, filled with facts; never the same sentence twice in one conversation.

A key has one or several wordings. The wording not yet said in this conversation is taken, in order;
when all were said, the least recently said one. Amounts come in as fen and are written in yuan.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("words.yml")


@cache
def wordings() -> dict[str, tuple[str, ...]]:
    """Key → its wordings, read once."""
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {key: tuple(value) if isinstance(value, list) else (value,) for key, value in raw.items()}


def yuan(fen: int) -> str:
    """50000 → 「500.00元」."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}元"


def say(key: str, said: Sequence[str] = (), **facts: Any) -> str:
    """The sentence for `key`, its facts filled in. `said` are the texts already said, oldest first.

    Raises KeyError where the key or a fact it needs is missing: a half-filled sentence is never said.
    """
    ranked = []
    for position, wording in enumerate(wordings()[key]):
        text = wording.format(**facts)
        last = max((index for index, old in enumerate(said) if text in old), default=-1)
        ranked.append((last, position, text))
    return min(ranked)[2]


def placeholders(wording: str) -> set[str]:
    """The facts a wording needs."""
    return {name for _, name, _, _ in string.Formatter().parse(wording) if name}
