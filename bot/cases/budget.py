"""The owner's month: what was paid above what was owed, held against the budget (HEQI_MONTH_BUDGET_FEN)."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from bot.aftersales.case import Budget
from bot.clock import SHOP_ZONE
from bot.settings import settings
from bot.store import models

SIDE = ("freight", "medical")
VALUE = ("coupon", "gift")


def budget_of(session: Session, at: datetime) -> Budget | None:
    """The month of `at` so far; None where the owner set no budget."""
    month_fen = settings().month_budget_fen
    start = datetime.combine(at.astimezone(SHOP_ZONE).date().replace(day=1), time(), SHOP_ZONE)
    return None if month_fen is None else Budget(month_fen, goodwill_fen(session, start, at))


def goodwill_fen(session: Session, start: datetime, at: datetime) -> int:
    """Goodwill in fen: what was really paid and not taken back from `start` to `at`, above each case's floor; coupons
    and gifts by their cost, freight and medical fees left out."""
    entry, step, back = models.LedgerEntry, models.LedgerStep, aliased(models.LedgerStep)
    paid = func.sum(case((entry.remedy.in_(VALUE), entry.cost_fen), else_=entry.fen)) - func.coalesce(models.Case.floor_fen, 0)
    above = (
        select(paid.label("fen"))
        .select_from(entry)
        .join(step, step.entry_id == entry.entry_id)
        .join(models.Case, models.Case.case_id == entry.case_id)
        .where(step.kind == "confirmed", step.at >= start, step.at <= at, entry.remedy.not_in(SIDE))
        .where(~select(back.entry_id).where(back.entry_id == entry.entry_id, back.kind == "reversed").exists())
        .group_by(entry.case_id, models.Case.floor_fen)
        .having(paid > 0)
        .subquery()
    )
    return int(session.scalar(select(func.coalesce(func.sum(above.c.fen), 0))) or 0)
