"""Greeting, thanks, goodbye, who is speaking: short, and without losing what was asked before."""

from __future__ import annotations

import re

import msgspec
from sqlalchemy.orm import Session

from bot.cases import bargaining, case_file, entry, intake, listing, refusal
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
    row = case_file.current(session, turn)
    if row is not None and turn.awaiting is None and turn.intent in {"affirm", "deny"}:
        if row.state == "negotiating":
            return bargaining.accept_offer(session, turn) if turn.intent == "affirm" else bargaining.reject_offer(session, turn)
        if turn.intent == "deny" and row.state == "refused":
            return refusal.disagree(session, row, turn)
        if row.state == "with_person":
            return stay(turn, Reply(say("in_queue_facts", turn.said)))
    entered = turn.intent in {"affirm", "inform"} and entry.just_asked(session, turn)
    if turn.awaiting is None and (turn.intent == "inform" or entered):
        lines = listing.lines_of(session, turn.customer_id or "")
        named = listing.candidates(turn, lines) if len(lines) > 1 or entered else []
        if len(named) == 1 and (entered or not turn.pending.get("about")):
            return intake.ask_about(turn, named[0])
    key = {
        "greet": "hello_back",
        "thank": "thanks",
        "bye": "bye",
        "affirm": "ok_noted",
        "deny": "no_problem",
        "inform": "chat",
    }.get(turn.intent) or ("patience" if WAITING.search(turn.text) else "chat")
    answer = stay(turn, Reply(say(key, turn.said)))
    # What was only chatted at is not understood any better: the count of what was not understood stays.
    return msgspec.structs.replace(answer, unclear=turn.unclear) if key == "chat" else answer


def say_who(session: Session, turn: Turn) -> Answer:
    return stay(turn, Reply(say("who", turn.said), (Choice("human", say("button_human")),)))


def calm(session: Session, turn: Turn) -> Answer:
    return stay(turn, Reply(say("calm", turn.said), (Choice("human", say("button_human")),)))
