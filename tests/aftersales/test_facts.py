"""Reading a case: what is allowed is taken, what cannot be is refused by the field's name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from bot.aftersales.assess import assess
from bot.aftersales.facts import BadCase, read_case
from tests.aftersales.build import DELIVERED, NOW, PAID, POLICY, SHIPPED, entry, price, protection, raw_case

Change = Callable[[dict[str, Any]], Any]

IMPOSSIBLE: list[tuple[str, Change]] = [
    ("order.delivered_at", lambda c: c["order"].update(delivered_at=(SHIPPED - timedelta(seconds=1)).isoformat())),
    ("order.shipped_at", lambda c: c["order"].update(shipped_at=(PAID - timedelta(seconds=1)).isoformat())),
    ("order.delivered_at", lambda c: c.update(now=(DELIVERED - timedelta(seconds=1)).isoformat())),
    ("order.paid_at", lambda c: c.update(now="2026-01-01T00:00:00+08:00")),
    ("order.shipped_at", lambda c: c["order"].update(status="paid", delivered_at=None)),
    ("order.delivered_at", lambda c: c["order"].update(status="shipped")),
    ("order.promised_ship_by", lambda c: c["order"].update(promised_ship_by="2026-10-01T00:00:00+08:00")),
    ("order.freight_fen", lambda c: c["order"].update(freight_fen=-1)),
    ("order.freight_fen", lambda c: c["order"].update(freight_fen="8")),
    ("order.lines[0].unit_paid_fen", lambda c: c["order"]["lines"][0].update(unit_paid_fen=-5)),
    ("order.lines[0].unit_paid_fen", lambda c: c["order"]["lines"][0].update(unit_paid_fen=9.5)),
    ("order.lines[0].unit_paid_fen", lambda c: c["order"]["lines"][0].update(unit_paid_fen=True)),
    ("order.lines[0].quantity", lambda c: c["order"]["lines"][0].update(quantity=0)),
    ("order.lines[0].labels[0]", lambda c: c["order"]["lines"][0].update(labels=["return8"])),
    ("order.lines[0].colour", lambda c: c["order"]["lines"][0].update(colour="red")),
    ("order.lines[1].line_id", lambda c: c["order"]["lines"].append(c["order"]["lines"][0])),
    ("order.lines", lambda c: c["order"].update(lines=[])),
    ("order.status", lambda c: c["order"].update(status="lost")),
    ("line_id", lambda c: c.update(line_id="L9")),
    ("sku.sku_id", lambda c: c["sku"].update(sku_id="S9")),
    ("sku.traits[0]", lambda c: c["sku"].update(traits=["golden"])),
    ("customer.customer_id", lambda c: c["customer"].update(customer_id="C9")),
    ("now", lambda c: c.update(now="2026-11-06T08:40:00")),
    ("now", lambda c: c.update(now="yesterday")),
    ("now", lambda c: c.pop("now")),
    ("now", lambda c: c.update(now=None)),
    ("wish", lambda c: c.update(wish="everything")),
    ("issues[0]", lambda c: c.update(issues=["bad"])),
    ("evidence[0]", lambda c: c.update(evidence=["word"])),
    ("mood", lambda c: c.update(mood="angry")),
    ("mood", lambda c: c.update(mood=None)),
    ("facts.affected_share", lambda c: c.update(facts={"affected_share": 1.01})),
    ("facts.medical_fen", lambda c: c.update(facts={"medical_fen": -1})),
    ("facts.rich", lambda c: c.update(facts={"rich": True})),
    ("price.now_fen", lambda c: c.update(price=price(-1))),
    ("price.at", lambda c: c.update(price=price(at=NOW + timedelta(seconds=1)))),
    ("history[0].line_id", lambda c: c.update(history=[entry("refund") | {"line_id": "L9"}])),
    ("history[0].quantity", lambda c: c.update(history=[entry("refund", 20000, 2)])),
    ("history[0].at", lambda c: c.update(history=[entry("refund", at=NOW + timedelta(seconds=1))])),
    ("history[0].fen", lambda c: c.update(history=[entry("refund", -1)])),
    ("history.quantity", lambda c: c.update(history=[entry("refund", 10000, 1), entry("refund", 10000, 1)])),
    ("customer.claims_90d", lambda c: c["customer"].update(claims_90d=-1)),
]


@pytest.mark.parametrize(("field", "change"), IMPOSSIBLE)
def test_what_cannot_be_is_refused_by_name(field: str, change: Change) -> None:
    case = raw_case()
    change(case)
    with pytest.raises(BadCase) as refused:
        read_case(case)
    assert refused.value.field == field
    assert refused.value.wanted


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"7", b'"x"', b"\xff\xfe", "不是 JSON"])
def test_no_case_at_all(line: bytes | str) -> None:
    with pytest.raises(BadCase, match="line"):
        read_case(line)


def test_a_time_without_zone_is_told_what_would_be_right() -> None:
    with pytest.raises(BadCase, match=r"\+08:00"):
        read_case(raw_case() | {"now": "2026-11-06T08:40:00"})


ALLOWED: list[Change] = [
    lambda c: [c.pop(key) for key in ("issues", "evidence", "facts", "price", "price_log", "history", "policy")],
    lambda c: c.update(issues=None, evidence=None, facts=None, history=None),
    lambda c: c["order"].update(history=None, facts=None, freight_fen=None, promised_ship_by=None),
    lambda c: c["order"].update(history=[], facts={}),
    lambda c: c["order"]["lines"][0].update(labels=None, red_packet_fen=None),
    lambda c: c["order"]["lines"][0].update(price_protection={"days": None, "ratio": None, "excluded_kinds": None, "from": None, "until": None}),
    lambda c: c["order"]["lines"][0].update(price_protection={}),
    lambda c: c["customer"].update(tier=None, claims_90d=None),
    lambda c: c.update(customer={"customer_id": "C1"}),
    lambda c: c.update(price={"now_fen": 1, "at": NOW.isoformat(), "kind": "direct"}),
    lambda c: c.update(price=price(spec=None, spu_id=None, sku_id="S2")),
    lambda c: c.update(facts={"sealed": None, "promised": None, "affected_share": 1}),
    lambda c: c.update(history=[{"kind": "coupon", "at": NOW.isoformat(), "line_id": None, "fen": None, "quantity": None}]),
    lambda c: c.update(history=[{"kind": "refusal", "at": NOW.isoformat()}]),
    lambda c: c["order"].update(status="completed"),
    lambda c: c["order"].update(status="closed", shipped_at=None, delivered_at=None),
    lambda c: c["order"].update(status="paid", shipped_at=None, delivered_at=None),
    lambda c: c.update(price_log=[{"at": (NOW + timedelta(days=1)).isoformat(), "price_fen": 5, "kind": "direct"}]),
    lambda c: c.update(issues=["quality_defect", "quality_defect"]),
    lambda c: c.update(now="2026-11-06T00:40:00Z"),
]


@pytest.mark.parametrize("change", ALLOWED)
def test_what_the_contract_allows_is_taken(change: Change) -> None:
    case = raw_case("refund", ["quality_defect"])
    change(case)
    result = assess(read_case(case), POLICY)
    assert result.floor_fen <= result.cap_fen


def test_text_bytes_and_mapping_give_the_same_case() -> None:
    case = raw_case("price_protection", ["price_drop"], protection=protection(), price=price())
    line = msgspec.json.encode(case)
    assert read_case(line) == read_case(line.decode()) == read_case(case)


def test_every_field_of_the_contract_is_read() -> None:
    facts: dict[str, Any] = {
        "affected_share": 0.5, "used_share": 0.1, "sealed": True, "intact": True, "activated": False,
        "address_confirmed": True, "placed_without_consent": False, "proof_of_delivery": True, "merchant_refusals": 1,
        "repairs_done": 0, "visits_24h": 1, "paid_twice_fen": 1, "medical_fen": 1, "return_freight_fen": 1, "gift_fen": 1,
        "gift_changed": False, "minor_defect": False, "gross_mismatch": False, "minor": False, "asked_human": False,
        "customer_disagrees": False, "safety_kind": "spoiled", "fresh_problem": "dead", "promised": "x",
    }
    read = read_case(raw_case(facts=facts)).facts
    assert {name: getattr(read, name) for name in facts} == facts
