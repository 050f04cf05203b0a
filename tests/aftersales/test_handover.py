"""rules.md 2.3: every trigger, its counterexamples, and the quiet look at unusual claims."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aftersales.speech import forbidden
from tests.aftersales.build import judged, price, protection, remedies, rules

TRIGGERS: list[tuple[str, str, list[str], dict[str, Any], str, str]] = [
    ("H1", "return_goods", ["change_of_mind"], {"facts": {"asked_human": True}}, "asked", "HU-01"),
    ("H2 safety", "refund", ["safety"], {"evidence": ["photo"]}, "safety", "HU-02"),
    ("H2 safety by fact", "refund", [], {"facts": {"safety_kind": "electric"}}, "safety", "HU-02"),
    ("H2 privacy", "complaint", ["privacy_leak"], {}, "privacy", "HU-02"),
    ("H3", "return_goods", ["change_of_mind"], {"facts": {"minor": True}}, "minor", "HU-03"),
    ("H4 complaint", "complaint", ["late_delivery"], {}, "complaint", "HU-04"),
    ("H4 attitude", "compensation", ["service_attitude"], {}, "complaint", "HU-04"),
    ("H5 counterfeit", "refund", ["counterfeit"], {}, "counterfeit", "HU-05"),
    ("H5 advertising", "refund", ["false_advertising"], {}, "legal_claim", "HU-05"),
    ("H5 price", "refund", ["pricing_fraud"], {}, "legal_claim", "HU-05"),
    ("H6 visits", "return_goods", ["change_of_mind"], {"facts": {"visits_24h": 3}}, "repeated", "HU-06"),
    ("H6 refusals", "return_goods", ["change_of_mind"], {"facts": {"merchant_refusals": 2}}, "repeated", "HU-06"),
    ("H6 repairs", "refund", ["quality_defect"], {"facts": {"repairs_done": 2}}, "repeated", "HU-06"),
    ("H7 disagrees", "compensation", ["late_delivery"], {"facts": {"customer_disagrees": True}, "status": "paid"}, "dispute", "HU-07"),
    ("H7 evidence", "refund", ["not_received"], {"facts": {"proof_of_delivery": True}}, "dispute", "HU-07"),
    ("H7 uncovered", "price_protection", ["price_drop"], {"protection": protection(), "price": price(kind="platform_subsidy")}, "unknown_rule", "HU-07U"),
    ("H8", "return_goods", ["change_of_mind"], {"unit": 50001}, "over_limit", "HU-08"),
    ("H9", "return_goods", ["change_of_mind"], {"facts": {"platform_ticket": True}}, "platform", "HU-09"),
]


@pytest.mark.parametrize(("name", "wish", "issues", "case", "reason", "rule"), TRIGGERS, ids=[row[0] for row in TRIGGERS])
def test_a_person_comes(name: str, wish: str, issues: list[str], case: dict[str, Any], reason: str, rule: str) -> None:
    result = judged(wish, issues, **case)
    assert (result.decision, result.to_human, rule in rules(result)) == ("human", reason, True)


COUNTEREXAMPLES: list[tuple[str, str, list[str], dict[str, Any]]] = [
    ("return within the limit", "return_goods", ["change_of_mind"], {"unit": 50000}),
    ("cancelled before shipping", "cancel_order", ["late_delivery"], {"status": "paid"}),
    ("late parcel, goodwill", "compensation", ["late_delivery"], {"status": "paid"}),
    ("second visit", "return_goods", ["change_of_mind"], {"facts": {"visits_24h": 2}}),
    ("one refusal before", "return_goods", ["change_of_mind"], {"facts": {"merchant_refusals": 1}}),
    ("price protection refused", "price_protection", ["price_drop"], {"price": price()}),
    ("evidence asked for", "return_goods", ["quality_defect"], {}),
    ("return period over", "return_goods", ["change_of_mind"], {"facts": {"sealed": False}, "labels": ["no_return7_opened"], "traits": ["food"]}),
    ("ordinary claims", "return_goods", ["change_of_mind"], {"customer": {"claims_90d": 4, "rejected_claims_90d": 2, "orders_90d": 5}}),
    ("many claims of very many orders", "return_goods", ["change_of_mind"], {"customer": {"claims_90d": 6, "orders_90d": 40}}),
]


@pytest.mark.parametrize(("name", "wish", "issues", "case"), COUNTEREXAMPLES, ids=[row[0] for row in COUNTEREXAMPLES])
def test_no_person_is_taken_up(name: str, wish: str, issues: list[str], case: dict[str, Any]) -> None:
    result = judged(wish, issues, **case)
    assert result.to_human is None
    assert result.decision != "human"


def test_safety_goes_first_and_the_law_before_the_limit() -> None:
    assert judged("refund", ["safety", "counterfeit"], evidence=["photo"], facts={"asked_human": True}).to_human == "safety"
    assert judged("refund", ["counterfeit"], evidence=["photo"], unit=90000).to_human == "counterfeit"
    assert judged("refund", ["quality_defect"], evidence=["photo"], unit=90000, facts={"minor": True}).to_human == "minor"


def test_what_is_owed_stays_listed_with_the_person() -> None:
    result = judged("return_goods", ["quality_defect"], evidence=["photo"], facts={"asked_human": True})
    assert (remedies(result, "owed")["return_refund"], result.floor_fen) == (10000, 10000)


SUSPECT = [{"claims_90d": 9, "orders_90d": 10}, {"rejected_claims_90d": 3, "claims_90d": 4}, {"empty_returns_90d": 1}, {"shared_pictures": 1}]


@pytest.mark.parametrize("customer", SUSPECT)
def test_unusual_claims_keep_the_floor_and_lose_the_goodwill(customer: dict[str, int]) -> None:
    owed = judged("return_goods", ["quality_defect"], evidence=["photo"], customer=customer)
    plain = judged("return_goods", ["quality_defect"], evidence=["photo"])
    assert (owed.decision, owed.floor_fen, owed.to_human) == ("owed", plain.floor_fen, "dispute")
    assert owed.cap_fen == owed.floor_fen
    assert remedies(owed, "negotiable") == {}
    assert remedies(owed, "owed") == remedies(plain, "owed")
    goodwill = judged("compensation", ["late_delivery"], status="paid", customer=customer)
    assert (goodwill.decision, goodwill.floor_fen, goodwill.cap_fen, goodwill.to_human) == ("refused", 0, 0, "dispute")
    share = judged("refund", ["quality_defect"], traits=["fresh"], evidence=["photo"], facts={"affected_share": 0.2}, customer=customer)
    assert (share.floor_fen, share.cap_fen) == (2000, 2000)


@pytest.mark.parametrize("customer", SUSPECT)
def test_unusual_claims_are_never_said(customer: dict[str, int]) -> None:
    for wish, issue in (("refund", "quality_defect"), ("compensation", "late_delivery"), ("price_protection", "price_drop")):
        result = judged(wish, [issue], customer=customer, protection=protection(), price=price())
        said = [reason.text for reason in result.reasons] + list(result.options_for_customer)
        for sentence in said:
            assert forbidden(sentence) == []
            assert not any(word in sentence for word in ("频繁", "异常", "可疑", "多次申请", "信用", "空包", "空的", "图片", "用过"))


@pytest.mark.parametrize(
    ("wish", "issue", "spent", "decision", "person"),
    [
        ("compensation", "late_delivery", 4999, "negotiable", None),
        ("compensation", "late_delivery", 5000, "human", "over_limit"),
        ("compensation", "late_delivery", 9000, "human", "over_limit"),
        ("return_goods", "quality_defect", 9000, "owed", None),
        ("compensation", "quality_defect", 9000, "owed", None),
        ("exchange", "change_of_mind", 9000, "negotiable", None),
    ],
)
def test_goodwill_stops_with_the_months_budget(wish: str, issue: str, spent: int, decision: str, person: str | None) -> None:
    """What is owed is done as ever, goods may still be exchanged; where money was only negotiable a person decides."""
    result = judged(wish, [issue], evidence=["photo"], budget={"month_fen": 5000, "goodwill_fen": spent}, **{"status": "paid"} if issue == "late_delivery" else {})
    assert (result.decision, result.to_human) == (decision, person)
    if person:
        (told,) = [reason for reason in result.reasons if reason.rule == "HU-10"]
        assert told.facts == {"month_fen": 5000, "goodwill_fen": spent}
        assert "预算" not in told.text


def test_tier_of_a_customer_changes_no_money_by_default() -> None:
    for wish, issue in (("compensation", "late_delivery"), ("return_goods", "change_of_mind")):
        assert judged(wish, [issue], customer={"tier": "vip"}) == judged(wish, [issue])
