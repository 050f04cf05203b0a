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

from bot.cases import intake, listing
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

FILE = Path(__file__).with_name("faq.yml")

SURE = 0.6
"""A question read with less than this gives way to a problem stated in the same message."""


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
    """Answers, and leaves what the customer was asked before open.

    A problem that was stated is no question, however it was put: 「这鞋是假货吧」.
    """
    found = reply_to(turn.text, turn.said)
    if turn.issues and (found is None or turn.confidence < SURE):
        return intake.open_case(session, turn)
    if found is not None:
        named = listing.candidates(turn, listing.lines_of(session, turn.customer_id or ""))
        about = {"about": listing.ids_of(named)} if len(named) == 1 and turn.awaiting is None else {}
        return Answer((found,), turn.awaiting, turn.case_id, {**turn.pending, **about} or None)
    if turn.awaiting is not None:
        ask = Reply(say("no_answer", turn.said), (Choice("human", say("button_human")),))
        return Answer((ask,), turn.awaiting, turn.case_id, turn.pending or None)
    ask = Reply(say("no_answer", turn.said), (Choice("human", say("button_human")), Choice("ok", say("button_ok"))))
    return Answer((ask,), "confirmation", turn.case_id, {**turn.pending, "confirming": "human"})
