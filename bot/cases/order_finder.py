"""Which of the customer's own order lines a message is about.

Only the customer's own lines come in, so nothing of anybody else can be found or shown. Pure: the
lines, the words and the time go in, the lines that fit best come out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

SHOP_ZONE = ZoneInfo("Asia/Shanghai")

RECENT = re.compile(r"最近|最新|刚刚?(买|下|拍|订)(?!了?.{0,2}天)|上一?单|最后(一|那)单|这一?单|这个订单|才买(?!了?.{0,2}天)")
DIGITS = re.compile(r"\d{4,24}")

SURE_PRODUCT = 2.0
"""A product score from here on names the product beyond doubt: a run of two characters that two lines share, or more."""

STOP = frozenset("的了我你他她是在有和就不人都一个上也很到说要去会着没看好自己这那么吗呢吧啊退货款换单买卖修补差价钱快递件色款大小新号天元块行装满音品电活段卡制拟居纺产食安发子员器盒宝套具戴束香界脑栽恤植红肤服")
"""Single characters that say nothing about a product."""

OTHER_WORDS = re.compile(
    r"如果|结果|效果|果然|果真|果断|成果|后果|水果[店摊商]|花[了钱费掉屏在]|[白刮磨划]花|花里胡哨|包[装裹邮括含]|包退包换|坏了?包[退换赔]|[红打面]包|表情包"
    r"|说明书|证书|书面|表[示面达现情]|代表|列表|外表|客服|服[务气]|舒服|不服|机[会器制]|随机|司机|时机|[死关开]机"
    r"|手机号|手机[上里]?(?:申请|操作|下单|拍|点不)|打我?的?手机|本来|根本|成本|基本|[上下打]架|[防进漏缩]水|水[货分平印]|[保塑气]\S膜|漏液|[盒箱袋瓶罐]子|拉链|链接|印刷|刷[卡单到]|专柜|[递提]柜|柜台|奶奶|花呗|天花|粉丝|三包|鼓包|胀包|[\d一两二三四五六七八九十几]包|衣服|套路|照片(?!书)|个月|手工[钱费]|叫花|(?<!智)能穿(?!戴)|智能(?:客服|机器人)|会员价"
)
"""Words that name no goods though they share characters with goods: 「如果我退货」 is about no fruit."""
COUNTED = re.compile(r"[\d一二两三四五六七八九十]+[只个条包枚枝片件盒袋瓶支双张朵]装?")
"""「坏了两只」 tells how many, also where the title says 「两只装」."""


KEEPS = re.compile(
    r"(?:(?!取消|(?<=取)消|坏了)[^，,。！!？?\s]){1,12}(?:(?<!为什么)(?<!怎么)(?<!凭什么)(?<!能)(?<!可以)(?<!们)(?<!家)(?<!客服)(?<!给)"
    r"(?:想?留着|留下|保留|(?:照常?|正常|继续)发货?|不取消|不退|别退|不[要用想]退|别取消|不[要用]取消|没(?:说|让)(?:过|要|你们?)*(?:退|取消)|[别不]动|除外|以外|还要(?=$|[的，,。！!\s])))(?!了?[吗？?]|不行|不可|等)"
    r"|(?:^|(?<=[，,。！!\s]))(?:不[要用想]?退(?!不)|别(?:退|动|取消)|留[着下]|保留|只留|除了(?!.*(?:也|还[有要想])))[^，,。！!？?\s]{1,12}"
)
"""「保温杯留着」."""

NAME = r"(?:收?到了|(?!坏了|取消|(?<=取)消)[^了，,。！!？?；;~\s]){1,10}?"
WELL = re.compile(
    rf"{NAME}(?:(?:倒|都|也|还|是)*没有?(?:什么|啥|任何|一点)?(?:坏|事|问题|毛病|破|碎|烂|漏|裂|瑕疵|影响)|一点(?:问题|毛病|事)都?没有?|(?:挺|蛮|很)(?:好(?![看用吃闻听玩穿几多])|喜欢|满意)|是好的|完好|ok|OK|正常(?![使用穿情操充发])|(?<![不太])满意|不是坏的"
    r"|(?:(?:倒|都|也|还|是)+好|好)(?=的?[呢哈啊呀哦]?(?:$|[，,。！!\s]))|好着|不错)(?:的|着|呢|哈|啊|呀|哦|无损)*(?![吗吧么？?])"
)
"""「奶粉挺好」 「精华没问题」."""
NOT_MEANT = re.compile(
    rf"[跟和与同]{NAME}(?:无关|没有?(?:什么|啥)?关系|不相干)"
    r"|(?<![的到发寄来了这那本是还])不是(?:说|要|想|让你们?)*(?:退|取消|换|修)?(?:(?!是)[^，,。！!？?\s]){1,10}(?<![吗么吧呢])(?:(?=[，,。！!\s]|[而就]?是)|(?<!的)(?=$))"
    rf"|除了?(?!.*(?:也|还[有要想])){NAME}(?=[，,\s]|都|全|其[他它余]|别的|剩下|以外|之外)(?:以外|之外)?"
    rf"|{NAME}(?:[不别](?:换|修)|不用(?:[退换修管动]|(?=$|[，,。！!\s]))|(?<![不想需])要(?=的?(?:$|[，,。！!\s])))"
)
"""「跟奶粉无关」 「不是取消口红 是…」 「除了马克杯都取消」 「口红我要 车厘子不要了」."""
LEFT_OUT = re.compile(f"{KEEPS.pattern}|{WELL.pattern}|{NOT_MEANT.pattern}")

CLAUSE = re.compile(r"[，,。；;！!？?~～\s]+|顺便|另外|还有|再就是|然后|同时|以及")
OTHERS = re.compile(r"其[他它余]|别的|剩下|[都全]部?(?:给我)?(?:退|取消|换|不要)")
SMALL = re.compile(r"(?:您?你?好|谢|多谢|辛苦|麻烦|放心|知道|收到|这个|那个|[了的哈啊呀哦呢吧嗯哎嘛亲是就对我你您们]|\W)*")
"""What says nothing behind 「保温杯没问题」."""
SAID_BY = re.compile(r"(?:(?<![我没])说|为什么|为啥|凭什么|凭啥|怎么)[^，,。；;！!？?\s]*$")
"""「商家说口红拆了不退」 keeps no lipstick."""


class OrderLineView(msgspec.Struct, frozen=True):
    """One line as a customer may see it; `unit_paid_fen` in fen, times with zone."""

    order_id: str
    line_id: str
    sku_id: str
    title: str
    spec: str
    category: str
    status: str
    quantity: int
    unit_paid_fen: int
    paid_at: datetime | None
    traits: tuple[str, ...] = ()


class Mention(msgspec.Struct, frozen=True):
    """What a message says about which order: its text, numbers and days the language room found."""

    text: str
    order_numbers: tuple[str, ...] = ()
    days: tuple[date, ...] = ()


def find(mention: Mention, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines that fit best, best first: one where the words are clear, several where they tie.

    Empty where the message names nothing. An order number that is none of the customer's finds
    nothing, whatever else the message says.
    """
    mention = msgspec.structs.replace(mention, text=spoken_of(mention.text, lines))
    numbers = mention.order_numbers or tuple(n for n in DIGITS.findall(mention.text) if len(n) >= 12)
    if numbers:
        return [line for line in lines if line.order_id in numbers]
    tail = re.search(r"尾号\D{0,2}(\d{3,8})", mention.text)
    if tail:
        return [line for line in lines if line.order_id.endswith(tail[1])]

    candidates = list(lines)
    scores = {(line.order_id, line.line_id): product_score(mention.text, line, lines) for line in candidates}
    named = False
    if mention.days:
        on_day = [line for line in candidates if line.paid_at and line.paid_at.astimezone(SHOP_ZONE).date() in mention.days]
        fits = any(scores[line.order_id, line.line_id] for line in on_day)
        # A product surely named outweighs a day: people count days wrongly, or mean the day it came.
        if on_day and (fits or max(scores.values()) < SURE_PRODUCT):
            candidates, named = on_day, True
    best = max((scores[line.order_id, line.line_id] for line in candidates), default=0.0)
    if best > 0:
        return [line for line in candidates if scores[line.order_id, line.line_id] >= best * 0.8]
    if RECENT.search(mention.text) and not named:
        # See by_recency: a guess, where the matter itself points elsewhere.
        newest = sorted((line for line in candidates if line.paid_at), key=lambda line: line.paid_at or datetime.min, reverse=True)
        return [line for line in newest if line.order_id == newest[0].order_id] if newest else []
    return candidates if named else []


def spoken_of(text: str, lines: Sequence[OrderLineView]) -> str:
    """The text without the goods it names only to leave them out: 「口红没坏 包坏了」 → 「包坏了」.

    Who speaks of nothing else means them all the same: 「手机挺好 就是太贵了 退了」.
    """
    kept, at = "", 0
    for found in LEFT_OUT.finditer(text):
        kept += text[at : found.start()]
        at = found.end()
        names_none = not named_by(found[0], lines)
        if names_none or SAID_BY.search(text[:at]) or (not named_by(kept, lines) and goes_on(text[at:], lines)):
            kept += found[0]
    return kept + text[at:]


def goes_on(rest: str, lines: Sequence[OrderLineView]) -> bool:
    """Whether the words behind say something before they name goods: it is of those named last (「书没问题，是我不感兴趣」)."""
    for clause in filter(None, CLAUSE.split(rest)):
        if LEFT_OUT.search(clause) or OTHERS.search(clause) or named_by(clause, lines):
            return False
        if not SMALL.fullmatch(clause):
            return True
    return False


def left_out(text: str, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines that the text names only to leave them out, or to keep them."""
    if spoken_of(text, lines) == text:
        return []
    still = named_by(spoken_of(text, lines), lines)
    return [line for found in LEFT_OUT.finditer(text) for line in named_by(found[0], lines) if line not in still]


def names_besides(text: str, named: Sequence[OrderLineView], line: OrderLineView, lines: Sequence[OrderLineView]) -> bool:
    """Whether the text names the line in words of its own, beside what it names the others with:
    「保温杯」 is no word for the other cup, 「马克杯和保温杯」 names both."""
    rest = text.lower()
    for other in named:
        for run in shared_runs(rest, f"{other.title} {other.spec} {other.category}".lower()):
            rest = rest.replace(run, " ")
    return product_score(rest, line, lines) > 0


def without_names(text: str, lines: Sequence[OrderLineView]) -> str:
    """The text without what it calls the lines by: 「牛仔裤退了」 → 「退了」."""
    rest = text.lower()
    for line in lines:
        for run in shared_runs(rest, f"{line.title} {line.spec} {line.category}".lower()):
            rest = rest.replace(run, " ")
    called = {end for line in lines for end in endings(line)} - STOP
    return "".join(character for character in rest if character not in called)


def named_by(text: str, lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """The lines whose product the text names best; several where they tie, none where it names none."""
    scores = [(product_score(text, line, lines), line) for line in lines]
    best = max((score for score, _ in scores), default=0.0)
    return [line for score, line in scores if score >= best * 0.8] if best > 0 else []


def by_recency(mention: Mention, lines: Sequence[OrderLineView]) -> bool:
    """Whether nothing but 「刚买」 points at a line: the weakest of all signs."""
    undated = Mention(RECENT.sub("", mention.text), mention.order_numbers, mention.days)
    return RECENT.search(mention.text) is not None and not find(undated, lines)


def by_day(mention: Mention, lines: Sequence[OrderLineView]) -> bool:
    """Whether nothing but a day points at a line: 「昨天说好送的」 means no order of yesterday."""
    return bool(mention.days) and not find(Mention(mention.text, mention.order_numbers), lines)


BOUGHT = re.compile(r"(?:我|之前|当时|昨天|上次)?(?:买的|拍的|下单的)(?:是|那个|那款)?\s*([^,，。！？\s]{2,16})")
"""What the customer says they have, as against what they compare it with: 「我买的512G，你们256G便宜」."""

COMPARED = re.compile(r"(?:你们|你家|现在|店里|直播间|人家)([^,，。！？\s]{2,14})")
"""What the shop sells now, as against what the customer has: 「512G的 你们256G便宜一千」."""


def product_score(text: str, line: OrderLineView, lines: Sequence[OrderLineView]) -> float:
    """How much of the line's title, spec and category the text names.

    Shared runs of two and more characters count with the square of their length; a single telling
    character (杯, 鞋) counts where the text uses it and the product's name ends a word with it.
    Runs that many of the customer's lines share tell less.
    """
    name = f"{line.title} {line.spec} {line.category}".lower()
    said = OTHER_WORDS.sub(" ", text.lower())
    bought, compared = BOUGHT.findall(said), COMPARED.findall(said)
    score = 0.0
    for run in shared_runs(said, name):
        carriers = sum(run in f"{other.title} {other.spec} {other.category}".lower() for other in lines)
        weight = 2.0 if any(run in phrase for phrase in bought) else 0.3 if any(run in phrase for phrase in compared) else 1.0
        score += weight * len(run) ** 2 / carriers
    if score == 0.0:
        for character in (set(said) & endings(line)) - STOP:
            score += 0.5 / sum(character in endings(other) for other in lines)
    return score


def endings(line: OrderLineView) -> set[str]:
    """The characters that say what kind of thing a line is: 杯 of 马克杯, 鞋 of 跑步鞋, 花 of 鲜花."""
    words = [*re.split(r"[\s/（）()]+", line.title), line.category.removesuffix("子")]
    return {word[-1] for word in words if word and not COUNTED.fullmatch(word) and "\u4e00" <= word[-1] <= "\u9fff"}


def shared_runs(text: str, name: str) -> list[str]:
    """The longest runs (two characters or more) that stand in both, left to right, not overlapping."""
    runs = []
    start = 0
    while start < len(text) - 1:
        end = start
        while end < len(text) and text[start : end + 1] in name and not text[end].isspace():
            end += 1
        run = text[start:end]
        if len(run) >= 2 and not COUNTED.fullmatch(run) and not all(character in STOP or character.isdigit() for character in run):
            runs.append(run)
            start = end
        else:
            start += 1
    return runs
