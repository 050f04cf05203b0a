"""Greeting, thanks, goodbye, who is speaking: short, and without losing what was asked before."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from bot.cases import intake
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

WAITING = re.compile(r"人呢|在吗|在不在|还在|等(一下|等|会)|稍等|理我|回我|说话")


def stay(turn: Turn, *replies: Reply) -> Answer:
    """Answers without changing what is open."""
    return Answer(replies, turn.awaiting, turn.case_id, turn.pending or None)


def small_talk(session: Session, turn: Turn) -> Answer:
    """Small talk, unless the words name a problem: 「前天那个杯子 有一只是碎的」 is no chat."""
    if turn.issues and turn.intent in {"inform", "chitchat", "deny"}:
        return intake.open_case(session, turn)
    key = {
        "greet": "hello_back",
        "thank": "thanks",
        "bye": "bye",
        "affirm": "ok_noted",
        "deny": "no_problem",
        "inform": "chat",
    }.get(turn.intent) or ("patience" if WAITING.search(turn.text) else "chat")
    return stay(turn, Reply(say(key, turn.said)))


def say_who(session: Session, turn: Turn) -> Answer:
    return stay(turn, Reply(say("who", turn.said), (Choice("human", say("button_human")),)))


def calm(session: Session, turn: Turn) -> Answer:
    return stay(turn, Reply(say("calm", turn.said), (Choice("human", say("button_human")),)))
