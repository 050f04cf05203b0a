"""Questions about rules and the shop, answered from `faq.yml` with their source, or not answered.

An answer is chosen by patterns, not by a model: a wrong rule told with confidence binds the shop
(rules.md 1.5 bot_answer_liability). What no entry fits is offered to a person.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec
import yaml
from sqlalchemy.orm import Session

from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

FILE = Path(__file__).with_name("faq.yml")


class Entry(msgspec.Struct, frozen=True):
    id: str
    ask: tuple[str, ...]
    answer: str
    source: str


@cache
def entries() -> tuple[tuple[Entry, tuple[re.Pattern[str], ...]], ...]:
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = msgspec.convert(raw, tuple[Entry, ...])
    return tuple((entry, tuple(re.compile(pattern) for pattern in entry.ask)) for entry in found)


def best_entry(text: str) -> Entry | None:
    """The entry whose patterns the text meets best: by the characters they cover, then by file order."""
    squeezed = re.sub(r"\s+", "", text)
    scored = []
    for position, (entry, patterns) in enumerate(entries()):
        spans = [found.span() for found in (pattern.search(squeezed) for pattern in patterns) if found]
        if spans:
            covered = len({index for start, end in spans for index in range(start, end)})
            scored.append((-covered, -len(spans), position, entry))
    return min(scored)[3] if scored else None


def reply_to(text: str, said: tuple[str, ...]) -> Reply | None:
    """The answer with its source, or None where no entry fits."""
    entry = best_entry(text)
    if entry is None:
        return None
    source = say("answer_source", source=entry.source)
    return Reply(entry.answer if entry.answer in "\n".join(said) else entry.answer + source)


def answer_question(session: Session, turn: Turn) -> Answer:
    """Answers, and leaves what the customer was asked before open."""
    found = reply_to(turn.text, turn.said)
    keep = {"awaiting": turn.awaiting, "case_id": turn.case_id, "pending": turn.pending or None}
    if found is not None:
        return Answer((found,), **keep)  # type: ignore[arg-type]
    ask = Reply(say("no_answer", turn.said), (Choice("human", say("button_human")), Choice("ok", say("button_ok"))))
    return Answer((ask,), "confirmation", turn.case_id, {**turn.pending, "confirming": "human"})
