"""Which of the customer's own orders a message is about."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.cases.order_finder import Mention, OrderLineView, find


def line(order_id: str, title: str, spec: str, category: str, day: int) -> OrderLineView:
    paid_at = datetime.fromisoformat(f"2026-11-{day:02d}T10:00:00+08:00")
    return OrderLineView(order_id, f"{order_id}-1", f"sku_{order_id}", title, spec, category, "delivered", 1, 10000, paid_at)


LINES = (
    line("6900000000000000001", "云岭X9 智能手机", "256G 曜石黑", "手机", 22),
    line("6900000000000000002", "星禾S2 折叠屏手机", "512G 月光银", "手机", 10),
    line("6900000000000000003", "手工陶瓷马克杯 两只装", "奶白配雾蓝", "杯子", 24),
    line("6900000000000000004", "透气跑步鞋", "灰色 42码", "鞋靴", 20),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我买的512G，你们256G便宜了一千", [2]),
        ("512G的 你们256G便宜一千 退差价", [2]),
        ("你们家的马克杯碎了一只", [3]),
        ("那个杯子有问题", [3]),
        ("鞋开胶了", [4]),
        ("手机降价了", [1, 2]),
        ("最近那单我要退", [3]),
        ("订单6900000000000000004退货", [4]),
        ("订单6911111111111111111退货", []),
        ("订单尾号0002", [2]),
        ("我要退货", []),
    ],
)
def test_the_line_the_words_name_is_found(text: str, found: list[int]) -> None:
    assert [int(one.order_id[-1]) for one in find(Mention(text), LINES)] == found
