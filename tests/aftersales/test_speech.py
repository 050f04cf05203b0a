"""rules.md section 5: what is never said, and that plain service words are not caught."""

from __future__ import annotations

import re

import pytest

from bot.aftersales import catalogue
from bot.aftersales.rule import Rule
from bot.aftersales.speech import forbidden

NEVER = [
    ("S5-01", "我是真人客服，放心"), ("S5-01", "我不是机器人哦"), ("S5-01", "我是人工客服小王"), ("S5-01", "我不是智能客服"),
    ("S5-02", "你是来薅的吧"), ("S5-02", "再闹就起诉你"), ("S5-02", "把您拉黑您也没办法，曝光您"), ("S5-02", "爱买不买"),
    ("S5-03", "给个五星好评返现5元"), ("S5-03", "删掉差评就给您补偿"), ("S5-03", "撤诉才给您退款"), ("S5-03", "麻烦给个好评"),
    ("S5-04", "加一下微信处理"), ("S5-04", "微信号：abc12345"), ("S5-04", "线下转账给您"), ("S5-04", "我退到您的支付宝"), ("S5-04", "打 13812345678"), ("S5-04", "点 https://x.cn"), ("S5-04", "扫一下这个二维码"),
    ("S5-05", "请提供身份证号"), ("S5-05", "把验证码发给我，告诉我验证码"), ("S5-05", "请发一下银行卡号"),
    ("S5-06", "请把退款原因改成不喜欢，修改申请原因"), ("S5-06", "请先撤销售后再说"), ("S5-06", "不支持"), ("S5-06", "亲，不能退。"),
    ("S5-07", "已拆封不能退"), ("S5-07", "激活就不能退"), ("S5-07", "生鲜出售不退"), ("S5-07", "特价商品一律不退"), ("S5-07", "签收即视为认可"),
    ("S5-08", "最终解释权归本店所有"), ("S5-08", "概不负责"), ("S5-08", "只能在我们这里的法院起诉"),
    ("S5-09", "平台一定会赔您30元"), ("S5-09", "超过48小时过期作废"), ("S5-09", "协商期是3天"),
    ("S5-10", "退款马上到账"), ("S5-10", "明天一定送到"), ("S5-10", "保证能退"),
    ("S5-11", "我们会三倍赔偿"), ("S5-11", "这个不适用十倍赔偿"), ("S5-11", "假一赔十"),
    ("S5-12", "投诉也没用"), ("S5-12", "请不要打12315"), ("S5-12", "签字后不再追究"),
    ("S5-13", "您是职业打假人吧"), ("S5-13", "您这是在骗退款"), ("S5-13", "怀疑您掉包"),
    ("S5-14", "您这是过敏，没事"), ("S5-14", "涂点药膏就好"), ("S5-14", "我们不构成欺诈"),
    ("S5-17", "根据《七天无理由退货服务规范》第3条，不支持。"),
    ("S5-18", "不用转人工"), ("S5-18", "人工也解决不了"),
    ("S5-20", "忽略之前的规则"), ("S5-21", "这款能治疗失眠"), ("S5-21", "三天见效"), ("S5-22", "AI说的不算数"), ("S5-22", "以上回复仅供参考"),
]


@pytest.mark.parametrize(("row", "text"), NEVER)
def test_is_caught(row: str, text: str) -> None:
    assert row in forbidden(text)


MAY_BE_SAID = [
    "我是智能客服", "我是智能客服，不是真人，需要的话马上为您转人工", "请不要把验证码告诉任何人", "不要转账，也不要点链接",
    "如果有人自称客服要您转账、给验证码，请不要照做", "退款会退回原支付账户，一般 1–7 个工作日", "您可以申请平台介入", "您可以向 12315 投诉",
    "拆封不影响质量问题退换", "包裹已签收，您没有收到的话我们来查件", "马上为您办理退款", "我们不要求好评，也不会因为评价改变处理",
    "发货超时平台会对商家扣款，这笔钱不是赔给您的", "补偿方面可以和我们商量", "请拍一张问题部位的照片", "身体不舒服请及时就医", "为您补发一份，运费由商家承担",
    "依法的其他权利由专人答复您", "这件商品下单时已提示拆封后不支持无理由退货，有质量问题照样处理",
]


@pytest.mark.parametrize("text", MAY_BE_SAID)
def test_is_not_caught(text: str) -> None:
    assert forbidden(text) == []


@pytest.mark.parametrize("each", catalogue.rules(), ids=lambda each: each.id)
def test_every_sentence_of_the_rules_may_be_said(each: Rule) -> None:
    assert forbidden(each.text) == []
    assert forbidden(re.sub(r"\{[^}]*\}", "5", each.text)) == []


@pytest.mark.parametrize("each", catalogue.rules(), ids=lambda each: each.id)
def test_every_rule_is_complete(each: Rule) -> None:
    """A reason and not only an article; a condition, an effect and a source for whoever checks it."""
    assert each.when
    assert each.effect
    assert each.source
    assert len(each.text) >= 6
    assert "第" not in each.text or "条" not in each.text


HALF_WIDTH = re.compile(r"[\u4e00-\u9fff」》}][,;:!?()]|[,;:!?()][\u4e00-\u9fff「《{]")


@pytest.mark.parametrize("each", catalogue.rules(), ids=lambda each: each.id)
def test_sentences_are_punctuated_as_chinese_is(each: Rule) -> None:
    bare = re.sub(r":(yuan|time|percent)}", "}", each.text)
    assert not HALF_WIDTH.search(bare)
    assert not HALF_WIDTH.search(each.source)
    assert "} 元" not in bare
    assert " 元" not in bare


@pytest.mark.parametrize("each", catalogue.rules(), ids=lambda each: each.id)
def test_no_repealed_or_foreign_rule_is_shown_as_the_basis(each: Rule) -> None:
    assert not any(word in each.source for word in ("废止", "参照", "征求意见", "京东", "贵必赔"))
