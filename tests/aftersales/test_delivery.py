"""Not shipped, on the way, late, not received (rules.md 2.1, 1.2; worked cases 9, 18, 21)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.aftersales.build import NOW, PAID, judged, remedies, rules


@pytest.mark.parametrize("wish", ["refund", "cancel_order", "return_goods"])
@pytest.mark.parametrize("issues", [[], ["late_delivery"], ["change_of_mind"], ["price_drop"], ["not_received"]])
def test_unshipped_is_paid_back_at_any_time(wish: str, issues: list[str]) -> None:
    result = judged(wish, issues, status="paid", now=PAID + timedelta(hours=1))
    assert (result.decision, result.floor_fen, result.return_freight, result.needs) == ("owed", 10000, "none", ())
    assert remedies(result, "owed") == {"refund": 10000}


def test_unshipped_refund_gives_the_freight_back_too() -> None:
    result = judged("cancel_order", status="paid", freight=800)
    assert remedies(result, "owed") == {"refund": 10000, "freight": 800}
    other = {"line_id": "L2", "sku_id": "S2", "quantity": 1, "unit_paid_fen": 500}
    assert remedies(judged("cancel_order", status="paid", freight=800, more_lines=[other])) == {"refund": 10000}


def test_late_and_talks_of_compensation() -> None:
    """Worked case 21: nothing by law, nothing promised for the platform, goodwill possible, refund open."""
    result = judged("compensation", ["late_delivery"], status="paid", unit=30000, now=PAID + timedelta(hours=99))
    assert (result.decision, result.floor_fen, result.cap_fen, result.to_human) == ("negotiable", 0, 3000, None)
    said = "".join(reason.text for reason in result.reasons) + "".join(result.options_for_customer)
    assert "全额退款" in said
    assert "平台会赔" not in said


def test_in_time_owes_no_compensation() -> None:
    result = judged("compensation", ["late_delivery"], status="paid", now=PAID + timedelta(hours=5))
    assert (result.decision, result.cap_fen) == ("refused", 0)


def test_on_the_way_the_shop_intercepts() -> None:
    plain = judged("cancel_order", ["change_of_mind"], status="shipped")
    assert (plain.decision, plain.floor_fen, plain.return_freight, rules(plain)[0]) == ("owed", 10000, "customer", "IT-03")
    late = judged("cancel_order", ["late_delivery"], status="shipped", ship_by=PAID + timedelta(hours=1))
    assert (late.decision, late.floor_fen, late.return_freight, rules(late)[0]) == ("owed", 10000, "merchant", "IT-01")


def test_fresh_on_the_way_is_not_refused_without_a_reason() -> None:
    result = judged("cancel_order", ["change_of_mind"], status="shipped", traits=["fresh"], labels=["no_return7_fresh"])
    assert (result.decision, result.floor_fen, rules(result)[0]) == ("negotiable", 0, "IT-02")


def test_delivered_late_goes_back_at_the_shops_cost() -> None:
    late: dict[str, Any] = {"ship_by": PAID + timedelta(hours=1)}
    result = judged("refund", ["late_delivery"], **late)
    assert (result.floor_fen, result.return_freight, rules(result)[0]) == (10000, "merchant", "DL-04")
    assert rules(judged("compensation", ["late_delivery"], **late))[0] == "DL-06"
    assert judged("refund", ["late_delivery"]).return_freight == "customer"


RECEIPT: list[tuple[dict[str, Any], str, int, str | None]] = [
    ({"facts": {"placed_without_consent": True, "proof_of_delivery": False}}, "owed", 10000, None),
    ({"facts": {"placed_without_consent": True, "proof_of_delivery": True}}, "owed", 10000, None),
    ({"facts": {"proof_of_delivery": False}}, "owed", 10000, None),
    ({"facts": {"proof_of_delivery": True}}, "human", 0, "dispute"),
    ({"facts": {"address_confirmed": True}}, "needs_evidence", 0, None),
    ({"facts": {"address_confirmed": True}, "evidence": ["logistics_query"]}, "owed", 10000, None),
    ({"facts": {"address_confirmed": False}}, "human", 0, "dispute"),
    ({"status": "shipped", "now": NOW + timedelta(days=6)}, "owed", 10000, None),
]


@pytest.mark.parametrize(("case", "decision", "floor", "person"), RECEIPT)
def test_shown_as_signed_but_not_received(case: dict[str, Any], decision: str, floor: int, person: str | None) -> None:
    """Worked case 18."""
    result = judged("refund", ["not_received"], **case)
    assert (result.decision, result.floor_fen, result.to_human, result.return_freight) == (decision, floor, person, "none")
    assert not {"photo", "video", "parcel_photo"} & set(result.needs)


def test_another_parcel_instead_of_the_money() -> None:
    result = judged("resend", ["not_received"], facts={"proof_of_delivery": False})
    assert [due.remedy for due in result.remedies] == ["resend", "refund"]


def test_the_databases_facts_beat_the_customers() -> None:
    claimed, known = {"proof_of_delivery": False, "placed_without_consent": True}, {"proof_of_delivery": True, "placed_without_consent": False}
    result = judged("refund", ["not_received"], facts=claimed, order_facts=known)
    assert (result.decision, result.floor_fen) == ("human", 0)


def test_people_off_duty_leave_a_ticket() -> None:
    night = judged("compensation", ["change_of_mind"], now=NOW.replace(hour=23, minute=0))
    assert any("不在岗" in option and "08:00–23:00" in option for option in night.options_for_customer)
    evening = judged("compensation", ["change_of_mind"], now=NOW.replace(hour=22, minute=59))
    assert not any("不在岗" in option for option in evening.options_for_customer)


def test_compensation_before_shipping_is_no_refund() -> None:
    result = judged("compensation", ["not_received"], status="paid", now=PAID + timedelta(hours=99))
    assert (result.decision, result.floor_fen, result.to_human) == ("negotiable", 0, None)
