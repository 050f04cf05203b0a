"""The owner's numbers from what happened: each number on its own, and the whole against its parts."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.aftersales.case import Budget
from bot.cases.insight import ENDED, Happened, Outcome, Payment, as_csv, insight, spread
from bot.clock import SHOP_ZONE

DAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, tzinfo=SHOP_ZONE)
PP_07 = ("PP-07", "已过价保期")


def case(case_id: str = "c", **changes: Any) -> Outcome:
    facts: dict[str, Any] = {
        "opened_at": NOON, "issues": ("quality_defect",), "wish": "refund", "state": "settled", "tier": "normal",
        "sku_id": "s1", "title": "马克杯", **changes,
    }
    return Outcome(case_id, **facts)


def told(*outcomes: Outcome, **changes: Any) -> Happened:
    facts: dict[str, Any] = {
        "first": DAY, "last": DAY, "payments": (), "answers": (), "stars": (), "missed": (), "goodwill_fen": 0, "budget": None, **changes,
    }
    return Happened(outcomes=outcomes, **facts)


def test_nothing_happened() -> None:
    numbers = insight(told())
    assert numbers["cases"] == {"total": 0, "by_bot": 0, "by_person": 0, "open": 0}
    assert numbers["money"] == {"paid_fen": 0, "owed_fen": 0, "goodwill_fen": 0, "budget": None, "price_protection_fen": 0, "by_remedy": []}
    assert numbers["times"] == {"first_answer_seconds": {"p50": None, "p95": None}, "end_seconds": {"p50": None, "p95": None}}
    assert numbers["ratings"] == {"average": None, "count": 0}
    assert numbers["by_day"] == [{"day": "2026-11-25", "cases": 0, "paid_fen": 0}]
    assert numbers["advice"] == []


def test_who_ended_it() -> None:
    numbers = insight(told(case(), case(state="awaiting_return"), case(state="refused", person=True), case(state="with_person", person=True), case(state="open")))
    assert numbers["cases"] == {"total": 5, "by_bot": 2, "by_person": 1, "open": 2}


def test_the_hour_and_the_day_are_the_shops() -> None:
    late = datetime.fromisoformat("2026-11-24T17:30:00+00:00")  # 01:30 on the 25th in the shop
    numbers = insight(told(case(opened_at=late)))
    assert numbers["by_hour"][1] == 1
    assert numbers["by_day"][0]["cases"] == 1


def test_money_by_remedy_and_by_what_was_owed() -> None:
    paid = [Payment("c", NOON, remedy, fen, "s1", "马克杯") for remedy, fen in (("refund", 300), ("coupon", 900), ("refund", 500), ("price_difference", 700))]
    money = insight(told(payments=tuple(paid), goodwill_fen=900, budget=Budget(1000, 900)))["money"]
    assert money["by_remedy"] == [
        {"remedy": "coupon", "fen": 900, "count": 1}, {"remedy": "refund", "fen": 800, "count": 2},
        {"remedy": "price_difference", "fen": 700, "count": 1},
    ]
    assert (money["paid_fen"], money["owed_fen"], money["goodwill_fen"], money["price_protection_fen"]) == (2400, 1500, 900, 700)
    assert money["budget"] == {"month": "2026-11", "month_fen": 1000, "goodwill_fen": 900, "spent": False}


def test_refusals_are_a_share_of_what_was_decided() -> None:
    no, no_but_goodwill = case(state="refused", refused_by=PP_07), case(state="negotiating", refused_by=PP_07)
    refused = insight(told(no, no_but_goodwill, case(), case(state="withdrawn"), case(state="open")))["refusals"]
    assert (refused["count"], refused["decided"]) == (2, 3)
    assert refused["reasons"] == [{"rule": "PP-07", "text": "已过价保期", "count": 2}]


@pytest.mark.parametrize(
    ("seconds", "half", "most"),
    [([], None, None), ([4.0], 4.0, 4.0), ([3.0, 1.0], 1.0, 3.0), ([float(number) for number in range(1, 101)], 50.0, 95.0)],
)
def test_spread_is_the_nearest_rank(seconds: list[float], half: float | None, most: float | None) -> None:
    assert spread(seconds) == {"p50": half, "p95": most}


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (told(*[case(state="refused", refused_by=PP_07)] * 1, case(), case(), case()), "已过价保期"),
        (told(budget=Budget(3000, 3000)), "转给人"),
        (told(*[case(issues=("missing_item",))] * 3), "称重"),
        (told(missed=(("啊?", NOON),) * 3), "没有听懂"),
    ],
    ids=["refuses-much", "goodwill-stopped", "one-product", "not-understood"],
)
def test_what_could_be_done(happened: Happened, words: str) -> None:
    assert any(words in text for text in insight(happened)["advice"])


def test_much_that_was_owed_is_no_matter_of_the_budget() -> None:
    owed = told(payments=(Payment("c", NOON, "refund", 500_000, "s1", "马克杯"),), budget=Budget(3000, 2999))
    assert insight(owed)["advice"] == []


def test_the_table_of_cases_opens_in_a_spreadsheet_and_runs_nothing() -> None:
    table = as_csv(told(case("c1", title="=cmd()", seconds=5400.0), case("c2", state="open"), payments=(Payment("c1", NOON, "refund", 1234, "s1", "杯"),)))
    assert table.startswith("\ufeff")
    header, first, second = list(csv.reader(io.StringIO(table.lstrip("\ufeff"))))
    row = dict(zip(header, first, strict=True))
    assert row["商品"] == "'=cmd()"
    assert (row["由谁办结"], row["办结用时（小时）"], row["付出（元）"]) == ("助手", "1.50", "12.34")
    assert dict(zip(header, second, strict=True))["由谁办结"] == ""


outcomes = st.builds(
    case,
    st.uuids().map(str),
    state=st.sampled_from([*sorted(ENDED), "open", "with_person"]), person=st.booleans(),
    issues=st.lists(st.sampled_from(["price_drop", "missing_item", "safety"]), unique=True).map(tuple),
    tier=st.sampled_from(["normal", "vip"]), sku_id=st.sampled_from(["s1", "s2"]),
    opened_at=st.integers(0, 3 * 24 * 3600 - 1).map(lambda seconds: datetime(2026, 11, 25, tzinfo=SHOP_ZONE) + timedelta(seconds=seconds)),
)


@given(st.lists(outcomes, max_size=30))
def test_every_picture_tells_of_the_same_cases(cases: list[Outcome]) -> None:
    numbers = insight(told(*cases, last=DAY + timedelta(days=2)))
    total = len(cases)
    assert sum(numbers["cases"][name] for name in ("by_bot", "by_person", "open")) == total
    assert sum(day["cases"] for day in numbers["by_day"]) == sum(numbers["by_hour"]) == total
    assert sum(row["count"] for row in numbers["by_tier"]) == sum(row["count"] for row in numbers["by_product"]) == total
    assert sum(row["count"] for row in numbers["by_issue"]) == sum(len(each.issues) for each in cases)
