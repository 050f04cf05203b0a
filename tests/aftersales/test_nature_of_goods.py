"""rules.md 2.2: what kind of goods may be returned without a reason, and that quality is never shut out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aftersales.build import judged, remedies, rules

YES, NO, PERSON = "owed", "negotiable", "human"
GOODS: list[tuple[str, dict[str, Any], str, str]] = [
    ("food, label, sealed", {"traits": ["food", "opened_food"], "labels": ["no_return7_opened"], "facts": {"sealed": True}}, YES, "NR-18"),
    ("food, label, opened", {"traits": ["food", "opened_food"], "labels": ["no_return7_opened"], "facts": {"sealed": False}}, NO, "NR-06"),
    ("food, no label, opened", {"traits": ["food", "opened_food"], "labels": ["return7"], "facts": {"sealed": False}}, YES, "NR-18"),
    ("food, no label at all", {"traits": ["food"], "labels": [], "facts": {"sealed": False}}, YES, "NR-18"),
    ("intimate, label, opened", {"traits": ["intimate"], "labels": ["no_return7_opened"], "facts": {"sealed": False}}, NO, "NR-06"),
    ("intimate, seal broken", {"traits": ["intimate"], "facts": {"sealed": False}}, PERSON, "NR-09"),
    ("intimate, opened to look, sticker intact", {"traits": ["intimate"], "facts": {"sealed": False, "intact": True}}, YES, "NR-18"),
    ("intimate, intact", {"traits": ["intimate"], "facts": {"sealed": True}}, YES, "NR-18"),
    ("cosmetics, sealed", {"traits": ["cosmetics"], "facts": {"sealed": True}}, YES, "NR-18"),
    ("cosmetics, opened", {"traits": ["cosmetics"], "facts": {"sealed": False}}, NO, "NR-07"),
    ("cosmetics, used", {"traits": ["cosmetics"], "facts": {"used_share": 0.1}}, NO, "NR-07"),
    ("device, label, activated", {"traits": ["electronics", "activated"], "labels": ["return7", "no_return7_activated"], "facts": {"activated": True}}, NO, "NR-08"),
    ("device, label, not activated", {"traits": ["electronics", "activated"], "labels": ["no_return7_activated"], "facts": {"activated": False}}, YES, "NR-18"),
    ("device, no label, activated", {"traits": ["electronics", "activated"], "facts": {"activated": True}}, YES, "NR-18"),
    ("customised", {"traits": ["customised"], "labels": ["no_return7_customised"]}, NO, "NR-02"),
    ("customised, shop promised", {"traits": ["customised"], "labels": ["return7"]}, YES, "NR-18"),
    ("customised label on plain goods", {"labels": ["no_return7_customised"]}, YES, "NR-18"),
    ("fresh", {"traits": ["food", "fresh"], "labels": ["no_return7_fresh"]}, NO, "NR-03"),
    ("flowers", {"traits": ["flowers"], "labels": ["no_return7_fresh"]}, NO, "NR-03"),
    ("fresh label on plain goods", {"labels": ["no_return7_fresh"]}, YES, "NR-18"),
    ("opened label on a shirt", {"labels": ["no_return7_opened"], "facts": {"sealed": False}}, YES, "NR-18"),
    ("second hand", {"traits": ["second_hand"], "labels": []}, YES, "NR-18"),
    ("sealed disc, opened", {"category": "音像", "labels": ["no_return7_opened"], "facts": {"sealed": False}}, NO, "NR-06"),
    ("book", {"category": "图书"}, YES, "NR-18"),
    ("virtual", {"traits": ["virtual"], "labels": []}, NO, "NR-04"),
    ("bulky, unpacked", {"traits": ["bulky"], "facts": {"sealed": False}}, YES, "NR-18"),
    ("gold, label, opened", {"category": "黄金", "labels": ["no_return7_opened"], "facts": {"sealed": False}}, NO, "NR-06"),
    ("worn", {"facts": {"intact": False}}, PERSON, "NR-10"),
    ("partly used up", {"facts": {"used_share": 0.3}}, PERSON, "NR-10"),
]


@pytest.mark.parametrize(("name", "case", "decision", "rule"), GOODS, ids=[row[0] for row in GOODS])
def test_return_without_a_reason(name: str, case: dict[str, Any], decision: str, rule: str) -> None:
    result = judged("return_goods", ["change_of_mind"], **case)
    assert (result.decision, rule in rules(result)) == (decision, True)
    assert result.floor_fen == (10000 if decision == YES else 0)
    assert result.to_human == ("dispute" if decision == PERSON else None)


MISUSED: list[tuple[str, dict[str, Any]]] = [
    ("opened food", {"traits": ["food", "opened_food"], "labels": ["no_return7_opened"], "facts": {"sealed": False}}),
    ("intimate", {"traits": ["intimate"], "labels": ["no_return7_opened"], "facts": {"sealed": False}}),
    ("opened cosmetics", {"traits": ["cosmetics"], "facts": {"sealed": False, "used_share": 0.5}}),
    ("activated device", {"traits": ["electronics", "activated"], "labels": ["no_return7_activated"], "facts": {"activated": True}}),
    ("customised", {"traits": ["customised"], "labels": ["no_return7_customised"]}),
    ("second hand", {"traits": ["second_hand"], "labels": []}),
    ("bulky, unpacked", {"traits": ["bulky"], "facts": {"sealed": False}}),
    ("overseas", {"traits": ["overseas"], "labels": []}),
]


@pytest.mark.parametrize(("name", "case"), MISUSED, ids=[row[0] for row in MISUSED])
@pytest.mark.parametrize("issue", ["quality_defect", "not_as_described", "wrong_item"])
def test_quality_is_never_shut_out_by_the_kind_of_goods(name: str, case: dict[str, Any], issue: str) -> None:
    result = judged("return_goods", [issue], evidence=["photo", "parcel_photo"], **case)
    assert (result.decision, result.floor_fen, result.return_freight) == ("owed", 10000, "merchant")


def test_opened_or_used_never_shuts_out_an_allergy() -> None:
    facts = {"safety_kind": "allergy", "sealed": False, "used_share": 0.15}
    result = judged("refund", ["safety"], traits=["cosmetics"], labels=["no_return7_opened"], evidence=["photo"], facts=facts)
    assert (result.floor_fen, result.to_human) == (10000, "safety")


@pytest.mark.parametrize(("quantity", "share", "floor"), [(10, 0.3, 30000), (10, 0.31, 100000), (9, 0.3, 90000)])
def test_customised_goods_in_numbers_go_back_whole_above_30_percent(quantity: int, share: float, floor: int) -> None:
    result = judged("return_goods", ["quality_defect"], quantity=quantity, traits=["customised"], labels=[], evidence=["photo"], facts={"affected_share": share}, policy={"auto_limit_fen": 10**6})
    assert (result.decision, result.floor_fen) == ("owed", floor)


def test_customised_in_work_is_a_persons_and_late_it_is_owed() -> None:
    from datetime import timedelta

    from tests.aftersales.build import PAID

    case: dict[str, Any] = {"traits": ["customised"], "labels": [], "status": "paid"}
    early = judged("cancel_order", ["change_of_mind"], now=PAID + timedelta(hours=5), **case)
    assert (early.decision, early.to_human, early.floor_fen) == ("human", "dispute", 0)
    late = judged("cancel_order", ["late_delivery"], now=PAID + timedelta(hours=50), **case)
    assert (late.decision, late.floor_fen) == ("owed", 10000)


def test_gift_that_stays_is_deducted_and_no_reason_to_refuse() -> None:
    result = judged("return_goods", ["change_of_mind"], facts={"gift_fen": 1500})
    assert (result.decision, remedies(result)["return_refund"], result.floor_fen) == ("owed", 8500, 8500)


@pytest.mark.parametrize("gift", [9999, 10000, 99999])
def test_a_gift_worth_the_refund_is_told_and_sent_back_it_costs_nothing(gift: int) -> None:
    result = judged("return_goods", ["change_of_mind"], facts={"gift_fen": gift})
    if gift < 10000:
        assert remedies(result) == {"return_refund": 1}
        return
    assert (result.decision, remedies(result), result.floor_fen) == ("refused", {"none": 0}, 0)
    assert rules(result) == ["NR-19"]
    assert f"{gift / 100:.2f}元" in result.reasons[0].text
    assert "赠品一起退回就不扣，可退 100.00元" in result.reasons[0].text
    assert any("七天无理由退货" in way for way in result.options_for_customer)


def test_a_gift_takes_nothing_from_goods_with_a_fault_or_an_exchange() -> None:
    assert judged("return_goods", ["quality_defect"], evidence=["photo"], facts={"gift_fen": 99999}).floor_fen == 10000
    assert "exchange" in remedies(judged("exchange", ["change_of_mind"], facts={"gift_fen": 99999}))


def test_refusal_of_food_is_polite_and_leaves_something() -> None:
    """Worked case 13."""
    result = judged("return_goods", ["change_of_mind"], unit=5990, traits=["food"], labels=["no_return7_opened"], facts={"sealed": False})
    assert remedies(result) == {"coupon": 599}
    assert result.cap_fen == 599
    assert "质量" in result.reasons[0].text


@pytest.mark.parametrize(
    ("traits", "label", "facts", "floor"),
    [
        (["electronics"], "no_return7_activated", {"activated": True}, 0),
        (["electronics", "activated"], "no_return7_activated", {"activated": True}, 0),
        ([], "no_return7_activated", {"activated": True}, 10000),
        (["second_hand", "electronics", "activated"], "no_return7_activated", {"activated": True}, 10000),
        (["second_hand", "intimate"], "no_return7_opened", {"sealed": False, "intact": True}, 10000),
    ],
)
def test_a_label_holds_only_on_goods_that_may_carry_it(
    traits: list[str], label: str, facts: dict[str, Any], floor: int
) -> None:
    result = judged("return_goods", ["change_of_mind"], traits=traits, labels=[label], facts=facts)
    assert result.floor_fen == floor


@pytest.mark.parametrize("trait", ["fresh", "flowers", "virtual"])
def test_what_cannot_go_back_is_replaced_without_return(trait: str) -> None:
    result = judged("exchange", ["wrong_item"], traits=[trait], evidence=["photo", "parcel_photo"])
    assert (result.remedies[0].remedy, result.remedies[0].return_needed) == ("exchange", False)
    assert result.return_freight == "none"
