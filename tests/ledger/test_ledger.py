from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.ledger import ledger
from bot.ledger.ledger import LedgerRefused
from bot.store.database import session
from bot.store.models import Case, Payout
from bot.store.platform import DemoShop
from tests.ledger.shop import AT, open_case, open_shop

LATER = AT + timedelta(hours=1)


def states(opened: Any, case_id: str = "k1") -> list[tuple[object, ...]]:
    return [(row["cause"], row["remedy"], row["fen"], row["state"]) for row in ledger.rows(opened, case_id)]


def paid_out(opened: Any) -> int:
    total = opened.scalar(select(func.coalesce(func.sum(Payout.fen), 0)))
    return int(total)


def test_a_price_difference_is_promised_accepted_and_paid(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=500, at=AT)
        assert states(opened) == [("price_drop", "price_difference", 500, "due")]
        assert ledger.accept(opened, entry, AT) == "due"
        assert ledger.pay(opened, entry, DemoShop(opened), AT) == "paid"
    with session(read_only=True) as opened:
        assert states(opened) == [("price_drop", "price_difference", 500, "paid")]
        assert paid_out(opened) == 500
        assert ledger.rows(opened, "k1")[0].keys() == {"id", "at", "order_id", "line_id", "cause", "remedy", "fen", "state"}


def test_the_same_promise_again_is_the_same_entry_and_is_paid_once(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        ids = set()
        for _ in range(3):
            entry = ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=500, at=AT)
            ledger.accept(opened, entry, AT)
            ledger.pay(opened, entry, DemoShop(opened), AT)
            ids.add(entry.entry_id)
        assert len(ids) == 1
        assert paid_out(opened) == 500


def test_the_same_promise_from_another_case_of_the_line_is_not_paid_again(database_url: str) -> None:
    with session() as opened:
        first = open_shop(opened)
        second = open_case(opened, "k2", "l1", 10000, wish="price_protection")
        one = ledger.promise(opened, first, cause="price_drop", remedy="price_difference", fen=500, at=AT)
        assert ledger.promise(opened, second, cause="price_drop", remedy="price_difference", fen=500, at=AT) is one


def test_another_amount_for_a_promise_that_stands_is_refused(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=500, at=AT)
        with pytest.raises(LedgerRefused, match="already promised"):
            ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=501, at=AT)
        assert states(opened) == [("price_drop", "price_difference", 500, "due")]


def test_a_cancelled_promise_may_be_made_anew_with_another_amount(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="quality_defect", remedy="refund_part", fen=3000, at=AT)
        ledger.accept(opened, entry, AT)
        ledger.cancel(opened, entry, AT, by="customer")
        ledger.cancel(opened, entry, AT, by="customer")
        with pytest.raises(LedgerRefused, match="cancelled"):
            ledger.accept(opened, entry, LATER)
        with pytest.raises(LedgerRefused, match="cannot be paid"):
            ledger.pay(opened, entry, DemoShop(opened), LATER)
        ledger.promise(opened, case, cause="quality_defect", remedy="refund_part", fen=4000, at=LATER)
        assert states(opened) == [
            ("quality_defect", "refund_part", 3000, "cancelled"),
            ("quality_defect", "refund_part", 4000, "due"),
        ]
        assert ledger.paid_for_line(opened, "o1", "l1") == 4000


def test_an_unaccepted_promise_is_not_paid(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="quality_defect", remedy="refund_part", fen=3000, at=AT)
        with pytest.raises(LedgerRefused, match="promised"):
            ledger.pay(opened, entry, DemoShop(opened), AT)
        assert paid_out(opened) == 0


def test_a_return_is_paid_when_the_goods_are_back_and_only_once(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        case.state = "awaiting_return"
        entry = ledger.promise(opened, case, cause="change_of_mind", remedy="return_refund", fen=10000, at=AT)
        assert ledger.accept(opened, entry, AT, return_needed=True) == "awaiting_return"
        assert ledger.accept(opened, entry, AT, return_needed=True) == "awaiting_return"
        with pytest.raises(LedgerRefused, match="awaiting_return"):
            ledger.pay(opened, entry, DemoShop(opened), AT)
        assert [row.state for row in ledger.goods_returned(opened, "o1", "l1", LATER)] == ["paid"]
        assert opened.get(Case, "k1").state == "settled"
        assert ledger.goods_returned(opened, "o1", "l1", LATER) == []
        assert paid_out(opened) == 10000


def test_goods_that_nobody_awaits_are_an_error(database_url: str) -> None:
    with session() as opened:
        open_shop(opened)
        with pytest.raises(LedgerRefused, match="no return was agreed for line l1 of order o1"):
            ledger.goods_returned(opened, "o1", "l1", AT)


@pytest.mark.parametrize("failure", ["refuses", "loses"])
def test_a_failing_platform_is_asked_again_with_the_same_key_and_pays_once(database_url: str, failure: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="price_drop", remedy="price_difference", fen=500, at=AT)
        ledger.accept(opened, entry, AT)
        platform = DemoShop(opened, **{failure: 2})
        assert ledger.pay(opened, entry, platform, AT) == "due"
        assert ledger.pay(opened, entry, platform, AT) == "due"
        with pytest.raises(LedgerRefused, match="cannot be cancelled"):
            ledger.cancel(opened, entry, AT)
        assert ledger.pay(opened, entry, platform, AT) == "paid"
        assert paid_out(opened) == 500


def test_what_is_due_is_paid_by_the_retry(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        for cause, accepted in (("price_drop", True), ("late_delivery", False), ("missing_item", True)):
            entry = ledger.promise(opened, case, cause=cause, remedy="refund_part", fen=500, at=AT)
            if accepted:
                ledger.accept(opened, entry, AT)
    assert sorted(row.cause for row in ledger.pay_due(session, DemoShop, LATER)) == ["missing_item", "price_drop"]
    assert ledger.pay_due(session, DemoShop, LATER) == []
    with session() as opened:
        assert sorted(states(opened)) == [
            ("late_delivery", "refund_part", 500, "due"),
            ("missing_item", "refund_part", 500, "paid"),
            ("price_drop", "refund_part", 500, "paid"),
        ]
        assert paid_out(opened) == 1000


def test_money_that_came_back_makes_room_again(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="not_received", remedy="refund", fen=10000, at=AT)
        ledger.accept(opened, entry, AT)
        ledger.pay(opened, entry, DemoShop(opened), AT)
        ledger.reverse(opened, entry, LATER, by="platform", why="账户已注销")
        assert states(opened) == [("not_received", "refund", 10000, "cancelled")]
        again = ledger.promise(opened, case, cause="not_received", remedy="refund", fen=10000, at=LATER)
        ledger.accept(opened, again, LATER)
        assert ledger.pay(opened, again, DemoShop(opened), LATER) == "paid"


Given = tuple[str, str, int, int]
"""cause, remedy, fen, cost_fen"""

BOUNDS: list[tuple[str, dict[str, Any], list[Given], Given, str | None]] = [
    ("all that was paid", {}, [], ("not_received", "refund", 10000, 0), None),
    ("a fen too much", {"cap_fen": 99999}, [], ("not_received", "refund", 10001, 0), "paid for the line"),
    ("two that are too much together", {"cap_fen": 99999}, [("price_drop", "price_difference", 1, 0)], ("x", "refund", 10000, 0), "paid for the line"),
    ("all pieces of a line", {"quantity": 3, "cap_fen": 30000}, [], ("x", "refund", 30000, 0), None),
    ("the cap", {"cap_fen": 4000}, [], ("x", "refund_part", 4001, 0), "cap"),
    ("the cap over several promises", {"cap_fen": 4000}, [("x", "refund_part", 3000, 0)], ("y", "refund_part", 1001, 0), "cap"),
    ("a coupon's cost counts against the cap", {"cap_fen": 4000}, [("x", "coupon", 9000, 3000)], ("y", "refund_part", 1001, 0), "cap"),
    ("a coupon's face does not", {"cap_fen": 4000}, [("x", "coupon", 9000, 3000)], ("y", "refund_part", 1000, 0), None),
    ("a coupon is not money of the line", {"cap_fen": 30000}, [("x", "coupon", 9000, 3000)], ("y", "refund", 10000, 0), None),
    ("a gift too dear", {"cap_fen": 4000}, [], ("x", "gift", 0, 4001), "cap"),
    ("no assessment, no money", {"cap_fen": None}, [], ("x", "refund_part", 1, 0), "cap"),
    ("freight is outside line and cap", {"cap_fen": 10000}, [("x", "refund", 10000, 0)], ("x", "freight", 2500, 0), None),
    ("medical fees too", {"cap_fen": 0}, [], ("safety", "medical", 88800, 0), None),
    ("goods carry no money", {}, [], ("x", "exchange", 1, 0), "goods_fen"),
    ("no negative money", {}, [], ("x", "refund_part", -1, 0), "fen"),
    ("no unknown remedy", {}, [], ("x", "hug", 0, 0), "remedy"),
    ("money paid before us counts", {"history": [{"kind": "refund", "line_id": "l1", "fen": 9000}]}, [], ("x", "refund_part", 1001, 0), "paid for the line"),
    ("a refusal before us does not", {"history": [{"kind": "refusal", "line_id": "l1", "fen": 9000}]}, [], ("x", "refund", 10000, 0), None),
    ("an order's refund before us", {"history": [{"kind": "refund", "line_id": None, "fen": 9000}]}, [], ("x", "refund_part", 6001, 0), "paid for the order"),
    ("what was paid twice comes on top", {"facts": {"paid_twice_fen": 10000}, "cap_fen": 20000}, [("billing_error", "refund", 10000, 0)], ("x", "refund", 10000, 0), None),
    ("refunded and replaced", {}, [("not_received", "refund", 10000, 0)], ("not_received", "resend", 0, 0), "refunded and replaced"),
    ("replaced and refunded", {}, [("wrong_item", "exchange", 0, 0)], ("wrong_item", "return_refund", 9500, 0), "refunded and replaced"),
    ("replaced with something on top", {}, [("wrong_item", "exchange", 0, 0)], ("wrong_item", "refund_part", 1000, 0), None),
]


@pytest.mark.parametrize(("shop", "before", "wanted", "refusal"), [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS])
def test_bounds(database_url: str, shop: dict[str, Any], before: list[Given], wanted: Given, refusal: str | None) -> None:
    with session() as opened:
        case = open_shop(opened, **shop)
        for cause, remedy, fen, cost_fen in before:
            ledger.promise(opened, case, cause=cause, remedy=remedy, fen=fen, cost_fen=cost_fen, at=AT)
        cause, remedy, fen, cost_fen = wanted
        if refusal is None:
            ledger.promise(opened, case, cause=cause, remedy=remedy, fen=fen, cost_fen=cost_fen, at=AT)
        else:
            with pytest.raises(LedgerRefused, match=refusal):
                ledger.promise(opened, case, cause=cause, remedy=remedy, fen=fen, cost_fen=cost_fen, at=AT)
        # A refusal leaves the session usable and what was there in place.
        assert len(ledger.rows(opened, "k1")) == len(before) + (refusal is None)


def test_a_replacement_that_failed_too_may_be_refunded(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened)
        entry = ledger.promise(opened, case, cause="wrong_item", remedy="exchange", fen=0, at=AT)
        ledger.accept(opened, entry, AT, return_needed=True)
        ledger.goods_returned(opened, "o1", "l1", AT)
        ledger.promise(opened, case, cause="quality_defect", remedy="return_refund", fen=10000, at=LATER)


def test_one_piece_replaced_and_the_other_refunded(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened, quantity=2, cap_fen=20000)
        ledger.promise(opened, case, cause="wrong_item", remedy="exchange", fen=0, quantity=1, at=AT)
        ledger.promise(opened, case, cause="wrong_item", remedy="return_refund", fen=10000, quantity=1, at=AT)
        with pytest.raises(LedgerRefused, match="more pieces"):
            ledger.promise(opened, case, cause="quality_defect", remedy="repair", fen=0, quantity=3, at=AT)


def test_another_line_of_the_order_under_the_same_case(database_url: str) -> None:
    with session() as opened:
        case = open_shop(opened, cap_fen=15000)
        ledger.promise(opened, case, cause="late_delivery", remedy="refund", fen=10000, at=AT)
        ledger.promise(opened, case, cause="late_delivery", remedy="refund", fen=5000, line_id="l2", at=AT)
        assert ledger.paid_for_line(opened, "o1", "l2") == 5000
        assert ledger.left_under_cap(opened, case) == 0
