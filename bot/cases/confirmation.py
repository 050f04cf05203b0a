"""Answers to 「要不要」 and 「是哪个意思」."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from bot.cases import (
    bargaining,
    case_file,
    complaint,
    escalation,
    intake,
    logistics,
    plain,
    progress,
    question,
    small_talk,
    withdrawal,
)
from bot.cases.reply import Answer, Reply
from bot.cases.turn import Turn
from bot.cases.wish import WISHES
from bot.cases.words import say


def confirm(session: Session, turn: Turn) -> Answer:
    """Yes, to whatever was asked."""
    confirming = turn.pending.get("confirming")
    if confirming == "human":
        return escalation.hand_over_on_request(session, turn)
    if confirming == "withdraw" and turn.choice is None and (withdrawal.NOT_TAKEN_BACK.search(turn.text) or plain.unsure(turn.text)):
        return decline(session, turn)
    if confirming == "withdraw":
        return withdrawal.withdraw_now(session, turn)
    if turn.pending.get("meanings"):
        ordinal = next((int(value) for value in turn.values("ordinal") if str(value).isdigit()), 1)
        meanings = turn.pending["meanings"]
        return choose_meaning(session, turn, meanings[min(ordinal, len(meanings)) - 1])
    return small_talk.small_talk(session, turn)


def decline(session: Session, turn: Turn) -> Answer:
    """No, to whatever was asked."""
    if turn.pending.get("meanings"):
        return choose_meaning(session, turn, "none")
    key = "kept" if turn.pending.get("confirming") == "withdraw" else "no_problem"
    row = case_file.current(session, turn)
    return Answer((Reply(say(key, turn.said)),), case_file.awaits(row), turn.case_id)


def choose_meaning(session: Session, turn: Turn, name: str) -> Answer:
    """The reading the customer picked; none of them, and a rephrasing is asked for."""
    text = str(turn.pending.get("text") or turn.text)
    if name == "none" or name not in turn.pending.get("meanings", ()):
        reply = Reply(say("ask_rephrase", turn.said))
        return Answer((reply,), None, turn.case_id, None, max(turn.unclear, 1))
    issues = tuple(turn.pending.get("issues", ()))
    turn = msgspec.structs.replace(turn, intent=name, text=text, issues=issues, pending={}, unclear=0, awaiting=None)
    if name in WISHES - {"complaint"} or name == "report_problem":
        return intake.open_case(session, turn)
    match name:
        case "complaint":
            return complaint.take_complaint(session, turn)
        case "human":
            return escalation.hand_over_on_request(session, turn)
        case "refund_status":
            return progress.tell_progress(session, turn)
        case "withdraw_request":
            return withdrawal.withdraw(session, turn)
        case "logistics":
            return logistics.tell_logistics(session, turn)
        case "counter_offer":
            return bargaining.counter_offer(session, turn)
        case _:
            return question.answer_question(session, turn)
