"""What the customer wants and what is wrong, as far as a message says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.aftersales.case import Wish
from bot.aftersales.promise import about_another, about_time
from bot.cases import ground
from bot.cases.claim import claimed_facts
from bot.cases.turn import Turn

WISHES: frozenset[str] = frozenset(Wish.__args__)  # type: ignore[attr-defined]

NATURAL_WISH = {
    "price_drop": "price_protection",
    "missing_item": "resend",
    "wrong_item": "exchange",
    "late_delivery": "cancel_order",
    "not_received": "refund",
    "billing_error": "refund",
    "damaged_in_transit": "refund",
    "safety": "refund",
}
"""What most people want when they only say what is wrong; the menu shows the other ways too."""


SAID_SO = {"resend": re.compile(r"补|重新?[发寄]|再[发寄]|[发寄]给我|[发寄]一(个|份|件|次)")}
"""Wishes that a bare statement of the problem sounds like: 「少发了一只」 is no wish for another parcel yet."""

MADE_ANEW = re.compile(r"(?<![不别])(?<!不用)(?<!不要)(?:重新?|另|再)(?:给我|帮我)?(?:做(?!个?方案|处理)|刻|印|绣|织|打(?!折|个?[一两几]?[次个遍]?(?:电话|折)|包|印|开|款|钱)|烧|定做)(?!不|没)")
"""「重做一条」: a new piece for the faulty one, though the model hears another parcel in it."""


SWAPPED = re.compile(r"退.{0,6}?(?<!我)(?:再|重新|另外?)(?:给我|帮我)?[发寄补](?:给我|过来)?.{0,2}(?:新的|好的|一[个支件双条只瓶盒份])")
"""「退了再寄一支新的」: one piece for the other, though the model hears only the second parcel."""


VERBS = {"refund": "退", "return_goods": "退", "exchange": "换", "repair": "修", "resend": r"补(?!偿|差|贴|钱|点|我?(?:\d|[一二两三四五六七八九十百]+[块元]))", "cancel_order": "取消", "price_protection": "(?:[补退]?差价|价保|保价)"}
REFUSED = (
    r"(?:(?<![要能可换退修补还么啥咋再敢直迟])(?<!凭什)(?<!你们)(?<!商家)(?<!客服)(?<!说)(?<!天了)(?<!现在)不(?!给我)(?:(?:想|要|用|需要|打算)再?(?:给我)?|再)?|别再?(?:给我)?)"
)
"""What makes a verb no wish of the customer's; 「不给我换」 and 「怎么还不退」 tell what the shop does not do."""
NEVER_ASKED = r"(?:没有?|谁)(?:说过?|让|叫|要)?(?:你们?|我)?要?(?:给我)?|(?:怎么|为什么|凭什么)(?:就|又|会)?(?:把我|给我)"
"""「谁让你们取消的」."""

TAKEN_BACK = re.compile(r"取消|撤|关闭|关了|误点|点错")
"""What takes a request back in so many words."""

SHORT_OF = re.compile(r"差了?[一两二三四五六七八九几\d]+(?:只|件|包|瓶|双|盒|条|本|袋|支|罐)")
"""「差两包」 is a piece missing, no difference in price."""

OTHER_SIZE = re.compile(r"[换要].{0,4}[大小].{0,2}[码号]|[大小][一两半]?个?[码号]|穿不[进上下]|塞不进脚|码.{0,3}[偏太][大小]|偏[大小]")
"""「穿不进去」 「换大一码」: does not fit, where the model hears nothing wrong."""

LESS = re.compile(r"便宜(?:一)?[点些](?!了)|少[收算](?:一)?[点些]")
FELL = re.compile(r"降|跌|价|贵|[刚才]|现在|活动|直播|昨|前|别人|人家")
"""「给我便宜点」 asks for less, though the model hears a fallen price in it: that it fell is said by other words."""


FINE = r"没有?(?:什么|啥|任何)?(?:坏|毛病|问题|瑕疵|事|碎|破)"
"""「没问题」 says of nothing that it is not there."""
TOO_MANY = re.compile(r"多(?:发|给|寄|送|收|拿|装)(?:到|了|出|来)")
"""「多发了一件」: one too many is none missing."""
CHIPPED = re.compile(r"(?:少|缺|掉|崩)(?:了|掉)?(?:一|两|几|好|个|小|大|很)*[块点片条]?(?:釉|瓷(?!器|砖|碗|盘|杯|勺)|角|边(?!框)|漆)|缺(?:了|个|一)*口|豁(?:了|个|一)*口")
"""「少了一块釉」 「缺个角」: a piece of the goods broke off, no piece is missing."""

FAULT = re.compile(
    r"(?<!服务)(?<!态度)(?<!物流)(?<!快递)(?<!客服)(?<!太)(?<![急气烦累等笑慢忙渴困饿冻吓闷没不要])(?:蔫|枯|烂|坏|碎|破|裂|(?<![还也又])漏(?!了?[一两二三四五\d发])|死)(?=[了的掉完透]|$|[，,。！!\s])"
)
PACKING = re.compile(r"(?:箱|盒|袋|包装)子?[^，,。！!？?\s]{0,3}(?:烂|坏|破|裂)")
"""The parcel itself, which is no fault of the goods."""
IMAGINED = re.compile(r"再不|再晚|再拖|等到|万一|会不会|别|怕|担心|要是|如果|可能|快要|容易")
"""「再不发花都死了」 tells of no fault yet."""


def believed(issues: Iterable[str], text: str) -> tuple[str, ...]:
    """The issues the model read, without those that no word of the message supports where words are needed, and with
    a fault that is plainly told where only the parcel's lateness was heard: 「昨天送到就是蔫的」."""
    read = tuple(issues)
    needed = ground.OF_CONSEQUENCE | (ground.READ_INTO_OTHERS if len(read) > 1 else frozenset())
    told = re.sub(FINE, "", text)
    kept = [issue for issue in read if issue not in needed or ground.hinted(issue, told if issue == "missing_item" else text)]
    if "missing_item" in kept and TOO_MANY.search(text) and not re.search(r"少|缺|漏|没", text):
        kept.remove("missing_item")
    if "missing_item" in kept and CHIPPED.search(text) and not ground.said("missing_item", CHIPPED.sub("", text)):
        kept = list(dict.fromkeys("damaged_in_transit" if issue == "missing_item" else issue for issue in kept))
    if "late_delivery" in kept and not {"quality_defect", "damaged_in_transit"} & set(kept) and FAULT.search(PACKING.sub("", text)) and not IMAGINED.search(text):
        kept.append("quality_defect")
    return tuple(kept)


FAULTLESS = r"没有?(?:什么|啥|任何)?(?:坏|毛病|问题|瑕疵)|质量(?:挺|很)?好|用不[上着到]|[没未]有?(?:拆封?|开封|穿过?|戴过|用过|动过)|[七7]天|无理由|不(?:想|需)?要|不(?:太|大|是很)?(?:喜欢|合适|合身|好看|好吃)|后悔|多余|有点|[太点大小]|[买拍]错|(?:已经)?[拆打]开"
"""What says that nothing is wrong with the goods."""
ONLY_ASKS = re.compile(
    rf"(?:{FAULTLESS}|您?你?好|衣服|东西|商品|宝贝|订单|这[个件单双条]|那[个件单双条]|我|你们?|帮|给|请|麻烦|把|一|下|个|件|要|想|得|需要|申请|支持|退|换|货|款|钱|回|掉|取消|了|吧|啊|呀|哈|哦|呢|吗|么"
    r"|的|子|也|就|都|可以|能|行不行|能不能|可不可以|怎么|先|还|是|直接|算|亲|谢谢|呗|嘛|行|买|\W)*"
)
NO_REASON = re.compile(r"无理由|没有?(?:什么|啥|任何)?(?:坏|毛病)|没(?:什么|啥)?问题.{0,4}(?:退|不要)|用不[上着到]|不需要|就是(?:单纯)?(?:不(?:想)?要|想退|不喜欢)")
"""「没坏 就是不要了」 「七天无理由」: sent back for no fault."""


def only_asks(text: str) -> bool:
    """Whether a message, its goods' names taken out, says nothing but what shall be done: 「(牛仔裤)退了」."""
    return ONLY_ASKS.fullmatch(text) is not None


def meant(intent: str, text: str) -> str | None:
    """The wish of the words: what the model heard, unless they refuse just that and ask for one other thing (「直接退 不换」).

    None where they refuse it and ask for nothing else, or for several things.
    """
    verb = VERBS.get(intent)
    refused = f"(?:{REFUSED}|{NEVER_ASKED})" if intent == "cancel_order" else REFUSED
    if verb is None or not re.search(verb, text) or re.search(verb, re.sub(refused + verb, "", text)):
        return intent
    others = {other: wish for wish, other in reversed(VERBS.items()) if other != verb and re.search(other, re.sub(REFUSED + other, "", text))}
    return next(iter(others.values())) if len(others) == 1 else None


DONE = r"不|好|过|完|到|回|掉了|什么"
"""What behind a verb tells of something and asks for nothing: 「退回去的」 「修好了」 「退不退都行」."""


def instead(text: str) -> str | None:
    """The one thing asked for in words that refuse another: 「不换了 退吧」; None where they ask for none or for several."""
    if TAKEN_BACK.search(text) or "退换" in text:
        return None
    refused = {verb for verb in VERBS.values() if re.search(REFUSED + verb, text)}
    asked = {
        verb: wish for wish, verb in reversed(VERBS.items())
        if verb not in refused and wish != "cancel_order" and re.search(f"(?<!自己)(?<!我去){verb}(?!{DONE})", text)
    }
    return next(iter(asked.values())) if refused and len(asked) == 1 else None


class Heard(msgspec.Struct, frozen=True):
    """A wish with its issues and claimed facts; `wish` None where only a problem was stated."""

    wish: str | None
    issues: tuple[str, ...]
    facts: dict[str, Any]


def hear(turn: Turn) -> Heard:
    """What this message adds, together with what was pending from earlier messages."""
    pending = turn.pending
    named = turn.intent in WISHES and (turn.choice is not None or turn.intent not in SAID_SO or bool(SAID_SO[turn.intent].search(turn.text)))
    told = meant(turn.intent, turn.text) if named and turn.choice is None else turn.intent
    wish = told if named and told is not None else pending.get("wish")
    if turn.choice is None and turn.intent not in WISHES - {"resend", "repair"} and MADE_ANEW.search(turn.text):
        wish = "exchange"
    if turn.choice is None and wish in {"resend", "refund", "return_goods"} and SWAPPED.search(turn.text):
        wish = "exchange"
    if turn.choice is None and wish == "price_protection" and LESS.search(turn.text) and not FELL.search(turn.text):
        wish = "compensation"
    issues = tuple(dict.fromkeys([*pending.get("issues", ()), *turn.issues]))
    if turn.choice is None and turn.intent == "price_protection" and SHORT_OF.search(turn.text):
        wish, issues = "resend", tuple(dict.fromkeys(["missing_item", *(issue for issue in issues if issue != "price_drop")]))
    facts = {**pending.get("facts", {}), **claimed_facts(turn.text)}
    if "promise_broken" in turn.issues:
        # 「说好两天内发的」 is 「还没发货」 in other words; 「说好送袜子」 stays what it is, also when goods came late besides.
        if about_time(turn.text):
            issues = tuple(dict.fromkeys([*issues, "late_delivery"]))
        elif about_another(turn.text):
            facts["promised_other"] = True
    if not issues and turn.choice is None and turn.intent in WISHES | {"report_problem", "inform"} and OTHER_SIZE.search(turn.text):
        issues = ("change_of_mind",)
    if "safety_kind" in facts and "safety" not in issues:
        issues = (*issues, "safety")
    if wish == "price_protection" and "price_drop" not in issues:
        issues = ("price_drop", *issues)
    return Heard(wish, issues, facts)


def natural_wish(issues: Iterable[str]) -> str:
    """The wish to assess under where the customer named none."""
    for issue in issues:
        if issue in NATURAL_WISH:
            return NATURAL_WISH[issue]
    return "return_goods"
