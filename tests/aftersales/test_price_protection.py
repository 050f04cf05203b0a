"""rules.md 3.1 row by row, its boundaries to the second and the fen, and 3.2 as properties."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.aftersales.period import SHANGHAI
from tests.aftersales.build import DELIVERED, NOW, PAID, entry, judged, price, protection, remedies, rules

SECOND = timedelta(seconds=1)
DAY_END = datetime(2026, 11, 17, tzinfo=SHANGHAI)
"""24:00 of the 15th day after the day of payment, 1 November."""
EXACT_END = PAID + timedelta(days=15)


def asked(**rest: Any) -> Any:
    rest.setdefault("protection", protection())
    rest.setdefault("price", price())
    return judged("price_protection", ["price_drop"], **rest)


ROWS: list[tuple[str, dict[str, Any], str, int, str | None]] = [
    # rule, what the case adds, decision, floor, person
    ("PP-01", {"protection": None}, "negotiable", 0, None),
    ("PP-01", {"protection": None, "price": None}, "refused", 0, None),
    ("PP-02", {"traits": ["overseas"]}, "refused", 0, None),
    ("PP-02", {"traits": ["auction"]}, "refused", 0, None),
    ("PP-02", {"traits": ["virtual"]}, "refused", 0, None),
    ("PP-03", {"price": price(shop_id="other")}, "refused", 0, None),
    ("PP-04", {"price": price(sku_id="S2", spec="红 L")}, "refused", 0, None),
    ("PP-04", {"price": price(sku_id="S2", spec=None)}, "refused", 0, None),
    ("PP-05", {"price": price(sku_id="S2", spu_id="P2")}, "human", 0, "unknown_rule"),
    ("PP-06", {"price": price(at=PAID - SECOND)}, "refused", 0, None),
    ("PP-07", {"now": DAY_END + timedelta(hours=49), "price": price()}, "refused", 0, None),
    ("PP-07H", {"now": DAY_END + timedelta(hours=47), "price": price()}, "human", 0, "unknown_rule"),
    ("PP-10", {"price": price(kind="signin")}, "refused", 0, None),
    ("PP-10", {"price": price(kind="freight")}, "refused", 0, None),
    ("PP-11", {"price": price(kind="flash_sale"), "protection": protection(excluded_kinds=["flash_sale"])}, "refused", 0, None),
    ("PP-11", {"price": price(kind="livestream"), "protection": protection(excluded_kinds=["livestream"])}, "refused", 0, None),
    ("PP-11", {"price": price(kind="member"), "protection": protection(excluded_kinds=["member"])}, "refused", 0, None),
    ("PP-12", {"price": price(kind="member", open_to_customer=False)}, "human", 0, "unknown_rule"),
    ("PP-13", {"price": price(kind="platform_subsidy")}, "human", 0, "unknown_rule"),
    ("PP-14", {"facts": {"gift_changed": True}}, "human", 0, "unknown_rule"),
    ("PP-16", {"status": "closed"}, "refused", 0, None),
    ("PP-16", {"paid": None, "shipped": None, "status": "paid"}, "refused", 0, None),
    ("PP-16", {"history": [entry("refund", 10000, 1)]}, "refused", 0, None),
    ("PP-17", {"history": [entry("return_open", 10000, 1)]}, "refused", 0, None),
    ("PP-20", {"history": [entry("claim_open")]}, "refused", 0, None),
    ("PP-22", {"price": None}, "needs_evidence", 0, None),
    ("PP-22H", {"price": None, "evidence": ["price_screenshot"]}, "human", 0, "unknown_rule"),
    ("PP-23", {"quantity": 20, "unit": 1000, "price": price(900)}, "human", 2000, "dispute"),
    ("PP-23", {"customer": {"claims_90d": 6, "orders_90d": 6}}, "human", 1000, "dispute"),
    ("PP-24", {}, "owed", 1000, None),
    ("PP-25", {"price": price(10000)}, "refused", 0, None),
    ("PP-25", {"price": price(10500)}, "refused", 0, None),
]


@pytest.mark.parametrize(("rule", "case", "decision", "floor", "person"), ROWS)
def test_the_row_decides(rule: str, case: dict[str, Any], decision: str, floor: int, person: str | None) -> None:
    result = asked(**case)
    assert result.reasons[0].rule == rule
    assert (result.decision, result.floor_fen, result.to_human) == (decision, floor, person)
    assert result.return_freight == "none"


EXPLAINED: list[tuple[str, dict[str, Any], int]] = [
    ("PP-08", {"protection": protection(days=None)}, 1000),
    ("PP-08", {"protection": None, "labels": ["return7", "price_protection"]}, 1000),
    ("PP-09", {"price": price(kind="shop_discount")}, 1000),
    ("PP-09", {"price": price(kind="shop_coupon")}, 1000),
    ("PP-09", {"price": price(kind="livestream")}, 1000),
    ("PP-09", {"price": price(kind="red_packet")}, 1000),
    ("PP-09", {"price": price(kind="flash_sale")}, 1000),
    ("PP-09", {"price": price(kind="member")}, 1000),
    ("PP-15", {"quantity": 2}, 2000),
    ("PP-18", {"quantity": 3, "history": [entry("refund", 10000, 1)]}, 2000),
    ("PP-19", {"price": price(8000), "history": [entry("price_protection", 1500, 1)]}, 500),
    ("PP-21", {"status": "shipped"}, 1000),
]


@pytest.mark.parametrize(("rule", "case", "floor"), EXPLAINED)
def test_the_row_explains_and_the_difference_is_paid(rule: str, case: dict[str, Any], floor: int) -> None:
    result = asked(**case)
    assert rule in rules(result)
    assert (result.decision, result.floor_fen) == ("owed", floor)
    assert remedies(result) == {"price_difference": floor}
    assert result.cap_fen == floor


def test_first_row_wins() -> None:
    """Other shop stands before other spec and before the period."""
    late = DAY_END + timedelta(days=9)
    assert rules(asked(now=late, price=price(shop_id="x", sku_id="S2", spec="红 L")))[0] == "PP-03"
    assert rules(asked(now=late, price=price(sku_id="S2", spec="红 L")))[0] == "PP-04"


@pytest.mark.parametrize(
    ("terms", "last", "first_after"),
    [
        ({}, DAY_END - SECOND, DAY_END),
        ({"until": "exact"}, EXACT_END, EXACT_END + SECOND),
        ({"from": "delivered"}, datetime(2026, 11, 20, tzinfo=SHANGHAI) - SECOND, datetime(2026, 11, 20, tzinfo=SHANGHAI)),
        ({"from": "delivered", "until": "exact"}, DELIVERED + timedelta(days=15), DELIVERED + timedelta(days=15) + SECOND),
        ({"days": 7}, datetime(2026, 11, 9, tzinfo=SHANGHAI) - SECOND, datetime(2026, 11, 9, tzinfo=SHANGHAI)),
        ({"days": 30}, datetime(2026, 12, 2, tzinfo=SHANGHAI) - SECOND, datetime(2026, 12, 2, tzinfo=SHANGHAI)),
    ],
)
def test_period_ends_to_the_second(terms: dict[str, Any], last: datetime, first_after: datetime) -> None:
    dropped = price(at=DELIVERED + timedelta(hours=1))
    assert asked(now=last, protection=protection(**terms), price=dropped).decision == "owed"
    after = asked(now=first_after, protection=protection(**terms), price=dropped)
    assert (after.decision, rules(after)[0]) == ("human", "PP-07H")


def test_a_zone_other_than_the_shops_gives_the_same_days() -> None:
    from datetime import timezone

    last = (DAY_END - SECOND).astimezone(timezone.utc)
    assert asked(now=last).decision == "owed"


def test_unclear_start_takes_the_later_end() -> None:
    result = asked(now=datetime(2026, 11, 19, 12, tzinfo=SHANGHAI), protection=protection(**{"from": None}))
    assert result.decision == "owed"


def test_protection_from_delivery_has_not_begun_on_the_way() -> None:
    result = asked(now=PAID + timedelta(days=40), status="shipped", protection=protection(**{"from": "delivered"}))
    assert result.decision == "owed"


@pytest.mark.parametrize(("hours", "decision"), [(48, "human"), (48.01, "refused")])
def test_48_hours_after_the_period_a_person_looks(hours: float, decision: str) -> None:
    assert asked(now=DAY_END + timedelta(hours=hours)).decision == decision


def test_a_drop_after_the_period_is_refused_at_once() -> None:
    result = asked(now=DAY_END + timedelta(hours=3), price=price(at=DAY_END + timedelta(hours=1)))
    assert (result.decision, rules(result)[0]) == ("refused", "PP-07")


@pytest.mark.parametrize(("new", "day", "decision"), [(False, 14, "owed"), (False, 19, "refused"), (True, 19, "owed")])
def test_unwritten_period_is_the_after_sales_period_or_the_new_products(new: bool, day: int, decision: str) -> None:
    at = PAID + timedelta(days=day)
    result = asked(now=at, new=new, protection=protection(days=None), price=price(at=at - timedelta(hours=1)))
    assert result.decision == decision


def test_a_promise_in_words_counts_with_its_days() -> None:
    case = {"protection": None, "facts": {"promised": "30天内降价退差价"}}
    assert asked(now=PAID + timedelta(days=20), **case).decision == "owed"
    assert asked(protection=None, facts={"promised": "全年最低"}).floor_fen == 1000
    assert asked(protection=None, facts={"promised": "送一双袜子"}).floor_fen == 0


def test_price_from_the_moment_of_payment_counts() -> None:
    assert asked(price=price(at=PAID)).decision == "owed"


def test_a_fen_decides() -> None:
    assert asked(price=price(9999)).floor_fen == 1
    assert asked(price=price(10000)).floor_fen == 0


def test_red_packets_stay_out_only_where_that_was_shown() -> None:
    """Worked case 3: list 100, coupon 10, red packet 5; the coupon is 20 now."""
    shown = protection(excluded_kinds=["red_packet"])
    case = {"unit": 8500, "red_packet": 500, "price": price(8000, kind="shop_coupon")}
    assert asked(protection=shown, **case).floor_fen == 1000
    assert asked(protection=protection(), **case).floor_fen == 500


def test_the_shops_own_log_replaces_the_screenshot() -> None:
    log = [
        {"at": (NOW - timedelta(hours=9)).isoformat(), "price_fen": 9000, "kind": "direct"},
        {"at": (NOW - timedelta(hours=2)).isoformat(), "price_fen": 8000, "kind": "signin"},
        {"at": (NOW - timedelta(hours=4)).isoformat(), "price_fen": 8800, "kind": "shop_coupon"},
    ]
    result = asked(price=None, price_log=log)
    assert (result.floor_fen, result.needs) == (1200, ())
    assert asked(price=None, price_log=[]).needs == ("price_screenshot",)


def test_over_the_limit_a_person_pays_but_the_sum_stands() -> None:
    at_limit = asked(unit=100000, price=price(50000))
    above = asked(unit=100000, price=price(49999))
    assert (at_limit.decision, at_limit.floor_fen, at_limit.to_human) == ("owed", 50000, None)
    assert (above.decision, above.floor_fen, above.to_human) == ("human", 50001, "over_limit")
    assert remedies(above) == {"price_difference": 50001}


def test_returned_pieces_take_their_payout_with_them() -> None:
    """Three at 120.00, 21.00 each paid back, one returned; now 90.00: two pieces, 9.00 each are left."""
    history = [
        entry("price_protection", 6300, 3, NOW - timedelta(hours=30)), entry("refund", 9900, 1, NOW - timedelta(hours=9)),
    ]
    assert asked(unit=12000, quantity=3, history=history, price=price(9000)).floor_fen == 1800


def test_the_same_entry_in_order_and_case_counts_once() -> None:
    from bot.aftersales.assess import assess
    from bot.aftersales.facts import read_case
    from tests.aftersales.build import POLICY, raw_case

    case = raw_case("price_protection", ["price_drop"], protection=protection(), price=price(8000), history=[entry("price_protection", 500, 1)])
    case["order"]["history"] = case["history"]
    assert assess(read_case(case), POLICY).floor_fen == 1500


@pytest.mark.parametrize(("ratio", "drop", "fen"), [(0.5, 1, 1), (0.5, 3, 2), (0.5, 2, 1), (0.25, 1, 0), (0.25, 2, 1), (0.7, 45, 32)])
def test_half_a_fen_is_rounded_up(ratio: float, drop: int, fen: int) -> None:
    assert asked(protection=protection(ratio=ratio), price=price(10000 - drop)).floor_fen == fen


def test_goodwill_without_promise_never_exceeds_the_drop() -> None:
    assert asked(protection=None, price=price(9990)).cap_fen == 10
    assert asked(protection=None, price=price(5000)).cap_fen == 1000


def test_refusal_tells_the_ways_left() -> None:
    unshipped = asked(status="paid", protection=None)
    assert any("全额退款" in option for option in unshipped.options_for_customer)
    delivered = asked(protection=None)
    assert any("七天无理由" in option for option in delivered.options_for_customer)
    for result in (unshipped, delivered):
        assert any("转人工" in option for option in result.options_for_customer)
        assert any("平台介入" in option for option in result.options_for_customer)


FEN = st.integers(1, 200000)
RATIOS = st.sampled_from([1.0, 0.9, 0.75, 0.5, 0.333, 0.1])


@given(unit=FEN, now=st.integers(0, 250000), quantity=st.integers(1, 19), ratio=RATIOS, packet=st.integers(0, 500))
def test_never_negative_never_above_what_was_paid(unit: int, now: int, quantity: int, ratio: float, packet: int) -> None:
    terms = protection(ratio=ratio, excluded_kinds=["red_packet"])
    fen = asked(unit=unit, quantity=quantity, red_packet=packet, price=price(now), protection=terms).floor_fen
    assert 0 <= fen <= unit * quantity


@given(unit=FEN, first=FEN, second=FEN, quantity=st.integers(1, 19), ratio=RATIOS)
def test_paid_twice_in_any_order_is_paid_once(unit: int, first: int, second: int, quantity: int, ratio: float) -> None:
    def sum_of(*prices: int) -> int:
        paid: list[dict[str, Any]] = []
        for now_fen in prices:
            fen = asked(unit=unit, quantity=quantity, price=price(now_fen), protection=protection(ratio=ratio), history=paid).floor_fen
            paid.append(entry("price_protection", fen, quantity))
        return sum(each["fen"] for each in paid)

    assert sum_of(first, second) == sum_of(second, first) == sum_of(min(first, second))


@given(unit=FEN, now=FEN, parts=st.lists(st.integers(1, 6), min_size=1, max_size=3), ratio=RATIOS)
def test_splitting_a_line_changes_only_the_rounding(unit: int, now: int, parts: list[int], ratio: float) -> None:
    """Each line is rounded once, so n lines differ from one by at most (n + 1) half fen."""
    terms = protection(ratio=ratio)
    whole = asked(unit=unit, quantity=sum(parts), price=price(now), protection=terms).floor_fen
    split = sum(asked(unit=unit, quantity=part, price=price(now), protection=terms).floor_fen for part in parts)
    assert abs(whole - split) <= (len(parts) + 1) / 2


@given(unit=FEN, now=FEN, back=st.integers(0, 4))
def test_return_after_protection_pays_what_is_left(unit: int, now: int, back: int) -> None:
    """退货退款 = 实付 − 已退差价: both together never exceed what was paid."""
    paid = asked(unit=unit, quantity=5, price=price(now)).floor_fen
    history = [entry("price_protection", paid, 5)]
    if back:
        history.append(entry("refund", unit * back, back))
    after = judged("return_goods", ["change_of_mind"], unit=unit, quantity=5, history=history)
    assert after.floor_fen == max(0, unit * (5 - back) - paid * (5 - back) // 5)


@pytest.mark.parametrize(
    ("promised", "floor"),
    [("15天价保", 1000), ("买贵退差", 1000), ("本店不支持价保", 0), ("特价，不退差价", 0), ("不议价，全年最低价，降价退差", 1000)],
)
def test_a_promise_that_is_denied_is_none(promised: str, floor: int) -> None:
    result = judged("price_protection", ["price_drop"], price=price(9000), facts={"promised": promised})
    assert result.floor_fen == floor


def test_a_refund_without_quantity_gives_back_whole_pieces() -> None:
    back = [{"kind": "refund", "at": entry("refund")["at"], "line_id": "L1", "fen": 10000, "quantity": None}]
    result = judged(
        "price_protection", ["price_drop"], quantity=3, history=back, price=price(9000), protection=protection()
    )
    assert result.floor_fen == 2000


def test_what_was_open_and_has_ended_is_no_longer_open() -> None:
    def floor(*history: dict[str, Any]) -> int:
        terms = {"quantity": 3, "price": price(9000), "protection": protection()}
        return judged("price_protection", ["price_drop"], history=list(history), **terms).floor_fen

    earlier, later = NOW - timedelta(hours=9), NOW - timedelta(hours=3)
    assert floor(entry("return_open", 10000, 1, earlier)) == 0
    assert floor(entry("return_open", 10000, 1, earlier), entry("refund", 10000, 1, later)) == 2000
    assert floor(entry("refund", 10000, 1, earlier), entry("return_open", 10000, 1, later)) == 0
    assert floor(entry("claim_open", 0, 0, earlier)) == 0
    assert floor(entry("claim_open", 0, 0, earlier), entry("price_protection", 1500, 3, later)) == 1500
    assert floor(entry("claim_open", 0, 0, earlier), entry("refusal", 0, 0, later)) == 3000
