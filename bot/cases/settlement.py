"""From the facts to what happens: assess, then do what is owed, offer, ask, refuse, or call a person.

Write first, say after: the assessment, the offer and the ledger entry are rows before a word is said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from bot.aftersales.assessment import Assessment, Reason, RemedyDue
from bot.cases import (
    audit,
    bargaining,
    case_file,
    detail,
    escalation,
    facts,
    intake,
    judgement,
    plain,
    policy,
    refusal,
    request_evidence,
    standing_offer,
    sympathy,
)
from bot.cases.reply import Answer, Reply
from bot.cases.turn import Turn
from bot.cases.words import say, yuan
from bot.ledger import ledger
from bot.store import models
from bot.store.platform import DemoShop

SIDE = frozenset({"freight", "medical"})
INTERCEPTED = frozenset({"IT-01", "IT-03", "RC-08"})
"""Rules under which the shop stops the parcel on its way."""
SUMS = frozenset({"PP-19", "PP-24"})
"""Rules that work a price difference out: from what was paid back before, and as a whole. Their sentences are always said."""
SUM_FACTS = ("base", "now", "kept", "ratio", "diff", "paid")
AT_ONCE = frozenset({"refund", "refund_part", "price_difference", "resend"})
"""Owed remedies that need nothing more from the customer: done as soon as they are clear."""


def advance(session: Session, row: models.Case, turn: Turn) -> Answer:
    """The next step of a case on all its facts, and its words. In the queue a person decides, not this.

    Where the case was ended and the same matter opened anew, that one takes the step: the database holds one open.
    """
    row = case_file.under_way(session, row)
    if escalation.in_queue(session, row):
        return escalation.join(session, turn, row)
    if row.order_id is None:
        return intake.find_order(session, turn, row)
    case = facts.case_of(session, row, turn.at)
    asking = detail.missing(case)
    if asking is not None:
        sorry = sympathy.sorry_for(row, turn)
        question = detail.ask(asking, turn)
        replies = (msgspec.structs.replace(question, text=sorry + question.text),)
        return Answer(replies, "detail", row.case_id, {"asking": asking})
    assessment = judgement.judge(session, row, case, turn.at)
    record(session, row, assessment, turn.at)
    if assessment.decision == "human" or assessment.to_human is not None:
        return to_person(session, row, turn, assessment)
    if assessment.decision == "needs_evidence":
        return request_evidence.ask(session, row, turn, assessment)
    if assessment.decision == "refused":
        return refusal.refuse(session, row, turn, assessment)
    due = plain_due(assessment, row)
    # An answer to a question about other goods says nothing of these.
    heard = turn if turn.case_id in (None, row.case_id) or turn.awaiting == "order" else msgspec.structs.replace(turn, awaiting=None)
    if due is not None and plain.asked(heard, names_of(session, row), row.wish, asked_by_stating(row)):
        return settle_at_once(session, row, turn, assessment, due)
    shown = bargaining.open_offer(session, row, turn, case, assessment)
    return naming(session, row, turn, shown) if due is not None else shown


def naming(session: Session, row: models.Case, turn: Turn, shown: Answer) -> Answer:
    """What could be done at once and is shown first, with the goods it is for: a yes may be to another order than was thought."""
    title = say("shown_first", title=intake.line_of(session, row).title)
    return shown if title in turn.said else msgspec.structs.replace(shown, replies=(Reply(title), *shown.replies))


def names_of(session: Session, row: models.Case) -> tuple[str, ...]:
    """Title and spec of the case's goods; its order must be known."""
    line = intake.line_of(session, row)
    return (line.title, line.spec or "")


def asked_by_stating(row: models.Case) -> list[str]:
    """The issues that need no wish beside them: who only says that the price fell wants the difference."""
    return list(row.issues) if case_file.ASSUMED in row.facts else [issue for issue in row.issues if issue == "price_drop"]


def owes_now(session: Session, row: models.Case, at: datetime) -> bool:
    """Whether the case's wish, made again now, is owed more than the case already brought: a price that dropped once more."""
    case = facts.case_of(session, row, at)
    brought = sum(entry.fen for entry in ledger.entries_of_case(session, row.case_id) if entry.state != "cancelled")
    return judgement.now(case).floor_fen > brought


def record(session: Session, row: models.Case, assessment: Assessment, at: datetime) -> None:
    """The assessment as it stands, with the policy it was made under. What was given under an earlier one stays within the cap."""
    spent = ledger.spent(session, row.case_id)
    row.assessment = msgspec.to_builtins(assessment)
    row.floor_fen, row.cap_fen = assessment.floor_fen, max(assessment.cap_fen, spent)
    row.policy_version = assessment.policy_version
    reply = [deadline for deadline in row.deadlines if deadline["what"] == escalation.REPLY_DEADLINE]
    row.deadlines = [*(msgspec.to_builtins(deadline) for deadline in assessment.deadlines), *reply]
    row.updated_at = at
    session.flush()


def to_person(session: Session, row: models.Case, turn: Turn, assessment: Assessment) -> Answer:
    """A person decides; the customer hears the rule's own sentence and that nothing is lost."""
    answer = escalation.hand_over(session, turn, assessment.to_human or "unknown_rule", row=row)
    sorry = sympathy.sorry_for(row, turn)
    first = " ".join(part for part in (sorry, *(reason.text for reason in assessment.reasons[:2])) if part)
    return msgspec.structs.replace(answer, replies=(Reply(first), *answer.replies) if first else answer.replies)


def plain_due(assessment: Assessment, row: models.Case) -> RemedyDue | None:
    """The one owed remedy where nothing is left to choose and nothing comes back, or None.

    Where the customer named another owed form, or several forms are owed, the customer chooses.
    """
    owed = [remedy for remedy in assessment.remedies if remedy.kind == "owed" and remedy.remedy not in SIDE]
    if assessment.decision != "owed" or not owed:
        return None
    if case_file.ASSUMED in row.facts and (len(owed) > 1 or row.wish == "cancel_order"):
        return None
    wanted = {"resend": "resend", "refund": "refund", "cancel_order": "refund", "price_protection": "price_difference"}.get(row.wish or "")
    fitting = [remedy for remedy in owed if remedy.remedy == wanted] or (owed if len(owed) == 1 else [])
    if len(fitting) == 1 and fitting[0].remedy in AT_ONCE and not fitting[0].return_needed:
        return fitting[0]
    return None


def settle_at_once(session: Session, row: models.Case, turn: Turn, assessment: Assessment, due: RemedyDue) -> Answer:
    """Pays what is owed without asking anything more, and says how it was worked out."""
    sides = [(str(side.remedy), side.fen, 0) for side in assessment.remedies if side.remedy in SIDE and side.kind == "owed"]
    parts = [(str(due.remedy), due.fen, 0), *sides]
    try:
        with session.begin_nested():
            done = fulfil(session, row, parts, return_needed=False, at=turn.at)
    except ledger.LedgerRefused as refused:
        return not_done(session, row, turn, refused)
    row.state = "settled"
    audit.write(session, turn.at, "bot", "settle", row.case_id, remedies=[part[0] for part in parts])
    session.flush()
    first = assessment.reasons[:2]
    reasons = [reason.text for reason in assessment.reasons if reason in first or reason.rule in SUMS]
    text = "".join([sympathy.sorry_for(row, turn), *reasons, say_done(done, assessment, row, turn)])
    card = settled_card(row, done, assessment, with_sum=due.remedy == "price_difference")
    return Answer((Reply(text, card=card),), None, row.case_id)


def not_done(session: Session, row: models.Case, turn: Turn, refused: ledger.LedgerRefused) -> Answer:
    """What was to be paid is no longer free, as another case of these goods took it meanwhile: nothing moved, a person goes on."""
    audit.write(session, turn.at, "ledger", "refuse_offer", row.case_id, why=str(refused))
    return escalation.go_on(session, turn, row, say("why_not_done"))


def cause_of(row: models.Case, remedy: str) -> str:
    """The ledger's cause: the main issue; a further price drop after a paid one is a new cause."""
    cause = str(row.issues[0] if row.issues else row.wish)
    if remedy == "price_difference":
        return f"price_drop/{row.case_id}"
    return cause


def fulfil(
    session: Session, row: models.Case, parts: list[tuple[str, int, int]], *, return_needed: bool, at: datetime,
    mark: str | None = None, by: str = "bot",
) -> list[dict[str, Any]]:
    """Promises, accepts and pays each part; returns the ledger rows as the contract shows them.

    `parts` are (remedy, fen, cost_fen). What waits for returned goods is only agreed; a payout the
    platform fails on stays due and is retried with the same key. `mark` tells one agent's offer from
    another of the same remedy; `by` is who promised.
    """
    waits = {"return_refund", "freight"} if return_needed else set()
    entries = []
    for remedy, fen, cost_fen in parts:
        extra = cost_fen if remedy in {"coupon", "gift"} else 0
        cause = f"{cause_of(row, remedy)}/{mark}" if mark else cause_of(row, remedy)
        entry = ledger.promise(session, row, cause=cause, remedy=remedy, fen=fen, cost_fen=extra, at=at, by=by)
        waiting = remedy in waits or (return_needed and remedy == "return_refund")
        state = ledger.accept(session, entry, at, return_needed=waiting)
        if state == "due":
            ledger.pay(session, entry, DemoShop(session), at)
        entries.append(entry.entry_id)
    if mark is None and any(remedy in standing_offer.SETTLES for remedy, _, _ in parts):
        standing_offer.lapse(session, row.case_id, standing_offer.SETTLES, entries[0])
    return [shown for shown in ledger.rows(session, row.case_id) if shown["id"] in entries]


def say_done(done: list[dict[str, Any]], assessment: Assessment, row: models.Case, turn: Turn) -> str:
    """What was done, every amount out of its ledger row."""
    sentences = []
    for entry in done:
        remedy, fen, state = str(entry["remedy"]), int(entry["fen"]), entry["state"]
        name = say(f"remedy_{remedy}")
        if remedy in {"exchange", "resend", "repair"}:
            kept = remedy == "resend" or assessment.return_freight == "none"
            note = "return_note_none" if kept else f"return_note_{assessment.return_freight}"
            sentences.append(say("goods_promised", remedy=name, return_note=say(note)))
        elif remedy == "coupon":
            sentences.append(say("coupon_given", amount=yuan(fen)))
        elif remedy == "gift":
            sentences.append(say("gift_given"))
        elif state == "awaiting_return" and remedy == "return_refund":
            key = "awaiting_return" if arrived(assessment) else "awaiting_interception"
            sentences.append(say(key, amount=yuan(fen), by=ship_back_by(turn.at), freight=say(f"freight_{assessment.return_freight}")))
        elif remedy in SIDE:
            sentences.append(say("also_due", remedy=name, amount=yuan(fen)))
        elif state == "paid":
            sentences.append(say("paid", turn.said, remedy=name, amount=yuan(fen)))
        else:
            sentences.append(say("paid_retry", remedy=name, amount=yuan(fen)))
    return "".join(sentences)


def arrived(assessment: Assessment) -> bool:
    """Whether the customer has the goods; a parcel on its way is intercepted, nobody sends it back."""
    return not any(reason.rule in INTERCEPTED for reason in assessment.reasons)


def ship_back_by(at: datetime) -> str:
    days = policy.current().returns.ship_back_days
    return (at + timedelta(days=days)).strftime("%-m月%-d日")


def sum_of(assessment: Assessment) -> str:
    """The sentences of the rules that worked a price difference out; "" where none did."""
    return "".join(reason.text for reason in assessment.reasons if reason.rule in SUMS)


def settled_card(row: models.Case, done: list[dict[str, Any]], assessment: Assessment, *, with_sum: bool = False) -> dict[str, Any]:
    """What was done and why. `with_sum`: the text beside it works the price difference out, the card does so as a table."""
    reasons = [reason_shown(reason, with_sum) for reason in assessment.reasons]
    return {"kind": "settled", "case_id": row.case_id, "ledger": done, "reasons": reasons}


def reason_shown(reason: Reason, with_sum: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"rule": reason.rule, "text": reason.text, "source": reason.source}
    if with_sum and reason.rule in SUMS:
        shown["facts"] = {name: reason.facts[name] for name in SUM_FACTS if name in reason.facts}
    return shown
