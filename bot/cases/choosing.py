"""A pressed button: its id says what was chosen, the database says whether it may be."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from bot.cases import (
    bargaining,
    case_file,
    confirmation,
    detail,
    escalation,
    evidence,
    further,
    intake,
    logistics,
    settlement,
    small_talk,
)
from bot.cases.reply import Answer
from bot.cases.turn import Turn
from bot.cases.wish import Heard


def choose(session: Session, turn: Turn) -> Answer:
    """Does what the button stands for; an id that is none of ours is answered like words not understood."""
    kind, _, rest = (turn.choice or "").partition(":")
    # The words of a button press are its id; no fact may be read from them.
    turn = msgspec.structs.replace(turn, text="")
    match kind:
        case "line" if ":" in rest:
            order_id, _, line_id = rest.partition(":")
            return intake.choose_line(session, turn, order_id, line_id)
        case "problem" if rest:
            return intake.choose_problem(session, turn, rest)
        case "option" if rest:
            return bargaining.accept_option(session, turn, rest)
        case "another":
            return bargaining.reject_offer(session, turn)
        case "detail" if rest.count(":") == 1:
            name, _, value = rest.partition(":")
            row = case_file.current(session, turn)
            if row is not None:
                case_file.add(session, row, turn, Heard(None, (), detail.chosen(name, value)))
                return settlement.advance(session, row, turn)
        case "evidence" if rest == "none":
            return evidence.no_evidence(session, turn)
        case "meaning":
            return confirmation.choose_meaning(session, turn, rest)
        case "refund_now":
            return intake.open_case(session, msgspec.structs.replace(turn, intent="cancel_order"))
        case "urge":
            return logistics.urge(session, turn)
        case "next" if rest in further.REQUESTS:
            return further.go_on(session, turn, rest)
        case "matter" if rest:
            return further.take_up(session, turn, rest)
        case "human":
            return escalation.hand_over_on_request(session, turn)
        case "yes":
            return confirmation.confirm(session, turn)
        case "no" | "ok":
            return confirmation.decline(session, turn)
    return small_talk.small_talk(session, turn)
