"""Greeting, thanks, goodbye, who is speaking: short, and without losing what was asked before."""

from __future__ import annotations

import re

import msgspec
from sqlalchemy.orm import Session

from bot.cases import (
    bargaining,
    case_file,
    detail,
    entry,
    escalation,
    ground,
    intake,
    listing,
    question,
    refusal,
)
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

TOLD = frozenset({"affirm", "deny", "inform", "chitchat"})
"""What is said to whoever listens: in the queue, that is the person who will come."""
WAITING = re.compile(r"人呢|在吗|在不在|还在|等(一下|等|会)|稍等|理我|回我|说话")


def stay(turn: Turn, *replies: Reply) -> Answer:
    """Answers without changing what is open."""
    return Answer(replies, turn.awaiting, turn.case_id, turn.pending or None)


def small_talk(session: Session, turn: Turn) -> Answer:
    """Small talk, unless the words name a problem: 「前天那个杯子 有一只是碎的」 is no chat."""
    told = any(ground.said(issue, turn.text) for issue in turn.issues)
    if (turn.issues and turn.intent in {"inform", "chitchat", "deny"}) or (told and turn.intent == "thank"):  # 「穿一次就开线 真是谢谢」
        return intake.open_case(session, turn)
    if turn.awaiting is None and turn.intent in {"deny", "inform", "chitchat"} and ground.AT_LAST.search(turn.text):
        return intake.open_case(session, msgspec.structs.replace(turn, issues=("late_delivery",)))
    row = case_file.current(session, turn)
    if row is not None and row.state == "awaiting_return" and ("单号" in turn.text or turn.values("tracking_number")):
        return stay(turn, Reply(say("waybill_where", turn.said)))
    if row is not None and turn.awaiting is None and turn.intent in {"affirm", "deny"}:
        if row.state == "negotiating":
            return bargaining.accept_offer(session, turn) if turn.intent == "affirm" else bargaining.reject_offer(session, turn)
        if turn.intent == "deny" and row.state == "refused":
            return refusal.disagree(session, row, turn)
    impatient = WAITING.search(turn.text) is not None
    if (impatient or turn.intent in TOLD) and escalation.waits(session, turn):
        return escalation.waits_on(session, turn) if impatient else escalation.note(session, turn)
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
    }.get(turn.intent) or ("patience" if impatient else "chat")
    found = question.reply_to(turn.text, turn.said) if key == "chat" else None
    if found is not None:
        return stay(turn, found)
    answer = stay(turn, Reply(say(key, turn.said)))
    # What was only chatted at is not understood any better: the count of what was not understood stays.
    return msgspec.structs.replace(answer, unclear=turn.unclear) if key == "chat" else answer


def say_who(session: Session, turn: Turn) -> Answer:
    return stay(turn, Reply(say("who", turn.said), (Choice("human", say("button_human")),)))


def calm(session: Session, turn: Turn) -> Answer:
    """Anger is answered twice; the third time a person comes by itself (rules.md 2.3 H4, H6)."""
    if escalation.waits(session, turn):
        return escalation.note(session, turn)
    if turn.awaiting is None and any(ground.said(issue, turn.text) for issue in turn.issues):
        return intake.open_case(session, msgspec.structs.replace(turn, intent="report_problem"))  # 「垃圾 杯子碎了」
    if turn.awaiting == "detail" and detail.read(str(turn.pending.get("asking") or ""), turn):
        return intake.take_detail(session, turn)  # 「全死了！」 answers how many
    if turn.unclear >= 2:
        return escalation.hand_over(session, turn, "complaint")
    answer = stay(turn, Reply(say("calm", turn.said), (Choice("human", say("button_human")),)))
    return msgspec.structs.replace(answer, unclear=turn.unclear + 1)
