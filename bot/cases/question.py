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

from bot.cases import bargaining, escalation, intake, listing
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

FILE = Path(__file__).with_name("faq.yml")

SURE = 0.6
"""A question read with less than this gives way to a problem stated in the same message."""


HOW_MUCH = re.compile(r"(?:退|给|赔|补|返)我?(?:多少|几块|几个钱)|^(?:一共|总共|那)?多少钱?[?？]?$")


class Entry(msgspec.Struct, frozen=True):
    id: str
    ask: tuple[str, ...]
    answer: str
    source: str = ""
    always: bool = False
    """Answered whatever else the message was read as."""


@cache
def entries() -> tuple[tuple[Entry, tuple[re.Pattern[str], ...]], ...]:
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = msgspec.convert(raw, tuple[Entry, ...])
    return tuple((entry, tuple(re.compile(pattern) for pattern in entry.ask)) for entry in found)


MOSTLY = 0.6
"""The share of a message that an entry's patterns cover from which on the message is that question."""


def best_entry(text: str) -> Entry | None:
    """The entry whose patterns the text meets best: by the characters they cover, then by file order."""
    return best(text)[0]


def mostly(text: str) -> bool:
    """Whether the message is little else than a question we know: 「几天之内可以退货」 asks, it returns nothing."""
    entry, covered = best(text)
    return entry is not None and covered >= MOSTLY * len(re.sub(r"\W+", "", text))


def always(text: str) -> bool:
    """Whether the message asks what is answered whatever else it says."""
    entry = best_entry(text)
    return entry is not None and entry.always


def best(text: str) -> tuple[Entry | None, int]:
    """The entry that fits best and how many characters its patterns cover."""
    squeezed = re.sub(r"\s+", "", text)
    scored = []
    for position, (entry, patterns) in enumerate(entries()):
        spans = [found.span() for found in (pattern.search(squeezed) for pattern in patterns) if found]
        if spans:
            covered = len({index for start, end in spans for index in range(start, end)})
            scored.append((-covered, -len(spans), position, entry))
    if not scored:
        return None, 0
    fit = min(scored, key=lambda each: each[:3])
    return fit[3], -fit[0]


def reply_to(text: str, said: tuple[str, ...]) -> Reply | None:
    """The answer with its source, or None where no entry fits."""
    entry = best_entry(text)
    if entry is None:
        return None
    source = say("answer_source", source=entry.source) if entry.source else ""
    return Reply(entry.answer if entry.answer in "\n".join(said) else entry.answer + source)


def answer_question(session: Session, turn: Turn) -> Answer:
    """Answers, and leaves what the customer was asked before open.

    A problem that was stated is no question, however it was put: 「这鞋是假货吧」.
    """
    if turn.awaiting == "offer" and bargaining.WHY.search(turn.text):
        # 「凭什么 法律规定七天无理由」 asks why this was refused, not what the rule says in general.
        return bargaining.explain(session, turn)
    row = bargaining.negotiating(session, turn) if turn.awaiting == "offer" else None
    if row is not None and HOW_MUCH.search(turn.text):
        return bargaining.show_again(session, row, turn)  # 「退多少钱」 asks about what is on the table, not the shop's prices
    found = reply_to(turn.text, turn.said)
    if turn.issues and not always(turn.text) and (found is None or turn.confidence < SURE):
        return intake.open_case(session, turn)
    if found is not None:
        named = listing.candidates(turn, listing.lines_of(session, turn.customer_id or ""))
        about = {"about": listing.ids_of(named)} if len(named) == 1 and turn.awaiting is None else {}
        return Answer((found,), turn.awaiting, turn.case_id, {**turn.pending, **about} or None)
    if escalation.waits(session, turn):
        return escalation.note(session, turn)
    if turn.awaiting is not None:
        ask = Reply(say("no_answer", turn.said), (Choice("human", say("button_human")),))
        return Answer((ask,), turn.awaiting, turn.case_id, turn.pending or None)
    ask = Reply(say("no_answer", turn.said), (Choice("human", say("button_human")), Choice("ok", say("button_ok"))))
    return Answer((ask,), "confirmation", turn.case_id, {**turn.pending, "confirming": "human"})
