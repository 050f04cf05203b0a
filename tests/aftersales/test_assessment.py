"""What holds for every assessment, whatever the case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Evidence, FreshProblem, Issue, Label, PriceKind, SafetyKind, Trait, Wish
from bot.aftersales.facts import read_case
from bot.aftersales.speech import forbidden
from tests.aftersales.build import DELIVERED, PAID, POLICY, entry, price, protection, raw_case

MAYBE = st.sampled_from([None, True, False])
SHARE = st.sampled_from([None, 0.0, 0.0004, 0.1, 0.3, 0.5, 0.51, 1.0])
SUM = st.sampled_from([None, 0, 1, 500, 70000])
FACTS = st.fixed_dictionaries({}, optional={
    **dict.fromkeys((
        "sealed", "intact", "activated", "address_confirmed", "placed_without_consent", "proof_of_delivery", "gift_changed",
        "minor_defect", "gross_mismatch", "minor", "asked_human", "customer_disagrees", "platform_ticket",
    ), MAYBE),
    **dict.fromkeys(("affected_share", "used_share"), SHARE),
    **dict.fromkeys(("paid_twice_fen", "medical_fen", "return_freight_fen", "gift_fen"), SUM),
    **dict.fromkeys(("merchant_refusals", "repairs_done", "visits_24h"), st.integers(0, 4)),
    "safety_kind": st.sampled_from(get_args(SafetyKind)), "fresh_problem": st.sampled_from(get_args(FreshProblem)),
    "promised": st.sampled_from(["送袜子", "七天价保", "全年最低"]),
})


def some(kind: Any, most: int = 3) -> Any:
    return st.lists(st.sampled_from(get_args(kind)), max_size=most, unique=True)


@st.composite
def cases(draw: Any) -> dict[str, Any]:
    status = draw(st.sampled_from(["paid", "shipped", "delivered", "delivered", "completed", "closed"]))
    now = DELIVERED + timedelta(hours=draw(st.sampled_from([1, 30, 60, 24 * 7, 24 * 8, 24 * 16, 24 * 100, 24 * 800])))
    unit = draw(st.sampled_from([0, 1, 799, 5000, 10000, 50001, 600000]))
    quantity = draw(st.integers(1, 4))
    history = draw(st.lists(st.sampled_from([
        entry("price_protection", 300, 1, DELIVERED), entry("refund", unit, 1, DELIVERED), entry("refund", unit // 4, 1, DELIVERED),
        entry("return_open", 0, 1, DELIVERED), entry("claim_open", 0, 0, DELIVERED), entry("refusal", 0, 0, DELIVERED), entry("coupon", 100, 0, DELIVERED),
    ]), max_size=1))
    terms = draw(st.sampled_from([
        None, protection(), protection(days=None), protection(ratio=0.5, until="exact"), protection(excluded_kinds=["red_packet", "flash_sale"], **{"from": None}),
    ]))
    now_price = draw(st.one_of(st.none(), st.builds(
        lambda fen, kind, open_, at: price(fen, at, kind=kind, open_to_customer=open_),
        st.sampled_from([0, 500, 9000, 700000]), st.sampled_from(get_args(PriceKind)), st.booleans(),
        st.sampled_from([PAID, DELIVERED, now]),
    )))
    return raw_case(
        draw(st.sampled_from(get_args(Wish))), draw(some(Issue)), now=now, status=status, unit=unit, quantity=quantity,
        red_packet=draw(st.sampled_from([0, 300])), labels=draw(some(Label)), protection=terms, traits=draw(some(Trait)),
        category=draw(st.sampled_from(["家居", "手机", "鞋靴", "鲜活水产", "绿植", "图书"])), return_cost=draw(st.sampled_from([0, 900])),
        freight=draw(st.sampled_from([0, 800])), evidence=draw(some(Evidence, 9)), facts=draw(FACTS), history=history,
        price=now_price, customer=draw(st.sampled_from([{}, {"claims_90d": 9}, {"tier": "vip"}])),
    )


def judged(raw: dict[str, Any]) -> Assessment:
    return assess(read_case(raw), POLICY)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_what_holds_for_every_case(raw: dict[str, Any]) -> None:
    result = judged(raw)
    paid = raw["order"]["lines"][0]["unit_paid_fen"] * raw["order"]["lines"][0]["quantity"]
    twice = raw["facts"].get("paid_twice_fen") or 0
    assert 0 <= result.floor_fen <= result.cap_fen
    assert result.floor_fen <= paid + twice
    assert result.cap_fen <= paid + twice
    assert set(result.needs).isdisjoint(raw["evidence"])
    assert result.reasons
    for reason in result.reasons:
        assert reason.text
        assert reason.source
    for sentence in (*(reason.text for reason in result.reasons), *result.options_for_customer):
        assert forbidden(sentence) == [], sentence
    assert (result.decision == "needs_evidence") <= bool(result.needs)
    if result.decision == "human":
        assert result.to_human is not None
    if result.decision == "negotiable":
        assert any(due.kind == "negotiable" for due in result.remedies)
    if result.decision == "owed":
        assert any(due.kind == "owed" and due.remedy != "none" for due in result.remedies)
    for due in result.remedies:
        if due.kind == "negotiable":
            assert due.fen <= result.cap_fen
        elif due.remedy not in ("freight", "medical"):
            assert due.fen <= result.floor_fen
        assert (due.fen == 0) == (due.remedy in ("exchange", "resend", "repair", "none"))
    first = result.remedies[0]
    if first.return_needed and first.kind == "owed":
        assert result.return_freight != "none"


@settings(max_examples=120, deadline=None)
@given(cases())
def test_a_refusal_or_reduction_offers_a_person_and_a_rule(raw: dict[str, Any]) -> None:
    result = judged(raw)
    if result.decision != "owed":
        assert any("转人工" in option for option in result.options_for_customer)
        assert result.reasons[0].rule


@settings(max_examples=120, deadline=None)
@given(cases())
def test_same_facts_same_answer_and_it_can_be_written(raw: dict[str, Any]) -> None:
    one, other = judged(raw), judged(msgspec.json.decode(msgspec.json.encode(raw)))
    assert one == other
    assert msgspec.json.decode(msgspec.json.encode(one), type=Assessment) is not None


@settings(max_examples=120, deadline=None)
@given(cases())
def test_claims_of_the_past_never_touch_the_floor(raw: dict[str, Any]) -> None:
    plain = judged(raw | {"customer": {"customer_id": "C1"}})
    watched = judged(raw | {"customer": {"customer_id": "C1", "claims_90d": 30, "rejected_claims_90d": 9, "orders_90d": 30}})
    assert watched.floor_fen == plain.floor_fen
    assert watched.cap_fen == watched.floor_fen
    assert [due for due in watched.remedies if due.kind == "owed" and due.remedy != "none"] == [
        due for due in plain.remedies if due.kind == "owed" and due.remedy != "none"
    ]


@settings(max_examples=120, deadline=None)
@given(cases())
def test_a_spent_budget_never_touches_the_floor(raw: dict[str, Any]) -> None:
    plain = judged(raw)
    left = judged(raw | {"budget": {"month_fen": 5000, "goodwill_fen": 4999}})
    spent = judged(raw | {"budget": {"month_fen": 5000, "goodwill_fen": 5000}})
    assert left == plain
    assert (spent.floor_fen, spent.cap_fen, spent.return_freight) == (plain.floor_fen, plain.floor_fen, plain.return_freight)
    assert [due for due in spent.remedies if due.kind == "negotiable" and due.fen] == []
    assert [due for due in spent.remedies if due.kind == "owed" and due.remedy != "none"] == [
        due for due in plain.remedies if due.kind == "owed" and due.remedy != "none"
    ]


@settings(max_examples=120, deadline=None)
@given(cases(), st.sampled_from(get_args(Evidence)))
def test_more_evidence_never_lowers_the_floor(raw: dict[str, Any], more: str) -> None:
    assert judged(raw | {"evidence": [*raw["evidence"], more]}).floor_fen >= judged(raw).floor_fen
