"""The demo shop holds what README and the dialogues promise, on whatever day it is loaded."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import get_args

import pytest
from sqlalchemy import func, select

from bot.aftersales.case import Order as OrderFacts
from bot.aftersales.case import OrderStatus, Trait
from bot.settings import KNOWN
from bot.store import demo
from bot.store.database import session
from bot.store.models import Customer, Order, OrderLine, Price, Sku
from bot.store.snapshot import Snapshot

AT = datetime(2026, 11, 25, 10, 17, 33, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture(scope="module")
def shop() -> Snapshot:
    return demo.snapshot_at(AT)


@pytest.fixture(scope="module")
def mine(shop: Snapshot) -> list[OrderFacts]:
    """The orders of the default customer."""
    return [order for order in shop.orders if order.customer_id == KNOWN["CUSTOMER"].default]


def price_at(shop: Snapshot, sku_id: str, at: datetime) -> int:
    log = sorted((price for price in shop.prices if price.sku_id == sku_id and price.at <= at), key=lambda price: price.at)
    return log[-1].price_fen


def bought(mine: list[OrderFacts], sku_id: str) -> OrderFacts:
    return next(order for order in mine if order.lines[0].sku_id == sku_id)


def test_it_is_as_big_as_promised(shop: Snapshot) -> None:
    assert (len(shop.customers), len(shop.orders)) == (15, 80)
    assert len(shop.skus) >= 40
    assert {order.status for order in shop.orders} == set(get_args(OrderStatus))
    traits = {trait for sku in shop.skus for trait in sku.traits}
    assert traits >= set(get_args(Trait)) - {"auction", "gift"}
    assert {price.kind for price in shop.prices} >= {"direct", "flash_sale", "shop_coupon", "red_packet", "livestream"}


def test_every_order_looks_like_douyins_and_was_not_paid_in_the_future(shop: Snapshot) -> None:
    for order in shop.orders:
        assert len(order.order_id) == 19
        assert order.order_id.isdigit()
        assert order.paid_at is not None
        assert max(at for at in (order.paid_at, order.shipped_at, order.delivered_at) if at) <= AT
    lines = Counter(line.line_id for order in shop.orders for line in order.lines)
    assert max(lines.values()) == 1


def test_every_sku_has_a_price_when_it_was_bought(shop: Snapshot) -> None:
    for order in shop.orders:
        for line in order.lines:
            assert price_at(shop, line.sku_id, order.paid_at or AT) >= line.unit_paid_fen, (order.order_id, line.sku_id)


def test_the_phone_became_500_yuan_cheaper_within_its_price_protection(shop: Snapshot, mine: list[OrderFacts]) -> None:
    order = bought(mine, "sku_x9_256")
    protection = order.lines[0].price_protection
    assert order.paid_at == AT.replace(second=0) - timedelta(days=3)
    assert protection is not None
    assert protection.days == 15
    assert order.lines[0].unit_paid_fen - price_at(shop, "sku_x9_256", AT) == 50000


def test_the_512g_phone_has_a_cheaper_256g_sibling_and_kept_its_price(shop: Snapshot, mine: list[OrderFacts]) -> None:
    order = bought(mine, "sku_s2_512")
    skus = {sku.sku_id: sku for sku in shop.skus}
    assert skus["sku_s2_512"].spu_id == skus["sku_s2_256"].spu_id
    assert price_at(shop, "sku_s2_512", AT) == order.lines[0].unit_paid_fen
    assert price_at(shop, "sku_s2_256", AT) == order.lines[0].unit_paid_fen - 100000


def test_the_other_cases_of_the_default_customer(mine: list[OrderFacts]) -> None:
    now = AT.replace(second=0)
    assert bought(mine, "sku_serum").status == "delivered"
    assert bought(mine, "sku_cardigan").status == "delivered"
    assert bought(mine, "sku_headset").status == "completed"
    mug = bought(mine, "sku_mug").paid_at
    assert mug is not None
    assert mug.date() == (now - timedelta(days=1)).date()
    oranges = bought(mine, "sku_oranges").delivered_at
    assert oranges is not None
    assert now - oranges < timedelta(hours=24)
    station = bought(mine, "sku_humidifier").facts
    assert (station.proof_of_delivery, station.placed_without_consent) == (False, True)
    late = bought(mine, "sku_downcoat")
    assert late.status == "paid"
    assert late.promised_ship_by is not None
    assert late.promised_ship_by < now


def test_loading_it_again_dates_it_anew_and_doubles_nothing(database_url: str) -> None:
    with session() as opened:
        assert demo.is_empty(opened)
        demo.load(opened, AT)
    with session() as opened:
        assert not demo.is_empty(opened)
        before = [opened.scalar(select(func.count()).select_from(table)) for table in (Customer, Sku, Price, Order, OrderLine)]
        demo.load(opened, AT + timedelta(days=5))
    with session() as opened:
        after = [opened.scalar(select(func.count()).select_from(table)) for table in (Customer, Sku, Price, Order, OrderLine)]
        assert after == before
        newest = opened.scalar(select(func.max(Order.paid_at)))
        assert newest > AT + timedelta(days=4)


@pytest.mark.parametrize("text", ["3d", "-3x", "", "-d"])
def test_an_offset_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="offset"):
        demo.offset(text)
