"""What the customer wants and what is wrong, as far as a message says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.aftersales.case import Wish
from bot.aftersales.promise import about_another, about_time
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


BORNE_OUT = {
    # 「四件套不要了 退」 sounded like pieces missing from the set.
    "missing_item": re.compile(
        r"少|缺|漏|没|木有|冇|只|全|齐|数|就|不(在|带|给|见|够|了)|差|空|丢|落|呢|票|[送来发寄收到换写实][来到了的着际成]"
        r"|[一二三四五六七八九十两\d](包|份|个|双|盒|袋|支|瓶|本|片|张|根)"
    ),
    "return_obstructed": re.compile(r"拒|驳回|不(让|给|肯|予|同意|通过|处理|受理)|没(通过|批)|改.{0,6}(原因|理由)|关(闭|了)|卡(着|住)|推(脱|诿)|失败|受阻|地址"),
    "billing_error": re.compile(r"扣|多(收|付)|重复|两次|二次|付(了|款)|金额|账|没(减|用上|生效)|未(减|生效)|优惠.{0,6}(没|未)|券.{0,6}(没|未)"),
    "privacy_leak": re.compile(r"泄|骗|冒充|骚扰|电话|短信|信息|隐私|验证码|转账|链接"),
    "pricing_fraud": re.compile(r"先(涨|提)|涨.{0,4}(再|后|又)|虚(标|假|高)|原价|划线|欺诈|欺骗|骗|套路|杀熟|坑|假"),
}
"""Issues of consequence whose reading by the model alone is not enough: the words must bear them out."""

BESIDE_ANOTHER = {
    # 「拍错尺码了」 is the customer's own mistake, no wrong parcel.
    "wrong_item": re.compile(r"(?<![拍买下选点填看])错|不是|别的|别人|另一|另外一|换成|混"),
    "safety": re.compile(
        r"过敏|红|痒|肿|疹|痘|刺|虫|异物|头发|霉|毛|变质|馊|臭|酸|过期|拉肚|吐|晕|中毒|漏电|触电|电[到了麻]|冒|起火|着火|烧|烫|炸|短路|伤|血|割|划|扎|医|不舒服|难受|疼|痛|味|安全|危险"
    ),
}
"""Issues that are often read into another one; beside one the words must bear them out."""

SAID_SO = {"resend": re.compile(r"补|重新?[发寄]|再[发寄]|[发寄]给我|[发寄]一(个|份|件|次)")}
"""Wishes that a bare statement of the problem sounds like: 「少发了一只」 is no wish for another parcel yet."""

MADE_ANEW = re.compile(r"(?<![不别])(?<!不用)(?<!不要)(?:重新?|另|再)(?:给我|帮我)?(?:做|刻|印|绣|织|打|烧|定做)(?!不|没)")
"""「重做一条」: a new piece for the faulty one, though the model hears another parcel in it."""


def believed(issues: Iterable[str], text: str) -> tuple[str, ...]:
    """The issues the model read, without those that no word of the message supports where words are needed."""
    read = tuple(issues)
    needed = {**BORNE_OUT, **(BESIDE_ANOTHER if len(read) > 1 else {})}
    return tuple(issue for issue in read if issue not in needed or needed[issue].search(text))


class Heard(msgspec.Struct, frozen=True):
    """A wish with its issues and claimed facts; `wish` None where only a problem was stated."""

    wish: str | None
    issues: tuple[str, ...]
    facts: dict[str, Any]


def hear(turn: Turn) -> Heard:
    """What this message adds, together with what was pending from earlier messages."""
    pending = turn.pending
    named = turn.intent in WISHES and (turn.choice is not None or turn.intent not in SAID_SO or bool(SAID_SO[turn.intent].search(turn.text)))
    wish = turn.intent if named else pending.get("wish")
    if turn.choice is None and turn.intent not in WISHES - {"resend", "repair"} and MADE_ANEW.search(turn.text):
        wish = "exchange"
    issues = tuple(dict.fromkeys([*pending.get("issues", ()), *turn.issues]))
    facts = {**pending.get("facts", {}), **claimed_facts(turn.text)}
    if "promise_broken" in turn.issues:
        # 「说好两天内发的」 is 「还没发货」 in other words; 「说好送袜子」 stays what it is, also when goods came late besides.
        if about_time(turn.text):
            issues = tuple(dict.fromkeys([*issues, "late_delivery"]))
        elif about_another(turn.text):
            facts["promised_other"] = True
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
