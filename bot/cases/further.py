"""Several wishes or goods in one message: the first is acted on, questions are answered beside it, the rest is kept.

What is kept stands in the conversation's memory (`pending["later"]` other wishes, `pending["matters"]` other goods)
until its turn comes; when the matter at hand is done, a button goes on with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import (
    bargaining,
    case_file,
    confirmation,
    escalation,
    ground,
    intake,
    listing,
    logistics,
    plain,
    question,
    small_talk,
    withdrawal,
)
from bot.cases.matter import WISHED_BY, matters
from bot.cases.order_finder import (
    SMALL,
    SURE_PRODUCT,
    OrderLineView,
    find,
    left_out,
    names_besides,
    product_score,
    spoken_of,
    without_names,
)
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import NO_REASON, VERBS, WISHES, hear, instead, meant, only_asks
from bot.cases.words import say
from bot.store import models

QUESTIONS = frozenset({"policy", "invoice", "modify_order", "promotion", "payment", "product_info", "account"})
REQUESTS = WISHES - {"complaint"}
NEXT_MATTER = re.compile(r"顺便|另外|对了|还有(?:就是|一个|，|,)|再就是|然后还|同时|以及")
SPOKEN = {**WISHED_BY, "resend": re.compile(r"补|重发|再发|少")}
ASKED = re.compile(r"查|物流|到哪|什么时候|啥时候|多久|几时|催")
"""What makes words about the parcel a question of their own and not the ground of a wish."""
ASKS_ALL_THE_SAME = re.compile(r"不[退换修补].{0,4}(?:就|我)?(?:投诉|举报|差评|12315)|不[退换修补]不(?:行|可以|成|可)|不能不|偿|差|便宜|赔|钱")
"""「不换不行」 and 「不退就投诉」 ask for just that, 「不想退 给点补偿」 for something else."""
ANSWERS = REQUESTS | {
    "withdraw_request", "report_problem", "affirm", "deny", "accept_offer", "reject_offer", "counter_offer", "inform", "chitchat", "nlu_fallback", "out_of_scope"
}
"""What words about an open offer, or about other goods beside it, are read as."""
BESIDES = re.compile(r"也|还有|顺便|另外")
FAULTY = re.compile(r"有(?:点|些|个)?(?:问题|毛病)|也(?:是)?(?:坏|破|裂|碎|烂|漏)")
Handler = Callable[[Session, Turn], Answer]


def others(turn: Turn) -> list[str]:
    """What the message wishes besides what it was mainly read as."""
    if turn.choice is not None:
        return []
    main = {turn.intent, meant(turn.intent, turn.text), instead(turn.text)}
    return [
        wish for wish in turn.wishes
        if wish not in main and meant(wish, turn.text) == wish and (wish not in SPOKEN or SPOKEN[wish].search(turn.text))
    ]


def answer(session: Session, turn: Turn, handler: Handler) -> Answer:
    """The handler's answer to the main wish, with what the message asks beside it and what waits from before."""
    yes = plain.thanked_yes(turn.text) if turn.choice is None and turn.awaiting in {"offer", "confirmation"} else None
    if yes is not None:
        turn = msgspec.structs.replace(turn, text=yes, intent="accept_offer")
        handler = bargaining.accept_offer if turn.awaiting == "offer" else confirmation.confirm
    if turn.intent not in {"affirm", "accept_offer"}:
        # A yes takes what was shown for it in the very turn before, nothing older.
        turn = msgspec.structs.replace(turn, pending={name: kept for name, kept in turn.pending.items() if name != "meant"})
    turn = without_read_in(session, turn)
    if refuses(turn):
        return small_talk.stay(turn, Reply(say("no_problem", turn.said)))
    several = matters_of(session, turn)
    elsewhere = of_other_goods(session, turn)
    if elsewhere is not None:
        main = elsewhere
    elif several:
        main = intake.open_case(session, about(turn, several[0]))
        turn = msgspec.structs.replace(turn, wishes=tuple(wish for wish in turn.wishes if wish not in REQUESTS))
    else:
        main = handler(session, first_matter(turn))
    handed_over = any((reply.card or {}).get("kind") == "handed_over" for reply in main.replies)
    if not main.replies or handed_over or escalation.waits(session, turn):
        return main  # the person reads the whole message
    found = [reply for wish in others(turn) if (reply := beside(session, turn, wish)) is not None]
    said = "\n".join(reply.text for reply in main.replies)
    main = msgspec.structs.replace(main, replies=(*(reply for reply in found if reply.text not in said), *main.replies))
    return with_matters(session, with_later(main, turn), turn, several[1:])


def without_read_in(session: Session, turn: Turn) -> Turn:
    """The turn without a fault that is only read into it: 「牛仔裤退了」 tells of none, 「没坏 就是不要了」 denies it.

    Who denies it also takes back what was read into their words before, as long as no word of theirs and no picture stood for it.
    """
    if turn.choice is not None or not turn.text:
        return turn
    lines = listing.lines_of(session, turn.customer_id or "")
    if SMALL.fullmatch(spoken_of(turn.text, lines)) and not SMALL.fullmatch(turn.text):
        return msgspec.structs.replace(turn, issues=())  # 「保温杯没问题」
    if not only_asks(without_names(turn.text, lines)):
        return turn
    issues = [issue for issue in turn.issues if issue != "quality_defect"]
    asks = turn.intent in REQUESTS | {"report_problem"} or turn.awaiting in {"problem", "evidence", "detail"}
    if NO_REASON.search(turn.text) and asks and turn.awaiting != "offer":
        issues = list(dict.fromkeys([*issues, "change_of_mind"]))
        row = case_file.current(session, turn)
        if row is not None and row.state in {"open", "awaiting_evidence"} and not told_of_fault(session, row):
            row.issues = [issue for issue in row.issues if issue != "quality_defect"]
    return msgspec.structs.replace(turn, issues=tuple(issues))


def told_of_fault(session: Session, row: models.Case) -> bool:
    """Whether the customer's words or pictures of this case stand for a fault of the goods."""
    if session.scalars(select(models.Evidence.evidence_id).where(models.Evidence.case_id == row.case_id)).first():
        return True
    words = session.scalars(
        select(models.Message.text).where(models.Message.conversation_id == row.conversation_id, models.Message.sender == "customer")
    )
    return any(ground.said("quality_defect", text) and not NO_REASON.search(text) for text in words)


def refuses(turn: Turn) -> bool:
    """Whether all that is said is that something shall not be done: 「别取消啊」."""
    asked_nothing_else = turn.choice is None and turn.awaiting != "offer" and not turn.issues and turn.intent in VERBS
    return asked_nothing_else and meant(turn.intent, turn.text) is None and not ASKS_ALL_THE_SAME.search(turn.text)


def of_other_goods(session: Session, turn: Turn) -> Answer | None:
    """The answer to words that name other goods than the open offer (or question) is about: 「保温杯也想退」 takes nothing of
    what the mugs are offered. None where they are about the case at hand. The offer stands on."""
    row = case_file.current(session, turn)
    asked = turn.awaiting in {"offer", "problem", "detail"} or turn.intent == "withdraw_request"
    if not asked or turn.choice is not None or turn.intent not in ANSWERS or row is None or row.order_id is None:
        return None
    lines = listing.lines_of(session, turn.customer_id or "")
    own = [line for line in lines if (line.order_id, line.line_id) == (row.order_id, row.line_id)]
    named = [] if listing.guessed(turn, lines) else find(listing.mention_of(turn), lines)
    stays = [] if named else left_out(turn.text, lines)
    other = named or stays
    if not plainly_named(turn.text, other, lines) or set(own) & set(other) or any(names_besides(spoken_of(turn.text, lines), other, line, lines) for line in own):
        return None
    if (stays and turn.awaiting == "offer") or turn.intent == "withdraw_request":
        return take_back(session, turn, other)
    wish = wished(turn) if named else None
    if wish is None:
        return None
    pending = {name: kept for name, kept in turn.pending.items() if name in {"later", "matters"}}
    return intake.open_case(session, msgspec.structs.replace(turn, intent=wish, awaiting=None, pending=pending))


def plainly_named(text: str, named: list[OrderLineView], lines: list[OrderLineView]) -> bool:
    """Whether one of these is named by more than a character it shares, or as one thing more: 「打发叫花子呢」 names no flowers."""
    sure = any(product_score(text, line, [line]) >= SURE_PRODUCT for line in named)
    return sure or (bool(named) and len(named) < len(lines) and BESIDES.search(text) is not None)


def wished(turn: Turn) -> str | None:
    """What words about other goods ask for, whatever answer to the offer the model heard in them; None where nothing."""
    if turn.intent in REQUESTS and meant(turn.intent, turn.text) == turn.intent:
        return turn.intent
    spoken = [wish for wish, verb in VERBS.items() if re.search(verb, turn.text) and meant(wish, turn.text) == wish]
    return spoken[0] if spoken else "report_problem" if turn.issues or FAULTY.search(turn.text) else None


def take_back(session: Session, turn: Turn, lines: list[OrderLineView]) -> Answer:
    """「玫瑰不退了」 beside the open offer of other goods: the roses' own case is taken back, where there is one."""
    open_cases = [case_file.open_of_line(session, turn.customer_id, line.order_id, line.line_id) for line in lines]
    found = next((row for row in open_cases if row is not None), None)
    if found is None:
        return small_talk.stay(turn, Reply(say("no_problem", turn.said)))
    return withdrawal.withdraw(session, msgspec.structs.replace(turn, case_id=found.case_id, awaiting=None, pending={}))


def matters_of(session: Session, turn: Turn) -> list[dict[str, Any]]:
    """What a message says of several of the customer's goods, as it is kept, dangers first; [] where it is one matter.

    「杯子碎了 退款 顺便羽绒服催一下」 says something of one only: the other's name must not draw the refund to itself.
    """
    if turn.choice is not None or turn.awaiting is not None or turn.intent not in REQUESTS | {"report_problem"}:
        return []
    named = matters(turn.text, listing.lines_of(session, turn.customer_id or ""))
    cut = [matter for matter in named if matter.says_something]
    if not cut or len(named) < 2 or (len(cut) == 1 and intake.BOTH.search(turn.text)):
        return []
    wishes = (turn.intent, *turn.wishes)
    kept = [
        {
            "lines": listing.ids_of(matter.lines), "title": matter.lines[0].title, "text": matter.text,
            "wish": matter.wish(wishes), "issues": list(matter.issues(turn.issues)),
        }
        for matter in cut
    ]
    return sorted(kept, key=lambda matter: "safety" not in matter["issues"])


def about(turn: Turn, matter: dict[str, Any]) -> Turn:
    """The turn as if only this had been said."""
    entities = tuple(found for found in turn.entities if turn.text[found.start : found.end] in matter["text"])
    return msgspec.structs.replace(
        turn, text=matter["text"], intent=matter["wish"] or "report_problem", issues=tuple(matter["issues"]), wishes=(), entities=entities
    )


def with_matters(session: Session, main: Answer, turn: Turn, rest: list[dict[str, Any]]) -> Answer:
    """Keeps what was said of other goods until it is taken up, says so once, and offers it when nothing is open any more."""
    if (turn.choice or "").startswith("matter:"):
        return main
    row = session.get(models.Case, main.case_id) if main.case_id else None
    taken_up = [row.order_id, row.line_id] if row is not None else None
    kept = [matter for matter in (*turn.pending.get("matters", ()), *rest) if taken_up not in matter["lines"]]
    if not kept:
        return main
    replies = main.replies
    if main.awaiting is None:
        choices = (Choice(f"matter:{matter['lines'][0][1]}", say("button_next_wish", wish=f"“{matter['title']}”")) for matter in kept)
        replies = (*replies[:-1], msgspec.structs.replace(replies[-1], choices=(*replies[-1].choices, *choices)))
    elif rest:
        titles = "、".join(f"“{matter['title']}”" for matter in rest)
        replies = (*replies, Reply(say("also_wish", turn.said, wishes=titles)))
    return msgspec.structs.replace(main, replies=replies, pending={**(main.pending or {}), "matters": kept})


def take_up(session: Session, turn: Turn, line_id: str) -> Answer:
    """The button of other goods that were kept: what was said of them is answered now."""
    kept = turn.pending.get("matters", [])
    chosen = next((matter for matter in kept if matter["lines"][0][1] == line_id), None)
    if chosen is None:
        return small_talk.small_talk(session, turn)
    fresh = about(msgspec.structs.replace(turn, awaiting=None, case_id=None, pending={}), chosen)
    lines = listing.lines_of(session, turn.customer_id or "")
    named = [line for line in lines if [line.order_id, line.line_id] in chosen["lines"]]
    answer = intake.locate(session, fresh, hear(fresh), lines, named)
    rest = [matter for matter in kept if matter is not chosen]
    return msgspec.structs.replace(answer, pending={**(answer.pending or {}), "matters": rest}) if rest else answer


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
