"""How many, and which of several: 三个, 十个烂了三个, 第二个, 最后一个."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.language import number
from bot.language.entity import Found

NUM = rf"\d{{1,4}}|[{number.CHINESE}]+|[俩仨]"
UNITS = r"个(?!月|小时|星期|礼拜|多月|工作日|人(?!不))|件|双|条|斤|份|包|袋|瓶|盒|箱|张|本|台|部|套|只|支|枝|颗|片|根|把|罐|桶|提|组|对|卷|盆|朵|枚|块(?=砖|肥皂|香皂|电池|手表|表|地垫|布)|单|件儿|公斤|kg"
QUANTITY = re.compile(rf"(?<![第\d.{number.CHINESE}])(?P<number>{NUM})(?:多)?(?P<unit>{UNITS})(?!装)(?P<rest>里面?|中|当中)?")
DOZEN = re.compile(rf"(?<![{number.CHINESE}])(?P<number>[一两二三四五\d])打(?=[,。!?的]|$|[\u4e00-\u9fff]*?(?:袜|毛巾|鸡蛋|内裤|啤酒|铅笔|本子))")
GUARANTEE = re.compile(r"三包(?=期|政策|服务|规定|法|凭证|卡|范围|内)")
ONE_AFTER = re.compile(r"(?:买|拍|少|坏|烂|碎|收到|缺|多拍|多买|少发|漏发?|多发|只有|只要|就要|退|另外|留|发|寄|补|换|剩)了?我?$")
ONE_BAD = re.compile(r"(?:是|都|已经)?(?:坏|烂|碎|破|裂|有问题)")
NOT_COUNTED = re.compile(r"(?:哪|那|这|每|某|任何|上|下|前|后|另|最后|最前|前面|后面|头|同)$")
AFFECTED = (
    r"坏|烂|碎|破|少|漏|缺|压|发霉|霉|死|裂|没|瘪|磕|变质|漏液|不能|不好|有问题|软|臭|空|错|不熟|生|蔫|干|黑|磨|划|脏|变形|掉"
)
AFFECTED_PAIR = re.compile(
    rf"(?<![第\d.{number.CHINESE}])(?P<total>{NUM})(?P<unit>{UNITS})(?:[\u4e00-\u9fff]{{0,3}}?)[,。\s]?(?:里面?|中|当中|有|就|竟然|就有|居然|结果|到手|收到|打开)*"
    rf"(?:(?P<verb>{AFFECTED})[了掉坏的]*(?P<affected>{NUM})(?:{UNITS})|(?:有)?(?P<affected2>{NUM})(?:{UNITS})(?:都|是|全|已经)*(?P<verb2>{AFFECTED}))"
)
ORDINAL = re.compile(r"第(?P<number>\d{1,2}|[一二两三四五六七八九十]{1,3})(?:个|种|项|条|款|件|单|步|套|方案)?(?!天|次|时间|二天|一时间|三方|[件份个]?半价|立?减|[件份个]?[0零]元)")
NAMED_CHOICE = re.compile(r"(?:方案|选项)(?P<after>[1-9]|[一二三四五六七八九]|[a-d](?![a-z]))|(?P<before>[1-9])号(?:方案|选项)")
LETTER_CHOICE = re.compile(r"(?:我?选择?|就选?|我?要|按|那就?|好的?|嗯|[,. ])*(?P<letter>[a-d])(?:吧|啊|哦|就行|可以|项|款|方案|好了|了|呗|[.。!,~、])*")
CHOICE_WORDS = {"最后一个": -1, "最后那个": -1, "最后一种": -1, "最后面那个": -1, "最下面那个": -1, "最下面的": -1, "倒数第一个": -1, "末尾那个": -1, "最后面的": -1, "倒数第二个": -2,
                "前面那个": 1, "上面那个": 1, "最前面那个": 1, "最上面那个": 1, "最上面的": 1, "头一个": 1, "前一个": 1, "前者": 1, "首个": 1, "前面的那个": 1, "上面的": 1, "最前面的": 1,
                "后面那个": -1, "下面那个": -1, "后一个": -1, "后者": -1, "后面的那个": -1, "下面的": -1, "中间那个": 2, "中间的": 2, "最后的那个": -1, "最下面一个": -1, "最上面一个": 1, "最下面这个": -1, "最上面这个": 1}
CHOICE = re.compile("|".join(sorted(CHOICE_WORDS, key=lambda word: -len(word))))
BARE_CHOICE = re.compile(r"(?:我?选择?|就|要|我要|按|那就?|方案|选项|好的?|嗯|[,. ])*(?P<number>[1-9]|[一二三四五六七八九]|[①②③④⑤])(?:吧|号|啊|哦|就行|可以|好了|了|呗|[.。!,~、])*")


def quantities(text: str, now: datetime) -> Iterator[Found]:
    """Numbers of pieces; in 「十个烂了三个」 the first has the role `total`, the second `affected`."""
    roles: dict[int, str] = {}
    for match in AFFECTED_PAIR.finditer(text):
        group = "affected" if match["affected"] else "affected2"
        total, affected = number.value(match["total"]), number.value(match[group])
        if total is not None and affected is not None and affected <= total:
            roles[match.start("total")] = "total"
            roles[match.start(group)] = "affected"
    for match in QUANTITY.finditer(text):
        worth = number.value(match["number"])
        before = text[: match.start()]
        if GUARANTEE.match(text, match.start()):
            continue
        if worth is None or worth != int(worth) or worth == 0 or NOT_COUNTED.search(before):
            continue
        role = roles.get(match.start("number"))
        if role is None and match["number"] == "一" and not _counts_one(match):
            continue
        end = match.end("unit")
        yield Found("quantity", int(worth), match.start(), end, role)
    for match in DOZEN.finditer(text):
        worth = number.value(match["number"])
        if worth:
            yield Found("quantity", int(worth) * 12, match.start(), match.end())


def _counts_one(match: re.Match[str]) -> bool:
    """Whether 一 is a number here (少发一袋) and no mere article (给我一个说法)."""
    before = match.string[: match.start()]
    if match["unit"].startswith("个"):
        return bool(re.search(r"(?:买了|拍了|少了|坏了|烂了|碎了|只有|只要|收到|少|缺)$", before)) and not re.match(r"[月说问交答解]", match.string[match.end() :])
    return bool(ONE_AFTER.search(before) or ONE_BAD.match(match.string, match.end("unit")))


def ordinals(text: str, now: datetime) -> Iterator[Found]:
    """Choices among what was shown: 1 is the first, -1 the last; a bare digit is a choice too."""
    for match in CHOICE.finditer(text):
        yield Found("ordinal", CHOICE_WORDS[match[0]], match.start(), match.end())
    for match in ORDINAL.finditer(text):
        worth = number.value(match["number"])
        if worth:
            yield Found("ordinal", int(worth), match.start(), match.end())
    for match in NAMED_CHOICE.finditer(text):
        chosen = match["after"] or match["before"]
        place = ord(chosen) - ord("a") + 1 if chosen in "abcd" else number.value(chosen)
        if place:
            yield Found("ordinal", int(place), match.start(), match.end())
    lettered = LETTER_CHOICE.fullmatch(text)
    if lettered:
        yield Found("ordinal", ord(lettered["letter"]) - ord("a") + 1, lettered.start("letter"), lettered.end("letter"))
    bare = BARE_CHOICE.fullmatch(text)
    if bare:
        worth = number.value(bare["number"])
        if worth:
            yield Found("ordinal", int(worth), bare.start("number"), bare.end("number"))
