"""One fact told in two ways (「说好两天发，到今天没发」「路上摔坏了，收到就是破的」): the more specific issue carries the money.

rules.md 2.0 names no sum for telling a thing twice; equal facts get equal money (section 5, 19), so the other
issue is not judged beside it. Only where the fact is certainly the same one and nothing owed is lost:
- A broken promise where the systems see a late dispatch is that lateness, told beside it or alone: rules.md 1.3 and
  2.1 say what late goods give, whatever was promised of the time. Unless another promise is known of: by the systems
  (`promised`) or because the customer tells of one (`promised_other`). Then both are judged, and nothing owed is lost.
  In time by the systems, the promise may have been a shorter one: then it is a claim of its own (承诺不一致取最短).
- A broken promise beside a price drop that the price table pays: keeping the promise is paying it.
- A defect beside a damage on the way: that damage, unless it was repaired before. Damage owes all that a defect does.
- Not as described beside the wrong item: that is why. The wrong item owes all that a wrong description does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.aftersales import price_protection
from bot.aftersales.case import Issue
from bot.aftersales.situation import Situation

TIME = re.compile(
    r"发货|发出(?!来)|寄出|出库|揽[件收]|[次当]日达|送达|送到|到货|派送|现货|预售"
    r"|(天|日|号|小时|晚|早|午|[周末一二三四五六]|前|内|马上|立刻|立即|一定|肯定|必|就|不|没|未|会)(能|会)?(给我)?([发寄送](?![现票错坏来])|到(?![账现今处底时]))"
)
"""When the goods are sent or come."""
ANOTHER = re.compile(
    r"(?<![配派])送(?!我家|[到达货来去过没不了,，。.！!？?\s]|$)|赠|礼[品物包盒]|返(?![修回])|红包|[补给领退]\S{0,3}券|会员|积分|保修|质保|延保|三包|碎屏险"
    r"|安装|上[门楼]|拆[旧走]|[价包]保|保价|差价|最低价|免[费息]|运费|包[邮换退装赔]|换新|打款|补[寄发贴给偿]|[假坏]一赔|定金|[买拍]\S{0,2}送|[晚漏]发就?[赔的]|超时\S?赔[一二两三四五六七八九十百\d券]|匿名|回电|答复|修好|颜色|到账"
)
"""What else shops promise."""
NOTHING_NAMED = re.compile(r"截图|记录|不?算[话数]|骗|反悔|变卦|耍[我人]|信用|言而无信|答应(我|好)?的(事|呢|$)|^.{0,3}(说好|答应|承诺|保证)(好|过)?的?(呢|事)?.{0,2}$")
"""Words that complain of a broken promise without saying of which."""


def about_time(text: str) -> bool:
    """Whether these words of a promise tell when the goods are sent or come, and name no other promise."""
    return TIME.search(text) is not None and ANOTHER.search(text) is None


def about_another(text: str) -> bool:
    """Whether these words of a promise are about something other than the time; False also where they say nothing of it."""
    return ANOTHER.search(text) is not None or not (TIME.search(text) or NOTHING_NAMED.search(text))


def _late_as_promised(s: Situation) -> bool:
    told = s.facts.promised
    return s.late and not s.facts.promised_other and (told is None or about_time(told))


def _price_as_promised(s: Situation) -> bool:
    about_price = s.facts.promised is None or price_protection.promised(s) is not None
    return about_price and price_protection.judge(s).state == "owed"


AGAIN: tuple[tuple[Issue, Issue, Callable[[Situation], bool]], ...] = (
    ("promise_broken", "price_drop", _price_as_promised),
    ("quality_defect", "damaged_in_transit", lambda s: not s.facts.repairs_done),
    ("not_as_described", "wrong_item", lambda s: True),
)
"""Issue told again, the more specific one, whether both are the same fact."""


def told_once(s: Situation) -> frozenset[Issue]:
    """The issues by what they are about: without those that only tell another one's fact again, and with a promise
    that was about a time the shop missed told as the lateness it is."""
    again: set[Issue] = {issue for issue, told, same in AGAIN if s.issues >= {issue, told} and same(s)}
    issues = s.issues - again
    if "promise_broken" in issues and _late_as_promised(s):
        return issues - {"promise_broken"} | {"late_delivery"}
    return issues
