"""Money and shares of it, in every spelling, on characters.

Units: fen (int) for amounts, 0–1 (float) for shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bot.language import number
from bot.language.entity import Found
from bot.language.number import NUMBER

YUAN = r"块钱|块|元钱|元|圆|rmb|人民币|大洋|软妹币|r(?![a-z])|[快员](?=$|[,。.!?]|吧|好|行|可以|够|呗|吗|就|钱)"
"""快 and 员: how 块 and 元 are mistyped."""

MORE = r"(?:多|来|几)?"
TAIL = r"(?:零?(?P<tail>[\d一二两三四五六七八九](?:\.\d)?)(?P<tail_unit>毛钱|毛|角|分钱|分)?(?![\d个件天号斤次份人双条]))?"
"""「五块五」「3块2毛」「12块8」"""

WITH_UNIT = re.compile(rf"(?<!几)(?P<number>{NUMBER}){MORE}(?:{YUAN})(?:(?P<half>半)|整(?![个套箱体理])|{TAIL})")
WITH_SIGN = re.compile(rf"[¥￥]\s?(?P<number>{NUMBER})(?:{YUAN})?|(?:rmb|人民币)\s?(?P<number2>{NUMBER})")
DIMES = re.compile(rf"(?P<number>{NUMBER})(?:(?P<mao>毛钱|毛|角钱)(?:(?P<tail>[一二两三四五六七八九\d])分?(?!\d))?|分钱)(?![衣发线孩])")
HALF_YUAN = re.compile(r"半块钱?|半毛钱")

GIVE = (
    r"退还?|补偿?|赔偿?|赔付|返还?|给|扣|便宜|少收?|优惠|减|加|差|多收|收|付|花|转|打|降到?|涨到?|卖|要|值|原价|现价|现在|只要|到手|买的?|拍的?|"
    r"原来|费|还?剩|要么|答应|掉到?|跌到?|能不能|看|"
    r"低于|最少|至少|最低|起码|最多|顶多|凑|抹|省|券|满|立减|红包|实付|付款|金额|价格|单价|总共|一共|合计|标价|卡在|变成|变|才|成|价|钱是?|就"
)
BETWEEN = r"(?:款|货|钱|付|价|了|我们?|你们?|您|俺|咱|他|个|到|的|是|有|又|再|共|给|差价|运费|只|就|也|至少|最少|最多|起码|得|要|:|,|总)*"
MEASURE = (
    r"个(?!点)|件|双|条|天|号|斤|次|份|人|包|袋|瓶|盒|箱|张|本|台|部|套|只|支|枝|颗|片|根|把|块|米|厘|毫|公|cm|mm|kg|g|ml|l(?![a-z])|寸|码|折|%|分|"
    r"点|月|日|年|周|小时|时|岁|楼|栋|室|单元|级|度|倍|成|层|遍|回|种|位|款|家|期|等|轮|页|字|星|克|升|吨|瓦|w|v|a(?![a-z])|路|弄|胆|匹|mah|p|hz|寸|"
    r"多?[个件双条天号斤次份人包袋瓶盒箱张本台套只]|几|[./-]|:|x|\*|代|集|门|店|群|眼|句|声|趟|快充|充电|功率|像素|毫安|起|样|直|定|般|律|切|方|旦|致|同|会|下|点|些|单"
)
AFTER_VERB = re.compile(rf"(?:{GIVE}){BETWEEN}(?P<number>{NUMBER})(?P<more>多)?(?:左右)?(?!{MEASURE}|[\da-z])")
PRICE_PAIR = re.compile(rf"(?P<number>{NUMBER})(?P<more>多)?(?=买|拍|入手|入的|抢|秒杀?的|到手|的价|降|掉到|跌|涨到|变成|包邮|卖)(?!{MEASURE})")
PRICE_THEN = re.compile(rf"(?:今天|昨天|现在|当时|那时|当初|之前|以前|页面)(?:是|才|要|只要|就|变|卖|上)*(?P<number>\d{{2,6}}(?:\.\d{{1,2}})?)(?P<more>多)?(?!{MEASURE}|[\da-z])")
GIVE_BACK = re.compile(rf"(?P<number>[{number.CHINESE}]{{2,{number.LONGEST}}}|\d{{2,5}})(?P<more>多)?(?=退了|退给我|退我|返给我|返我)(?!{MEASURE})")
ROUND_CHINESE = re.compile(rf"(?<![几第{number.CHINESE}])(?P<number>[一二两三四五六七八九十]{{1,{number.LONGEST}}}[百千万][{number.CHINESE}]{{0,{number.LONGEST}}}|\d+(?:\.\d+)?[kw百千万](?![a-z])\d?)多?(?!{MEASURE}|[{number.CHINESE}])")
DECIMAL = re.compile(rf"(?<![\d.a-z/-])(?P<number>\d{{1,6}}\.\d{{1,2}})(?!{MEASURE}|[\d.a-z])")
WHOLE = re.compile(
    rf"(?:那就?|就|能不能|要不|要么|[您你我]看|最少|至少|起码|最低|最多|顶多|我要|要|不如|也就|大概|差不多|给|好|行|嗯|[.,!])*(?P<number>{NUMBER})(?:多|左右)?"
    r"(?:吧|行不行|行吗|行不|行么|好吗|好不好|可以吗|可以不|可以吧|可以么|可以|就行|就可以|就好|怎么样|如何|成不|成吗|中不|呗|得了|算了|够了|不能再少|不能少|不够|太少|啊|呀|了|[?.!,。~])*"
)
PROMOTION = re.compile(rf"满(?:{NUMBER})(?:元|块)?(?:立?减|送|返|打)(?:{NUMBER})(?:元|块)?")
IDIOM = re.compile(r"一[分毛](?:钱)?(?:都|也)?[不没]|[退假]一[赔罚][一二三四五六七八九十]|打(?:110|119|120|315|12315|12345|10086|10010)")
"""Numbers that are no sum: the terms of a promotion, 「一分钱都不退」, 「退一赔三」, a hotline."""

CLAUSE = re.compile(r"[^,。!?;]+")
FESTIVE = {"11.11", "12.12", "6.18", "3.8", "5.20", "9.9包邮"}


def amounts(text: str, now: datetime) -> Iterator[Found]:
    """Amounts of money, most trusted first."""
    idle = [match.span() for pattern in (PROMOTION, IDIOM) for match in pattern.finditer(text)]
    for found in _claimed(text):
        if not any(start < found.end and found.start < end for start, end in idle):
            yield found


def _claimed(text: str) -> Iterator[Found]:
    for match in WITH_SIGN.finditer(text):
        yield from _amount(match["number"] or match["number2"], match.start(), match.end())
    for match in WITH_UNIT.finditer(text):
        extra = Decimal(0)
        end = match.end()
        if match["half"]:
            extra = Decimal("0.5")
        elif match["tail"]:
            extra = _tail(match["tail"], match["tail_unit"])
        yield from _amount(match["number"], match.start(), end, extra)
    for match in HALF_YUAN.finditer(text):
        yield Found("amount", 50 if "块" in match[0] else 5, match.start(), match.end())
    for match in DIMES.finditer(text):
        yield from _dimes(match)
    for clause in CLAUSE.finditer(text):
        whole = WHOLE.fullmatch(text, clause.start(), clause.end())
        if whole is None:
            continue
        worth = number.value(whole["number"])
        if worth is not None and worth >= 10 and not _is_identifier(whole["number"]):
            yield from _amount(whole["number"], whole.start("number"), whole.end("number"))
    for pattern in (AFTER_VERB, PRICE_PAIR, PRICE_THEN, GIVE_BACK, ROUND_CHINESE, DECIMAL):
        for match in pattern.finditer(text):
            if match["number"] in FESTIVE or (pattern is not ROUND_CHINESE and _says_no_amount(match["number"])):
                continue
            end = match.end("more") if match.groupdict().get("more") else match.end("number")
            yield from _amount(match["number"], match.start("number"), end)


def _amount(text: str, start: int, end: int, extra: Decimal = Decimal(0)) -> Iterator[Found]:
    worth = number.value(text)
    if worth is not None and not _is_identifier(text):
        yield Found("amount", round((worth + extra) * 100), start, end)


def _tail(digit: str, unit: str | None) -> Decimal:
    worth = number.value(digit) or Decimal(0)
    return worth / (100 if unit in ("分", "分钱") else 10)


def _dimes(match: re.Match[str]) -> Iterator[Found]:
    worth = number.value(match["number"])
    if worth is None:
        return
    if match["mao"]:
        tail = number.value(match["tail"]) if match["tail"] else Decimal(0)
        yield Found("amount", round(worth * 10 + (tail or 0)), match.start(), match.end())
    else:
        yield Found("amount", round(worth), match.start(), match.end())


def _is_identifier(text: str) -> bool:
    return text.isdigit() and len(text) > 6


def _says_no_amount(text: str) -> bool:
    """A lone 一 after a verb is 「一下」「一样」, never one yuan."""
    return text in ("一", "零", "0", "千", "万", "百", "十", "千万", "万一") or (text.isdigit() and text.startswith("0"))


SHARE_CHINESE = {"一": 0.1, "二": 0.2, "两": 0.2, "三": 0.3, "四": 0.4, "五": 0.5, "六": 0.6, "七": 0.7, "八": 0.8, "九": 0.9}
PER_CENT = re.compile(rf"(?P<number>\d{{1,3}}(?:\.\d+)?)%|百分之?(?P<chinese>[{number.CHINESE}\d]{{1,{number.LONGEST}}})")
DISCOUNT = re.compile(r"(?:打个?|给个?|按)?(?P<digits>\d(?:\.\d)?|\d{2}|[一二三四五六七八九][一二三四五六七八九]?)折(?![腾叠痕扇断])")
TENTHS = re.compile(r"(?P<digits>[一二两三四五六七八九\d])成(?P<half>半)?(?!是[你您他她卖店商假快物人骗]|可能|把握|[功为品都员长交套本人熟色新立分])")
FRACTION = re.compile(rf"(?P<below>[{number.CHINESE}\d]{{1,{number.LONGEST}}})分之(?P<above>[{number.CHINESE}\d]{{1,{number.LONGEST}}})")
POINTS = re.compile(rf"(?P<number>\d{{1,2}}|[{number.CHINESE}]{{1,3}})个点(?!钟)")
HALF = re.compile(r"半价|对折|一半一半|(?<![大多一])半款|一半|对半|一大半|五五开")
HALF_WORTH = {"一大半": 0.6}
OTHER_SHARE_BEFORE = re.compile(r"(?:电池|电量|健康|亮度|音量|湿度|进度|含量|浓度|纯度|内存|容量|第[二2]件|卡在|含)[^,。]{0,5}$")
OTHER_SHARE_AFTER = re.compile(r"的?(?:羊毛|棉|羊绒|真丝|蚕丝|桑蚕丝|聚酯|涤纶|牛皮|电量?|浓度|纯度|含量)")
"""What else is counted in shares: charge, brightness, wool."""


def ratios(text: str, now: datetime) -> Iterator[Found]:
    """Shares of a price or of a quantity, most trusted first. The whole is no share: 「百分百」 is certainty."""
    for found in _shares(text):
        other = OTHER_SHARE_BEFORE.search(text[: found.start]) or OTHER_SHARE_AFTER.match(text, found.end)
        if not other and found.value != 1:
            yield found


def _shares(text: str) -> Iterator[Found]:
    for match in PER_CENT.finditer(text):
        worth = number.value(match["number"] or match["chinese"])
        if worth is not None and worth <= 100:
            yield Found("ratio", float(worth / 100), match.start(), match.end(), "share")
    for match in FRACTION.finditer(text):
        below, above = number.value(match["below"]), number.value(match["above"])
        if below and above and above <= below:
            yield Found("ratio", round(float(above / below), 4), match.start(), match.end(), "share")
    for match in DISCOUNT.finditer(text):
        yield Found("ratio", _discount(match["digits"]), match.start("digits"), match.end(), "paid")
    for match in TENTHS.finditer(text):
        digit = match["digits"]
        share = SHARE_CHINESE.get(digit) or int(digit) / 10
        if share > 0:
            yield Found("ratio", round(share + (0.05 if match["half"] else 0), 2), match.start(), match.end(), "share")
    for match in POINTS.finditer(text):
        worth = number.value(match["number"])
        if worth is not None:
            yield Found("ratio", round(float(worth / 100), 4), match.start(), match.end(), "share")
    for match in HALF.finditer(text):
        role = "paid" if match[0] in ("半价", "对折") else "share"
        yield Found("ratio", HALF_WORTH.get(match[0], 0.5), match.start(), match.end(), role)


def _discount(digits: str) -> float:
    """八 → 0.8, 八五 or 85 → 0.85, 7.5 → 0.75."""
    if "." in digits:
        return round(float(digits) / 10, 3)
    plain = "".join(str(round(SHARE_CHINESE[c] * 10)) if c in SHARE_CHINESE else c for c in digits)
    return float(round(int(plain) / 10 ** len(plain), 3))
