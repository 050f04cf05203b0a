"""A customer's own data: all of it handed out, or taken away; and what is old is taken away by itself.

What stays after an erasure is what the law wants kept (docs/privacy.md): orders and ledger under the
shop's customer number, and the messages of disputed matters for three years, with telephones, addresses
and names hidden in them. Everything else that a person said or sent goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from bot.cases import audit, desk, export, unanswered
from bot.cases.dossier import columns, hidden
from bot.cases.facts import EMPTY
from bot.language.masking import NAME_MASK, mask
from bot.store import models
from bot.store.conversation import conversation_turn
from bot.store.guards import guards_off

PICTURES_FOR = timedelta(days=180)
"""How long evidence stays after the case's end (rules.md 1.6)."""

TALK_FOR = timedelta(days=3 * 365 + 1)
"""How long talk stays after its last word, and everything of a disputed case (电子商务法 31: three years)."""

DISPUTED = frozenset({"dispute", "complaint", "legal_claim", "counterfeit", "safety", "platform", "privacy"})
"""Reasons of a hand-over after which authorities or courts may still ask."""

UNDECIDED = (*models.OPEN_STATES, "awaiting_return")

TYPED = ("text", "note", "outcome")
"""Where the audit trail holds what people typed: notes, ratings, how an agent ended a case."""

CHOSEN = frozenset({*desk.OUTCOMES, EMPTY})
"""Outcomes that were not typed."""

TAKEN_AWAY = "[已删除]"


class NotFinished(RuntimeError):
    """Cases of the customer are still under way, or words wait on disk; `cases` names them."""

    def __init__(self, cases: Sequence[str]) -> None:
        super().__init__("、".join(cases))
        self.cases = tuple(cases)


class Removed(msgspec.Struct, frozen=True):
    """How much was taken away. `uploads` and `originals` (SHA-256) name files that nothing needs any more; no note on
    disk (bot.cases.unanswered) may name one of `named`, a customer and the conversations."""

    messages: int = 0
    masked: int = 0
    uploads: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def document(session: Session, customer_id: str) -> dict[str, Any] | None:
    """Everything we hold about a customer, as the customer may see it; None where we know none of that number."""
    customer = session.get(models.Customer, customer_id)
    if customer is None:
        return None
    orders = session.scalars(select(models.Order).where(models.Order.customer_id == customer_id).order_by(models.Order.order_id)).all()
    conversations = talks_of(session, customer_id)
    cases = session.scalars(select(models.Case.case_id).where(models.Case.customer_id == customer_id).order_by(models.Case.opened_at)).all()
    return {
        "customer": columns(customer),
        "orders": [
            {
                **(columns(order) or {}),
                "lines": [columns(line) for line in session.scalars(select(models.OrderLine).where(models.OrderLine.order_id == order.order_id))],
            }
            for order in orders
        ],
        "conversations": [
            {
                "conversation_id": talk.conversation_id, "opened_at": talk.opened_at, "updated_at": talk.updated_at,
                "messages": export.messages(session, talk.conversation_id),
                "understandings": [columns(row) for row in understandings_of(session, talk.conversation_id)],
                "files": [columns(upload) for upload in uploads_of(session, [talk.conversation_id])],
            }
            for talk in conversations
        ],
        "unanswered": [{"at": message.at, "text": message.text} for _, message in notes_of(customer_id, conversations)],
        "cases": [
            {
                **{name: value for name, value in (export.customer_document(session, case_id) or {}).items() if name != "messages"},
                "ratings": ratings_of(session, case_id),
            }
            for case_id in cases
        ],
    }


def erase(session: Session, customer_id: str, at: datetime) -> Removed:
    """Takes away what need not be kept of a customer and hides the person in what must be.

    Raises LookupError (no such customer) and NotFinished (cases are under way: the customer is still owed
    an answer or money).
    """
    customer = session.get(models.Customer, customer_id)
    if customer is None:
        raise LookupError(customer_id)
    talks = talks_of(session, customer_id)
    for talk in talks:  # nobody speaks in them meanwhile
        with conversation_turn(session, talk.conversation_id, customer_id=None, at=talk.updated_at):
            pass
    open_cases = session.scalars(
        select(models.Case.case_id).where(models.Case.customer_id == customer_id, models.Case.state.in_(UNDECIDED))
    ).all()
    noted = [path.name for path, _ in notes_of(customer_id, talks)]
    if open_cases or noted:
        raise NotFinished([*open_cases, *noted])
    kept = {talk.conversation_id for talk in talks if disputed_until(session, talk) > at}
    gone = [talk.conversation_id for talk in talks if talk.conversation_id not in kept]
    for talk in talks:
        talk.memory = None
    masked = hide_in_messages(session, sorted(kept), customer.name)
    messages = forget_talk(session, gone)
    hide_in_cases(session, cases_in(gone), customer.name, typed=False)
    hide_in_cases(session, cases_in(sorted(kept)), customer.name)
    uploads = uploads_of(session, [talk.conversation_id for talk in talks])
    removed = forget_uploads(session, uploads)
    customer.name = None
    audit.write(
        session, at, "heqi privacy erase", "privacy_erase", None,
        customer_id=customer_id, messages=messages, masked=masked, pictures=len(uploads),
    )
    return msgspec.structs.replace(
        removed, messages=messages, masked=masked, named=(customer_id, *(str(talk.conversation_id) for talk in talks))
    )


def clean(session: Session, at: datetime) -> Removed:
    """Takes away what is older than it may be: evidence 180 days after the end unless disputed, talk after three years."""
    has_files, has_messages, has_understandings = (
        select(table.conversation_id).where(table.conversation_id == models.Conversation.conversation_id).exists()
        for table in (models.Upload, models.Message, models.Understanding)
    )
    # Only what has something to lose: on SQLite every customer waits for this transaction.
    due = or_(has_files, and_(models.Conversation.updated_at < at - TALK_FOR, or_(has_messages, has_understandings)))
    talks = session.scalars(select(models.Conversation).where(models.Conversation.updated_at < at - PICTURES_FOR, due)).all()
    finished = [talk for talk in talks if not undecided(session, talk)]
    old = [talk.conversation_id for talk in finished if talk.updated_at < at - TALK_FOR and disputed_until(session, talk) <= at]
    messages = forget_talk(session, old)
    if messages:
        hide_in_cases(session, cases_in(old), None, typed=False)
    without_dispute = [talk.conversation_id for talk in finished if disputed_until(session, talk) <= at]
    uploads = uploads_of(session, without_dispute)
    removed = forget_uploads(session, uploads)
    if messages or uploads:
        audit.write(session, at, "heqi privacy clean", "privacy_clean", None, messages=messages, pictures=len(uploads))
    return msgspec.structs.replace(removed, messages=messages)


def talks_of(session: Session, customer_id: str) -> list[models.Conversation]:
    found = select(models.Conversation).where(models.Conversation.customer_id == customer_id)
    return list(session.scalars(found.order_by(models.Conversation.conversation_id)))


def notes_of(customer_id: str, talks: Sequence[models.Conversation]) -> list[tuple[Path, unanswered.Unanswered]]:
    """What the customer said and nobody could answer yet, as it waits on disk."""
    theirs = {talk.conversation_id for talk in talks}
    return [
        (path, message) for path, message in unanswered.waiting() if message.customer_id == customer_id or message.conversation_id in theirs
    ]


def uploads_of(session: Session, conversation_ids: Sequence[str]) -> list[models.Upload]:
    found = select(models.Upload).where(models.Upload.conversation_id.in_(conversation_ids))
    return list(session.scalars(found.order_by(models.Upload.at, models.Upload.upload_id)))


def understandings_of(session: Session, conversation_id: str) -> list[models.Understanding]:
    found = select(models.Understanding).where(models.Understanding.conversation_id == conversation_id)
    return list(session.scalars(found.order_by(models.Understanding.at, models.Understanding.event_id)))


def ratings_of(session: Session, case_id: str) -> list[dict[str, Any]]:
    """The stars (1 to 5) and words that the customer gave the case, as they came."""
    given = select(models.AuditEntry).where(models.AuditEntry.case_id == case_id, models.AuditEntry.what == "rating")
    return [
        {"at": entry.at, "stars": entry.detail["stars"], "text": entry.detail["text"]}
        for entry in session.scalars(given.order_by(models.AuditEntry.audit_id))
    ]


def undecided(session: Session, talk: models.Conversation) -> bool:
    found = select(models.Case.case_id).where(
        models.Case.conversation_id == talk.conversation_id, models.Case.state.in_(UNDECIDED)
    )
    return session.scalars(found.limit(1)).first() is not None


def disputed_until(session: Session, talk: models.Conversation) -> datetime:
    """Until when the conversation's disputed cases want everything kept; its beginning where none is disputed."""
    latest = session.scalar(
        select(func.max(models.Case.updated_at)).where(
            models.Case.conversation_id == talk.conversation_id,
            or_(models.Case.human_reason.in_(DISPUTED), models.Case.wish == "complaint"),
        )
    )
    return talk.opened_at if latest is None else max(latest, talk.updated_at) + TALK_FOR


def cases_in(conversation_ids: Sequence[str]) -> Any:
    return select(models.Case.case_id).where(models.Case.conversation_id.in_(conversation_ids))


def without_person(text: str, name: str | None) -> str:
    """The text with what identifies the customer hidden, also what the customer is called, as far as that is a word of its own."""
    hidden_text = mask(text)
    if name is None or len(name.strip()) < 2:  # one character stands in many a word
        return hidden_text
    return re.sub(rf"(?<![0-9A-Za-z]){re.escape(name.strip())}(?![0-9A-Za-z])", NAME_MASK, hidden_text)


def hide_in_messages(session: Session, conversation_ids: Sequence[str], name: str | None) -> int:
    """Hides what identifies the customer in what was said; returns in how many messages.

    The page's own ids go too: whoever embeds the chat may make them of anything.
    """
    changed = 0
    for message in session.scalars(select(models.Message).where(models.Message.conversation_id.in_(conversation_ids))):
        text = without_person(message.text, name)
        if text != message.text:
            message.text = text
            changed += 1
        message.client_id = None
        if message.card is not None:
            message.card = None if message.card.get("kind") == "file" else anonymous(message.card, name)
    session.flush()
    return changed


def forget_talk(session: Session, conversation_ids: Sequence[str]) -> int:
    """Removes the messages; nothing of them waits for an answer any more. Returns how many they were."""
    theirs = models.Message.conversation_id.in_(conversation_ids)
    count: int = session.scalar(select(func.count()).select_from(models.Message).where(theirs)) or 0
    session.execute(delete(models.Message).where(theirs))
    session.execute(delete(models.Understanding).where(models.Understanding.conversation_id.in_(conversation_ids)))
    for talk in session.scalars(select(models.Conversation).where(models.Conversation.conversation_id.in_(conversation_ids))):
        talk.answered_seq, talk.memory = talk.heard_seq, None
    session.flush()
    return count


def hide_in_cases(session: Session, case_ids: Any, name: str | None, *, typed: bool = True) -> None:
    """Hides who the customer is in the cases and in their part of the audit trail; what people typed there
    stays so where `typed`, and goes otherwise, as what they said.

    The trail is append-only. This is the one exception, inside one transaction, and it leaves a row of its own.
    """
    for row in session.scalars(select(models.Case).where(models.Case.case_id.in_(case_ids))):
        row.facts = anonymous(row.facts, name)
        row.summary = anonymous(row.summary, name)
    session.flush()
    with guards_off(session.connection(), ["audit_entries"]):
        for entry in session.scalars(select(models.AuditEntry).where(models.AuditEntry.case_id.in_(case_ids))):
            detail = anonymous(entry.detail if typed else untyped(entry.detail), name)
            if detail != entry.detail:
                entry.detail = detail
        session.flush()


def anonymous(value: Any, name: str | None) -> Any:
    return hidden(value, hide=lambda text: without_person(text, name))


def untyped(detail: dict[str, Any]) -> dict[str, Any]:
    """The audit's detail without the words that people typed."""
    return {key: TAKEN_AWAY if key in TYPED and value and value not in CHOSEN else value for key, value in detail.items()}


def forget_uploads(session: Session, uploads: Sequence[models.Upload]) -> Removed:
    """Removes the rows of files; the evidence's hash stays. An original that another upload needs stays too."""
    ids = [upload.upload_id for upload in uploads]
    sums = {upload.sha256 for upload in uploads}
    talks = {upload.conversation_id for upload in uploads}
    for message in session.scalars(select(models.Message).where(models.Message.conversation_id.in_(talks))):
        if message.card is not None and message.card.get("upload_id") in ids:
            message.card = None
    session.flush()
    session.execute(delete(models.Upload).where(models.Upload.upload_id.in_(ids)))
    return Removed(uploads=tuple(ids), originals=tuple(sorted(sums - originals_in_use(session, sums))))


def originals_in_use(session: Session, sums: Iterable[str]) -> frozenset[str]:
    """Which of these originals (SHA-256) an upload needs."""
    return frozenset(session.scalars(select(models.Upload.sha256).where(models.Upload.sha256.in_(list(sums)))))


def files_in_use(session: Session) -> tuple[frozenset[str], frozenset[str]]:
    """The upload ids and the originals' SHA-256 of all files that have a row."""
    rows = session.execute(select(models.Upload.upload_id, models.Upload.sha256)).all()
    return frozenset(str(row[0]) for row in rows), frozenset(str(row[1]) for row in rows)
