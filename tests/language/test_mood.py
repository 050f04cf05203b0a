"""How a message sounds."""

from __future__ import annotations

import pytest

from bot.language.mood import mood


@pytest.mark.parametrize(("text", "expected"), [
    ("再不处理我就打12315", "threatening"), ("我要曝光你们", "threatening"), ("法院见", "threatening"), ("等着收差評吧，給你們差評", "threatening"),
    ("我今年七十多了，眼睛不好", "vulnerable"), ("宝宝吃了过敏住院了", "vulnerable"), ("我儿子拿我手机偷偷买的", "vulnerable"), ("我才13岁", "vulnerable"),
    ("什么破玩意，骗子", "angry"), ("😡😡", "angry"), ("气死我了", "angry"),
    ("等了好几天了还没到，唉", "upset"), ("有点失望", "upset"),
    ("你好在吗", "calm"), ("好的谢谢", "calm"), ("不是要投诉你们", "calm"), ("退货运费谁出", "calm"), ("", "calm"),
])
def test_mood(text: str, expected: str) -> None:
    assert mood(text) == expected
