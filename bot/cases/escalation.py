"""A person takes over: one row in the queue with a summary of facts, then the sentence about it.

Write first, say after: the case is with a person and the conversation in the queue before the
customer hears so. A hand-over always makes a case, also where no order is known yet.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.aftersales.assessment import HumanReason
from bot.cases import audit, case_file, duty, listing, summary, unanswered, upload, wait
from bot.cases.reply import Answer, Reply
from bot.cases.turn import Turn
from bot.cases.wish import Heard, hear
from bot.cases.words import say, wordings
from bot.store import models
from bot.store.conversation import append, conversation_turn
from bot.store.database import session as open_session

logger = logging.getLogger(__name__)

REPLY_DEADLINE = "人工回复"
"""The deadline that stands from the hand-over until a person answers."""


def hand_over_on_request(session: Session, turn: Turn) -> Answer:
    """The customer wants a person: at once, without persuading."""
    return hand_over(session, turn, "asked")


def hand_over(session: Session, turn: Turn, reason: HumanReason, why: str | None = None, row: models.Case | None = None) -> Answer:
    """Puts the conversation's case into the queue and says so; `why` is the sentence before it."""
    row = row or case_file.current(session, turn) or case_talked_about(session, turn) or case_without_order(session, turn)
    row = case_file.under_way(session, row)
    conversation = session.get(models.Conversation, turn.conversation_id)
    if conversation is not None and conversation.owner != "bot" and row.state == "with_person":
        return still_with_person(session, turn, row)
    case_file.add(session, row, turn, hear(turn) if reason != "asked" else Heard(None, turn.issues, {}))
    to_person(session, row, reason, turn.at)
    why = say(f"why_{reason}") if why is None and f"why_{reason}" in wordings() else why or ""
    queue = queue_sentence(session, turn.at, row)
    text = say("handed_over_because", turn.said, why=why, queue=queue) if why else say("handed_over", turn.said, queue=queue)
    return Answer((Reply(text, card={"kind": "handed_over", "case_id": row.case_id}),), None, row.case_id)


def go_on(session: Session, turn: Turn, row: models.Case, why: str) -> Answer:
    """What the customer took could not be done, `why` says it: a person goes on, who has the case, is waited for, or is called now."""
    row = case_file.under_way(session, row)
    conversation = session.get(models.Conversation, turn.conversation_id)
    owner = conversation.owner if conversation is not None else "bot"
    if owner == "agent" or (owner == "queue" and row.state == "with_person"):
        return Answer((Reply(say("person_goes_on", why=why)),), None, row.case_id)
    return hand_over(session, turn, "dispute", why=why, row=row)


def to_person(session: Session, row: models.Case, reason: HumanReason, at: datetime) -> None:
    """The case waits for a person; the conversation's fence grows, so that late bot words are dropped."""
    row.state = "with_person"
    row.human_reason = reason
    row.updated_at = at
    row.summary = summary.of(session, row, at)
    row.claimed_by = None
    row.deadlines = [*other_deadlines(row), {"what": REPLY_DEADLINE, "at": duty.reply_by(at).isoformat()}]
    conversation = session.get(models.Conversation, row.conversation_id)
    if conversation is not None and conversation.owner == "bot":
        conversation.owner = "queue"
        conversation.fence += 1
    audit.write(session, at, "bot", "hand_over", row.case_id, reason=reason)
    session.flush()


def other_deadlines(row: models.Case) -> list[dict[str, object]]:
    """The case's deadlines without that of a person's answer."""
    return [deadline for deadline in row.deadlines if deadline["what"] != REPLY_DEADLINE]


def case_talked_about(session: Session, turn: Turn, wish: str | None = None) -> models.Case | None:
    """A case for a hand-over on the one order it can be about, without which a person can offer nothing: the one
    named or talked about, or the only one not closed. None where there is none or several."""
    lines = listing.lines_of(session, turn.customer_id or "")
    heard = hear(turn)
    named, fitting = listing.narrowed(session, turn, heard.issues, lines, listing.candidates(turn, lines))
    usable = [] if turn.values("order_number") else [line for line in lines if line.status != "closed"]
    line = listing.only_possible(named, fitting or named or usable)
    return case_file.open_for(session, turn, Heard(wish or heard.wish, heard.issues, heard.facts), line) if line is not None else None


def case_without_order(session: Session, turn: Turn) -> models.Case:
    """A case for a hand-over whose order is not known."""
    heard = hear(turn)
    row = models.Case(
        case_id=f"case_{uuid.uuid4().hex[:16]}",
        conversation_id=turn.conversation_id,
        customer_id=turn.customer_id,
        wish=heard.wish,
        issues=list(heard.issues),
        facts=heard.facts,
        state="open",
        mood=turn.mood,
        opened_at=turn.at,
        updated_at=turn.at,
    )
    session.add(row)
    session.flush()
    upload.attach(session, row)
    return row


def still_with_person(session: Session, turn: Turn, row: models.Case) -> Answer:
    """In the queue the bot takes facts and says who decides; it makes no offer."""
    row.summary = summary.of(session, row, turn.at)
    if turn.intent == "human":
        return waits_on(session, turn)
    return Answer((Reply(say("in_queue_money", turn.said)),), None, row.case_id)


def waits(session: Session, turn: Turn) -> bool:
    """Whether the customer waits for a person: what is said then is for that person, the bot asks nothing back."""
    conversation = session.get(models.Conversation, turn.conversation_id)
    return conversation is not None and conversation.owner == "queue"


def waits_on(session: Session, turn: Turn) -> Answer:
    """「人呢」 in the queue: how many are before."""
    row = case_file.current(session, turn) or case_without_order(session, turn)
    return Answer((Reply(say("already_in_queue", turn.said, queue=queue_sentence(session, turn.at, row))),), None, row.case_id)


def note(session: Session, turn: Turn) -> Answer:
    """Words for the person who will come: they stand in the timeline, and an order they name stands on the case."""
    row = case_file.current(session, turn)
    if row is not None and row.state == "with_person":
        lines = listing.lines_of(session, turn.customer_id or "")
        named = listing.candidates(turn, lines) if row.order_id is None else []
        if len(named) == 1:
            row = case_file.open_for(session, turn, hear(turn), named[0])
        row.summary = summary.of(session, row, turn.at)
    reply = Reply(say("in_queue_facts", turn.said))
    return Answer((reply,), turn.awaiting, row.case_id if row is not None else turn.case_id, turn.pending or None)


def in_queue(session: Session, row: models.Case) -> bool:
    """Whether the case's conversation has left the bot's hands."""
    conversation = session.get(models.Conversation, row.conversation_id)
    return conversation is not None and conversation.owner != "bot"


def join(session: Session, turn: Turn, row: models.Case) -> Answer:
    """Another matter of a customer who already waits for a person goes to that person too."""
    row = case_file.under_way(session, row)
    if row.state != "with_person":
        to_person(session, row, "asked", turn.at)
    return still_with_person(session, turn, row)


def queue_sentence(session: Session, at: datetime, row: models.Case) -> str:
    """How many wait before this case, or that nobody is on duty and until when."""
    if not duty.staffed(at):
        return say("queue_off_duty", hours=duty.hours())
    if not duty.present(session):
        return say("queue_nobody")
    before = ahead(session, row)
    minutes = wait.expected_minutes(before, wait.claims(session, at), at)
    place = "queue_on_duty" if before else "queue_next"
    return say(place, ahead=before) if minutes is None else say(f"{place}_wait", ahead=before, minutes=minutes)


def waiting(session: Session) -> tuple[int, datetime | None]:
    """How many cases wait for a person, and when the last of them changed."""
    count, newest = session.execute(
        select(func.count(), func.max(models.Case.updated_at)).where(models.Case.state == "with_person", models.Case.claimed_by.is_(None))
    ).one()
    return int(count), newest


def ahead(session: Session, row: models.Case) -> int:
    """How many cases came into the queue before this one and still wait."""
    count: int | None = session.scalar(
        select(func.count())
        .select_from(models.Case)
        .where(
            models.Case.state == "with_person",
            models.Case.claimed_by.is_(None),
            models.Case.case_id != row.case_id,
            models.Case.updated_at < row.updated_at,
        )
    )
    return count or 0


def take_up_unanswered(at: datetime) -> int:
    """Makes a hand-over of every message that nobody could answer; returns how many.

    Each in a transaction of its own, committed before its note is removed: a note is never lost, and taken up
    twice it is still one message. A note that cannot be taken up stays where it is and stops nobody else.
    """
    taken = 0
    for path, message in unanswered.waiting():
        try:
            take_up(message, path.stem, at)
        except OperationalError:  # the database is away: the notes wait
            break
        except Exception:
            logger.exception("could not take up the unanswered message %s", path)
            continue
        path.unlink(missing_ok=True)
        taken += 1
    return taken


def take_up(message: unanswered.Unanswered, client_id: str, at: datetime) -> None:
    """One unanswered message into its conversation's timeline, its case into the queue."""
    with open_session() as session, conversation_turn(
        session, message.conversation_id, customer_id=message.customer_id, at=at
    ) as conversation:
        append(session, conversation, "customer", message.text, message.at, client_id=client_id, delivered=True)
        turn = Turn(message.conversation_id, conversation.customer_id, message.text, message.at)
        row = case_file.under_way(session, case_file.current(session, turn) or case_without_order(session, turn))
        if row.state != "with_person":
            to_person(session, row, "unknown_rule", at)
        conversation.answered_seq = conversation.heard_seq
