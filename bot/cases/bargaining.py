"""The negotiation of a case over messages: its acts are kept with the case, its menus are offers in the database.

The engine (bot.negotiation) is rebuilt from the opening facts and the acts each time, so nothing of a
negotiation lives only in memory, and the same case can be replayed. What may be accepted is decided
by the offers' rows, never by what a button or a tracker says.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any, cast

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Case
from bot.cases import (
    agent_offer,
    audit,
    case_file,
    escalation,
    facts,
    intake,
    judgement,
    plain,
    policy,
    purpose,
    question,
    refusal,
    settlement,
    small_talk,
    withdrawal,
)
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import REFUSED, hear, instead, meant
from bot.cases.words import say
from bot.ledger import ledger
from bot.negotiation.act import Act, read_act
from bot.negotiation.negotiation import Human, Negotiation, Offer, Settled
from bot.negotiation.option import Option
from bot.negotiation.terms import read_terms
from bot.store import models

ANGER = {"calm": 0.0, "upset": 0.5, "angry": 0.8, "threatening": 0.9, "vulnerable": 0.3}

FORM_WORDS = (
    ("refund", re.compile(r"不(用|想|要|需要)?退货|不寄回|仅退款|只退款")),
    ("return_refund", re.compile(r"退货|寄回|退回去|上门取")),
    ("exchange", re.compile(r"换(货|一|个|新|件|台|双|条)|给我换|重新?做")),
    ("resend", re.compile(r"补(发|寄)|重新?(发|寄)|(?<!我)(?<!钱)(?<!款)(?<!了)再(发|寄)(?!回)")),
    ("repair", re.compile(r"维修|修(一下|好|理)|返修|保修")),
    ("price_difference", re.compile(r"差价|价保|保价")),
    ("coupon", re.compile(r"券|优惠")),
    ("gift", re.compile(r"赠品|礼物|小样|送(我|个|点)")),
    ("refund", re.compile(r"全(额|部|款)?退|退全|都退|全赔|不退货")),
)
DENIED_BEFORE = re.compile(rf"(除了?|不要|不想要|不需要|不稀罕|别给|谁要|要什么|拒绝|不接受)[^，,。！!？?\s]{{0,5}}$|{REFUSED}$")
DENIED_AFTER = re.compile(r"[^，,。！!？?\s]{0,3}(不要|不想要|不需要|不稀罕|不用|没用|不行|不接受|算了|免了|自己留|怕)")
WHOLE = re.compile(r"全|都|不(用|想|要)?退货")
MONEY_BACK = re.compile(r"退[我点些]?[钱款]")
KEPT = re.compile(r"不(用|想|要|需要)?退货|不(用|想|要)?寄|仅退款|只退款")
"""Who says so means money without sending the goods back."""
TAKEN_BARE = frozenset({"refund", "return_refund", "price_difference"})
"""What a bare 「退」 takes, where it is all that is offered."""
PART = frozenset({"refund_part", "price_difference"})
"""「退钱吧」 takes the one option in money, unless the whole is asked for."""
WHY = re.compile(r"凭什么|为(什么|啥|何)|怎么就?不(能|行|可以|给|退)|咋不")
PARTLY = re.compile(
    r"(?:只|就|单独?)(?:退|换|修)(?=.{0,4}[一两三几\d那这其坏破碎烂][个件双只条本盒套的])|其中|[坏碎破线烂]的?那[件个套双只条本盒]|那[件个套双只条本盒][^，,。\s]{0,2}[退换修]"
    r"|另[一外].{0,6}(?:留|不退|没事|好的|还行|还好|完好|没坏)|好的留|一[件个双条本盒][退换]一[件个双条本盒][退换留]"
    r"|(?:退|换|修)(?:一|两|二|三|四|五|六|七|八|九|几|半|\d+)(?:件|双|条|只|本|盒|套|瓶|包|袋|支)(?!换)|(?:退|换|修)[碎坏破裂烂]的|(?:退|换|修)那(?:件|双|条|只|本|盒|套|瓶|包)"
    r"|不要(?:[一两三四五六七八九\d]+)(?:件|双|条|只|本|盒|套|瓶|包)(?:那么多)?了?"
)
"""「开线的那件退 另一件留着」: not all pieces of the line."""
HARDLY_A_WORD = 3
"""「哦」 「嗯哼」 refuse nothing and ask nothing."""
THINKING = re.compile(r"等等|等一?下|稍等|考虑|想一?想|再说|看看再|商量(一下|下)")
ONLY_THINKING = re.compile(r"(那|嗯|好吧|行吧)?[，, ]?(我|让我|容我)?(先|再|得|要)?(考虑|想|琢磨|看看)(再)?(一下|一?想|考虑|看|看看)?(吧|哈|呗|先|再说|再回复?你们?)?[。.!！~]*")
"""「考虑一下」 takes time and refuses nothing: no round is used up."""
WISH_OF = {
    "refund": "refund", "refund_part": "refund", "return_refund": "return_goods", "exchange": "exchange", "resend": "resend", "repair": "repair",
}
"""What a customer who named no wish turned out to want, by the form they chose."""
FORM_OF = {"refund": "refund", "return_goods": "return_refund", "exchange": "exchange", "repair": "repair", "resend": "resend", "cancel_order": "refund", "price_protection": "price_difference"}
"""The form a wish that was understood asks for, where the words name none."""
FULFILS = {
    "refund": {"refund", "return_refund"}, "cancel_order": {"refund"}, "return_goods": {"return_refund", "refund"},
    "exchange": {"exchange"}, "repair": {"repair", "exchange"}, "resend": {"resend", "exchange"},
    "price_protection": {"price_difference"},
}
"""Wish → the remedies that grant it; a compensation may be anything."""
HINTS = (
    ("cash", re.compile(r"现金|退钱|退款|钱|转我")),
    ("replacement", re.compile(r"换|补发|重发|新的")),
    ("speed", re.compile(r"快|马上|立刻|赶紧|急|今天")),
    ("future", re.compile(r"券|下次|以后|会员")),
)


def open_offer(session: Session, row: models.Case, turn: Turn, case: Case, assessment: Assessment) -> Answer:
    """Begins the negotiation, or continues it on new facts; what was offered before stands."""
    hints = [name for name, pattern in HINTS if pattern.search(turn.text)]
    opening = {
        "open": msgspec.to_builtins(case),
        "assessment": msgspec.to_builtins(assessment),
        "hints": hints,
        "mood": ANGER.get(turn.mood, 0.0),
    }
    if row.negotiation:
        opening["stood"] = [[msgspec.to_builtins(option), text] for option, text in rebuild(row).stood()]
    row.negotiation = [opening]
    row.state = "negotiating"
    session.flush()
    answer = speak(session, row, turn, rebuild(row))
    if answer.awaiting != "offer":
        return answer
    if declined(row.wish, assessment):
        audit.write(session, turn.at, "bot", "refuse", row.case_id, rules=[reason.rule for reason in assessment.reasons])
        return msgspec.structs.replace(answer, replies=(refusal.explained(row, turn, assessment), *answer.replies))
    if not any(remedy.kind == "owed" for remedy in assessment.remedies) and not assessment.needs:
        # What the rules say comes before what is offered: 「七天内也可以直接退货再买」.
        found = Reply("".join(reason.text for reason in assessment.reasons))
        return msgspec.structs.replace(answer, replies=(found, *answer.replies) if found.text else answer.replies)
    return answer


def declined(wish: str | None, assessment: Assessment) -> bool:
    """Whether nothing is owed and what may be offered is not what was asked: then the reasons come first."""
    if assessment.needs or not assessment.reasons or any(remedy.kind == "owed" for remedy in assessment.remedies):
        return False
    possible = {str(remedy.remedy) for remedy in assessment.remedies}
    return not possible & FULFILS.get(wish or "", possible)


def was_declined(row: models.Case) -> bool:
    """Whether what is offered in this case is goodwill beside a refusal."""
    return declined(row.wish, msgspec.convert(row.assessment, Assessment))


def rebuild(row: models.Case) -> Negotiation:
    """The negotiation so far, from the case's row alone."""
    opening, *acts = row.negotiation
    case = msgspec.convert(opening["open"], Case)
    assessment = msgspec.convert(opening["assessment"], Assessment)
    # The owner may change the policy in the middle of it: a negotiation goes on under the one it was opened with.
    in_force = policy.of_version(cast(Session, object_session(row)), str(row.policy_version))
    terms = read_terms(in_force.negotiation)
    negotiation = Negotiation.open(
        case, assessment, terms, lambda facts: assess(facts, in_force), opening["hints"], opening["mood"]
    )
    negotiation = negotiation.keeping((msgspec.convert(option, Option), text) for option, text in opening.get("stood", ()))
    for act in acts:
        negotiation = negotiation.answer(read_act(act))
    return negotiation


def act(session: Session, row: models.Case, turn: Turn, done: Act) -> Answer:
    """One act of the customer: written down, then answered. In the queue a person decides, not this."""
    if escalation.in_queue(session, row):
        return escalation.join(session, turn, row)
    negotiation = rebuild(row).answer(done)
    row.negotiation = [*row.negotiation, msgspec.to_builtins(done)]
    waiting = unanswered_offer(session, row)
    if waiting is not None and done.act != "ask_why":
        waiting.answer = msgspec.to_builtins(done)
    row.updated_at = turn.at
    session.flush()
    return speak(session, row, turn, negotiation)


def speak(session: Session, row: models.Case, turn: Turn, negotiation: Negotiation) -> Answer:
    """The shop's move: an offer is a row before it is a sentence."""
    move = negotiation.move()
    match move:
        case Settled():
            return settle(session, row, turn, move.option)
        case Human():
            why = say("why_rounds") if move.reason == "dispute" else None
            return escalation.hand_over(session, turn, move.reason, why=why, row=row)
        case Offer():
            if not move.options:
                return nothing_to_offer(session, row, turn, move)
            return offer(session, row, turn, move)
    return small_talk.small_talk(session, turn)


def nothing_to_offer(session: Session, row: models.Case, turn: Turn, move: Offer) -> Answer:
    """Nothing owed and nothing to give: a refusal with its reasons."""
    assessment = msgspec.convert(row.assessment, Assessment)
    return refusal.refuse(session, row, turn, assessment)


def offer(session: Session, row: models.Case, turn: Turn, move: Offer) -> Answer:
    expires = turn.at + timedelta(hours=move.hours)
    waiting = unanswered_offer(session, row)
    if waiting is not None and waiting.expires_at is not None and waiting.expires_at <= turn.at:
        waiting.answer = {"act": "leave"}
        waiting = None
    if waiting is not None and {str(option["id"]) for option in waiting.options} != {option.id for option in move.options}:
        # The customer wished for something else: what is shown now is what a yes is for.
        waiting.answer = {"act": "reject", LEFT: row.wish}
        waiting = None
    if waiting is None:
        session.add(
            models.Offer(
                offer_id=f"off_{uuid.uuid4().hex[:16]}", case_id=row.case_id, at=turn.at, by="bot", expires_at=expires,
                options=[shown(option, text) for option, text in zip(move.options, move.texts, strict=True)],
            )
        )
        session.flush()
    lines = [f"{number}. {text}" for number, text in enumerate(move.texts, 1)] if len(move.texts) > 1 else list(move.texts)
    reasons = "".join(reason.text for reason in move.reasons)
    # Asked why, the customer has heard the rest already.
    lead = reasons + "\n" + say("offer_stands") if reasons else move.message
    text = "\n".join(part for part in (lead, *lines) if part)
    choices = [Choice(f"option:{option.id}", text) for option, text in zip(move.options, move.texts, strict=True)]
    choices += [Choice("another", say("button_another")), Choice("human", say("button_human"))]
    card = {
        "kind": "offer",
        "case_id": row.case_id,
        "options": [shown(option, text) for option, text in zip(move.options, move.texts, strict=True)],
        "until": expires.isoformat(),
    }
    proposed = proposed_by_customer(row, move)
    return Answer((Reply(text, tuple(choices), card),), "offer", row.case_id, {"meant": proposed} if proposed else None)


def proposed_by_customer(row: models.Case, move: Offer) -> str | None:
    """The option that takes up what the customer just asked for: 「可以」 then means that one."""
    last = row.negotiation[-1]
    if last.get("act") != "counter":
        return None
    return next((option.id for option in move.options if (option.remedy, option.fen) == (last.get("remedy"), last.get("fen"))), None)


LEFT = "wish"
"""In the answer to an offer: it was left for another wish, and not for want of more."""


def shown(option: Option, text: str) -> dict[str, Any]:
    """An option as the contract writes it (sections 5 and 6)."""
    return {"id": option.id, "remedy": option.remedy, "fen": option.fen, "cost_fen": option.cost_fen, "text": text}


def unanswered_offer(session: Session, row: models.Case) -> models.Offer | None:
    """The bot's offer that waits for an answer; there is at most one."""
    offers = session.scalars(select(models.Offer).where(models.Offer.case_id == row.case_id, models.Offer.by == "bot"))
    return next((stored for stored in offers if stored.answer is None), None)


def negotiating(session: Session, turn: Turn) -> models.Case | None:
    """The case with offers open, or None."""
    row = case_file.current(session, turn)
    return row if row is not None and row.state == "negotiating" else None


def settle(session: Session, row: models.Case, turn: Turn, option: Option) -> Answer:
    """The accepted option becomes ledger entries, once; then it is said, from the entries."""
    parts = [(part.remedy, part.fen, part.cost_fen) for part in option.parts]
    if case_file.ASSUMED in row.facts:
        row.wish = WISH_OF.get(str(option.remedy), row.wish)
    try:
        with session.begin_nested():
            done = settlement.fulfil(session, row, [(str(remedy), fen, cost) for remedy, fen, cost in parts], return_needed=option.return_needed, at=turn.at)
    except ledger.LedgerRefused as refused:
        for stored in session.scalars(select(models.Offer).where(models.Offer.case_id == row.case_id, models.Offer.by == "bot")):
            if (stored.answer or {}).get("act") == "accept":
                stored.answer = {**(stored.answer or {}), "refused": str(refused)}  # taken, and nothing was got for it
        return settlement.not_done(session, row, turn, refused)
    row.state = "awaiting_return" if any(entry["state"] == "awaiting_return" for entry in done) else "settled"
    audit.write(session, turn.at, "customer", "accept_offer", row.case_id, option=option.id)
    session.flush()
    assessment = msgspec.convert(row.assessment, Assessment)
    text = settlement.say_done(done, assessment, row, turn)
    return Answer((Reply(text, card=settlement.settled_card(row, done, assessment)),), None, row.case_id)


def accept_offer(session: Session, turn: Turn) -> Answer:
    """「可以」「就第二个」「那就券吧」."""
    row = negotiating(session, turn)
    if row is None:
        return no_offer(session, turn)
    if turned_up(row, turn):
        return withdrawal.withdraw(session, turn)
    of_some = some_pieces(session, row, turn)
    if of_some is not None:
        return of_some
    if plain.unsure(turn.text):
        return small_talk.stay(turn, Reply(say("offer_waits", turn.said)))
    waiting = unanswered_offer(session, row)
    options = waiting.options if waiting else []
    chosen = named_option(turn, options)
    if chosen is None and len(options) == 1 and not numbered(turn) and plainly_yes(session, row, turn, options[0]):
        chosen = options[0]["id"]
    if chosen is None and any(option["id"] == turn.pending.get("meant") for option in options):
        chosen = turn.pending["meant"]
    if chosen is None:
        choices = tuple(Choice(f"option:{option['id']}", str(option["text"])) for option in options)
        return Answer((Reply(say("which_offer", turn.said), choices),), "offer", row.case_id)
    return accept_or_confirm(session, row, turn, options, chosen)


def plainly_yes(session: Session, row: models.Case, turn: Turn, option: dict[str, Any]) -> bool:
    """Whether a yes to the only option names no other form or sum: 「五十吧 不行就退货」 does."""
    fen = asked_fen(session, row, turn)
    return form_named(turn.text) in (None, option["remedy"]) and fen in (None, option["fen"])


def accept_or_confirm(session: Session, row: models.Case, turn: Turn, options: list[dict[str, Any]], option_id: str) -> Answer:
    """Takes the option the words point at; where they only ask about it, it is shown for a yes."""
    text = next((str(option["text"]) for option in options if option["id"] == option_id), None)
    if text is None or plain.points_at(turn.text):
        return accept_option(session, turn, option_id)
    if plain.unsure(turn.text):
        return small_talk.stay(turn, Reply(say("offer_waits", turn.said)))
    choices = (Choice(f"option:{option_id}", text), Choice("human", say("button_human")))
    return Answer((Reply(say("confirm_offer", turn.said, what=text), choices),), "offer", row.case_id, {"meant": option_id}, turn.unclear)


def accept_option(session: Session, turn: Turn, option_id: str) -> Answer:
    """A chosen option. It must stand in an offer of this case, the bot's or an agent's, that has not expired."""
    try:
        of_agent = agent_offer.accept(session, turn, option_id)
    except agent_offer.OfferGone as gone:
        return escalation.go_on(session, turn, gone.row, gone.why)
    if of_agent is not None:
        return of_agent
    row = negotiating(session, turn)
    if row is None:
        return no_offer(session, turn)
    offers = session.scalars(
        select(models.Offer).where(models.Offer.case_id == row.case_id, models.Offer.by == "bot").order_by(models.Offer.at)
    ).all()
    holding = [
        stored for stored in offers
        if (stored.expires_at is None or stored.expires_at > turn.at) and any(option["id"] == option_id for option in stored.options)
    ]
    if not holding:
        return settlement.advance(session, row, turn)
    if all(LEFT in (stored.answer or {}) for stored in holding):
        option = next(option for option in holding[-1].options if option["id"] == option_id)
        if row.floor_fen and not agent_offer.gives(option, row.floor_fen):
            return show_again(session, row, turn)  # a coupon from before the wish for what is owed does not stand in for that
        waiting = unanswered_offer(session, row)
        if waiting is not None:
            waiting.answer = {"act": "reject", LEFT: row.wish}
        holding[-1].answer = None  # taken up again: it is the one that is answered
    return act(session, row, turn, Act("accept", option=option_id))


def named_option(turn: Turn, options: list[dict[str, Any]]) -> str | None:
    """The option the words point at: by its number, its form, or its sum."""
    numbers = numbered(turn)
    if numbers:
        index = numbers[0] - 1 if numbers[0] > 0 else numbers[0]
        if -len(options) <= index < len(options):
            return str(options[index]["id"])
    wanted = form_named(turn.text)
    fitting = [option for option in options if option["remedy"] == wanted]
    if len(fitting) == 1:
        return str(fitting[0]["id"])
    sums = {int(value) for value in turn.values("amount") if isinstance(value, int | float)}
    fitting = [option for option in options if option["fen"] in sums]
    return str(fitting[0]["id"]) if len(fitting) == 1 else None


def numbered(turn: Turn) -> list[int]:
    """The numbers of options that the words say, from 1; -1 is the last one."""
    numbers = [int(value) for value in turn.values("ordinal") if str(value).lstrip("-").isdigit()]
    if len(set(numbers)) > 1:
        return []  # 「第一个不行 第二个吧」: which is meant is asked
    bare = re.fullmatch(r"\s*(?:第|选|要|方案)?\s*([1-9一二三四])\s*(?:个|种|号)?\s*[吧。.!！]?\s*", turn.text)
    if not numbers and bare:
        numbers = ["一二三四".index(bare[1]) + 1 if bare[1] in "一二三四" else int(bare[1])]
    return numbers


def form_named(text: str) -> str | None:
    """The form that the words ask for; 「那券我不要，我就要退」 names the coupon to refuse it."""
    return next((name for name, pattern in FORM_WORDS if any(not denied(text, found) for found in pattern.finditer(text))), None)


def denied(text: str, found: re.Match[str]) -> bool:
    """Whether what was found is refused by the words around it."""
    return DENIED_BEFORE.search(text[: found.start()]) is not None or DENIED_AFTER.match(text[found.end() :]) is not None


def refuses_only_others(text: str, options: list[dict[str, Any]]) -> bool:
    """Whether the words refuse nothing but forms that are not on offer: 「不要券」 where there is none."""
    refused = {name for name, pattern in FORM_WORDS if any(denied(text, found) for found in pattern.finditer(text))}
    return bool(refused) and form_named(text) is None and not refused & {option["remedy"] for option in options}


def which(turn: Turn, options: list[dict[str, Any]]) -> Reply:
    """「您要哪一个」, the options as buttons."""
    choices = tuple(Choice(f"option:{option['id']}", str(option["text"])) for option in options)
    return Reply(say("which_offer", turn.said), (*choices, Choice("human", say("button_human"))))


def show_again(session: Session, row: models.Case, turn: Turn) -> Answer:
    """The open options once more, nothing taken and no round used up."""
    waiting = unanswered_offer(session, row)
    return Answer((which(turn, waiting.options if waiting else []),), "offer", row.case_id)


def reject_offer(session: Session, turn: Turn) -> Answer:
    row = negotiating(session, turn)
    if row is None:
        return no_offer(session, turn)
    if turned_up(row, turn):
        return withdrawal.withdraw(session, turn)
    if DONT.search(turn.text) and not any(entry.state != "cancelled" for entry in ledger.entries_of_case(session, row.case_id)):
        return withdrawal.withdraw_now(session, turn)
    if was_declined(row):
        return refusal.disagree(session, row, turn)
    if ONLY_THINKING.fullmatch(turn.text.strip()):
        return small_talk.stay(turn, Reply(say("offer_waits", turn.said)))
    waiting = unanswered_offer(session, row)
    if waiting is not None and refuses_only_others(turn.text, waiting.options):
        return small_talk.stay(turn, which(turn, waiting.options))
    wanted = FULFILS.get(instead(turn.text) or "", set())
    fitting = [option for option in (waiting.options if waiting else []) if option["remedy"] in wanted]
    if len(fitting) == 1 and asked_fen(session, row, turn) is None:  # 「不想换 直接给我退了」 takes what is left of the two
        return accept_or_confirm(session, row, turn, waiting.options if waiting else [], str(fitting[0]["id"]))
    hints = tuple(name for name, pattern in HINTS if pattern.search(turn.text))
    return act(session, row, turn, Act("reject", hints=hints, mood=ANGER.get(turn.mood, 0.0)))  # type: ignore[arg-type]


def counter_offer(session: Session, turn: Turn) -> Answer:
    """「最少退我三十」「一半」「换一个吧」「第二个」: a choice, or what the customer wants instead."""
    row = negotiating(session, turn)
    if row is None:
        current = case_file.current(session, turn)
        if current is not None and current.state == "refused":
            return refusal.disagree(session, current, turn)
        if current is not None and current.state == "with_person":
            return escalation.still_with_person(session, turn, current)
        return intake.open_case(session, msgspec.structs.replace(turn, intent="compensation"))
    if turned_up(row, turn):
        return withdrawal.withdraw(session, turn)
    of_some = some_pieces(session, row, turn)
    if of_some is not None:
        return of_some
    waiting = unanswered_offer(session, row)
    options = waiting.options if waiting else []
    amount = asked_fen(session, row, turn)
    if amount is None and WHY.search(turn.text):
        return act(session, row, turn, Act("ask_why"))
    if amount is None and len(options) == 1 and options[0]["remedy"] in TAKEN_BARE and plain.BARE.fullmatch(turn.text.strip()):
        return accept_or_confirm(session, row, turn, options, str(options[0]["id"]))
    heard = hear(turn)
    if amount is None and owed_instead(session, row, turn, heard.wish, options):
        # 「那退款」 on an order not yet shipped: no counter-offer to a coupon but a right that the rules open.
        return intake.go_on(session, msgspec.structs.replace(turn, awaiting=None), row, heard)
    if amount is None or any(option["fen"] == amount for option in options):
        chosen = named_option(turn, options)
        if chosen is not None:
            return accept_or_confirm(session, row, turn, options, chosen)
    wish = meant(turn.intent, turn.text)
    wanted = form_named(turn.text) or FORM_OF.get(wish or "")
    if amount is None and wanted is None and wish is None:
        return reject_offer(session, turn)
    shown_so = [option for option in options if option["remedy"] == wanted]
    back = any(option["remedy"] == "return_refund" for option in options)
    if wanted == "refund" and back and MONEY_BACK.search(turn.text) and not KEPT.search(turn.text) and any(option["remedy"] in PART for option in options):
        # 「先退钱」 may mean the whole for the goods or the part without: the smaller one is not taken for them.
        if turn.unclear >= 1:
            return escalation.hand_over(session, turn, "unknown_rule", why=say("why_failed"), row=row)
        return Answer((which(turn, options),), "offer", row.case_id, None, turn.unclear + 1)
    if wanted == "refund" and not shown_so and not back and not WHOLE.search(turn.text):
        shown_so = [option for option in options if option["remedy"] in PART]
    if wanted == "refund" and not shown_so and not KEPT.search(turn.text):
        # 「那退吧」 where the goods go back: the refund that is on the table, not another one.
        shown_so = [option for option in options if option["remedy"] == "return_refund"]
    if wanted == "return_refund" and not shown_so:
        # 「退货」 where nothing need be sent back: the refund that is on the table.
        shown_so = [option for option in options if option["remedy"] == "refund"]
    if amount is None and len(shown_so) == 1:
        return accept_or_confirm(session, row, turn, options, str(shown_so[0]["id"]))
    new = set(turn.issues) - set(row.issues)
    if amount is None and wanted is None and new:
        return intake.go_on(session, turn, row, heard)  # 「还有个洞在袖子上」
    if amount is None and wanted is None:
        return not_an_offer(session, row, turn, options)
    if amount is None and was_declined(row) and wanted in FULFILS.get(row.wish or "", ()):
        return refusal.disagree(session, row, turn)
    remedy = wanted if wanted is not None and (amount is None or wanted in {"coupon", "gift"}) else "refund_part"
    if remedy in {"return_refund", "refund"}:
        fen = paid_fen(session, row)
    elif remedy in {"exchange", "resend", "repair"}:
        fen = 0
    else:
        fen = amount or 0
    return act(session, row, turn, Act("counter", remedy=remedy, fen=fen, mood=ANGER.get(turn.mood, 0.0)))  # type: ignore[arg-type]


def owed_instead(session: Session, row: models.Case, turn: Turn, wish: str | None, options: list[dict[str, Any]]) -> bool:
    """Whether the rules give for another wish of the customer what is not among the options: what is owed, and other goods
    in the place of these also where they are only offered (whoever asks for the exchange first is offered it, too)."""
    if wish not in FULFILS or wish == row.wish:
        return False
    case = msgspec.structs.replace(facts.case_of(session, row, turn.at), wish=wish)
    given = {str(due.remedy) for due in judgement.now(case).remedies if due.kind == "owed" or wish in {"exchange", "repair", "resend"}}
    return bool(given & FULFILS[wish] - {option["remedy"] for option in options})


def not_an_offer(session: Session, row: models.Case, turn: Turn, options: list[dict[str, Any]]) -> Answer:
    """Words that name neither sum nor form: a question is answered, else asked once more, then a person."""
    found = question.reply_to(turn.text, turn.said)
    if found is not None:
        return small_talk.stay(turn, found)
    if THINKING.search(turn.text):
        return small_talk.stay(turn, Reply(say("offer_waits", turn.said)))
    if small_talk.WAITING.search(turn.text):
        return small_talk.stay(turn, Reply(say("patience", turn.said)))
    if turn.intent == "chitchat" and len(turn.text.strip()) <= HARDLY_A_WORD:
        return small_talk.stay(turn, Reply(say("offer_waits", turn.said)))
    if turn.intent == "compensation" or turn.intent == "counter_offer":
        return act(session, row, turn, Act("reject", mood=ANGER.get(turn.mood, 0.0)))
    if turn.unclear >= 1:
        return escalation.hand_over(session, turn, "unknown_rule", why=say("why_failed"), row=row)
    return Answer((which(turn, options),), "offer", row.case_id, None, turn.unclear + 1)


def asked_fen(session: Session, row: models.Case, turn: Turn) -> int | None:
    """The sum the customer names, in fen; a share is of what was paid for the line."""
    amounts = [int(value) for value in turn.values("amount") if isinstance(value, int | float)]
    if amounts:
        return amounts[0]
    shares = [float(value) for value in turn.values("ratio") if isinstance(value, int | float)]
    if shares and 0 < shares[0] <= 1:
        return round(paid_fen(session, row) * shares[0])
    bare = re.fullmatch(r"\D{0,6}?(\d{1,6})\s*(?:元|块|块钱)?\D{0,4}", turn.text.strip())
    if bare and int(bare[1]) > 4:
        return int(bare[1]) * 100
    return None


def paid_fen(session: Session, row: models.Case) -> int:
    line = session.get(models.OrderLine, (row.order_id, row.line_id))
    return int(line.unit_paid_fen * line.quantity) if line else 0


DONT = re.compile(r"别(?:给我|把我的?)?(?:取消|退款?(?:了|$))|不(?:要|想|用)取消|没(?:说|想|要)(?:要|过)?取消|照发|还是?要的")
"""「别取消我的」, where the way out of the order was shown: nothing of it is wished."""
THERE_AFTER_ALL = re.compile(r"(?<!没)(?<!没有)(?<!还没)(?:找到|收到|拿到|取到|送到)(?:了|啦)|原来在|在(?:门卫|驿站|快递柜|前台|邻居|物业|保安)")


def turned_up(row: models.Case, turn: Turn) -> bool:
    """Whether what had not arrived is there after all: 「找到了 在门卫那」."""
    return "not_received" in row.issues and THERE_AFTER_ALL.search(turn.text) is not None and "没" not in turn.text


def some_pieces(session: Session, row: models.Case, turn: Turn) -> Answer | None:
    """A person, where the words mean only some of the line's several pieces, which no option is about; None otherwise."""
    line = session.get(models.OrderLine, (row.order_id, row.line_id))
    if line is None or line.quantity == 1 or not PARTLY.search(turn.text):
        return None
    return escalation.hand_over(session, turn, "dispute", why=say("why_pieces"), row=row)


def explain(session: Session, turn: Turn) -> Answer:
    """「为什么」: the rules that fired with their facts; for an open offer the same offer again."""
    row = case_file.current(session, turn)
    if row is not None and row.state == "negotiating":
        return act(session, row, turn, Act("ask_why"))
    purpose_told = purpose.tell(session, turn)
    if purpose_told is not None:
        return purpose_told
    if row is not None and row.assessment:
        reasons = [str(reason["text"]) for reason in row.assessment.get("reasons", [])]
        source = next((str(reason["source"]) for reason in row.assessment.get("reasons", [])), "")
        if reasons:
            text = "".join(reasons) + (say("answer_source", source=source) if source else "")
            return Answer((Reply(text, (Choice("human", say("button_human")),)),), turn.awaiting, row.case_id, turn.pending or None)
    return small_talk.small_talk(session, turn)


def no_offer(session: Session, turn: Turn) -> Answer:
    """An answer to an offer where none is open: one that another matter came between is shown again."""
    row = case_file.current(session, turn)
    if row is not None and row.state == "refused":
        return refusal.disagree(session, row, turn)
    if row is not None and row.state == "with_person":
        return escalation.still_with_person(session, turn, row)
    other = session.scalars(
        select(models.Case)
        .where(models.Case.conversation_id == turn.conversation_id, models.Case.state == "negotiating")
        .order_by(models.Case.updated_at.desc())
    ).first()
    if other is not None:
        return show_again(session, other, turn)
    if row is not None and row.state in {"settled", "awaiting_return"} and turn.intent in {"reject_offer", "deny", "counter_offer"}:
        return explain(session, turn)  # 「才退这点」: the rules that made it so, and a person's button
    return Answer((Reply(say("no_offer_open", turn.said)),), turn.awaiting, turn.case_id, turn.pending or None)
