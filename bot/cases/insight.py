"""The owner's numbers over a period (shape: front/README.md). Pure: what happened in, numbers out.

A case counts in the period in which it was opened, money in the period in which it was paid.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bot.aftersales.case import Budget
from bot.cases.words import say, yuan
from bot.clock import SHOP_ZONE
from bot.language.rasa.doubt import ASK_BELOW

ENDED = frozenset({"settled", "refused", "withdrawn", "closed", "awaiting_return"})
"""States in which nothing is left to decide."""

WARN_AT = 0.2
"""Share of refusals among what was decided from which the owner is warned. The platform punishes five times the
trade's usual rate (rules.md 3.3, D20) without publishing that rate, so this is our own, early, mark."""

MOST_GOODS = 20
MOST_INTENTS = 10
FEW = 3
"""Cases of one product, or messages not understood, from which something is advised."""

TEXTS = Path(__file__).with_name("insight.yml")


class Outcome(msgspec.Struct, frozen=True):
    """One case. `person`: somebody at the desk ended it; `refused_by` the rule and sentence where a rule said no and
    nothing was given instead; `seconds` from its opening to its end, None while it is open; title and sku None without an order."""

    case_id: str
    opened_at: datetime
    issues: tuple[str, ...]
    wish: str | None
    state: str
    tier: str | None
    sku_id: str | None
    title: str | None
    person: bool = False
    refused_by: tuple[str, str] | None = None
    seconds: float | None = None


class Payment(msgspec.Struct, frozen=True):
    """Money or value that went to a customer: `fen` is what it cost the shop."""

    case_id: str
    at: datetime
    remedy: str
    fen: int
    sku_id: str
    title: str


class Understood(msgspec.Struct, frozen=True):
    """How many messages were likeliest of this intent, and how many of them too doubtful to act on."""

    intent: str
    heard: int
    unsure: int


class Happened(msgspec.Struct, frozen=True):
    """What happened from the day `first` to the day `last`, both included, in the shop's zone.

    `answers` are seconds from a customer's first message to the first answer, one for each conversation,
    `stars` the ratings, `missed` (text, when) of messages that were not understood; `goodwill_fen` what of the payments
    was above what was owed; `budget` the month of `last` up to its end as the rules see it, None where none is set.
    """

    first: date
    last: date
    outcomes: tuple[Outcome, ...]
    payments: tuple[Payment, ...]
    answers: tuple[float, ...]
    stars: tuple[int, ...]
    missed: tuple[tuple[str, datetime], ...]
    goodwill_fen: int
    budget: Budget | None
    understood: tuple[Understood, ...] = ()


def insight(told: Happened, *, listening: bool = False) -> dict[str, Any]:
    """All numbers of the period; `listening` where Rasa's events arrive now."""
    ended = [case for case in told.outcomes if case.state in ENDED]
    numbers = {
        "cases": {
            "total": len(told.outcomes),
            "by_bot": sum(not case.person for case in ended),
            "by_person": sum(case.person for case in ended),
            "open": len(told.outcomes) - len(ended),
        },
        "money": money(told),
        "refusals": refusals(told.outcomes),
        "times": {
            "first_answer_seconds": spread(told.answers),
            "end_seconds": spread([case.seconds for case in ended if case.seconds is not None]),
        },
        "ratings": {"average": round(sum(told.stars) / len(told.stars), 2) if told.stars else None, "count": len(told.stars)},
        "by_day": by_day(told),
        "by_issue": counted(issue for case in told.outcomes for issue in case.issues),
        "by_hour": by_hour(told.outcomes),
        "by_tier": counted(case.tier for case in told.outcomes if case.tier),
        "by_product": by_product(told),
        "understood": {**understood(told.understood), "listening": listening},
        "unanswered": [{"text": text, "at": at.astimezone(SHOP_ZONE).isoformat()} for text, at in told.missed],
    }
    return {**numbers, "advice": advice(numbers)}


def money(told: Happened) -> dict[str, Any]:
    by_remedy: dict[str, list[int]] = {}
    for payment in told.payments:
        by_remedy.setdefault(payment.remedy, []).append(payment.fen)
    paid_fen = sum(payment.fen for payment in told.payments)
    rows = [{"remedy": remedy, "fen": sum(fens), "count": len(fens)} for remedy, fens in by_remedy.items()]
    return {
        "paid_fen": paid_fen,
        "owed_fen": paid_fen - told.goodwill_fen,
        "goodwill_fen": told.goodwill_fen,
        "budget": month(told.last, told.budget) if told.budget is not None else None,
        "price_protection_fen": sum(by_remedy.get("price_difference", [])),
        "by_remedy": sorted(rows, key=lambda row: (-int(str(row["fen"])), str(row["remedy"]))),
    }


def month(last: date, budget: Budget) -> dict[str, Any]:
    """The month of `last` and its budget: only goodwill is held against it."""
    return {"month": f"{last:%Y-%m}", "month_fen": budget.month_fen, "goodwill_fen": budget.goodwill_fen, "spent": budget.spent}


def refusals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Refused is a case that got nothing because a rule said no, also while a goodwill offer beside it is unanswered;
    taken back by the customer is not decided."""
    decided = [case for case in outcomes if case.state != "withdrawn" and (case.state in ENDED or case.refused_by)]
    reasons = Counter(case.refused_by for case in decided if case.refused_by)
    return {
        "count": sum(reasons.values()),
        "decided": len(decided),
        "warn_at": WARN_AT,
        "reasons": [{"rule": rule, "text": text, "count": count} for (rule, text), count in ordered(reasons)],
    }


def spread(seconds: Sequence[float]) -> dict[str, float | None]:
    """Half and 95 of a hundred take at most so long (nearest rank)."""
    known = sorted(seconds)
    return {name: round(known[math.ceil(share * len(known)) - 1], 1) if known else None for name, share in (("p50", 0.5), ("p95", 0.95))}


def by_day(told: Happened) -> list[dict[str, Any]]:
    cases = Counter(day_of(case.opened_at) for case in told.outcomes)
    paid: Counter[date] = Counter()
    for payment in told.payments:
        paid[day_of(payment.at)] += payment.fen
    days = [told.first + timedelta(days=number) for number in range((told.last - told.first).days + 1)]
    return [{"day": day.isoformat(), "cases": cases[day], "paid_fen": paid[day]} for day in days]


def day_of(at: datetime) -> date:
    return at.astimezone(SHOP_ZONE).date()


def by_hour(outcomes: Sequence[Outcome]) -> list[int]:
    hours = Counter(case.opened_at.astimezone(SHOP_ZONE).hour for case in outcomes)
    return [hours[hour] for hour in range(24)]


def by_product(told: Happened) -> list[dict[str, Any]]:
    """The goods with the most cases first, with their three commonest issues; goods that were only paid for too."""
    titles = {payment.sku_id: payment.title for payment in told.payments}
    titles |= {case.sku_id: case.title or "" for case in told.outcomes if case.sku_id}
    cases = Counter(case.sku_id for case in told.outcomes)
    paid: Counter[str] = Counter()
    for payment in told.payments:
        paid[payment.sku_id] += payment.fen
    rows: list[dict[str, Any]] = [
        {
            "sku_id": sku_id, "title": title, "count": cases[sku_id], "paid_fen": paid[sku_id],
            "issues": [row["name"] for row in counted(issue for case in told.outcomes if case.sku_id == sku_id for issue in case.issues)[:3]],
        }
        for sku_id, title in titles.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], -row["paid_fen"], row["sku_id"]))[:MOST_GOODS]


def understood(rows: Sequence[Understood]) -> dict[str, Any]:
    unsure = Counter({row.intent: row.unsure for row in rows if row.unsure})
    return {
        "heard": sum(row.heard for row in rows),
        "unsure": sum(unsure.values()),
        "ask_below": ASK_BELOW,
        "unsure_intents": [{"name": name, "count": count} for name, count in ordered(unsure)[:MOST_INTENTS]],
    }


def counted(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in ordered(Counter(names))]


def ordered(counts: Counter[Any]) -> list[tuple[Any, int]]:
    """The most frequent first; equal ones by name, so that the same facts always give the same list."""
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


@cache
def texts() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return loaded


def advice(numbers: dict[str, Any]) -> list[str]:
    """What the owner could do about it, the most pressing first."""
    words = texts()["advice"]
    told = []
    budget = numbers["money"]["budget"]
    if budget and budget["spent"]:
        spent = {"month": int(budget["month"][-2:]), "goodwill": yuan(budget["goodwill_fen"]), "budget": yuan(budget["month_fen"])}
        told.append(words["goodwill_stopped"].format(**spent))
    refused, decided = numbers["refusals"]["count"], numbers["refusals"]["decided"]
    if decided >= FEW and refused / decided >= WARN_AT:
        reason = numbers["refusals"]["reasons"][0]
        told.append(words["refusals"].format(share=f"{refused / decided:.0%}", reason=reason["text"], count=reason["count"]))
    for row in numbers["by_product"]:
        if row["count"] >= FEW and row["issues"]:
            todo = words["issues"].get(row["issues"][0], words["other_issue"])
            told.append(words["product"].format(title=row["title"], count=row["count"], todo=todo))
    if len(numbers["unanswered"]) >= FEW:
        told.append(words["unanswered"].format(count=len(numbers["unanswered"])))
    return told


def as_csv(told: Happened) -> str:
    """The period's cases, one a line, for a spreadsheet: with a byte order mark, so that it reads the Chinese."""
    paid: Counter[str] = Counter()
    for payment in told.payments:
        paid[payment.case_id] += payment.fen
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    words = texts()
    writer.writerow(words["columns"])
    for case in sorted(told.outcomes, key=lambda case: (case.opened_at, case.case_id)):
        row = (
            case.case_id,
            case.opened_at.astimezone(SHOP_ZONE).strftime("%Y-%m-%d %H:%M"),
            case.title or "",
            say(f"wish_{case.wish}") if case.wish else "",
            "、".join(words["issues"][issue] for issue in case.issues),
            words["states"][case.state],
            words["by"]["person" if case.person else "bot"] if case.state in ENDED else "",
            f"{case.seconds / 3600:.2f}" if case.seconds is not None else "",
            f"{paid[case.case_id] / 100:.2f}",
            case.refused_by[1] if case.refused_by else "",
        )
        writer.writerow([harmless(value) for value in row])
    return "\ufeff" + out.getvalue()


def harmless(value: str) -> str:
    """A cell that begins like a formula would be run by the spreadsheet."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
