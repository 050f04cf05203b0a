"""What the words wish, where the model hears a wish that they refuse."""

from __future__ import annotations

import pytest

from bot.cases.bargaining import PARTLY, form_named
from bot.cases.claim import affected_share
from bot.cases.intake import KEEPS
from bot.cases.plain import ASKS, BUT
from bot.cases.wish import meant
from bot.cases.withdrawal import NOT_TAKEN_BACK


@pytest.mark.parametrize(
    ("intent", "text", "wish"),
    [
        ("exchange", "直接退 不换", "refund"), ("exchange", "换一个", "exchange"), ("exchange", "要不换一个吧", "exchange"), ("exchange", "能不能换", "exchange"),
        ("exchange", "不想换了", None), ("repair", "别修了 换新的", "exchange"), ("return_goods", "不退了 给我换", "exchange"), ("refund", "不退货 退款", "refund"),
        ("refund", "不想退 给点补偿", None), ("complaint", "不换", "complaint"), ("exchange", "换不换都行", "exchange"), ("resend", "不用补了 退我吧", "refund"),
        ("cancel_order", "别取消啊", None), ("cancel_order", "谁让你们取消的", None), ("cancel_order", "取消吧 不要了", "cancel_order"),
        ("exchange", "到现在还不给我换", "exchange"), ("refund", "怎么还不退", "refund"), ("refund", "商家不给我退", "refund"),
    ],
)
def test_what_is_refused_is_not_wished(intent: str, text: str, wish: str | None) -> None:
    assert meant(intent, text) == wish


@pytest.mark.parametrize(
    ("text", "form"), [("不换货 退钱", None), ("不换货了 退货吧", "return_refund"), ("换货", "exchange"), ("要不换一个", "exchange"), ("不退货 退款", "refund"), ("别给我券", None)],
)
def test_a_form_that_is_refused_is_not_named(text: str, form: str | None) -> None:
    assert form_named(text) == form


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("除了杯子都退", True), ("保温杯留着", True), ("不退裙子", True), ("连衣裙别动", True), ("退耳机我还要赔偿", False), ("耳机你们不退我就投诉", False),
        ("连衣裙不退不行", False), ("还要等多久退", False), ("裙子退了吧", False),
    ],
)
def test_what_stays_is_told_from_what_goes(text: str, kept: bool) -> None:
    assert (KEEPS.search(text) is not None) is kept


@pytest.mark.parametrize(
    "text",
    [
        "能修吗", "能换不", "换一个行不", "换货运费谁出", "换新的要多长时间", "要是换新的呢", "换不了就退", "与其换不如退了算了", "除非换新的", "换个屁", "懒得换", "多退点呗",
        "可以是可以 就是少了点", "可以个鬼", "行吧 我再看看", "五十吧 不行就退货",
    ],
)
def test_words_that_are_no_plain_yes_are_asked_back(text: str) -> None:
    assert ASKS.search(text) or BUT.search(text)


@pytest.mark.parametrize("text", ["换一个吧", "那就退货吧", "可以", "就第二个", "好的就这样", "退货", "那修一下吧", "同意", "给我换新的", "行 退吧"])
def test_a_plain_yes_is_not_asked_back(text: str) -> None:
    assert not ASKS.search(text)
    assert not BUT.search(text)


@pytest.mark.parametrize(
    ("text", "partly"),
    [
        ("开线的那件退 另一件留着", True), ("好 只退货坏的那个", True), ("就换那一条", True), ("只换一件", True), ("坏的退 好的留", True),
        ("那就退吧", False), ("就换吧", False), ("只退款", False), ("衣服我留着 退点钱", False),
    ],
)
def test_some_of_the_pieces(text: str, partly: bool) -> None:
    assert (PARTLY.search(text) is not None) is partly


@pytest.mark.parametrize(
    ("text", "share"),
    [("四只死的 总共八只", 0.5), ("全死了", 1.0), ("一箱烂了三个", None), ("都坏了两个了", None), ("不是全坏", None), ("一只没活", 1.0), ("3斤黄桃总共5个", None), ("烂了一半", 0.5)],
)
def test_how_much_was_bad(text: str, share: float | None) -> None:
    assert affected_share(text) == share


@pytest.mark.parametrize("text", ["谁说不退了", "别撤", "不退不行", "我没说要撤销", "不能不退", "要不就退了吧"])
def test_what_is_not_taken_back(text: str) -> None:
    assert NOT_TAKEN_BACK.search(text)


@pytest.mark.parametrize("text", ["不退了", "取消退款", "不申请了", "撤销退款申请", "不用补了", "算了不换了"])
def test_what_is_taken_back(text: str) -> None:
    assert not NOT_TAKEN_BACK.search(text)
