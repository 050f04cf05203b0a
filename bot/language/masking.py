"""Hides what identifies a person: telephones, addresses, identity cards, accounts, mail, names given as such.

An order's number, an amount, a date or a model's name stays: a number is hidden where it has the shape of nothing
else, or where a word before it says whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from bot.language.address import LEAD, addresses
from bot.language.entity import place, without_overlaps
from bot.language.identifier import identifiers
from bot.language.normalise import Normalised, normalise

HIDDEN = {"phone": "[电话]", "address": "[地址]", "id_card": "[身份证号]"}
NAME_MASK = "[姓名]"
ANY_TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""What is hidden does not depend on the time."""

FILL = r"[号码是为叫写:, ]{0,8}"
"""Between the word that says what follows, and what follows. Everything here has an end: a message is up to 4000 characters of anything."""

TELEPHONE = re.compile(
    r"(?<![\d.])1[3-9]\d\.\d{4}\.\d{4}(?![\d.])"
    r"|(?<![\d.])(?:\(0(?:10|2\d|[3-9]\d{2})\)[ -]?|0(?:10|2\d|[3-9]\d{2})(?:-| {1,2}))[2-9]\d{2,3}[ -]?\d{4}(?!\d)"
    rf"|(?:电话|座机|固话|手机|联系方式|拨打?|tel|phone|mobile){FILL}\.?(?P<id>0\d{{9,11}}|1[3-9]\d{{9}})(?!\d)"
)
"""What bot.language.identifier does not take for a telephone: with dots, in other groups, right after Latin letters."""

CHARACTERS = "零〇一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖"
SPELLED = f"0-9０-９{CHARACTERS}"
SPELLED_TELEPHONE = re.compile(
    rf"(?<![{SPELLED}])(?=[0-9０-９ \-—,，]{{0,12}}[{CHARACTERS}])[1１一幺壹][3-9３-９三四五六七八九叁肆伍陆柒捌玖][{SPELLED}](?:[ \-—,，]?[{SPELLED}]{{4}}){{2}}(?![{SPELLED}十百千万拾佰仟])"
)
"""A mobile number of eleven digits, some of them in characters; looked for in the original, as normal spelling shortens 八八八八."""

IDENTITY_CARD = re.compile(rf"身份证{FILL}(?P<id>\d(?:[ -]?[\dx]){{14,17}})(?![\dx])")
CARD = re.compile(rf"(?:银行卡|储蓄卡|借记卡|信用卡|卡号|[账帐][号户]){FILL}(?:[\u4e00-\u9fff]{{0,6}}(?:银行|[工农建交招]行){FILL})?(?P<id>\d(?:[ -]?\d){{14,18}})(?!\d)")
BARE_CARD = re.compile(r"(?<![\da-z])(?<!单号)(?<!单号[:是为 ])(?<!订单)62\d{2}(?:[ -]?\d){12,15}(?!\d)")
"""A UnionPay card; no order's number begins so."""

HANDLE = re.compile(
    r"(?<![a-z\d])(?:微信|威信|薇信|v信|加v|加微|wechat|weixin|vx|wx|扣扣|企鹅|qq|旺旺|抖音|支付宝)[账帐我的加搜号码是为叫写:, ]{0,8}"
    r"(?P<id>(?<=[号:是加])[a-z][a-z\d_-]{5,19}|(?=[a-z]*[\d_-])[a-z][a-z\d_-]{5,19}|(?:(?<=[号码:是加])|(?<=qq)|(?<=qq )|(?<=扣扣))\d{5,11})"
    r"(?![a-z\d_@-])(?!元|块|万|\.\d)"
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+", re.ASCII)

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱江尹薛闫阎段雷侯龙史黎贺顾毛郝龚邵万覃武钱戴严莫孔向常汤"
    "葛赖洪施温庞樊兰殷颜倪易章牛鲁柳俞邢梅辛管左祝霍裴庄柯阮欧申翟詹米喻"
)
TWO_SURNAMES = "欧阳|司马|上官|诸葛|尉迟|司徒|皇甫|慕容|令狐|夏侯|公孙|端木|长孙|宇文|独孤|南宫|轩辕"
CALLED = r"我叫|我姓.{1,2}?叫|(?:我的)?名字[是叫]|收件人|收货人|签收人|寄件人|联系人|持卡人|姓名|户名"
KIN = r"(?:我?(?:妈|爸|老公|老婆|朋友|对象|女儿|儿子|同事|姐姐?|哥哥?|弟弟?|妹妹?))?"
NAME = re.compile(
    rf"(?:{CALLED})(?:是|为|叫|改成|改为|换成|写|[:,\s]){{0,6}}{KIN}(?P<id>(?:{TWO_SURNAMES}|[{SURNAMES}])[\u4e00-\u9fff]{{1,2}}?)"
    r"(?=$|[\s,。.;:!?、\d\[]|的|电话|手机|地址|不|吧|了|吗)"
    rf"|(?:{CALLED})[是为叫:,\s]{{0,4}}(?P<far>[\u4e00-\u9fff]{{1,6}}(?:[·•][\u4e00-\u9fff]{{1,8}})+)"
    r"|(?:收件人|收货人|姓名)[:\s]?(?P<pasted>[\u4e00-\u9fff]{2,4})(?=[\s,;:]*(?:电话|手机|号码|联系方式|所在地区|详细地址|1[3-9]\d{9}))(?<!电话)(?<!手机)(?<![和跟与的、])"
)

HAN = r"[\u4e00-\u9fff]"
ESTATE = r"(?:[\u4e00-\u9fffa-z]{2,8}?(?:小区|花园|公寓|家园|社区|新村|大厦|广场|苑|城|府|园|里|村|路|街|道|巷))?"
FLAT = r"(?:\d{1,3}(?:号楼|单元|号)[ ,-]?(?:\d{2,5}(?:室|户|房|号)?)?|\d{2,5}(?:室|户|房|号))"
FURTHER = r"(?:[ ,-]?\d{1,5}(?:号楼|号院|号|栋|幢|座|弄|单元|室|户|楼|层|房|组))*(?:[ ,-]?\d{3,4}(?!\d))?"
HOME = re.compile(
    rf"{ESTATE}(?<!\d)\d{{1,4}}(?:号楼|号院|栋|幢|座|弄)[ ,-]?{FLAT}"
    rf"|(?:{HAN}{{2,4}}?市(?:{HAN}{{1,4}}?[区县])?|{HAN}{{1,4}}?[区县]){HAN}{{0,10}}?(?:路|大道|街|巷|弄|胡同|村|道)\d{{1,5}}(?:号|弄|组){FURTHER}"
)
"""An address that no province and no word before it announces: house and flat, or city or district with street and house."""
WRITTEN_ADDRESS = re.compile(r"(?:详细|收货|收件|寄件|家庭)地址:(?P<id>(?=[^,。;!?]{0,40}[省市区县镇乡村路街号栋室\d])[^,。;!?]{4,60})")

LABELLED: tuple[tuple[re.Pattern[str], str], ...] = (
    (TELEPHONE, HIDDEN["phone"]), (IDENTITY_CARD, HIDDEN["id_card"]), (CARD, "[银行卡号]"), (HANDLE, "[账号]"), (EMAIL, "[邮箱]"), (NAME, NAME_MASK),
    (WRITTEN_ADDRESS, HIDDEN["address"]),
)

Span = tuple[int, int, str]
"""From where to where in the original, and what stands there instead."""


def mask(text: str) -> str:
    """The text with every such detail replaced by its kind in brackets; all else unchanged."""
    compact = normalise(text).compact()
    spelled = ((*match.span(), HIDDEN["phone"]) for match in SPELLED_TELEPHONE.finditer(text))
    return _replace(text, [*_details(compact), *_labelled(compact), *spelled])


def _details(compact: Normalised) -> Iterator[Span]:
    """What the understanding of messages knows, too. Its other finders are not asked: none may claim a place before these."""
    found = without_overlaps([*identifiers(compact.text, ANY_TIME), *addresses(compact.text, ANY_TIME)])
    for one in place(found, compact):
        if one.entity in HIDDEN:
            yield one.start, one.end, HIDDEN[one.entity]


def _labelled(compact: Normalised) -> Iterator[Span]:
    text = compact.text
    for pattern, word in LABELLED:
        for match in pattern.finditer(text):
            name = next((name for name, value in match.groupdict().items() if value), 0)
            yield (*compact.span(*match.span(name)), word)
    for match in BARE_CARD.finditer(text):
        if _adds_up(match[0]):
            yield (*compact.span(*match.span()), "[银行卡号]")
    for match in HOME.finditer(text):
        lead = LEAD.match(match[0])
        yield (*compact.span(match.start() + (lead.end() if lead else 0), match.end()), HIDDEN["address"])


def _adds_up(card: str) -> bool:
    """Whether the last digit is the check of those before (ISO/IEC 7812, Luhn)."""
    digits = [int(digit) for digit in re.sub(r"\D", "", card)]
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _replace(text: str, spans: list[Span]) -> str:
    result, position = [], 0
    for start, end, word in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= position:
            result += [text[position:start], word]
        position = max(position, end)  # of two that overlap the second's end is hidden with the first
    return "".join([*result, text[position:]])
