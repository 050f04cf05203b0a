"""What was not understood: asked back once with the likeliest readings, the second time a person."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from bot.cases import case_file, escalation, ground, intake, listing, question, small_talk
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, wordings

LIKELY = 0.12
"""A reading below this probability is not worth a button."""


LEAST = 0.3
"""A message whose likeliest reading is below this probability is not acted on."""


def doubtful(turn: Turn) -> bool:
    """Whether a message without an open question was hardly understood. Buttons are always understood."""
    return turn.awaiting is None and turn.choice is None and 0 < turn.confidence < LEAST


def ask_again(session: Session, turn: Turn) -> Answer:
    """First what is certain all the same (a stated problem, a known question, a named order), then asks back."""
    if turn.issues:
        return intake.open_case(session, turn)
    if ground.AT_LAST.search(turn.text):
        return intake.open_case(session, msgspec.structs.replace(turn, issues=("late_delivery",)))
    found = question.reply_to(turn.text, turn.said)
    if found is not None:
        return small_talk.stay(turn, found)
    if escalation.waits(session, turn):
        return escalation.note(session, turn)
    lines = listing.lines_of(session, turn.customer_id or "")
    about_goods = len(lines) > 1 and turn.awaiting is None and turn.intent != "out_of_scope" and not turn.pending.get("about")
    named = listing.candidates(turn, lines) if about_goods else []
    if len(named) == 1:
        return intake.ask_about(turn, named[0])
    if turn.unclear >= 1:
        return escalation.hand_over(session, turn, "unknown_rule", why=say("why_failed"))
    likely = [name for name, confidence in turn.ranking if confidence >= LIKELY and f"meaning_{name}" in wordings()][:2]
    if case_file.current(session, turn) is None:
        likely = [name for name in likely if name != "withdraw_request"]  # there is nothing to take back yet
    if turn.intent == "out_of_scope":
        reply = Reply(say("out_of_scope", turn.said))
        return Answer((reply,), turn.awaiting, turn.case_id, turn.pending or None, turn.unclear + 1)
    if not likely:
        reply = Reply(say("ask_rephrase", turn.said), (Choice("human", say("button_human")),))
        return Answer((reply,), turn.awaiting, turn.case_id, turn.pending or None, turn.unclear + 1)
    choices = [Choice(f"meaning:{name}", say(f"meaning_{name}")) for name in likely]
    choices += [Choice("meaning:none", say("meaning_none")), Choice("human", say("button_human"))]
    pending = {**turn.pending, "meanings": likely, "text": turn.text, "issues": list(turn.issues)}
    return Answer((Reply(say("ask_meaning", turn.said), tuple(choices)),), "meaning", turn.case_id, pending, turn.unclear + 1)
