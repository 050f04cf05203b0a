"""A customer's messages: written down first, then answered, each once.

`receive` makes a message a row. `waiting` gathers what nobody answered yet into one burst for the bot.
The answer (bot.cases.conversation.take, in another process) marks the burst answered in the transaction
that writes the answer; `settle` does what is left where the bot said nothing: a true sentence and a
person. Whoever asks for the same burst twice, after a crash or from a second process, is answered once.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.cases import agent_offer, case_file, escalation, listing, upload
from bot.cases.turn import Burst, Turn
from bot.cases.words import say
from bot.store import models
from bot.store.conversation import append, conversation_turn
from bot.store.database import session as open_session

RESUMED_FOR = timedelta(hours=24)
"""How long after the last word a customer comes back into the same conversation."""

ALWAYS = "human"
"""The choice that is always there, offered or not: to talk to a person."""

LONGEST_BURST = 4000
"""Characters of a burst that the bot reads."""

ENDS = re.compile(r"[。！？!?，,；;…~～\s]$")


class UnknownChoice(ValueError):
    """The choice was never offered in this conversation."""


class File(msgspec.Struct, frozen=True):
    """A checked and stored file; `size` in bytes, `kind` None where the customer did not say what it shows."""

    upload_id: str
    media_type: str
    sha256: str
    size: int
    kind: str | None


class Waiting(msgspec.Struct, frozen=True):
    """Messages that wait for the bot. `said` is what Rasa reads; `case_id` the case a pressed button belongs to."""

    conversation_id: str
    customer_id: str | None
    burst: Burst
    said: str
    case_id: str | None = None


def open_conversation(customer_id: str, at: datetime) -> tuple[str, bool]:
    """The customer's conversation, and whether it was there before.

    It is resumed while it was used within a day, something in it is open, or a person has it.
    Raises LookupError where the shop does not know the customer.
    """
    with open_session() as session:
        customer = session.get(models.Customer, customer_id, with_for_update={"key_share": True})
        if customer is None:
            raise LookupError(customer_id)
        newest = session.scalars(
            select(models.Conversation)
            .where(models.Conversation.customer_id == customer_id)
            .order_by(models.Conversation.opened_at.desc(), models.Conversation.conversation_id)
        ).first()
        if newest is not None and (newest.owner != "bot" or newest.updated_at > at - RESUMED_FOR or has_open_case(session, newest)):
            return str(newest.conversation_id), True
        made = f"cnv_{uuid.uuid4().hex}"
        with conversation_turn(session, made, customer_id=customer_id, at=at):
            return made, False


def has_open_case(session: Session, conversation: models.Conversation) -> bool:
    rows = select(models.Case.case_id).where(
        models.Case.conversation_id == conversation.conversation_id, models.Case.state.in_(case_file.OPEN)
    )
    return session.scalars(rows).first() is not None


def greet_about(conversation_id: str, customer_id: str, order_id: str, at: datetime) -> None:
    """The customer came from one of the orders: asks about its goods, with a button each. Raises LookupError: not theirs."""
    with open_session() as session, conversation_turn(session, conversation_id, customer_id=customer_id, at=at) as conversation:
        lines = [line for line in listing.lines_of(session, customer_id) if line.order_id == order_id]
        if not lines:
            raise LookupError(order_id)
        if conversation.owner == "agent":
            return
        newest = session.get(models.Message, (conversation_id, conversation.last_seq))
        card = {"kind": "order", "order_id": order_id}
        if newest is not None and newest.card == card:
            return  # opened twice, nothing said in between
        choices = [{"id": f"line:{line.order_id}:{line.line_id}", "label": line.title if len(lines) > 1 else say("entry_order_button")} for line in lines]
        append(session, conversation, "system", say("entry_order", title="、".join(line.title for line in lines)), at, choices=choices, card=card)


def receive(
    conversation_id: str, customer_id: str, client_id: str, at: datetime, *, text: str = "", choice: str | None = None, file: File | None = None
) -> int:
    """Writes a text, a pressed button or a file (with `text` as its caption) down; returns its seq.

    The same client_id again returns the same seq and does nothing. An accepted offer of an agent is
    fulfilled here, at once: the bot may be silent. Raises UnknownChoice, PermissionError.
    """
    with open_session() as session, conversation_turn(session, conversation_id, customer_id=customer_id, at=at) as conversation:
        known = session.scalars(
            select(models.Message).where(models.Message.conversation_id == conversation_id, models.Message.client_id == client_id)
        ).first()
        if known is not None:
            return int(known.seq)
        card = None
        if choice is not None:
            text = label_of(session, conversation_id, choice)
        if file is not None:
            card = keep(session, conversation, file, text, at)
            text = text or say("file_video" if file.media_type.startswith("video/") else "file_image")
        nothing_waits = conversation.heard_seq <= conversation.answered_seq
        seq = append(session, conversation, "customer", text, at, client_id=client_id, choice=choice, card=card).seq
        if choice is not None and (conversation.owner == "agent" or nothing_waits):
            accept_agents_offer(session, conversation, choice, at, nothing_waits)
        return int(seq)


def label_of(session: Session, conversation_id: str, choice: str) -> str:
    """The label of an offered choice. `choice` is the number of the message it was offered in, a dot, and its id there."""
    if choice == ALWAYS:
        return say("button_human")
    message, name = offered_in(session, conversation_id, choice)
    label = next((str(known["label"]) for known in message.choices if known["id"] == name), None) if message is not None else None
    if label is None:
        raise UnknownChoice(choice)
    return label


def offered_in(session: Session, conversation_id: str, choice: str) -> tuple[models.Message | None, str]:
    """The message a choice was offered in (None: there is none), and the choice's id there."""
    number, _, name = choice.partition(".")
    if not re.fullmatch(r"[0-9]{1,9}", number):
        return None, choice
    return session.get(models.Message, (conversation_id, int(number))), name


def public_choice(seq: int, name: str) -> str:
    """A choice's id outside: unique in the conversation."""
    return f"{seq}.{name}"


def keep(session: Session, conversation: models.Conversation, file: File, caption: str, at: datetime) -> dict[str, Any]:
    """The file's row, evidence at once where a case is open; returns the message's card."""
    turn = Turn(conversation.conversation_id, conversation.customer_id, "", at)
    row = case_file.current(session, turn)
    kind = file.kind or upload.meant_as(session, row, file.media_type)
    session.add(
        models.Upload(
            upload_id=file.upload_id, conversation_id=conversation.conversation_id, kind=kind, media_type=file.media_type,
            sha256=file.sha256, size=file.size, at=at,
        )
    )
    session.flush()
    if row is not None:
        upload.attach(session, row)
    return {
        "kind": "file", "upload_id": file.upload_id, "media_type": file.media_type, "evidence_kind": kind,
        "url": f"/api/v1/files/{file.upload_id}", "caption": bool(caption),
    }


def accept_agents_offer(session: Session, conversation: models.Conversation, choice: str, at: datetime, nothing_waited: bool) -> None:
    """Fulfils the pressed option of an agent's offer and says so; does nothing for any other button."""
    _, name = offered_in(session, conversation.conversation_id, choice)
    kind, _, option_id = name.partition(":")
    if kind != "option":
        return
    turn = Turn(conversation.conversation_id, conversation.customer_id, "", at)
    try:
        answer = agent_offer.accept(session, turn, option_id)
    except agent_offer.OfferGone as gone:
        answer = escalation.go_on(session, turn, gone.row, gone.why)
    if answer is None:
        return
    for reply in answer.replies:
        append(session, conversation, "system", reply.text, at, card=reply.card)
    if nothing_waited:
        conversation.answered_seq = conversation.heard_seq


def waiting(conversation_id: str) -> Waiting | None:
    """What the bot should answer next: one button, or all texts and files up to the next button. None: nothing."""
    with open_session(read_only=True) as session:
        conversation = session.get(models.Conversation, conversation_id)
        if conversation is None or conversation.owner == "agent" or conversation.heard_seq <= conversation.answered_seq:
            return None
        messages = session.scalars(
            select(models.Message)
            .where(
                models.Message.conversation_id == conversation_id, models.Message.sender == "customer",
                models.Message.seq > conversation.answered_seq,
            )
            .order_by(models.Message.seq)
        ).all()
        first = messages[0]
        after, fence = conversation.answered_seq, conversation.fence
        if first.choice is not None:
            message, name = offered_in(session, conversation_id, first.choice)
            case_id = (message.card or {}).get("case_id") if message is not None else None
            return Waiting(conversation_id, conversation.customer_id, Burst(after, first.seq, fence), pressed(name), case_id)
        together = []
        for message in messages:
            if message.choice is not None:
                break
            together.append(message)
        texts = [message.text for message in together if message.card is None or message.card.get("caption")]
        return Waiting(conversation_id, conversation.customer_id, Burst(after, together[-1].seq, fence), spoken(texts))


def pressed(name: str) -> str:
    return "/choose" + json.dumps({"choice": name}, ensure_ascii=False)


def spoken(texts: list[str]) -> str:
    """Several short messages as one thought; files without words are evidence that came.

    What a customer types never reaches Rasa as a command: a slash at the beginning is dropped.
    """
    if not texts:
        return "/provide_evidence"
    joined = texts[0]
    for text in texts[1:]:
        joined += text if ENDS.search(joined) or not joined else f"，{text}"
    return re.sub(r"^[\s/]+", "", joined)[:LONGEST_BURST] or "？"


def unanswered() -> list[tuple[str, int]]:
    """The conversations in which the bot owes an answer, with the number of the last answered message."""
    with open_session(read_only=True) as session:
        found = session.execute(
            select(models.Conversation.conversation_id, models.Conversation.answered_seq).where(
                models.Conversation.heard_seq > models.Conversation.answered_seq, models.Conversation.owner != "agent"
            )
        )
        return [(str(conversation_id), int(answered)) for conversation_id, answered in found]


def silence(at: datetime) -> tuple[int, float]:
    """「顾客说了话，没人答」: how many conversations wait for bot or person, and for how many seconds the longest."""
    with open_session(read_only=True) as session:
        oldest = session.execute(
            select(models.Conversation.conversation_id, func.min(models.Message.at))
            .join(models.Message, models.Message.conversation_id == models.Conversation.conversation_id)
            .where(
                models.Conversation.heard_seq > models.Conversation.answered_seq,
                models.Message.sender == "customer", models.Message.seq > models.Conversation.answered_seq,
            )
            .group_by(models.Conversation.conversation_id)
        ).all()
    # A clock that was set back: what was said then lies ahead.
    return len(oldest), max((max(0.0, (at - since).total_seconds()) for _, since in oldest), default=0.0)


def ask_to_wait(asked: Waiting, at: datetime) -> bool:
    """Tells the customer that the answer takes a little longer; False where it came meanwhile, or they heard it last."""
    with open_session() as session, conversation_turn(session, asked.conversation_id, customer_id=None, at=at) as conversation:
        burst = asked.burst
        if conversation.owner == "agent" or (conversation.answered_seq, conversation.fence) != (burst.after, burst.fence):
            return False
        newest = session.get(models.Message, (asked.conversation_id, conversation.last_seq))
        if newest is not None and (newest.sender, newest.text) == ("system", say("still_working")):
            return False  # a turn that failed is tried again
        append(session, conversation, "system", say("still_working"), at)
        return True


def own_words(texts: list[str]) -> list[str]:
    """Of what Rasa said, what is an answer: not that something failed."""
    return [text for text in texts if text and text != say("trouble")]


def settle(asked: Waiting, texts: list[str], at: datetime) -> bool:
    """Ends a burst that the bot left unanswered, once; returns whether there was anything to do.

    `texts` is what Rasa said by itself. Where it said nothing of use, the customer hears that something
    failed, and the case waits for a person.
    """
    with open_session() as session, conversation_turn(session, asked.conversation_id, customer_id=None, at=at) as conversation:
        burst = asked.burst
        if conversation.owner == "agent" or (conversation.answered_seq, conversation.fence) != (burst.after, burst.fence):
            return False
        own = own_words(texts)
        if not own:
            turn = Turn(asked.conversation_id, conversation.customer_id, asked.said, at)
            row = case_file.current(session, turn) or escalation.case_without_order(session, turn)
            row = case_file.under_way(session, row)
            if row.state != "with_person":
                escalation.to_person(session, row, "unknown_rule", at)
        for text in own or [say("trouble")]:
            append(session, conversation, "bot", text, at)
        conversation.answered_seq = burst.through
        return True
