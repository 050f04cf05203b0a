"""Taking a request back: asked once, done once; what was paid stays paid."""

from __future__ import annotations

import re

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import audit, bargaining, case_file, intake, progress
from bot.cases.reply import Answer, Choice, Reply
from bot.cases.turn import Turn
from bot.cases.wish import TAKEN_BACK, Heard, instead
from bot.cases.words import say, yuan
from bot.ledger import ledger
from bot.store import models

INSTEAD = re.compile(r"折现|折算?成?钱")
"""「不用补了 折现吧」 takes nothing back: it asks for money in the place of goods."""
NOT_TAKEN_BACK = re.compile(
    r"(?:不|别|没有?|谁)(?:说过?|是|要|想|用|给我|让|叫|你们?)*(?:撤|取消(?!.*退))|撤什么|(?:不能|不是|不得|没说过?|没有说|谁说|非得?|又不是)(?:要|我)?不(?:退|换|修)"
    r"|不(?:退|换|修)不(?:行|可以|成|可)|要不(?:还是|就|先)?(?:退|换|修|给)|(?:为什么|为啥|凭什么|凭啥|怎么|咋)就?(?:说)?不|你们(?:是不是)?(?:又)?不(?:退|换|修)|不(?:退|换|修)了?[?？]"
)
"""「谁说不退了」 「不退不行」 「别撤」 take nothing back, though the model hears it."""


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
    if NOT_TAKEN_BACK.search(turn.text) and turn.choice is None and row.state == "refused":
        return bargaining.explain(session, turn)  # 「凭啥不退」
    if NOT_TAKEN_BACK.search(turn.text) and turn.choice is None:
        return Answer((Reply(say("kept"), (Choice("human", say("button_human")),)),), case_file.awaits(row), row.case_id, turn.pending or None)
    if row.state == "negotiating" and turn.choice is None and re.search(r"不用?再?(?:寄|邮|还回)", turn.text) and not TAKEN_BACK.search(turn.text):
        return bargaining.show_again(session, row, turn)  # 「不用寄回是吧」
    if INSTEAD.search(turn.text) and not TAKEN_BACK.search(turn.text) and row.state in {"open", "awaiting_evidence", "negotiating"}:
        # With an offer open its forms are shown, and the customer takes one; before that it is the wish.
        if row.state == "negotiating":
            return bargaining.show_again(session, row, turn)
        return intake.go_on(session, msgspec.structs.replace(turn, intent="refund"), row, Heard("refund", (), {}))
    other = instead(turn.text) if turn.choice is None and not bargaining.turned_up(row, turn) else None
    if other is not None:
        return intake.open_case(session, msgspec.structs.replace(turn, intent=other))
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
