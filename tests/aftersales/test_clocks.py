"""rules.md 1.2 and 1.3: every clock a second before and after its end, every limit a fen below and above."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.aftersales.assess import assess
from bot.aftersales.facts import read_case
from bot.aftersales.period import SHANGHAI, end_of_day, spoken
from tests.aftersales.build import (
    DELIVERED,
    NOW,
    PAID,
    POLICY,
    SHIPPED,
    entry,
    judged,
    raw_case,
    remedies,
    rules,
)

SECOND = timedelta(seconds=1)


def after(days: int) -> datetime:
    """24:00 of the day `days` days after delivery."""
    return end_of_day(DELIVERED, days)


def test_return_window_is_168_hours_from_the_next_midnight() -> None:
    assert after(7) == datetime(2026, 11, 12, tzinfo=SHANGHAI)
    assert judged("return_goods", ["change_of_mind"], now=after(7) - SECOND).decision == "owed"
    late = judged("return_goods", ["change_of_mind"], now=after(7))
    assert (late.decision, late.floor_fen, rules(late)[0]) == ("negotiable", 0, "NR-05")


def test_delivered_a_second_before_midnight_starts_at_that_midnight() -> None:
    at = datetime(2026, 11, 4, 23, 59, 59, tzinfo=SHANGHAI)
    last = datetime(2026, 11, 12, tzinfo=SHANGHAI)
    assert judged("return_goods", ["change_of_mind"], delivered=at, now=last - SECOND).decision == "owed"
    midnight = datetime(2026, 11, 5, tzinfo=SHANGHAI)
    assert judged("return_goods", ["change_of_mind"], delivered=midnight, now=last + timedelta(hours=5)).decision == "owed"


LIMITS: list[tuple[str, dict[str, Any], datetime, str, str]] = [
    # name, case, end, remedy owed before, rule after
    ("law: 7 days", {}, after(7), "return_refund", "QD-11"),
    ("devices: 15 days", {"traits": ["electronics"]}, after(15), "return_refund", "QD-11"),
    ("no warranty: 180 days", {}, after(180), "exchange", "QD-02"),
    ("phone: 365 days", {"category": "手机", "traits": ["electronics"]}, after(365), "repair", "QD-02"),
    ("earphones: 365 days", {"category": "耳机"}, after(365), "repair", "QD-02"),
    ("toothbrush: 730 days", {"category": "电动牙刷"}, after(730), "repair", "QD-02"),
    ("shoes 50.00: 30 days", {"category": "鞋靴", "unit": 5000}, after(30), "exchange", "QD-02"),
    ("shoes 50.01: 90 days", {"category": "鞋靴", "unit": 5001}, after(90), "exchange", "QD-02"),
    ("shoes 299.99: 90 days", {"category": "鞋靴", "unit": 29999}, after(90), "exchange", "QD-02"),
    ("shoes 300.00: 120 days", {"category": "鞋靴", "unit": 30000}, after(120), "exchange", "QD-02"),
    ("broken refund: 15 days", {"labels": ["return7", "broken_refund"]}, after(15), "return_refund", "QD-11"),
]


@pytest.mark.parametrize(("name", "case", "end", "remedy", "rule"), LIMITS, ids=[row[0] for row in LIMITS])
def test_quality_periods(name: str, case: dict[str, Any], end: datetime, remedy: str, rule: str) -> None:
    before = judged("return_goods", ["quality_defect"], evidence=["photo"], now=end - SECOND, **case)
    assert before.decision == "owed"
    assert remedy in remedies(before, "owed")
    over = judged("return_goods", ["quality_defect"], evidence=["photo"], now=end, **case)
    assert rule in rules(over)
    assert over.floor_fen == 0


def test_after_two_repairs_the_device_goes_back() -> None:
    case: dict[str, Any] = {"category": "手机", "traits": ["electronics"], "now": after(100), "evidence": ["photo"]}
    assert set(remedies(judged("refund", ["quality_defect"], **case), "owed")) == {"repair"}
    again = judged("refund", ["quality_defect"], facts={"repairs_done": 2}, **case)
    assert (again.floor_fen, again.to_human) == (10000, "repeated")


FRESH: list[tuple[str, dict[str, Any], int]] = [
    ("thawed", {"facts": {"fresh_problem": "thawed"}}, 24),
    ("dead", {"facts": {"fresh_problem": "dead"}}, 24),
    ("surface_rot", {"facts": {"fresh_problem": "surface_rot"}}, 48),
    ("inner_rot", {"facts": {"fresh_problem": "inner_rot"}}, 120),
    ("unripe", {"facts": {"fresh_problem": "unripe"}}, 14 * 24),
    ("not_as_described", {"facts": {"fresh_problem": "not_as_described"}}, 48),
    ("live seafood", {"facts": {"fresh_problem": "not_as_described"}, "category": "鲜活水产"}, 24),
    ("unknown problem", {"facts": {}}, 120),
    ("flowers", {"facts": {}, "traits": ["flowers"], "category": "鲜花"}, 24),
    ("plant", {"facts": {}, "traits": ["flowers"], "category": "绿植"}, 14 * 24),
    ("plant, not as described", {"facts": {"fresh_problem": "not_as_described"}, "traits": ["flowers"], "category": "绿植"}, 48),
]


@pytest.mark.parametrize(("name", "case", "hours"), FRESH, ids=[row[0] for row in FRESH])
def test_fresh_feedback_times(name: str, case: dict[str, Any], hours: int) -> None:
    case = {"traits": ["food", "fresh"], "labels": ["no_return7_fresh"], "evidence": ["photo"]} | case
    case["facts"] = {"affected_share": 0.6} | case["facts"]
    end = DELIVERED + timedelta(hours=hours)
    at_end = judged("refund", ["quality_defect"], now=end, **case)
    assert (at_end.decision, at_end.floor_fen, at_end.return_freight) == ("owed", 10000, "none")
    late = judged("refund", ["quality_defect"], now=end + SECOND, **case)
    assert (late.decision, late.floor_fen, rules(late)[0]) == ("negotiable", 0, "FR-01")


@pytest.mark.parametrize(
    ("share", "floor", "cap"),
    [
        (0.1, 499, 1497), (0.3, 1497, 1497), (0.31, 1547, 2495), (0.4, 1996, 2495), (0.5, 2495, 2495), (0.51, 4990, 4990),
        (1.0, 4990, 4990),
    ],
)
def test_fresh_shares(share: float, floor: int, cap: int) -> None:
    """Worked case 20: 49.90, the affected share is owed, the tier is the cap, nothing goes back."""
    result = judged("refund", ["quality_defect"], unit=4990, traits=["fresh"], evidence=["photo"], facts={"affected_share": share}, now=DELIVERED + timedelta(hours=30))
    assert (result.decision, result.floor_fen, result.cap_fen) == ("owed", floor, cap)
    assert "return_refund" not in remedies(result)
    assert result.return_freight == "none"


def test_fresh_without_numbers_is_asked_and_bounded() -> None:
    result = judged("refund", ["damaged_in_transit"], traits=["fresh"], evidence=["photo"], now=DELIVERED + timedelta(hours=5))
    assert (result.decision, result.floor_fen, result.cap_fen) == ("negotiable", 0, 3000)
    assert judged("refund", ["quality_defect"], traits=["fresh"]).needs == ("photo",)


def test_fresh_not_there_after_seven_days() -> None:
    case: dict[str, Any] = {"status": "shipped", "traits": ["fresh"], "labels": ["no_return7_fresh"]}
    end = SHIPPED + timedelta(days=7)
    over = judged("refund", ["late_delivery"], now=end + SECOND, **case)
    assert (over.floor_fen, remedies(over, "owed")) == (10000, {"refund": 10000})
    assert rules(judged("refund", ["late_delivery"], now=end, **case))[0] == "IT-02"


@pytest.mark.parametrize(
    ("fen", "evidence", "used", "floor", "needs"),
    [
        (9999, ["photo"], 0.9, 9999, ()),
        (9999, [], None, 0, ("photo",)),
        (10000, ["photo"], 0.2, 10000, ()),
        (10000, ["photo"], 0.21, 0, ()),
        (10000, ["photo"], None, 10000, ()),
        (49999, ["photo"], 0.2, 49999, ()),
        (50000, ["photo"], 0.2, 0, ("medical_record",)),
        (50000, ["photo", "medical_record"], 0.9, 50000, ()),
        (50000, [], None, 0, ("photo", "medical_record")),
    ],
)
def test_allergy_tiers(fen: int, evidence: list[str], used: float | None, floor: int, needs: tuple[str, ...]) -> None:
    facts = {"safety_kind": "allergy", "used_share": used}
    result = judged("refund", ["safety"], unit=fen, traits=["cosmetics"], evidence=evidence, facts=facts)
    assert (result.decision, result.to_human, result.floor_fen, result.needs) == ("human", "safety", floor, needs)
    if floor:
        assert (remedies(result, "owed")["return_refund"], result.return_freight) == (fen, "merchant")


def test_allergy_within_60_days() -> None:
    case: dict[str, Any] = {"evidence": ["photo"], "facts": {"safety_kind": "allergy"}}
    assert judged("refund", ["safety"], now=after(60) - SECOND, **case).floor_fen == 10000
    assert judged("refund", ["safety"], now=after(60), **case).floor_fen == 0


def test_medical_fees_by_their_papers_outside_floor_and_cap() -> None:
    facts = {"safety_kind": "allergy", "medical_fen": 23000}
    result = judged("refund", ["safety"], evidence=["photo", "medical_record"], facts=facts)
    assert (remedies(result, "owed")["medical"], result.floor_fen, result.cap_fen) == (23000, 10000, 10000)
    assert judged("refund", ["safety"], evidence=["photo"], facts=facts).needs == ("medical_record",)


@pytest.mark.parametrize(("kind", "traits", "remedy"), [("foreign_matter", ["food"], "refund"), ("spoiled", ["food", "opened_food"], "refund"), ("electric", ["electronics"], "return_refund"), ("injury", [], "return_refund")])
def test_other_dangers(kind: str, traits: list[str], remedy: str) -> None:
    result = judged("refund", ["safety"], traits=traits, evidence=["photo"], facts={"safety_kind": kind, "sealed": False})
    assert (result.decision, result.to_human, remedies(result, "owed")[remedy]) == ("human", "safety", 10000)


def test_spoiled_fresh_food_goes_by_its_share() -> None:
    facts = {"safety_kind": "spoiled", "affected_share": 0.2}
    result = judged("refund", ["safety"], traits=["fresh", "food"], evidence=["photo"], facts=facts)
    assert (result.floor_fen, result.to_human) == (2000, "safety")


def test_ship_promise_defaults_to_48_hours() -> None:
    def rule_at(now: datetime) -> str:
        case = raw_case("compensation", ["late_delivery"], status="paid", now=now)
        case["order"]["promised_ship_by"] = None
        return rules(assess(read_case(case), POLICY))[0]

    due = PAID + timedelta(hours=48)
    assert rule_at(due) == "DL-02"
    assert rule_at(due + SECOND) == "DL-01"


def test_insurance_for_90_days_after_shipping() -> None:
    labels = ["return7", "freight_insurance"]
    assert judged("return_goods", ["change_of_mind"], labels=labels).return_freight == "insurance"
    assert judged("return_goods", ["quality_defect"], labels=labels, evidence=["photo"]).return_freight == "merchant"
    slow = NOW - timedelta(days=90)
    case: dict[str, Any] = {"labels": labels, "paid": slow - timedelta(days=1), "ship_by": slow}
    assert judged("return_goods", ["change_of_mind"], shipped=slow, **case).return_freight == "insurance"
    assert judged("return_goods", ["change_of_mind"], shipped=slow - SECOND, **case).return_freight == "customer"


def test_books_are_told_within_48_hours() -> None:
    end = DELIVERED + timedelta(hours=48)
    case: dict[str, Any] = {"category": "图书", "evidence": ["photo"]}
    assert judged("return_goods", ["not_as_described"], now=end, **case).decision == "owed"
    assert rules(judged("exchange", ["not_as_described"], now=end + SECOND, **case))[0] == "ND-01"
    late = judged("return_goods", ["not_as_described"], now=end + SECOND, **case)
    assert (late.decision, late.floor_fen, late.return_freight) == ("owed", 10000, "customer")
    assert rules(late) == ["NR-18", "ND-01"]
    assert judged("return_goods", ["not_as_described"], now=after(7), **case).floor_fen == 0


def test_a_return_counts_from_when_it_was_asked_for() -> None:
    opened = [entry("return_open", at=after(7) - SECOND)]
    assert judged("return_goods", ["change_of_mind"], now=after(9), history=opened).floor_fen == 10000
    too_late = [entry("return_open", at=after(7))]
    assert judged("return_goods", ["change_of_mind"], now=after(9), history=too_late).floor_fen == 0


def test_a_parcel_under_way_is_lost_after_seven_days() -> None:
    end = SHIPPED + timedelta(days=7)
    case: dict[str, Any] = {"status": "shipped"}
    soon = judged("refund", ["not_received"], now=end, **case)
    assert (soon.decision, soon.floor_fen, soon.return_freight) == ("owed", 10000, "merchant")
    assert rules(soon)[0] == "RC-08"
    assert judged("resend", ["not_received"], now=end, **case).needs == ("logistics_query",)
    lost = judged("refund", ["not_received"], now=end + SECOND, **case)
    assert (remedies(lost, "owed"), lost.return_freight) == ({"refund": 10000, "resend": 0}, "none")
    searched = judged("refund", ["not_received"], now=end, evidence=["logistics_query"], **case)
    assert rules(searched)[0] == "RC-02"


@pytest.mark.parametrize(("unit", "person"), [(50000, None), (50001, "over_limit")])
def test_the_bots_limit(unit: int, person: str | None) -> None:
    result = judged("return_goods", ["quality_defect"], unit=unit, evidence=["photo"])
    assert (result.to_human, result.floor_fen) == (person, unit)
    assert result.decision == ("human" if person else "owed")
    assert remedies(result, "owed")["return_refund"] == unit
    assert result.cap_fen >= result.floor_fen


@pytest.mark.parametrize(("unit", "cap"), [(10000, 1000), (50000, 5000), (50010, 5000), (10005, 1001), (10004, 1000)])
def test_goodwill_is_a_tenth_and_at_most_50_yuan(unit: int, cap: int) -> None:
    result = judged("return_goods", ["change_of_mind"], unit=unit, now=after(9))
    assert result.cap_fen == cap


def test_platform_intervention_is_told_with_its_time_and_without_an_end() -> None:
    soon = judged("return_goods", ["change_of_mind"], now=after(9))
    told = next(option for option in soon.options_for_customer if "平台介入" in option)
    assert spoken(after(15)) in told
    assert "24 小时" in told
    assert "之后也还可以" in told
    assert any(deadline.at == after(15) for deadline in soon.deadlines)
    late = judged("return_goods", ["change_of_mind"], now=after(15))
    assert any("平台介入" in option for option in late.options_for_customer)
    assert any("12315" in option for option in late.options_for_customer)


def test_an_open_platform_ticket_has_24_hours() -> None:
    result = judged("refund", ["quality_defect"], evidence=["photo"], order_facts={"platform_ticket": True})
    assert (result.to_human, result.decision) == ("platform", "human")
    assert any(deadline.at == NOW + timedelta(hours=24) for deadline in result.deadlines)


def test_deadlines_of_a_return() -> None:
    result = judged("return_goods", ["change_of_mind"])
    assert [deadline.at for deadline in result.deadlines] == [after(7), NOW + timedelta(days=7)]


def test_midnight_is_spoken_as_24_oclock() -> None:
    assert spoken(after(7)) == "11月11日24:00"
    assert spoken(DELIVERED) == "11月4日8:40"
