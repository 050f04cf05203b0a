"""What an agent offers: within the cap, never below what is owed, accepted by a button, once.

The customer's acceptance goes through the same ledger and the same guards as the bot's own offers.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.aftersales.assessment import Assessment, RemedyDue
from bot.cases import audit, facts, judgement, policy, settlement, standing_offer
from bot.cases.desk_refused import DeskRefused
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, yuan
from bot.clock import SHOP_ZONE
from bot.ledger import ledger
from bot.negotiation.terms import read_terms
from bot.store import models
from bot.store.models.ledger import GOODS, REMEDIES

VALUE = frozenset({"coupon", "gift"})
SIDE = frozenset({"freight", "medical"})


def assessed(session: Session, row: models.Case, at: datetime) -> Assessment:
    """The case's assessment on what is known now: evidence may have come since the last one.

    A cap that a supervisor raised, or that offers were made under, is not lowered again. Raises
    DeskRefused where facts are missing.
    """
    try:
        assessment = judgement.judge(session, row, facts.case_of(session, row, at), at)
    except (LookupError, msgspec.ValidationError) as missing:
        raise DeskRefused("not_assessed", "案件还缺少订单或诉求,无法核算应付金额,请先和顾客确认") from missing
    before = row.cap_fen or 0
    settlement.record(session, row, assessment, at)
    row.cap_fen = max(before, assessment.cap_fen)
    session.flush()
    return assessment


def paid_fen(session: Session, row: models.Case) -> int:
    """What was paid for the case's line, in fen; 0 where no line is known."""
    line = session.get(models.OrderLine, (row.order_id, row.line_id)) if row.order_id else None
    return line.unit_paid_fen * line.quantity if line is not None else 0


class OfferGone(Exception):
    """What the customer takes can no longer be done: nothing moved. `why`: the sentence that says so."""

    def __init__(self, row: models.Case, why: str) -> None:
        super().__init__(why)
        self.row, self.why = row, why


def still_owed(session: Session, row: models.Case) -> int:
    """What of the floor is neither promised nor paid yet, in fen; 0 before an assessment.

    A replacement or a repair settles the floor as well, and so does whatever the customer took of an offer
    that held the floor: chosen instead. Freight and medical fees come beside it and settle nothing.
    """
    offers = session.scalars(select(models.Offer).where(models.Offer.case_id == row.case_id))
    if any(taken_instead(offer) and holds(offer, row.floor_fen or 0) for offer in offers):
        return 0
    standing = [entry for entry in ledger.entries_of_case(session, row.case_id) if entry.state != "cancelled"]
    if any(entry.remedy in GOODS for entry in standing):
        return 0
    return max(0, (row.floor_fen or 0) - sum(entry.fen for entry in standing if entry.remedy in ledger.MONEY))


def taken_instead(offer: models.Offer) -> bool:
    """Whether the customer took something of this offer that stands in for what is owed."""
    answer = offer.answer or {}
    if answer.get("act") != "accept" or "refused" in answer:
        return False
    return all(option["remedy"] not in SIDE for option in offer.options if option["id"] == answer.get("option"))


def holds(offer: models.Offer, owed: int) -> bool:
    """Whether one of the offer's options gives what is owed: the money, or goods that work."""
    return any(gives(option, owed) for option in offer.options)


def gives(option: dict[str, Any], owed: int) -> bool:
    """Whether an option gives what is owed, in fen: the money, or goods that work."""
    return option["remedy"] in GOODS or (option["remedy"] in ledger.MONEY and option["fen"] >= owed)


def check(session: Session, row: models.Case, agent: models.Agent, remedy: str, fen: int, at: datetime) -> RemedyDue | None:
    """Whether this agent may offer this; raises DeskRefused with what would be right.

    A supervisor above the cap raises it for this case; the line's paid amount stays the end for everybody.
    Less than is owed may be offered only to keep the goods, and beside what is owed for giving them
    back, which is returned then: the customer chooses.
    """
    if remedy not in REMEDIES:
        raise DeskRefused("bad_remedy", f"remedy:没有「{remedy}」这种办法,可用的有 {'、'.join(REMEDIES)}", 400)
    if (fen == 0) != (remedy in GOODS):
        raise DeskRefused("bad_fen", "fen:换货、补发、维修写 0,其余写大于 0 的分数", 400)
    if row.order_id is None or row.line_id is None:
        raise DeskRefused("no_order", "案件还没有对应的订单,不能给方案")
    assessment = assessed(session, row, at)
    paid = paid_fen(session, row)
    owed = still_owed(session, row)
    supervisor = agent.role in {"supervisor", "owner"}
    if remedy in ledger.MONEY and fen + ledger.paid_for_line(session, row.order_id, row.line_id) > paid:
        raise DeskRefused("over_paid", f"fen:这件商品实付 {yuan(paid)},加上已退的不能超过它")
    less = bool(owed) and (remedy in VALUE or (remedy in ledger.MONEY and fen < owed))
    beside = next((due for due in assessment.remedies if due.kind == "owed" and due.return_needed and due.fen >= owed), None) if less else None
    if less and (beside is None or remedy == beside.remedy):
        raise DeskRefused("below_floor", f"fen:按规则还欠顾客 {yuan(owed)},方案不能低于它")
    if remedy in SIDE and not supervisor:
        due = max((side.fen for side in assessment.remedies if side.remedy == remedy and side.kind == "owed"), default=0)
        if fen > due:
            raise DeskRefused("over_cap", f"fen:{say(f'remedy_{remedy}')}最多 {yuan(due)},更多需要主管来办")
    elif remedy in ledger.MONEY or remedy in VALUE:
        left = ledger.left_under_cap(session, row)
        if fen > left and not supervisor:
            raise DeskRefused("over_cap", f"fen:还可以给 {yuan(left)},更多需要主管来办")
        if fen > left:
            row.cap_fen = (row.cap_fen or 0) + fen - left
            audit.write(session, at, agent.name, "raise_cap", row.case_id, cap_fen=row.cap_fen)
            session.flush()
    return beside


def write(session: Session, row: models.Case, agent: models.Agent, remedy: str, fen: int, at: datetime) -> tuple[models.Offer, Reply]:
    """The checked offer as a row, and its words."""
    beside = check(session, row, agent, remedy, fen, at)
    expires = at + timedelta(hours=read_terms(policy.current().negotiation).offer_hours)
    options = [option_of(remedy, fen), *([option_of(beside.remedy, beside.fen)] if beside else [])]
    offer = models.Offer(
        offer_id=f"off_{uuid.uuid4().hex[:16]}", case_id=row.case_id, at=at, by=agent.name, options=options, expires_at=expires
    )
    session.add(offer)
    audit.write(session, at, agent.name, "offer", row.case_id, offer_id=offer.offer_id, remedy=remedy, fen=fen)
    session.flush()
    until = expires.astimezone(SHOP_ZONE).strftime("%-m月%-d日%H:%M")
    choices = tuple(Choice(f"option:{option['id']}", say("agent_offer_button", what=option["text"])) for option in options)
    shown = [{name: option[name] for name in ("id", "remedy", "fen", "text")} for option in options]
    card = {"kind": "offer", "case_id": row.case_id, "offer_id": offer.offer_id, "options": shown, "until": expires.isoformat()}
    what = say("agent_offer_or").join(str(option["text"]) for option in options)
    return offer, Reply(say("agent_offer", what=what, until=until), choices, card)


def option_of(remedy: str, fen: int) -> dict[str, Any]:
    """An option as contracts.md section 5 writes it; the same id always means the same remedy and fen."""
    return {"id": f"{remedy}-{fen}", "remedy": remedy, "fen": fen, "cost_fen": fen if remedy not in SIDE else 0, "text": named(remedy, fen)}


def named(remedy: str, fen: int) -> str:
    """「部分退款30.00元」「换货」."""
    name = say(f"remedy_{remedy}")
    return say("agent_option_money", remedy=name, amount=yuan(fen)) if fen else name


def standing(session: Session, conversation_id: str, option_id: str, at: datetime) -> tuple[models.Offer, models.Case] | None:
    """The newest agent's offer of this conversation that holds the option and may be accepted now."""
    found = session.execute(
        select(models.Offer, models.Case)
        .join(models.Case, models.Case.case_id == models.Offer.case_id)
        .where(models.Case.conversation_id == conversation_id, models.Offer.by != "bot")
        .order_by(models.Offer.at.desc(), models.Offer.offer_id)
    ).all()
    for offer, row in found:
        stands = offer.answer is None and (offer.expires_at is None or offer.expires_at > at)
        if stands and row.state not in {"withdrawn", "closed"} and any(option["id"] == option_id for option in offer.options):
            return offer, row
    return None


def accept(session: Session, turn: Turn, option_id: str) -> Answer | None:
    """The customer takes an agent's offer: ledger entries first, then the words. None where no such offer stands.

    Raises OfferGone where the ledger does not take it, or where more is owed by now than the offer gives: a
    picture came, or the price fell further, after it was made.
    """
    found = standing(session, turn.conversation_id, option_id, turn.at)
    if found is None:
        return None
    offer, row = found
    option: dict[str, Any] = next(option for option in offer.options if option["id"] == option_id)
    with suppress(DeskRefused):  # what the offer was checked against stands where it cannot be worked out anew
        assessed(session, row, turn.at)
    owed = still_owed(session, row)
    if owed and option["remedy"] not in SIDE and not holds(offer, owed):
        raise gone(session, offer, row, turn.at, option_id, f"{owed} fen owed by now", say("why_more_owed"))
    part = (str(option["remedy"]), int(option["fen"]), int(option["cost_fen"]))
    back = part[0] == "return_refund"
    try:
        with session.begin_nested():
            done = settlement.fulfil(session, row, [part], return_needed=back, at=turn.at, mark=offer.offer_id, by=offer.by)
    except ledger.LedgerRefused as refused:
        raise gone(session, offer, row, turn.at, option_id, str(refused), say("why_not_done")) from refused
    offer.answer = {"act": "accept", "option": option_id}
    in_place_of_it = len(offer.options) > 1
    standing_offer.lapse(session, row.case_id, ledger.MONEY if part[0] in ledger.MONEY or in_place_of_it else {part[0]}, offer.offer_id, but=offer.offer_id)
    if any(entry["state"] == "awaiting_return" for entry in done):
        row.state = "awaiting_return"
    elif not still_owed(session, row):
        row.state = "settled"
    row.updated_at = turn.at
    audit.write(session, turn.at, "customer", "accept_offer", row.case_id, offer_id=offer.offer_id, option=option_id)
    session.flush()
    assessment = msgspec.convert(row.assessment, Assessment)
    text = settlement.say_done(done, assessment, row, turn)
    return Answer((Reply(text, card=settlement.settled_card(row, done, assessment)),), None, row.case_id)


def gone(session: Session, offer: models.Offer, row: models.Case, at: datetime, option_id: str, refused: str, why: str) -> OfferGone:
    """Writes down that the offer was taken and could not be done; the exception that says it."""
    offer.answer = {"act": "accept", "option": option_id, "refused": refused}
    audit.write(session, at, "ledger", "refuse_offer", row.case_id, offer_id=offer.offer_id, why=refused)
    return OfferGone(row, why)
