"""The case's row: opened once for each line and matter, growing with what is learned."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import upload
from bot.cases.claim import completed
from bot.cases.order_finder import OrderLineView
from bot.cases.reply import Awaiting
from bot.cases.turn import Turn
from bot.cases.wish import Heard, natural_wish
from bot.store import models

OPEN = frozenset({"open", "negotiating", "awaiting_evidence", "awaiting_return", "with_person"})
"""States in which new words still belong to the case."""

UNDER_WAY = OPEN - {"awaiting_return"}
"""States of which the database allows one case for each line and wish (ux_cases_open)."""

ASSUMED = "wish_assumed"
"""Marks among a case's facts that the customer only said what is wrong: where several forms are owed, they choose."""


def is_open(row: models.Case) -> bool:
    return row.state in OPEN


def awaits(row: models.Case | None) -> Awaiting | None:
    """What an open case waits for from the customer, as the dialogue remembers it."""
    match row.state if row is not None else None:
        case "negotiating":
            return "offer"
        case "awaiting_evidence":
            return "evidence"
        case _:
            return None


def current(session: Session, turn: Turn) -> models.Case | None:
    """The case the conversation is about: the one Rasa remembers, else the newest open one of it.

    A case of another customer is never returned, whatever the tracker says.
    """
    if turn.case_id:
        row = session.get(models.Case, turn.case_id)
        if row is not None and row.customer_id == turn.customer_id:
            return row
    return session.scalars(
        select(models.Case)
        .where(
            models.Case.conversation_id == turn.conversation_id,
            models.Case.customer_id == turn.customer_id,
            models.Case.state.in_(OPEN),
        )
        .order_by(models.Case.updated_at.desc())
    ).first()


def open_for(session: Session, turn: Turn, heard: Heard, line: OrderLineView) -> models.Case:
    """The open case of this line where there is one, a new one otherwise."""
    row = open_of_line(session, turn.customer_id, line.order_id, line.line_id)
    if row is None:
        row = waiting_without_order(session, turn)
        if row is not None:
            row.order_id, row.line_id, row.wish = line.order_id, line.line_id, heard.wish or row.wish or natural_wish(heard.issues)
    if row is None or (row.state == "awaiting_return" and heard.wish not in (None, row.wish)):
        row = models.Case(
            case_id=f"case_{uuid.uuid4().hex[:16]}",
            conversation_id=turn.conversation_id,
            customer_id=turn.customer_id,
            order_id=line.order_id,
            line_id=line.line_id,
            wish=heard.wish or natural_wish(heard.issues),
            issues=[],
            facts={} if heard.wish else {ASSUMED: True},
            state="open",
            mood=turn.mood,
            opened_at=turn.at,
            updated_at=turn.at,
        )
        session.add(row)
        session.flush()
    upload.attach(session, row)
    add(session, row, turn, heard)
    return row


def open_of_line(session: Session, customer_id: str | None, order_id: str, line_id: str) -> models.Case | None:
    """The customer's open case about this line, the newest where there are several."""
    return session.scalars(
        select(models.Case)
        .where(models.Case.customer_id == customer_id, models.Case.order_id == order_id, models.Case.line_id == line_id, models.Case.state.in_(OPEN))
        .order_by(models.Case.updated_at.desc())
    ).first()


def under_way(session: Session, row: models.Case) -> models.Case:
    """The case that goes on: this one, or where it was ended and the same matter (line and wish) opened anew, that."""
    if row.state in UNDER_WAY or row.wish is None:
        return row
    return of_matter(session, row, row.wish) or row


def of_matter(session: Session, row: models.Case, wish: str) -> models.Case | None:
    """The case under way about the goods of `row` with this wish; there is at most one. None before the order is known."""
    same = (models.Case.order_id == row.order_id, models.Case.line_id == row.line_id, models.Case.wish == wish)
    return session.scalars(select(models.Case).where(*same, models.Case.state.in_(UNDER_WAY))).first() if row.order_id else None


def waiting_without_order(session: Session, turn: Turn) -> models.Case | None:
    """The conversation's hand-over whose order was not known yet, also where the person gave it back to the bot."""
    return session.scalars(
        select(models.Case).where(
            models.Case.conversation_id == turn.conversation_id, models.Case.state.in_(OPEN), models.Case.order_id.is_(None)
        )
    ).first()


def add(session: Session, row: models.Case, turn: Turn, heard: Heard) -> None:
    """Adds issues and claimed facts; a newly named wish replaces the old one. Later words win over earlier ones."""
    row.issues = list(dict.fromkeys([*row.issues, *heard.issues]))
    row.facts = completed({**row.facts, **heard.facts})
    # Two cases with one wish for the same goods would be one matter twice.
    if heard.wish is not None and (heard.wish == row.wish or of_matter(session, row, heard.wish) in (None, row)):
        row.wish = heard.wish
        row.facts = {name: value for name, value in row.facts.items() if name != ASSUMED}
    row.mood = turn.mood if turn.mood != "calm" else row.mood
    row.updated_at = turn.at
    session.flush()
