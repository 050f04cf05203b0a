"""What the words of a promise are about: when the goods are sent or come, or something else (rules.md 2.1 promise_broken).

The words are the shop's (`facts.promised`) or the customer's who tells of it.
"""

from __future__ import annotations

import re

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
