"""The words that bear an issue out: what a message must say itself before the model's reading of it is acted on.

Two uses, two degrees. Who speaks of several goods is believed of each only what is plainly said of it (`said`).
Of a whole message, in which the model read the issue already, a hint is enough (`hinted`). Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Ground(NamedTuple):
    """`plain`: words that say the issue; None for issues that are not about goods. `more`: words that only hint at it."""

    plain: str | None
    more: str | None = None


GROUNDS = {
    "price_drop": Ground(r"降|跌|掉价|便宜|差价|价保|保价"),
    "damaged_in_transit": Ground(r"碎|破|裂|摔|压|漏(?!光|电|水)|瘪|断|烂|磕|变形", r"坏|撞|快递|运|路上|包装|箱|盒|瓶|洒|流|损|凹|扁|皱|折"),
    "quality_defect": Ground(
        r"坏|碎|破|裂|断|烂|洞|漏|开线|脱线|掉色|褪色|起球|脱胶|划痕|瑕疵|质量|故障|失灵|异响|黑屏|花屏|死机|(不|没)(亮|转|响|出声|声音|通电|工作|反应)|[用打开充连](不|没)|不(能|好)用"
    ),
    # 「拍错尺码了」 is the customer's own mistake, no wrong parcel.
    "wrong_item": Ground(r"(?<![拍买下选点填看])错|不是我", r"不是|别的|别人|另一|另外一|换成|混"),
    # 「四件套不要了 退」 sounded like pieces missing from the set.
    "missing_item": Ground(
        r"少|缺|漏发",
        r"漏|没|木有|冇|只|全|到手|齐|数|就|不(在|带|给|见|够|了)|差|空|丢|落|呢|票|[送来发寄收到换写实][来到了的着际成]|[一二三四五六七八九十两\d](包|份|个|双|盒|袋|支|瓶|本|片|张|根)",
    ),
    "not_as_described": Ground(r"不一样|不符|色差|描述|图片"),
    "not_received": Ground(r"没(有)?(收|拿)?到|不见"),
    # 「穿了一个礼拜还能退吗」 tells how long the goods were used.
    "late_delivery": Ground(
        r"(不|没)发|没(有)?到|超时",
        r"发|到|慢|催|等|迟|晚|拖|久|物流|快递|揽|动静|更新|卡|派|送|运|时候|多会|还没|收|排期|安装|预售|约|停(?:了|在)|不动"
        r"|(?:付|拍|买|下单)了?[一二两三四五六七八九十几半\d]+天(?!.{0,3}(?:坏|破|降|便宜|断|裂|不))"
        r"|(?<![穿用戴吃喝玩骑睡了一二两三四五六七八九十几半\d])[一二两三四五六七八九十几半\d]+(?:多|来)?个?(?:天|日|小时|礼拜|星期|周|月)",
    ),
    "change_of_mind": Ground(r"不(想|需)?要|不喜欢|不合适|不合身|不好看|后悔|买错|太?[大小]了|太[大小]"),
    "safety": Ground(
        r"过敏|红疹|发痒|虫|异物|头发|霉|变质|馊|臭|过期|漏电|冒烟|起火|着火|烫|炸|伤",
        r"红|痒|肿|疹|痘|刺|毛|酸|拉肚|吐|晕|中毒|触电|电[到了麻]|冒|烧|短路|血|割|划|扎|医|不舒服|难受|疼|痛|味|安全|危险",
    ),
    "counterfeit": Ground(r"假|正品|真伪"),
    "return_obstructed": Ground(
        None, r"拒|驳回|不(让|给|肯|予|同意|通过|处理|受理)|没(通过|批)|改.{0,6}(原因|理由)|关(闭|了)|卡(着|住)|推(脱|诿)|失败|受阻|地址"
    ),
    "billing_error": Ground(None, r"扣|多(收|付)|重复|两次|二次|付(了|款|重)|金额|账|没(减|用上|生效)|未(减|生效)|优惠.{0,6}(没|未)|券.{0,6}(没|未)"),
    "privacy_leak": Ground(None, r"泄|骗|冒充|骚扰|电话|短信|信息|隐私|验证码|转账|链接"),
    "pricing_fraud": Ground(None, r"先(涨|提)|涨.{0,4}(再|后|又)|虚(标|假|高)|原价|划线|欺诈|欺骗|骗|套路|杀熟|坑|假"),
}

AT_LAST = re.compile(r"[再还](?:是)?[不没](?:给我?)?(?:到|发|来|送|见着)")
"""「再不到我就退了」 「还没来」: late all the same, whatever else it was read as."""

OF_CONSEQUENCE = frozenset({"missing_item", "late_delivery", "return_obstructed", "billing_error", "privacy_leak", "pricing_fraud"})
"""Issues that the model's reading alone is never enough for."""

READ_INTO_OTHERS = frozenset({"wrong_item", "safety", "damaged_in_transit"})
"""Issues that are often read into another one: beside one the reading alone is not enough."""


def said(issue: str, text: str) -> bool:
    """Whether the text plainly says this issue of goods."""
    ground = GROUNDS.get(issue)
    return ground is not None and ground.plain is not None and re.search(ground.plain, text) is not None


def hinted(issue: str, text: str) -> bool:
    """Whether the text says the issue or hints at it."""
    more = GROUNDS[issue].more
    return said(issue, text) or (more is not None and re.search(more, text) is not None)
