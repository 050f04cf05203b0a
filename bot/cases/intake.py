"""How a case begins: which order, what is wrong, which fact is missing; one question at a time."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import (
    audit,
    bargaining,
    case_file,
    detail,
    escalation,
    evidence,
    facts,
    judgement,
    listing,
    logistics,
    plain,
    progress,
    purpose,
    question,
    refusal,
    request_evidence,
    settlement,
    small_talk,
)
from bot.cases.order_finder import (
    KEEPS,
    SURE_PRODUCT,
    OrderLineView,
    find,
    named_by,
    product_score,
    spoken_of,
)
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import Heard, hear
from bot.cases.words import say, wordings
from bot.ledger import ledger
from bot.store import models
from bot.store.models.ledger import GOODS

NEEDS_PROBLEM = frozenset({"refund", "return_goods", "exchange", "repair", "resend", "compensation"})
"""Wishes whose answer depends on what is wrong."""

NO_REASON_UNDERWAY = frozenset({"refund", "return_goods"})
"""Money wished back before the goods are there needs no reason."""

ALL = re.compile(r"(?<!别)(?<!是)(?<!不)(?:全部?|都|统统|通通|所有|一起|[两俩三几][个件单样])(?:都|全|也|给我|帮我|给|要|想|得|一起)*(?:退|换|不要|修|取消)(?!一|其中|过|了?(?:还|又|怎么)|.*(?:还没|没退|没到|没给))")
"""「都退了吧」: more than one order is meant; 「都退了 钱还没到」 tells what was done."""

BOTH = re.compile(r"都|全部|一起|[两俩]个")
"""「手机和耳机都不喜欢」: what is said is said of all that are named."""

PROBLEM_BUTTONS = {
    "delivered": ("quality_defect", "not_as_described", "wrong_item", "missing_item", "damaged_in_transit", "not_received", "price_drop", "change_of_mind"),
    "underway": ("late_delivery", "price_drop", "change_of_mind", "not_received"),
}


def open_case(session: Session, turn: Turn) -> Answer:
    """A wish or a problem: continues the open case where the message is about it, opens one otherwise."""
    heard = hear(turn)
    row = case_file.current(session, turn)
    if row is not None and row.order_id is None and not case_file.is_open(row):
        row = None  # ended by a person without an order: nothing of it can be gone on with
    lines = listing.lines_of(session, turn.customer_id or "")
    named = listing.candidates(turn, lines)
    if row is None and not turn.issues and turn.awaiting is None and question.mostly(turn.text):
        return question.answer_question(session, turn)
    if turn.awaiting == "order" and (not named or KEEPS.search(turn.text)):
        return choose_order(session, turn)
    same_line = row is not None and (not named or any((line.order_id, line.line_id) == (row.order_id, row.line_id) for line in named))
    done = row is not None and same_line and row.state in {"settled", "awaiting_return"}
    if done and not named and NOT_THERE_YET.search(turn.text) and not plain.says(turn.text):
        return progress.tell_progress(session, turn)
    if row is not None and done and instead(session, heard.wish, row) and not tells_more(session, turn, row):
        return escalation.hand_over(session, turn, "dispute", why=say("why_changed", turn.said, wish=say(f"wish_{heard.wish}")), row=row)
    if row is not None and done and (heard.wish in (None, row.wish) or granted(session, heard.wish, row)):
        if row.wish == "price_protection" and row.order_id and settlement.owes_now(session, row, turn.at):
            named = [line for line in lines if (line.order_id, line.line_id) == (row.order_id, row.line_id)]
        elif not tells_more(session, turn, row):
            return already_done(session, turn, row)
    if row is not None and case_file.is_open(row) and same_line:
        return go_on(session, turn, row, heard)
    if row is not None and row.state == "refused" and not named:
        if heard.wish in (None, row.wish):
            return refusal.disagree(session, row, turn)
        named = [line for line in lines if (line.order_id, line.line_id) == (row.order_id, row.line_id)]
    words = spoken_of(turn.text, lines)
    together = [line for line in lines if product_score(words, line, lines) >= SURE_PRODUCT] if turn.choice is None and BOTH.search(words) else []
    if heard.wish in NEEDS_PROBLEM | {"cancel_order"} and 1 < len(together) <= listing.SHOWN:
        return ask_first(turn, heard, together)
    return locate(session, turn, heard, lines, named)


def about_another(session: Session, turn: Turn, row: models.Case) -> bool:
    """Whether an answer names other goods of the customer and what is wrong with them: 「不对，是橙子坏了」."""
    lines = listing.lines_of(session, turn.customer_id or "")
    named = find(listing.mention_of(turn), lines) if turn.issues and row.order_id else []
    return bool(named) and not listing.guessed(turn, lines) and all((line.order_id, line.line_id) != (row.order_id, row.line_id) for line in named)


CORRECTS = re.compile(r"[那这]一?单|订单|不是.{1,12}是|[说问讲]的是|我是说|[弄搞]错|不对")
"""「就防晒那单」: which order is meant, where another was taken for it."""
SHORT = 16
"""Characters of a message that only says which order is meant."""


def corrected(session: Session, turn: Turn, row: models.Case) -> Answer | None:
    """The case goes on about the order that a short answer names in place of the one that was taken for it; None where it names none.

    Only while nothing was shown, offered or promised, and where no other case about those goods is open. What was told of
    the goods taken by mistake (how much was bad) is not told of these.
    """
    lines = listing.lines_of(session, turn.customer_id or "")
    after = re.split(r"(?<!不)是", turn.text)[-1] if re.search(r"不是.{1,12}是", turn.text) else turn.text
    named = find(msgspec.structs.replace(listing.mention_of(turn), text=after), lines)
    answers = detail.read(str(turn.pending.get("asking") or ""), turn) or hear(msgspec.structs.replace(turn, pending={})).facts
    says_which = turn.choice is None and not turn.issues and not answers and len(turn.text) <= SHORT and CORRECTS.search(turn.text) is not None
    if not says_which or len(named) != 1 or listing.guessed(turn, lines) or row.order_id is None or row.state not in {"open", "awaiting_evidence"}:
        return None
    line = named[0]
    begun = (
        ledger.entries_of_case(session, row.case_id)
        or session.scalars(select(models.Offer.offer_id).where(models.Offer.case_id == row.case_id)).first()
        or session.scalars(select(models.Evidence.evidence_id).where(models.Evidence.case_id == row.case_id)).first()
    )
    if begun or (line.order_id, line.line_id) == (row.order_id, row.line_id) or case_file.open_of_line(session, row.customer_id, line.order_id, line.line_id):
        return None
    audit.write(session, turn.at, "bot", "correct_order", row.case_id, before=row.order_id, order_id=line.order_id, line_id=line.line_id)
    row.order_id, row.line_id = line.order_id, line.line_id
    row.facts = {name: value for name, value in row.facts.items() if name == case_file.ASSUMED}
    answer = first_step(session, turn, row, line)
    return msgspec.structs.replace(answer, replies=(Reply(say("order_corrected", title=line.title)), *answer.replies))


def agreed_in(session: Session, row: models.Case) -> set[str]:
    """The remedies agreed in this case and not cancelled."""
    return {str(entry.remedy) for entry in ledger.entries_of_case(session, row.case_id) if entry.state != "cancelled"}


def granted(session: Session, wish: str | None, row: models.Case) -> bool:
    """Whether what was agreed is what is wished: 「全退」 after everything was given back."""
    return not agreed_in(session, row).isdisjoint(bargaining.FULFILS.get(wish or "", ()))


def instead(session: Session, wish: str | None, row: models.Case) -> bool:
    """Whether a wish asks for another form of what was already agreed: both together would be paid twice."""
    agreed = agreed_in(session, row)
    if granted(session, wish, row):
        return False
    if not agreed.isdisjoint(GOODS) and wish in NEEDS_PROBLEM & bargaining.FULFILS.keys():
        # Who agreed to an exchange in the place of the return they first asked for, and wants to return after all.
        return not agreed & bargaining.FULFILS[wish]
    return wish in NEEDS_PROBLEM and row.wish in NEEDS_PROBLEM and wish != row.wish


def tells_more(session: Session, turn: Turn, row: models.Case) -> bool:
    """Whether the message tells a fact that the case does not have yet."""
    another = "promised_other" in hear(turn).facts and "promised_other" not in row.facts
    told = another or not set(turn.issues) <= set(row.issues)
    return told and judgement.tells_more(facts.case_of(session, row, turn.at), turn.issues, another)


MORE_BAD = re.compile(r"又[^，,。！!？?\s]{0,3}(?:坏|烂|死|碎|蔫|裂)|现在[^，,。！!？?]{0,6}(?:坏|烂|死|碎|蔫)|[^没不]更?多了[^，,。]{0,4}(?:坏|烂)")
"""「又坏了三个」: more than what was worked out."""
NOT_THERE_YET = re.compile(r"还[没不](?:给我?)?(?:退|到账|到|打款|收到)|没(?:收到|看到|见到)(?:退?款|钱)|(?:钱|退款)(?:呢|在哪|去哪|咋)")
"""「怎么还不退钱」, where it was done: asks for nothing anew."""
STILL_BAD = re.compile(r"(?:[换补][来的过]+|新[寄发换来][来的过]*|重[新]?[发寄][来的过]*|修[好完过了]+)[^，,。！!？?]{0,8}(?:也|又|还是?|仍|照样)|(?:又|还是)[^，,。！!？?]{0,4}(?:坏|碎|裂|漏|错|不行|不能|不亮|没反应)")
"""「换的那个也是坏的」: what was done did not help."""


def already_done(session: Session, turn: Turn, row: models.Case) -> Answer:
    """The same matter again: what was done, out of its ledger; nothing is done twice. A question is answered, and where
    what was done did not help, a person goes on."""
    agreed = agreed_in(session, row)
    if turn.choice is None and (MORE_BAD.search(turn.text) or (not agreed.isdisjoint(GOODS) and STILL_BAD.search(turn.text))):
        return escalation.hand_over(session, turn, "dispute", why=say("why_still_bad"), row=row)
    asked = question.reply_to(turn.text, turn.said) if turn.choice is None else None
    if asked is not None:
        return small_talk.stay(turn, asked)
    text = say("already_settled", turn.said, state=say(f"state_{row.state}") + "。", money=progress.money_of(session, row))
    return Answer((Reply(text, (Choice("human", say("button_human")),)),), None, row.case_id)


def go_on(session: Session, turn: Turn, row: models.Case, heard: Heard) -> Answer:
    """New words about a case that is already open: its facts grow, its wish may change."""
    if row.wish == "price_protection" and heard.wish == "resend":
        heard = msgspec.structs.replace(heard, wish=None)  # 「能补不」: the difference, no parcel
    new = set(heard.issues) - set(row.issues) or set(heard.facts) & {"promised_other"} - set(row.facts)
    if row.state == "negotiating" and turn.awaiting == "offer" and heard.wish in (None, row.wish) and not new:
        return bargaining.counter_offer(session, turn)
    if row.state == "awaiting_evidence" and turn.text and evidence.JUST_SENT.fullmatch(turn.text.strip()):
        return evidence.take_evidence(session, turn)
    case_file.add(session, row, turn, heard)
    if row.state == "with_person":
        return escalation.still_with_person(session, turn, row)
    if row.state == "awaiting_evidence" and evidence.cannot(row, turn.text):
        return evidence.no_evidence(session, turn)
    return settlement.advance(session, row, turn)


def locate(session: Session, turn: Turn, heard: Heard, lines: list[OrderLineView], named: list[OrderLineView]) -> Answer:
    """Finds the order line by the words, else by what the systems know, else asks with orders as buttons."""
    if not lines:
        return escalation.hand_over(session, turn, "unknown_rule", why=say("no_orders"))
    named, fitting = listing.narrowed(session, turn, heard.issues, lines, named)
    line = listing.only_possible(named, fitting)
    if line is not None:
        return begin(session, turn, heard, line)
    unknown_number = bool(turn.values("order_number")) and not named
    # Who says what arrived broken means no order that has not been sent: pressed by mistake, it would be refunded at once.
    usable = named or listing.by_part(turn.text, fitting or [line for line in lines if line.status != "closed"] or lines)
    if heard.wish == "cancel_order" and not named:
        usable = [line for line in usable if line.status in {"paid", "shipped"}] or usable  # what came is returned, not cancelled
    key = "ask_order_among" if named else "order_not_found" if unknown_number else "ask_order"
    if key == "ask_order" and ALL.search(turn.text) and 1 < len(usable) <= listing.SHOWN:
        return ask_first(turn, heard, usable)
    return ask_order(turn, heard, usable, key)


def ask_first(turn: Turn, heard: Heard, lines: list[OrderLineView]) -> Answer:
    """Several orders are meant: asks with which to begin, and keeps the same wish for each as a matter of its own (bot.cases.further)."""
    asked = ask_order(turn, heard, lines, "ask_order_first")
    kept = [
        {"lines": listing.ids_of([line]), "title": line.title, "text": "", "wish": heard.wish, "issues": list(heard.issues)}
        for line in lines
    ]
    return msgspec.structs.replace(asked, pending={**(asked.pending or {}), "matters": kept})


def find_order(session: Session, turn: Turn, row: models.Case) -> Answer:
    """A case that was handed over before its order was known, and is the bot's again: its order comes first."""
    lines = listing.lines_of(session, turn.customer_id or "")
    return locate(session, turn, Heard(row.wish, tuple(row.issues), row.facts), lines, listing.candidates(turn, lines))


def ask_order(turn: Turn, heard: Heard, lines: list[OrderLineView], key: str, unclear: int = 0) -> Answer:
    """「哪一单」, with these lines as buttons; an ordinal in the answer counts along them."""
    asked = listing.ask_which(turn, lines, key, **feeling(turn, heard, key))
    pending = {**pending_of(turn, heard), "shown": listing.ids_of(lines[: listing.SHOWN])}
    return Answer((asked,), "order", turn.case_id, pending, unclear)


def choose_order(session: Session, turn: Turn) -> Answer:
    """The answer to 「哪一单」; asked twice in vain, a person takes over. Who tells more of the matter has not answered in vain."""
    lines = listing.lines_of(session, turn.customer_id or "")
    shown = listing.remembered(turn, lines, "shown")
    # Among what was shown first: 「256G的」 after 「哪部手机」 is one of these two. Where more fitted than were shown,
    # who names one may well mean what they did not see.
    # 「是手机」 where only other things were shown means none of them, though 耳机 ends like it.
    named = listing.candidates(turn, lines)
    if 1 < len(shown) < listing.SHOWN and (not named or any(line in shown for line in named)):
        named = listing.candidates(turn, shown) or named
    ordinals = [int(value) for value in turn.values("ordinal") if str(value).lstrip("-").isdigit()]
    if not named and ordinals and shown:
        index = ordinals[0] - 1 if ordinals[0] > 0 else ordinals[0]
        if -len(shown) <= index < len(shown):
            named = [shown[index]]
    if turn.intent == "logistics" and logistics.ASKED.search(turn.text) and not plain.says(turn.text):
        told = logistics.tell_logistics(session, msgspec.structs.replace(turn, pending={}, awaiting=None, issues=()))
        return small_talk.stay(turn, *told.replies)  # 「那我的马克杯多久发」 asks, and does not say which to cancel
    heard = hear(turn)
    if KEEPS.search(turn.text) and heard.wish in {"cancel_order", "refund", "return_goods"}:
        # 「保温杯留着」 names the one that stays.
        stays = [line for kept in KEEPS.finditer(turn.text) for line in named_by(kept[0], lines)]
        named = [line for line in named_by(KEEPS.sub("", turn.text), lines) if line not in stays]
        shown = [line for line in shown if line not in stays]
    if not named and len(shown) == 1 and turn.intent in {"affirm", "accept_offer"}:
        named = shown  # 「是的」 where one was shown
    if len(named) == 1:
        return begin(session, turn, heard, named[0])
    if ALL.search(turn.text) and 1 < len(named or shown) < listing.SHOWN:
        return ask_first(turn, heard, named or shown)
    more = tells_more_than(turn.pending, heard)
    if turn.unclear >= 1 and not more:
        return escalation.hand_over(session, turn, "unknown_rule", why=say("why_no_order"))
    key = "ask_order_among" if named else "order_not_found" if turn.values("order_number") else "ask_order"
    again = ask_order(turn, heard, named or shown or lines, key, turn.unclear + (not more))
    asked = again.replies[0]
    offered = Reply(asked.text + say("ask_order_again"), (*asked.choices, Choice("human", say("button_human"))))
    return msgspec.structs.replace(again, replies=(offered,))


def tells_more_than(pending: dict[str, Any], heard: Heard) -> bool:
    """Whether an answer to 「哪一单」 told more of the matter. Another wish instead of the one before tells nothing."""
    first_wish = pending.get("wish") is None and heard.wish is not None
    return first_wish or pending.get("issues", []) != list(heard.issues) or pending.get("facts", {}) != heard.facts


def choose_line(session: Session, turn: Turn, order_id: str, line_id: str) -> Answer:
    """A pressed order button. The line must be the customer's own."""
    lines = listing.lines_of(session, turn.customer_id or "")
    chosen = next((line for line in lines if (line.order_id, line.line_id) == (order_id, line_id)), None)
    if chosen is None:
        return ask_order(turn, hear(turn), lines, "order_not_found")
    return begin(session, turn, hear(turn), chosen)


def begin(session: Session, turn: Turn, heard: Heard, line: OrderLineView) -> Answer:
    """The order is known: the case is written down before anything is said about it."""
    if heard.wish is None and line.status in {"paid", "shipped"} and only_late(session, turn, heard, line) and not GIVEN_UP.search(turn.text):
        return logistics.tell_late(session, turn, line)
    return first_step(session, turn, case_file.open_for(session, turn, heard, line), line)


def first_step(session: Session, turn: Turn, row: models.Case, line: OrderLineView) -> Answer:
    """What comes first on a case whose order is known: what is wrong, where that decides; else the rules."""
    row.issues = possible(row.issues, line)
    if row.state == "with_person":
        return escalation.still_with_person(session, turn, row)
    if row.wish == "price_protection":
        sku = session.get(models.Sku, line.sku_id)
        spec = facts.compared_spec(session, sku, heard_text(turn)) if sku else None
        if spec:
            row.facts = {**row.facts, "compared_spec": spec}
    if row.wish == "cancel_order" and line.status in {"delivered", "completed"}:
        row.wish = "return_goods"
    underway = row.wish in NO_REASON_UNDERWAY and line.status in {"paid", "shipped"}
    of_some = bargaining.some_pieces(session, row, turn)
    if of_some is not None:
        return of_some
    if not row.issues and row.wish in NEEDS_PROBLEM and not underway and not row.facts.get("minor"):
        return ask_problem(turn, row, line)
    return settlement.advance(session, row, turn)


GIVEN_UP = re.compile(r"(?:不想?|懒得|没法|不能|等不)(?:再)?(?:等|下去)(?:了|啦)?|等不[了及]")
"""「不等了」: no more news is wished of the parcel, but the money."""


def only_late(session: Session, turn: Turn, heard: Heard, line: OrderLineView) -> bool:
    """Whether it is all about the waiting: told as such, or as a promise of a time that the shop's systems see missed."""
    told = set(heard.issues)
    as_promised = told == {"late_delivery", "promise_broken"} and "promised_other" not in heard.facts
    return told == {"late_delivery"} or (as_promised and logistics.overdue(session, line, turn.at))


def possible(issues: list[str], line: OrderLineView) -> list[str]:
    """The issues without those that goods not yet sent cannot have, where another explains the message."""
    left = [issue for issue in issues if line.status != "paid" or issue not in listing.IN_HAND]
    return left or issues


def heard_text(turn: Turn) -> str:
    return f"{turn.pending.get('text', '')} {turn.text}"


def ask_problem(turn: Turn, row: models.Case, line: OrderLineView) -> Answer:
    facts_said = {"title": line.title, "feeling": say(f"feeling_{turn.mood}")}
    return Answer((Reply(say("ask_problem", turn.said, **facts_said), problems(line)),), "problem", row.case_id, None, turn.unclear)


def problems(line: OrderLineView) -> tuple[Choice, ...]:
    """What can be wrong with goods that are where this line's are, as buttons."""
    kinds = PROBLEM_BUTTONS["delivered" if line.status in {"delivered", "completed"} else "underway"]
    return tuple(Choice(f"problem:{kind}", say(f"problem_{kind}")) for kind in kinds)


def line_of(session: Session, row: models.Case) -> OrderLineView:
    """The case's line; its order must be known."""
    return next(line for line in listing.lines_of(session, row.customer_id or "") if (line.order_id, line.line_id) == (row.order_id, row.line_id))


def take_problem(session: Session, turn: Turn) -> Answer:
    """The answer to 「出了什么问题」; not understood twice, a person takes over."""
    row = case_file.current(session, turn)
    if row is None or about_another(session, turn, row):
        return open_case(session, turn)
    of_another = corrected(session, turn, row)
    if of_another is not None:
        return of_another
    heard = hear(turn)
    case_file.add(session, row, turn, heard)
    if row.issues:
        return settlement.advance(session, row, turn)
    if turn.unclear >= 1 and turn.intent != "provide_evidence":
        return escalation.hand_over(session, turn, "unknown_rule", why=say("why_failed"))
    answer = ask_problem(turn, row, line_of(session, row))
    if turn.intent == "provide_evidence":
        return beside_a_picture(turn, answer)
    return Answer(answer.replies, answer.awaiting, answer.case_id, None, turn.unclear + 1)


def beside_a_picture(turn: Turn, asked: Answer) -> Answer:
    """The question again to who sends a picture first: it is kept, and no answer that was not understood."""
    here = not turn.recorded or not turn.text.strip() or turn.text.startswith("/")
    taken = (Reply(say("evidence_taken", turn.said, what=request_evidence.named(["photo"]))),) if here else ()
    return msgspec.structs.replace(asked, replies=(*taken, *asked.replies), unclear=turn.unclear)


def choose_problem(session: Session, turn: Turn, kind: str) -> Answer:
    """A pressed problem button."""
    row = case_file.current(session, turn)
    if row is None:
        return open_case(session, turn)
    # Who only said that the price dropped wants the difference; who named another wish keeps it.
    wish = "price_protection" if kind == "price_drop" and case_file.ASSUMED in row.facts else None
    case_file.add(session, row, turn, Heard(wish, (kind,), {}))
    return settlement.advance(session, row, turn)


def take_detail(session: Session, turn: Turn) -> Answer:
    """The answer to a question about one fact; not understood twice, a person takes over."""
    row = case_file.current(session, turn)
    if row is None or about_another(session, turn, row):
        return open_case(session, turn)
    of_another = corrected(session, turn, row)
    if of_another is not None:
        return of_another
    asked = turn.pending.get("asking")
    stated = detail.read(str(asked or ""), turn)
    case_file.add(session, row, turn, Heard(None, turn.issues, {**hear(turn).facts, **stated}))
    answer = settlement.advance(session, row, turn)
    if answer.awaiting != "detail" or (answer.pending or {}).get("asking") != asked:
        return answer
    if evidence.LATER.search(turn.text):
        return msgspec.structs.replace(answer, replies=(Reply(say("evidence_waits", turn.said)), *answer.replies), unclear=turn.unclear)
    why_asked = purpose.tell_if_asked(session, turn)
    if why_asked is not None:
        return why_asked
    if turn.intent == "provide_evidence":
        return beside_a_picture(turn, answer)
    if turn.unclear >= 1:
        return escalation.hand_over(session, turn, "unknown_rule", why=say("why_failed"), row=row)
    return msgspec.structs.replace(answer, unclear=turn.unclear + 1)


def ask_about(turn: Turn, line: OrderLineView) -> Answer:
    """An order was named and nothing else: asks what it is about, and remembers which order."""
    reply = Reply(say("ask_about", turn.said, title=line.title))
    return Answer((reply,), None, turn.case_id, {**pending_of(turn, hear(turn)), "about": listing.ids_of([line])}, turn.unclear)


def pending_of(turn: Turn, heard: Heard) -> dict[str, Any]:
    """What was heard of a matter before its order is known."""
    return {"wish": heard.wish, "issues": list(heard.issues), "facts": heard.facts, "text": heard_text(turn).strip()}


def feeling(turn: Turn, heard: Heard, key: str) -> dict[str, str]:
    """One short clause that names the feeling, where the wording has a place for it."""
    if key != "ask_order":
        return {}
    sorry = next((f"sorry_{issue}" for issue in heard.issues if f"sorry_{issue}" in wordings()), None)
    text = say(sorry) if sorry else say(f"feeling_{turn.mood}")
    return {"feeling": "" if text and text in "\n".join(turn.said) else text}
