"""Which of the customer's own orders a message is about."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.cases.order_finder import Mention, OrderLineView, find, left_out, without_names


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


TITLES = (
    ("丝绒哑光口红", "彩妆"), ("智利车厘子", "水果"), ("手工陶瓷马克杯 两只装", "杯子"), ("316不锈钢保温杯", "杯子"), ("荷兰婴儿奶粉 3段", "母婴"),
    ("头层牛皮托特包", "箱包"), ("直筒牛仔裤", "男装"), ("纯棉基础T恤", "男装"), ("焕颜修护精华液", "护肤"), ("清透防晒霜 SPF50", "护肤"), ("每日坚果 30包", "零食"),
    ("刻字情侣项链", "饰品"), ("护眼台灯", "家居"),
)
BOUGHT = [line(str(number), title, "", category, 1 + number) for number, (title, category) in enumerate(TITLES)]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("口红别取消 车厘子取消", "智利车厘子"), ("不是取消口红 是取消车厘子", "智利车厘子"), ("不是口红是车厘子", "智利车厘子"), ("车厘子不要了 口红我要", "智利车厘子"),
        ("口红没坏 包坏了", "头层牛皮托特包"), ("包坏了口红没坏", "头层牛皮托特包"), ("包的拉链坏了 奶粉挺好", "头层牛皮托特包"), ("奶粉没事 就是包掉色", "头层牛皮托特包"),
        ("包包五金掉漆 跟奶粉无关", "头层牛皮托特包"), ("牛仔裤挺好 T恤缩水了", "纯棉基础T恤"), ("精华没问题 防晒漏了", "清透防晒霜 SPF50"), ("马克杯别取消 保温杯取消", "316不锈钢保温杯"),
        ("奶粉收到了都好 就是包的拉链坏了", "头层牛皮托特包"), ("口红不换 车厘子退了", "智利车厘子"),
        ("口红照常发货 车厘子取消", "智利车厘子"), ("别动口红 取消车厘子", "智利车厘子"), ("只退车厘子 口红不用", "智利车厘子"), ("口红挺喜欢的 车厘子烂了", "智利车厘子"), ("口红没什么毛病 就车厘子烂了", "智利车厘子"),
        ("车厘子烂了 口红一点问题都没有", "智利车厘子"), ("我说的是车厘子不是口红", "智利车厘子"), ("口红没说要退 车厘子退", "智利车厘子"),
    ],
)
def test_goods_that_are_fine_or_stay_are_not_meant(text: str, title: str) -> None:
    assert [found.title for found in find(Mention(text), BOUGHT)] == [title]


@pytest.mark.parametrize(("text", "title"), [("除了马克杯都取消", "手工陶瓷马克杯 两只装"), ("除了马克杯其他都退", "手工陶瓷马克杯 两只装"), ("保温杯没问题哈", "316不锈钢保温杯")])
def test_who_names_only_what_stays_names_nothing(text: str, title: str) -> None:
    assert find(Mention(text), BOUGHT) == []
    assert [found.title for found in left_out(text, BOUGHT)] == [title]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("口红挺好 就是太贵了 退了", "丝绒哑光口红"), ("口红没问题，是我不感兴趣", "丝绒哑光口红"), ("商家说口红拆了不退", "丝绒哑光口红"), ("口红不换 直接退", "丝绒哑光口红"), ("口红是不是正品", "丝绒哑光口红"), ("口红不太满意", "丝绒哑光口红"), ("这不是口红", "丝绒哑光口红"), ("台灯别取消 快点发货", "护眼台灯"), ("台灯挺好 开关坏了", "护眼台灯"),
        ("口红正常使用就断了", "丝绒哑光口红"), ("口红好像断了", "丝绒哑光口红"), ("除了口红断了 也没别的", "丝绒哑光口红"), ("包装完好 口红断了", "丝绒哑光口红"),
    ],
)
def test_who_speaks_of_nothing_else_means_them_all_the_same(text: str, title: str) -> None:
    assert [found.title for found in find(Mention(text), BOUGHT)] == [title]


@pytest.mark.parametrize("text", ["如果我退货的话能退多少啊", "结果呢", "没什么效果", "去水果店买都比这好", "花了不少钱", "这产品不行", "客服呢", "坏了两只", "包装破了", "盒子扔了", "怎么还没发货", "专柜说是假的", "发个链接", "照片发你了", "等了半个月"])
def test_words_that_only_share_characters_with_goods_name_none(text: str) -> None:
    assert find(Mention(text), [*BOUGHT, line("20", "黄油曲奇礼盒", "", "零食", 20), line("21", "红玫瑰花束", "", "鲜花", 21), line("23", "三人位布艺沙发", "", "家具", 23), line("24", "推拉门衣柜", "", "家具", 24), line("25", "定制照片书", "", "定制", 25), line("26", "视频会员 年卡", "12个月", "虚拟", 26), line("22", "轻暖羽绒服", "", "女装", 22)]) == []


@pytest.mark.parametrize(("text", "rest"), [("口红退了", "退了"), ("裤子退了", "退了"), ("杯子漏水 退了", "漏水 退了")])
def test_a_message_without_the_names_of_goods(text: str, rest: str) -> None:
    assert without_names(text, BOUGHT).strip().removeprefix("子") == rest
    assert without_names("沙发退了", [line("23", "三人位布艺沙发", "", "家具", 23)]).strip() == "退了", "goods whose last character tells nothing"
