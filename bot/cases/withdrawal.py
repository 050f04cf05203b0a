"""Taking a request back: asked once, done once; what was paid stays paid."""

from __future__ import annotations

import re

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import audit, bargaining, case_file, intake, progress
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import Heard
from bot.cases.words import say, yuan
from bot.ledger import ledger
from bot.store import models

UNREFUSED = r"(?<!不)(?<!别)(?<!不用)(?<!不要)(?<!不想)(?<!不需要)"
INSTEAD = (
    ("refund", re.compile(rf"折现|折[算成]|{UNREFUSED}(?:退钱|退款)")), ("exchange", re.compile(rf"{UNREFUSED}换[成个一新]")),
    ("compensation", re.compile(rf"{UNREFUSED}(?:赔|补偿)")),
)
"""「不用补了 折现吧」 takes nothing back: it asks for something else."""


def matter(session: Session, turn: Turn) -> models.Case | None:
    """The case to take back: the one talked about, else the customer's newest."""
    row = case_file.current(session, turn)
    if row is None:
        row = session.scalars(
            select(models.Case).where(models.Case.customer_id == turn.customer_id).order_by(models.Case.updated_at.desc())
        ).first()
    return row


def withdraw(session: Session, turn: Turn) -> Answer:
    """Asks before taking back; says so where nothing is open or the money is already out."""
    row = matter(session, turn)
    if row is None or row.state in {"withdrawn", "closed"}:
        return Answer((Reply(say("withdraw_none")),), None, None)
    wish = next((wish for wish, words in INSTEAD if words.search(turn.text)), None)
    if wish is not None and row.state == "negotiating":
        return bargaining.counter_offer(session, msgspec.structs.replace(turn, intent=wish, case_id=row.case_id))
    if wish is not None and case_file.is_open(row):
        return intake.go_on(session, msgspec.structs.replace(turn, intent=wish), row, Heard(wish, (), {}))
    title = progress.title_of(session, row)
    paid = sum(entry.fen for entry in ledger.entries_of_case(session, row.case_id) if entry.state == "paid")
    if row.state == "settled" and paid:
        choices = (Choice("human", say("button_human")),)
        return Answer((Reply(say("withdraw_paid", title=title, amount=yuan(paid)), choices),), None, row.case_id)
    wish = say(f"wish_{row.wish}") if row.wish else ""
    ask = Reply(say("withdraw_ask", title=title, wish=wish), (Choice("yes", say("button_yes")), Choice("no", say("button_no"))))
    return Answer((ask,), "confirmation", row.case_id, {"confirming": "withdraw"})


def withdraw_now(session: Session, turn: Turn) -> Answer:
    """Cancels what was agreed and not paid, and closes the case as withdrawn."""
    row = matter(session, turn)
    if row is None:
        return Answer((Reply(say("withdraw_none")),), None, None)
    for entry in ledger.entries_of_case(session, row.case_id):
        if entry.step in {"promised", "accepted", "awaiting_return"}:
            stored = session.get(models.LedgerEntry, entry.entry_id)
            assert stored is not None
            ledger.cancel(session, stored, turn.at, by="customer", why="withdrawn")
    row.state = "withdrawn"
    row.updated_at = turn.at
    conversation = session.get(models.Conversation, row.conversation_id)
    if conversation is not None and conversation.owner == "queue":
        conversation.owner = "bot"
        conversation.fence += 1
    audit.write(session, turn.at, "customer", "withdraw", row.case_id)
    session.flush()
    return Answer((Reply(say("withdrawn", title=progress.title_of(session, row))),), None, None)
