"""「凭什么」「为什么要拍照」 to a question of the bot: what the question is for, and the question again."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from bot.cases import case_file, detail, intake, listing, request_evidence
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

OF_THE_QUESTION = re.compile(r"(?:为(?:什么|啥|何)|凭(?:什么|啥)|干(?:嘛|吗|啥)|咋)(?:你们?|我)?(?:还|又|非|都|老|总|一定)*(?:要|得|让|叫|必须|问|需要|选|说|拍|发|传)")
"""Asks for the reason of a question, not of what went wrong: 「为什么要拍照」, not 「不知道为什么就碎了」."""


def tell_if_asked(session: Session, turn: Turn) -> Answer | None:
    """What the open question is for, to a message that asks just that; None otherwise."""
    return tell(session, turn) if OF_THE_QUESTION.search(turn.text) else None


def tell(session: Session, turn: Turn) -> Answer | None:
    """What the open question is for, its buttons with a person among them. None where no such question is open."""
    row = case_file.current(session, turn)
    match turn.awaiting:
        case "order":
            lines = listing.lines_of(session, turn.customer_id or "")
            shown = listing.remembered(turn, lines, "shown") or lines
            text, choices = say("purpose_order", turn.said), listing.choices_of(shown)
        case "problem" if row is not None:
            text, choices = say("purpose_problem", turn.said), intake.problems(intake.line_of(session, row))
        case "detail":
            asking = str(turn.pending.get("asking"))
            text, choices = say(f"purpose_{asking}", turn.said), detail.ask(asking, turn).choices
        case "evidence" if row is not None and row.facts.get("needs"):
            what = request_evidence.named(row.facts["needs"])
            text, choices = say("purpose_evidence", turn.said, what=what), (Choice("evidence:none", say("button_no_evidence")),)
        case _:
            return None
    reply = Reply(text, (*choices, Choice("human", say("button_human"))))
    return Answer((reply,), turn.awaiting, turn.case_id, turn.pending or None, turn.unclear)
