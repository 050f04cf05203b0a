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


VERBS = {"refund": "退", "return_goods": "退", "exchange": "换", "repair": "修", "resend": "补(?!偿|差|贴|钱|点)", "cancel_order": "取消"}
REFUSED = (
    r"(?:(?<![要能可换退修补还么啥咋再敢直迟])(?<!凭什)(?<!你们)(?<!商家)(?<!客服)(?<!说)(?<!天了)(?<!现在)不(?!给我)(?:(?:想|要|用|需要|打算)再?(?:给我)?|再)?|别再?(?:给我)?)"
)
"""What makes a verb no wish of the customer's; 「不给我换」 and 「怎么还不退」 tell what the shop does not do."""
NEVER_ASKED = r"(?:没有?|谁)(?:说过?|让|叫|要)?(?:你们?|我)?要?(?:给我)?|(?:怎么|为什么|凭什么)(?:就|又|会)?(?:把我|给我)"
"""「谁让你们取消的」."""

SHORT_OF = re.compile(r"差了?[一两二三四五六七八九几\d]+(?:只|件|包|瓶|双|盒|条|本|袋|支|罐)")
"""「差两包」 is a piece missing, no difference in price."""

OTHER_SIZE = re.compile(r"[换要].{0,4}[大小].{0,2}[码号]|[大小][一两半]?个?[码号]|穿不[进上下]|塞不进脚|码.{0,3}[偏太][大小]|偏[大小]")
"""「穿不进去」 「换大一码」: does not fit, where the model hears nothing wrong."""

LESS = re.compile(r"便宜(?:一)?[点些](?!了)|少[收算](?:一)?[点些]")
FELL = re.compile(r"降|跌|价|贵|[刚才]|现在|活动|直播|昨|前|别人|人家")
"""「给我便宜点」 asks for less, though the model hears a fallen price in it: that it fell is said by other words."""


def believed(issues: Iterable[str], text: str) -> tuple[str, ...]:
    """The issues the model read, without those that no word of the message supports where words are needed."""
    read = tuple(issues)
    needed = ground.OF_CONSEQUENCE | (ground.READ_INTO_OTHERS if len(read) > 1 else frozenset())
    return tuple(issue for issue in read if issue not in needed or ground.hinted(issue, text))


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
