from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from bot.aftersales.case import Order as OrderFacts
from bot.command import main
from bot.store import snapshot
from bot.store.database import session
from bot.store.models import Customer, Order, OrderLine, PolicyVersion, Price, Record, Sku

AT = datetime(2026, 11, 25, 4, 0, tzinfo=timezone.utc)

SHOP: dict[str, Any] = {
    "shop": {"auto_limit_fen": 30000},
    "skus": [
        {"sku_id": "s1", "spu_id": "p1", "title": "云岭手机", "spec": "256G", "category": "手机", "list_price_fen": 599900,
         "return_cost_fen": 2000, "traits": ["electronics", "activated"], "is_new_product": True},
        {"sku_id": "s2", "spu_id": "p2", "title": "脐橙"},
    ],
    "prices": [
        {"sku_id": "s1", "at": "2026-11-01T00:00:00+08:00", "price_fen": 599900, "kind": "direct"},
        {"sku_id": "s1", "at": "2026-11-24T10:00:00+08:00", "price_fen": 549900, "kind": "flash_sale"},
    ],
    "customers": [{"customer_id": "c1", "name": "林小满", "tier": "vip"}, {"customer_id": "c2", "name": "周晓彤", "tier": "normal"}],
    "orders": [
        {"order_id": "o1", "customer_id": "c1", "status": "delivered", "paid_at": "2026-11-20T10:00:00+08:00",
         "promised_ship_by": "2026-11-22T10:00:00+08:00", "shipped_at": "2026-11-21T10:00:00+08:00",
         "delivered_at": "2026-11-23T10:00:00+08:00", "freight_fen": 0,
         "lines": [
             {"line_id": "1", "sku_id": "s1", "quantity": 1, "unit_paid_fen": 599900, "red_packet_fen": 0,
              "labels": ["price_protection", "freight_insurance"],
              "price_protection": {"days": 15, "ratio": 1.0, "excluded_kinds": ["flash_sale"], "from": "paid"}},
             {"line_id": "2", "sku_id": "s2", "quantity": 2, "unit_paid_fen": 4990, "red_packet_fen": 100, "labels": [], "price_protection": None},
         ],
         "history": [{"kind": "refund", "at": "2026-11-24T10:00:00+08:00", "line_id": "2", "fen": 1000, "quantity": 1}],
         "facts": {"proof_of_delivery": False, "placed_without_consent": True, "return_freight_fen": 1200}},
        {"order_id": "o2", "customer_id": "c2", "status": "paid", "paid_at": "2026-11-24T10:00:00+08:00", "promised_ship_by": None,
         "shipped_at": None, "delivered_at": None, "freight_fen": 600,
         "lines": [{"line_id": "1", "sku_id": "s2", "quantity": 1, "unit_paid_fen": 4990, "red_packet_fen": 0, "labels": [], "price_protection": None}]},
    ],
}


def load(shop: dict[str, Any], at: datetime = AT) -> bool:
    with session() as opened:
        return snapshot.merge(opened, snapshot.read(json.dumps(shop)), at)


def everything() -> dict[str, list[Any]]:
    with session(read_only=True) as opened:
        return {
            name: sorted(map(str, opened.execute(select(table)).all())) for name, table in Record.metadata.tables.items()
        }


def test_an_order_comes_out_as_it_went_in(database_url: str) -> None:
    load(SHOP)
    with session() as opened:
        for order in SHOP["orders"]:
            assert snapshot.order_of(opened, order["order_id"]) == msgspec.convert(order, OrderFacts)
        assert snapshot.order_of(opened, "o9") is None
        sku = opened.get(Sku, "s1")
        assert (sku.title, sku.spec, sku.traits, sku.is_new_product) == ("云岭手机", "256G", ["electronics", "activated"], True)
        assert opened.get(Customer, "c1").tier == "vip"
        assert opened.scalars(select(Price.price_fen).order_by(Price.at)).all() == [599900, 549900]
        assert snapshot.policy_overrides(opened) == {"auto_limit_fen": 30000}
        # What is unknown stays unknown: nothing that was not said is stored as a fact.
        assert opened.get(Order, "o1").facts == {"proof_of_delivery": False, "placed_without_consent": True, "return_freight_fen": 1200}


def test_loading_twice_changes_nothing(database_url: str) -> None:
    assert load(SHOP) is True
    before = everything()
    assert load(SHOP, AT + timedelta(days=1)) is False
    assert everything() == before


def test_a_part_merges_by_id_and_keeps_the_rest(database_url: str) -> None:
    load(SHOP)
    changed = copy.deepcopy(SHOP["orders"][1])
    changed.update(status="shipped", shipped_at="2026-11-25T09:00:00+08:00")
    price = {"sku_id": "s2", "at": "2026-11-25T09:00:00+08:00", "price_fen": 3990, "kind": "direct"}
    assert load({"shop": SHOP["shop"], "orders": [changed], "prices": [price]}) is True
    with session() as opened:
        assert opened.get(Order, "o2").status == "shipped"
        assert opened.get(Order, "o1").status == "delivered"
        assert opened.scalar(select(func.count()).select_from(Price)) == 3
        assert opened.scalar(select(func.count()).select_from(OrderLine)) == 3


def test_the_newest_snapshots_policy_is_in_force(database_url: str) -> None:
    for overrides in ({"auto_limit_fen": 30000}, {"auto_limit_fen": 20000}, {}, {"auto_limit_fen": 30000}):
        load({"shop": overrides})
        with session() as opened:
            assert snapshot.policy_overrides(opened) == overrides
    with session() as opened:
        assert opened.scalar(select(func.count()).select_from(PolicyVersion)) == 4


def broken(path: str, value: Any) -> dict[str, Any]:
    shop = copy.deepcopy(SHOP)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: Any = shop
    for step in steps:
        at = at[step]
    at[last] = value
    return shop


BROKEN = [
    ("skus.0.list_price_fen", -1, ">= 0", "$.skus[0].list_price_fen"),
    ("skus.0.list_price_fen", 59.99, "int", "$.skus[0].list_price_fen"),
    ("skus.0.traits", ["heavy"], "heavy", "$.skus[0].traits[0]"),
    ("skus.1.sku_id", "s1", "twice", "$.skus[1].sku_id"),
    ("prices.1.kind", "rumour", "rumour", "$.prices[1].kind"),
    ("prices.1.at", "2026-11-24T10:00:00", "timezone", "$.prices[1].at"),
    ("prices.1.sku_id", "s9", "'s9' is neither in the file nor in the database", "$.prices[1].sku_id"),
    ("customers.0.tier", "gold", "gold", "$.customers[0].tier"),
    ("orders.1.customer_id", "c9", "'c9' is neither in the file nor in the database", "$.orders[1].customer_id"),
    ("orders.0.lines.0.sku_id", "s9", "'s9' is neither in the file nor in the database", "$.orders[0].lines[0].sku_id"),
    ("orders.0.lines.0.quantity", 0, ">= 1", "$.orders[0].lines[0].quantity"),
    ("orders.0.lines.1.line_id", "1", "twice", "$.orders[0].lines[1].line_id"),
    ("orders.0.lines", [], "length", "$.orders[0].lines"),
    ("orders.0.delivered_at", "2026-11-21T09:00:00+08:00", "must not be before `shipped_at`", "$.orders[0].delivered_at"),
    ("orders.0.colour", "red", "unknown field `colour`", "$.orders[0]"),
    ("orders.0.facts", {"proof": True}, "unknown field `proof`", "$.orders[0].facts"),
    ("shop", {"auto_limit_fen": -1}, ">= 0", "$.shop.auto_limit_fen"),
    ("shop", {"generosity": 1}, "generosity", "$.shop"),
]


@pytest.mark.parametrize(("path", "value", "says", "where"), BROKEN, ids=[f"{path}={value}" for path, value, _, _ in BROKEN])
def test_a_broken_snapshot_names_the_field_and_loads_nothing(
    database_url: str, tmp_path: Path, path: str, value: Any, says: str, where: str
) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(broken(path, value)), encoding="utf-8")
    result = CliRunner().invoke(main, ["load", str(file)])
    assert result.exit_code == 1
    assert says in result.output
    assert where in result.output
    with session(read_only=True) as opened:
        for table in (Sku, Price, Customer, Order, OrderLine, PolicyVersion):
            assert opened.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"orders": 1}'])
def test_what_is_no_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(snapshot.BadSnapshot):
        snapshot.read(content)


def test_heqi_load_says_what_it_did(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(SHOP, ensure_ascii=False), encoding="utf-8")
    first = CliRunner().invoke(main, ["load", str(file)])
    second = CliRunner().invoke(main, ["load", str(file)])
    missing = CliRunner().invoke(main, ["load", str(tmp_path / "no.json")])
    assert (first.exit_code, second.exit_code, missing.exit_code) == (0, 0, 2)
    assert "已载入:商品 2,价格 2,顾客 2,订单 2" in first.stderr
    assert "没有变化" in second.stderr
    assert first.stdout == ""
