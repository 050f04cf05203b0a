"""rules.md 2.1: each kind of issue — what is owed, evidence, freight, person — and wishes of every kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from bot.aftersales.case import Issue, Wish
from tests.aftersales.build import ALL_PICTURES, DELIVERED, NOW, entry, judged, remedies, rules

WITHOUT_ANYTHING: list[tuple[str, str, list[str], str | None]] = [
    # issue, decision, needs, person — delivered, day 2, no evidence, wish return_goods
    ("quality_defect", "needs_evidence", ["photo"], None),
    ("not_as_described", "needs_evidence", ["photo"], None),
    ("false_advertising", "human", ["photo"], "legal_claim"),
    ("counterfeit", "human", ["photo"], "counterfeit"),
    ("safety", "human", ["photo"], "safety"),
    ("wrong_item", "needs_evidence", ["photo", "parcel_photo"], None),
    ("missing_item", "needs_evidence", ["photo", "parcel_photo"], None),
    ("damaged_in_transit", "needs_evidence", ["photo", "parcel_photo"], None),
    ("not_received", "needs_evidence", ["logistics_query"], None),
    ("late_delivery", "owed", [], None),
    ("return_obstructed", "human", [], "dispute"),
    ("promise_broken", "needs_evidence", ["chat"], None),
    ("service_attitude", "human", [], "complaint"),
    ("pricing_fraud", "human", ["price_screenshot"], "legal_claim"),
    ("price_drop", "owed", [], None),
    ("billing_error", "owed", ["bank_record"], None),
    ("privacy_leak", "human", [], "privacy"),
    ("change_of_mind", "owed", [], None),
]


@pytest.mark.parametrize(("issue", "decision", "needs", "person"), WITHOUT_ANYTHING)
def test_least_evidence_and_person(issue: str, decision: str, needs: list[str], person: str | None) -> None:
    result = judged(issues=[issue])
    assert (result.decision, list(result.needs), result.to_human) == (decision, needs, person)


WITH_EVIDENCE: list[tuple[str, str, str, int, str, str | None]] = [
    # issue, wish, remedy that must be owed, floor, freight, person — evidence complete
    ("quality_defect", "return_goods", "return_refund", 10000, "merchant", None),
    ("quality_defect", "exchange", "exchange", 10000, "merchant", None),
    ("quality_defect", "repair", "repair", 10000, "merchant", None),
    ("not_as_described", "return_goods", "return_refund", 10000, "merchant", None),
    ("false_advertising", "refund", "return_refund", 10000, "merchant", "legal_claim"),
    ("counterfeit", "refund", "return_refund", 10000, "merchant", "counterfeit"),
    ("safety", "refund", "return_refund", 10000, "merchant", "safety"),
    ("wrong_item", "exchange", "exchange", 10000, "merchant", None),
    ("wrong_item", "refund", "return_refund", 10000, "merchant", None),
    ("missing_item", "resend", "resend", 0, "none", None),
    ("damaged_in_transit", "resend", "resend", 10000, "none", None),
    ("damaged_in_transit", "refund", "return_refund", 10000, "merchant", None),
    ("return_obstructed", "return_goods", "return_refund", 10000, "merchant", "dispute"),
    ("promise_broken", "return_goods", "return_refund", 10000, "merchant", None),
    ("promise_broken", "resend", "resend", 10000, "none", None),
    ("pricing_fraud", "return_goods", "return_refund", 10000, "merchant", "legal_claim"),
    ("price_drop", "return_goods", "return_refund", 10000, "customer", None),
    ("change_of_mind", "return_goods", "return_refund", 10000, "customer", None),
]


@pytest.mark.parametrize(("issue", "wish", "remedy", "floor", "freight", "person"), WITH_EVIDENCE)
def test_what_is_owed(issue: str, wish: str, remedy: str, floor: int, freight: str, person: str | None) -> None:
    result = judged(wish, [issue], evidence=ALL_PICTURES)
    assert remedy in remedies(result, "owed")
    assert result.remedies[0].remedy == remedy
    assert (result.floor_fen, result.return_freight, result.to_human) == (floor, freight, person)
    assert result.decision == ("human" if person else "owed")
    assert result.needs == ()


@pytest.mark.parametrize(
    ("issue", "facts", "person"),
    [
        ("wrong_item", {"gross_mismatch": True}, "legal_claim"),
        ("missing_item", {"affected_share": 0.51}, "legal_claim"),
        ("missing_item", {"affected_share": 0.5}, None),
        ("quality_defect", {"repairs_done": 2}, "repeated"),
        ("quality_defect", {"repairs_done": 1}, None),
        ("billing_error", {"paid_twice_fen": 2000}, "dispute"),
        ("not_received", {"proof_of_delivery": True}, "dispute"),
        ("not_received", {"address_confirmed": False, "proof_of_delivery": False}, "dispute"),
    ],
)
def test_when_a_person_comes_at_once(issue: str, facts: dict[str, Any], person: str | None) -> None:
    assert judged("refund", [issue], evidence=ALL_PICTURES, facts=facts).to_human == person


def test_systems_know_is_never_asked_for() -> None:
    """Orders, logistics, chat records, the price log: nothing of it is asked of the customer."""
    assert judged("cancel_order", ["late_delivery"], status="paid", now=NOW).needs == ()
    assert judged("refund", ["promise_broken"], facts={"promised": "送赠品"}).needs == ()
    assert judged("complaint", ["service_attitude"]).needs == ()
    log = [{"at": DELIVERED.isoformat(), "price_fen": 9000, "kind": "direct"}]
    assert judged("return_goods", ["pricing_fraud"], price_log=log).needs == ()


def test_a_video_stands_for_the_photo() -> None:
    assert judged(issues=["quality_defect"], evidence=["video"]).decision == "owed"
    assert judged(issues=["wrong_item"], evidence=["video"]).needs == ("parcel_photo",)


def test_minor_flaw_is_a_reduction_up_to_30_percent() -> None:
    for wish in ("refund", "compensation"):
        result = judged(wish, ["quality_defect"], evidence=["photo"], facts={"minor_defect": True}, unit=9990)
        assert (result.decision, result.floor_fen, result.cap_fen) == ("negotiable", 0, 2997)
        assert remedies(result) == {"refund_part": 2997}


def test_minor_flaw_can_still_be_sent_back_within_the_law() -> None:
    result = judged("return_goods", ["quality_defect"], evidence=["photo"], facts={"minor_defect": True})
    assert (result.decision, result.floor_fen) == ("owed", 10000)


@pytest.mark.parametrize(("unit", "cap"), [(20000, 3000), (666700, 50000), (100000, 15000)])
def test_minor_flaw_of_bulky_goods_15_percent_within_the_bots_limit(unit: int, cap: int) -> None:
    result = judged("refund", ["not_as_described"], evidence=["photo"], facts={"minor_defect": True}, unit=unit, traits=["bulky"])
    assert result.cap_fen == cap


def test_minor_flaw_of_bulky_goods_never_above_1000_yuan() -> None:
    case: dict[str, Any] = {"evidence": ["photo"], "facts": {"minor_defect": True}, "traits": ["bulky"]}
    policy = {"auto_limit_fen": 10**7}
    assert judged("refund", ["quality_defect"], unit=666600, policy=policy, **case).cap_fen == 99990
    assert judged("refund", ["quality_defect"], unit=700000, policy=policy, **case).cap_fen == 100000


@pytest.mark.parametrize(("share", "fen"), [(0.25, 2500), (0.333, 3330), (0.5, 5000)])
def test_missing_part_is_its_actual_price(share: float, fen: int) -> None:
    result = judged("refund", ["missing_item"], evidence=ALL_PICTURES, facts={"affected_share": share})
    assert (result.decision, result.floor_fen, result.cap_fen) == ("owed", fen, fen)
    assert "resend" in remedies(result, "owed")
    assert result.return_freight == "none"


def test_missing_gift_has_its_own_price() -> None:
    assert judged("refund", ["missing_item"], evidence=ALL_PICTURES, facts={"gift_fen": 700}).floor_fen == 700


@pytest.mark.parametrize(
    ("issue", "case", "rule"),
    [
        ("missing_item", {}, "MI-06"),
        ("quality_defect", {"traits": ["fresh"]}, "FR-07"),
        ("damaged_in_transit", {"traits": ["flowers"], "now": DELIVERED + timedelta(hours=9)}, "FR-07"),
        ("quality_defect", {"traits": ["customised"], "quantity": 10}, "QD-13"),
    ],
)
def test_nothing_affected_is_refused_by_saying_so(issue: str, case: dict[str, Any], rule: str) -> None:
    result = judged("compensation", [issue], evidence=ALL_PICTURES, facts={"affected_share": 0.0}, **case)
    assert (result.decision, remedies(result), result.cap_fen) == ("refused", {"none": 0}, 0)
    assert result.reasons[0].rule == rule
    assert "请告诉我们" in result.reasons[0].text
    assert any("转人工" in way for way in result.options_for_customer)


def test_goods_that_cost_nothing_are_exchanged_and_no_refund_of_nothing_is_listed() -> None:
    result = judged("refund", ["quality_defect"], unit=0, evidence=["photo"])
    assert (result.decision, remedies(result), result.return_freight) == ("owed", {"exchange": 0, "repair": 0}, "merchant")
    assert "CL-02" in rules(result)
    assert remedies(judged("refund", ["missing_item"], evidence=ALL_PICTURES, facts={"gift_fen": 0})) == {"resend": 0}


def test_missing_part_of_unknown_price_is_a_persons() -> None:
    result = judged("refund", ["missing_item"], evidence=ALL_PICTURES)
    assert (result.decision, result.floor_fen, result.to_human) == ("human", 0, "dispute")


def test_all_missing_is_a_full_refund_without_return() -> None:
    result = judged("refund", ["missing_item"], evidence=ALL_PICTURES, facts={"affected_share": 1.0})
    assert remedies(result, "owed")["refund"] == 10000
    assert result.floor_fen == 10000


def test_goods_not_worth_their_way_back_stay_with_the_customer() -> None:
    result = judged("return_goods", ["quality_defect"], evidence=["photo"], unit=800, return_cost=801)
    assert (remedies(result, "owed").get("refund"), result.return_freight) == (800, "none")
    again = judged("return_goods", ["quality_defect"], evidence=["photo"], unit=800, return_cost=800)
    assert remedies(again, "owed")["return_refund"] == 800


def test_freight_is_a_remedy_of_its_own() -> None:
    result = judged(issues=["wrong_item"], evidence=ALL_PICTURES, facts={"return_freight_fen": 1200}, freight=500)
    assert [due.fen for due in result.remedies if due.remedy == "freight"] == [1200, 500]
    assert (result.floor_fen, result.cap_fen) == (10000, 10000)


def test_charged_twice_is_paid_back_on_top_of_the_return() -> None:
    alone = judged("refund", ["billing_error"], facts={"paid_twice_fen": 2500})
    assert (alone.floor_fen, remedies(alone, "owed")) == (2500, {"refund": 2500})
    both = judged("return_goods", ["billing_error", "quality_defect"], evidence=["photo"], facts={"paid_twice_fen": 2500})
    assert both.floor_fen == 12500


def test_billing_evidence_is_no_card_number() -> None:
    result = judged("refund", ["billing_error"])
    assert (result.decision, result.needs) == ("needs_evidence", ("bank_record",))
    assert judged("refund", ["billing_error"], evidence=["bank_record"]).to_human == "dispute"


def test_three_and_tenfold_damages_are_neither_denied_nor_promised() -> None:
    for issue in ("counterfeit", "false_advertising", "pricing_fraud", "safety"):
        result = judged("compensation", [issue], evidence=ALL_PICTURES, facts={"safety_kind": "spoiled"} if issue == "safety" else {}, traits=["food"])
        assert result.floor_fen == 10000
        said = "".join(reason.text for reason in result.reasons) + "".join(result.options_for_customer)
        assert not any(word in said for word in ("三倍", "十倍", "3倍", "10倍"))
        assert result.decision == "human"


def test_refused_return_counts_from_the_first_request() -> None:
    """Asked on day 2, refused; now it is day 20: the right was there when it was asked for."""
    now = DELIVERED + timedelta(days=20)
    refused = [entry("refusal", at=DELIVERED + timedelta(days=2))]
    result = judged(issues=["return_obstructed"], now=now, history=refused)
    assert (result.decision, result.floor_fen, result.return_freight, result.to_human) == ("human", 10000, "merchant", "dispute")
    assert judged(issues=["return_obstructed"], now=now).floor_fen == 0


def test_customer_never_pays_twice_for_a_fault_and_a_change_of_mind() -> None:
    result = judged(issues=["change_of_mind", "quality_defect"], evidence=["photo"])
    assert result.return_freight == "merchant"


def test_several_faults_take_the_one_that_is_proven() -> None:
    result = judged(issues=["quality_defect", "wrong_item"], evidence=["photo"])
    assert (result.decision, result.needs) == ("owed", ())


def test_evidence_is_asked_before_a_late_parcel_is_talked_about() -> None:
    result = judged(issues=["quality_defect", "late_delivery"], wish="compensation")
    assert (result.decision, result.needs) == ("needs_evidence", ("photo",))


def test_a_broken_price_promise_is_kept_by_the_difference() -> None:
    from tests.aftersales.build import price

    result = judged("compensation", ["promise_broken"], facts={"promised": "15天价保"}, price=price(9200))
    assert (result.decision, result.floor_fen) == ("owed", 800)


@pytest.mark.parametrize("wish", get_args(Wish))
def test_every_wish_without_an_issue(wish: str) -> None:
    """Nobody is asked for evidence of nothing."""
    result = judged(wish)
    assert result.decision != "needs_evidence"
    assert result.needs == ()
    assert result.reasons


@pytest.mark.parametrize(
    ("wish", "decision", "rule"),
    [
        ("refund", "owed", "NR-18"), ("return_goods", "owed", "NR-18"), ("cancel_order", "owed", "NR-18"),
        ("exchange", "negotiable", "NR-15"), ("repair", "owed", "RP-01"), ("resend", "refused", "NO-01"),
        ("compensation", "refused", "NO-01"), ("complaint", "human", "CO-01"), ("price_protection", "refused", "PP-01"),
    ],
)
def test_what_a_wish_alone_gives(wish: str, decision: str, rule: str) -> None:
    result = judged(wish)
    assert (result.decision, rules(result)[0]) == (decision, rule)


def test_repair_without_a_word_after_the_warranty_is_talked_about() -> None:
    result = judged("repair", now=DELIVERED + timedelta(days=400))
    assert (result.decision, result.floor_fen) == ("negotiable", 0)


@pytest.mark.parametrize("issue", get_args(Issue))
@pytest.mark.parametrize("wish", get_args(Wish))
@pytest.mark.parametrize("status", ["paid", "shipped", "delivered", "closed"])
def test_every_combination_is_sensible(issue: str, wish: str, status: str) -> None:
    result = judged(wish, [issue], status=status, evidence=ALL_PICTURES)
    assert 0 <= result.floor_fen <= result.cap_fen
    assert result.reasons
    assert result.remedies
    owed = remedies(result, "owed")
    if status == "paid":
        assert "return_refund" not in owed or issue != "change_of_mind"
    if status == "closed":
        assert result.floor_fen == 0
    if result.decision == "owed":
        assert set(owed) - {"none", "freight"}
    if result.decision in ("refused", "negotiable", "human"):
        assert any("转人工" in option for option in result.options_for_customer)
