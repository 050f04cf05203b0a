"""Several wishes in one message: the first is acted on, questions are answered beside it, the rest is kept.

What is kept stands in the conversation's memory (`pending["later"]`) until its turn comes; when the matter
at hand is done, a button goes on with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from bot.cases import escalation, intake, listing, logistics, question
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import WISHES, hear
from bot.cases.words import say

QUESTIONS = frozenset({"policy", "invoice", "modify_order", "promotion", "payment", "product_info", "account"})
REQUESTS = WISHES - {"complaint"}
NEXT_MATTER = re.compile(r"顺便|另外|对了|还有(?:就是|一个|，|,)|再就是|然后还|同时|以及")
SPOKEN = {
    "refund": re.compile(r"退"), "return_goods": re.compile(r"退"), "exchange": re.compile(r"换"), "repair": re.compile(r"修"),
    "resend": re.compile(r"补|重发|再发|少"), "cancel_order": re.compile(r"取消|不要"), "compensation": re.compile(r"赔|补偿"),
    "price_protection": re.compile(r"价|便宜(?!点|些|一点)|券|优惠"),
}
ASKED = re.compile(r"查|物流|到哪|什么时候|啥时候|多久|几时|催")
"""What makes words about the parcel a question of their own and not the ground of a wish."""
Handler = Callable[[Session, Turn], Answer]


def others(turn: Turn) -> list[str]:
    """What the message wishes besides what it was mainly read as."""
    if turn.choice is not None:
        return []
    return [wish for wish in turn.wishes if wish != turn.intent and (wish not in SPOKEN or SPOKEN[wish].search(turn.text))]


def answer(session: Session, turn: Turn, handler: Handler) -> Answer:
    """The handler's answer to the main wish, with what the message asks beside it and what waits from before."""
    main = handler(session, first_matter(turn))
    handed_over = any((reply.card or {}).get("kind") == "handed_over" for reply in main.replies)
    if not main.replies or handed_over or escalation.waits(session, turn):
        return main  # the person reads the whole message
    found = [reply for wish in others(turn) if (reply := beside(session, turn, wish)) is not None]
    said = "\n".join(reply.text for reply in main.replies)
    main = msgspec.structs.replace(main, replies=(*(reply for reply in found if reply.text not in said), *main.replies))
    return with_later(main, turn)


def clauses(text: str) -> list[str]:
    """The message cut where people begin another matter; one clause where they do not."""
    return [clause for clause in NEXT_MATTER.split(text) if clause.strip()]


def clause_of(wish: str, text: str, taken: str | None = None) -> str | None:
    """The part of a message with several matters that speaks of this wish and is not `taken` by another;
    None where no part or no word does."""
    parts = [part for part in clauses(text) if part != taken]
    spoken = SPOKEN.get(wish)
    if (len(parts) < 2 and taken is None) or spoken is None:
        return None
    return next((part for part in parts if spoken.search(part)), None)


def first_matter(turn: Turn) -> Turn:
    """The turn with only the words of its main wish, so that the other's order and facts are not taken for its own."""
    clause = clause_of(turn.intent, turn.text) if len(turn.wishes) > 1 else None
    return turn if clause is None else msgspec.structs.replace(turn, text=clause)


def beside(session: Session, turn: Turn, wish: str) -> Reply | None:
    """The answer to a question beside the main wish; None where there is none."""
    if wish in QUESTIONS:
        return question.reply_to(turn.text, turn.said)
    if wish == "logistics" and ASKED.search(turn.text):
        told = logistics.tell_logistics(session, msgspec.structs.replace(turn, pending={}, issues=()))
        return msgspec.structs.replace(told.replies[0], choices=()) if told.replies else None
    return None


def with_later(main: Answer, turn: Turn) -> Answer:
    """Keeps further requests, says so once, and offers the next one when nothing is open any more."""
    taken = clause_of(turn.intent, turn.text)
    new = {wish: clause_of(wish, turn.text, taken) or turn.text for wish in others(turn) if wish in REQUESTS}
    later = {**turn.pending.get("later", {}), **new}
    if turn.choice is not None and turn.choice.startswith("next:"):
        return main
    if not later:
        return main
    pending: dict[str, Any] = {**(main.pending or {}), "later": later}
    replies = main.replies
    if main.awaiting is None:
        last = replies[-1]
        choices = (*last.choices, *(Choice(f"next:{wish}", say("button_next_wish", wish=say(f"wish_{wish}"))) for wish in later))
        replies = (*replies[:-1], msgspec.structs.replace(last, choices=choices))
    elif new:
        named = "、".join(say(f"wish_{wish}") for wish in new)
        replies = (*replies, Reply(say("also_wish", turn.said, wishes=named)))
    return msgspec.structs.replace(main, replies=replies, pending=pending)


def go_on(session: Session, turn: Turn, wish: str) -> Answer:
    """The button of a kept wish: its matter begins with the question which order."""
    text = str(turn.pending.get("later", {}).get(wish, ""))
    rest = {name: said for name, said in turn.pending.get("later", {}).items() if name != wish}
    fresh = msgspec.structs.replace(turn, intent=wish, text=text, awaiting=None, case_id=None, pending={})
    lines = listing.lines_of(session, turn.customer_id or "")
    answer = intake.locate(session, fresh, hear(fresh), lines, listing.candidates(fresh, lines))
    return msgspec.structs.replace(answer, pending={**(answer.pending or {}), "later": rest}) if rest else answer
