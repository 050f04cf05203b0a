"""The agents' offers of a case that the customer may still take, and when they lapse.

What settles the matter once must not be followed by an older button that pays for it again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.ledger.ledger import MONEY
from bot.store import models
from bot.store.models.ledger import GOODS

SETTLES = MONEY | frozenset(GOODS)
"""Remedies that settle what is owed; a coupon or freight may come beside them."""


def lapse(session: Session, case_id: str, remedies: Iterable[str], because: str, *, but: str | None = None) -> None:
    """Ends the unanswered agents' offers that hold one of these remedies, or that were made in the place of what is owed.

    `because`: the offer or the act that settled it; `but`: the offer_id that was taken just now.
    """
    ended = frozenset(remedies)
    waiting = session.scalars(select(models.Offer).where(models.Offer.case_id == case_id, models.Offer.by != "bot"))
    for offer in waiting.all():
        same = any(option["remedy"] in ended for option in offer.options)
        in_place_of_it = len(offer.options) > 1 and bool(ended & SETTLES)
        if offer.answer is None and offer.offer_id != but and (same or in_place_of_it):
            offer.answer = {"act": "reject", "instead": because}
