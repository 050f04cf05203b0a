"""One fact told in two ways is worth what the more specific way is worth alone; two facts stay two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Wish
from bot.aftersales.facts import read_case
from bot.aftersales.promise import about_another, about_time
from bot.negotiation.entitlement import entitlement_of
from bot.negotiation.matter import matter_of
from bot.negotiation.negotiation import Negotiation
from bot.negotiation.terms import read_terms
from tests.aftersales.build import (
    ALL_PICTURES,
    DELIVERED,
    NOW,
    PAID,
    POLICY,
    judged,
    price,
    protection,
    raw_case,
    remedies,
)
from tests.aftersales.test_assessment import cases

TERMS = read_terms({})
LATE_SHIPPED = PAID + timedelta(hours=80)
LATE: list[dict[str, Any]] = [
    {"status": "paid"}, {"status": "shipped", "shipped": LATE_SHIPPED},
    {"shipped": LATE_SHIPPED, "delivered": DELIVERED + timedelta(days=1), "now": NOW + timedelta(days=1)},
    {"shipped": LATE_SHIPPED, "delivered": DELIVERED + timedelta(days=1), "now": NOW + timedelta(days=40)},
]
EVIDENCE = ([], ["photo"], ["chat"], ["photo", "parcel_photo"], ALL_PICTURES)


def worth(raw: dict[str, Any]) -> tuple[object, ...]:
    """All that money is made of: what is owed and negotiable, bounds, freight, needs, person, and the worth negotiated."""
    case = read_case(raw)
    result: Assessment = assess(case, POLICY)
    matter = matter_of(case, result, TERMS)
    owed = [due.fen / matter.value_fen for due in matter.owed] if matter.value_fen else []
    return (
        result.decision, result.remedies, result.floor_fen, result.cap_fen, result.return_freight, result.needs, result.to_human,
        matter, entitlement_of(matter, owed, TERMS).worth,
    )


def same_told_twice(raw: dict[str, Any], specific: str, again: str) -> None:
    alone = worth(raw | {"issues": [specific]})
    assert worth(raw | {"issues": [specific, again]}) == alone
    assert worth(raw | {"issues": [again, specific]}) == alone


@pytest.mark.parametrize("wish", get_args(Wish))
@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda kinds: "+".join(kinds) or "nothing")
def test_a_fact_told_twice_is_worth_as_much_as_once(wish: str, evidence: list[str]) -> None:
    for state in LATE:
        for facts in ({}, {"promised": "说好两天内发货"}):
            same_told_twice(raw_case(wish, evidence=evidence, facts=facts, **state), "late_delivery", "promise_broken")
    for state in ({}, {"now": DELIVERED + timedelta(days=30)}, {"traits": ["electronics"]}, {"facts": {"minor_defect": True}}):
        same_told_twice(raw_case(wish, evidence=evidence, **state), "damaged_in_transit", "quality_defect")
        same_told_twice(raw_case(wish, evidence=evidence, **state), "wrong_item", "not_as_described")
        same_told_twice(raw_case(wish, evidence=evidence, **state), "false_advertising", "not_as_described")
    same_told_twice(raw_case(wish, evidence=evidence, protection=protection(), price=price()), "price_drop", "promise_broken")


def bargained(raw: dict[str, Any]) -> Any:
    """The first move of the negotiation: the menu with every sum, or who takes over."""
    case = read_case(raw)
    return Negotiation.open(case, assess(case, POLICY), TERMS, lambda each: assess(each, POLICY)).move()


@pytest.mark.parametrize("wish", get_args(Wish))
@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda kinds: "+".join(kinds) or "nothing")
def test_a_missed_time_told_as_a_promise_is_worth_what_lateness_is(wish: str, evidence: list[str]) -> None:
    """「说好两天内发的，到今天没发」 and 「还没发货」: what is owed, may be offered and is offered, to the fen."""
    for state in LATE:
        for facts in ({}, {"promised": "说好两天内发货"}):
            raw = raw_case(wish, evidence=evidence, facts=facts, **state)
            for beside in ([], ["quality_defect"], ["service_attitude"]):
                late, promise = (raw | {"issues": [issue, *beside]} for issue in ("late_delivery", "promise_broken"))
                assert worth(promise) == worth(late)
                assert bargained(promise) == bargained(late)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_a_missed_time_is_worth_the_same_in_every_case(raw: dict[str, Any]) -> None:
    issues = [issue for issue in raw["issues"] if issue not in {"late_delivery", "promise_broken", "price_drop"}]
    facts = {name: fact for name, fact in raw["facts"].items() if name != "promised"}
    raw |= {"facts": facts, "order": raw["order"] | {"shipped_at": None, "promised_ship_by": None}}
    assert worth(raw | {"issues": ["promise_broken", *issues]}) == worth(raw | {"issues": ["late_delivery", *issues]})


@pytest.mark.parametrize("other", [{"promised": "送袜子"}, {"promised": "两天内发货，送袜子"}, {"promised_other": True}], ids=str)
@pytest.mark.parametrize("wish", get_args(Wish))
def test_another_promise_keeps_its_floor_though_the_goods_came_late(other: dict[str, Any], wish: str) -> None:
    for state in LATE:
        both, alone, in_time = (
            judged(wish, issues, evidence=["chat"], facts=other, **placed)
            for issues, placed in ((["late_delivery", "promise_broken"], state), (["promise_broken"], state), (["promise_broken"], {}))
        )
        assert both.floor_fen == alone.floor_fen
        assert alone.floor_fen == in_time.floor_fen or wish == "price_protection"


@pytest.mark.parametrize("text", ["说好两天内发的，到今天没发", "承诺48小时发货 三天了", "客服说昨天会发出", "直播间说当日达，都一周了", "保证周三到的，没到", "天天说今天发天天不发"])
def test_words_of_a_promised_time(text: str) -> None:
    assert (about_time(text), about_another(text)) == (True, False)


@pytest.mark.parametrize("text", ["说好送袜子没送", "承诺送贴膜，发货没有也不补", "说免费安装，约了三天没人来", "答应补发的到现在没寄", "说送货上楼扔门口就走", "说价保30天不给"])
def test_words_of_another_promise(text: str) -> None:
    assert (about_time(text), about_another(text)) == (False, True)


@pytest.mark.parametrize("text", ["说话不算话", "这是你们客服答应我的截图", "答应的事能不能算数"])
def test_words_that_name_no_promise_say_neither(text: str) -> None:
    assert (about_time(text), about_another(text)) == (False, False)


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([("damaged_in_transit", "quality_defect"), ("wrong_item", "not_as_described")]))
def test_whatever_the_case(raw: dict[str, Any], pair: tuple[str, str]) -> None:
    if not raw["facts"].get("repairs_done"):
        same_told_twice(raw, *pair)


def test_what_the_shop_promised_besides_is_a_fact_of_its_own() -> None:
    gift = {"promised": "送袜子"}
    both = judged("refund", ["late_delivery", "promise_broken"], facts=gift, **LATE[3])
    assert both.reasons[0].rule == "PB-02"
    in_time = judged("compensation", ["late_delivery", "promise_broken"])
    assert in_time.needs == ("chat",), "a shorter time may have been promised than the order shows"
    no_price_promise = judged("compensation", ["price_drop", "promise_broken"], price=price())
    assert no_price_promise.needs == ("chat",)
    repaired = judged("refund", ["damaged_in_transit", "quality_defect"], facts={"repairs_done": 2})
    assert repaired.to_human == "repeated"


def test_the_wrong_item_altogether_still_calls_a_person() -> None:
    case: dict[str, Any] = {"evidence": ALL_PICTURES, "facts": {"gross_mismatch": True}}
    result = judged("refund", ["not_as_described", "wrong_item"], **case)
    assert (result.to_human, remedies(result, "owed")["return_refund"]) == ("legal_claim", 10000)
