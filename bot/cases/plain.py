"""Whether words plainly ask for a thing to be done now. Money moves on those; on anything else it is shown first, and
moves on a button or a plain yes. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.cases import ground
from bot.cases.turn import Turn

ASKS = re.compile(
    r"[吗么嘛呢][?？~～。]*$|[吗么嘛](?=[\s，,]|亲|谢|急)|不[啊呀亲]?[?？~～。]*$|[能以修换退钱款包给行]没[?？]*$|[?？]\s*$|[能行好]不[能行好]|可不可以|会不会|是不是|有没有"
    r"|多少(?!是多少)|几[天日个时]|多久|多长|怎么|咋|谁|哪|什么|啥|要是|如果|万一|除非|与其|的话|还要"
    r"|[换修退](?:不了|不好|不成)|不(?:能|给|让)[换修退]|[换修退]个?[屁鬼锤毛头]|懒得|甭|莫|没空|没法|不乐意|不愿意?|太(?:慢|麻烦|少|久)|起来麻烦|还[换修退]$|[换修退]过|不想再"
    r"|多退|考虑|(?:就|只|光)(?:知道|会)|也行.*也行|掏钱|收费|就不|自己寄|就好了|还差"
)
"""「能修吗」 is no yes to the repair."""
BUT = re.compile(r"但|不过|就是(?:少|慢|太)|倒是|才怪|个[屁鬼头]|不(?:想|愿意?|用|要)?再?寄|先退|可不要|不同意|不干|打发|看不上|嫌|不认|再看看|再想|要是|太少|更好|运费|不行就|怕")
"""「可以是可以 就是少了点」 is no plain yes."""

UNSURE = re.compile(
    r"如果|要是|万一|假如|除非|的话|看情况|到时候|开玩笑|闹着玩|逗你|考虑|犹豫|纠结|商量|想一?想|再说|再看|看看再|没想好|后来想|早知道|本来想|原本想"
    r"|手滑|点错|误点|还是要的|我要的|不然|否则|(?<=[^，,。！!？?\s那])(?<!我)就(?:给我|帮我|直接)*(?:取消|退|不要|申请)|[不没](?:发|到|送)[^，,。！!？?\s退]{0,3}(?:退|取消)|[到发送]不了[^，,。！!？?\s]{0,3}(?:退|取消)|是[^，,。！!？?\s]{1,6}还是|[不没](?:发|到|送|来)[^，,。！!？?]{0,12}就[^，,。！!？?]{0,3}(?:退|取消|不要|不买|申请)|再[降跌][^，,。！!？?]{0,4}就|再拖"
    r"|先别|别急|先不|等等(?!我)|等一下|稍等|等会|听说|据说|再不[^，,。！!？?]{0,10}[就可]|算了(?!.*(?:退|取消|换|修|补|不要))"
)
"""Words that make all of a message a thought, a condition or a joke: 「要是明天还不发我就退款」."""

OTHERS = re.compile(
    r"老婆|老公|对象|[男女]朋友|[男女]友|媳妇|我[妈爸姐弟妹哥奶]|妈妈|爸爸|婆婆|朋友|同[事学]|室友|闺蜜|邻居|别人|人家|他们|大家|都是|客服|店员|主播"
)
"""Whoever else may have said or done it: 「我对象想取消」."""
TOLD = re.compile(r"被|已经|上次|上回|上个|之前|以前|昨天说|答应|过(?:了|一次)|白(?:[退换修补取])|[退换修补]了也|没用|只能|除了|按钮|入口|换来换去|退来退去|说(?:可以|能|要|让)?(?:我)?(?:选|退|换|修|补|取消)|怕|敢|不许|不准|不能|不会|显示|提示|通知|跟你|别[^，,。！!？?\s]{1,4}(?:取消|退)|没[^，,。！!？?\s]{0,2}(?:取消|退)")
"""What tells of a deed or of what somebody said: 「客服昨天说换一个」."""

MONEY_BACK = r"退|取消|撤|不(?:想)?要(?!再|拖|让|给我|弄|发)|不买(?!别)|拒收|赔"
VERBS = {"price_protection": r"差价|价保|保价|补|退|赔", "resend": r"补|重新?发|再发|[发寄]", "cancel_order": MONEY_BACK, "refund": MONEY_BACK, "return_goods": MONEY_BACK}
"""Wish → the words that ask for just that; others are asked for with any of ANY."""
ANY = rf"{MONEY_BACK}|补|差价|价保|保价|重新?发|再发|换|修"
REFUSED = re.compile(r"(?:不(?:想|用|需要|打算|是)?|别|没有?(?:说|要)|谁)(?:要|再|给我|想|让)*(?:[^，,。！!？?\s]{0,3}差价|(?:退|取消|撤|拒收|赔|补|差价|价保|保价|重新?发|再发|换|修)+)")
"""「不用补差价了」."""
BESIDE = re.compile(r"赠品|礼品|小样|盒|鞋带|鞋垫|贺卡|卡片|袋|枕套|备用|配件|预约|催单|送货|发票|说明书|吊牌|其中|里的|里面的|运费|邮费|券|红包|重复|一笔|多付|押金|定金")
"""「赠品不要了」 「运费退一下」: about something beside the goods."""
NOT_FALLEN = re.compile(r"没有?(?:降|跌|便宜)|再(?:降|跌|便宜)|下次|以后|别家|其他家")
CLAUSE = re.compile(r"[^，,。；;！!\s?？]+[?？]*")

KNOWN = re.compile(r"知道了|明白|收到|了解|懂了|看看|听见了|看到了")
DO_IT = re.compile(r"确[定认]|就这样|就这么|办|可以|同意|接受")

ANSWER = re.compile(r"[那这就是对我的要买了个件双只条本部台盒套单订号第一二三四五六七八九十吧啊呀哈哦嗯呢啦嘛和跟\d\W]|昨天|前天|今天|上周|刚才|刚刚|订单|东西|那边|价格|块|元")
LEFT_OVER = 1
"""Characters of an answer to 「哪一单」 beyond the goods' names and these fillers that still make it nothing but an answer."""


def unsure(text: str) -> bool:
    """Whether all that is said is a thought, a condition or a joke, or only that something was heard."""
    return UNSURE.search(text) is not None or (KNOWN.search(text) is not None and DO_IT.search(text) is None)


def says(text: str, wish: str | None = None) -> bool:
    """Whether some clause asks for the thing itself (that of `wish`, or any), in the customer's own name and not as a question."""
    if UNSURE.search(text):
        return False
    return any(asks_in(clause[0], VERBS.get(wish or "", ANY)) for clause in CLAUSE.finditer(text))


def asks_in(clause: str, verb: str) -> bool:
    return re.search(verb, REFUSED.sub("", clause)) is not None and own_statement(clause) and BESIDE.search(clause) is None


def own_statement(clause: str) -> bool:
    """Whether a clause is neither a question nor about what others said or did."""
    return not (ASKS.search(clause) or OTHERS.search(clause) or TOLD.search(clause))


def states(text: str, issues: Iterable[str]) -> bool:
    """Whether some clause states one of the issues as a fact, and nothing is refused: 「手机降价了」."""
    if UNSURE.search(text) or REFUSED.search(text) or NOT_FALLEN.search(text):
        return False
    clauses = [clause[0] for clause in CLAUSE.finditer(text)]
    return any(own_statement(clause) and any(ground.said(issue, clause) for issue in issues) for clause in clauses)


def points_at(text: str) -> bool:
    """Whether words that name a form of what is offered take it: 「换一个吧」, and not 「人家都是换新的」."""
    return not (ASKS.search(text.strip()) or BUT.search(text) or OTHERS.search(text) or TOLD.search(text) or unsure(text))


def only_names(text: str, names: tuple[str, ...]) -> bool:
    """Whether an answer to 「哪一单」 says nothing but which: what is left without the goods' names (titles, specs)."""
    known = set("".join(names))
    return len(ANSWER.sub("", "".join(sign for sign in text if sign not in known))) <= LEFT_OVER


def asked(turn: Turn, names: tuple[str, ...], wish: str | None = None, stated: Iterable[str] = ()) -> bool:
    """Whether this turn asks plainly for what is owed to be done now: in words, by a button, or by what we asked for
    (a picture, a count). `names`: title and spec of the goods the case is about; `wish`: what the case wishes; `stated`: issues whose bare statement asks."""
    first = str(turn.pending.get("text") or "") if turn.awaiting == "order" else ""
    if first and not (says(first, wish) or states(first, stated)):
        return says(turn.text, wish) and turn.choice is None
    if (turn.choice or "").startswith(("matter:", "next:")) and turn.text.strip():
        return says(turn.text, wish) or states(turn.text, stated)  # the button goes on with words from before
    if turn.choice is not None or not turn.text.strip() or turn.text.startswith("/"):
        return True
    if turn.awaiting in {"evidence", "detail", "problem"}:
        return not unsure(turn.text)
    return says(turn.text, wish) or states(turn.text, stated) or (bool(first) and not unsure(turn.text) and only_names(turn.text, names))


THANKS = re.compile(r"(?:谢谢|谢了|谢啦|多谢|感谢|麻烦(?:您|你)?了?|辛苦(?:您|你)?了?|拜托)(?:您|你|了|啦|哈|哦|亲|呀|啊)*")
YES = re.compile(r"(?:好|可以|行|是|嗯|恩|对|成|中|ok|OK|没问题|同意|确[定认]|就(?:这样|这么)(?:办)?|第[一二三四1-4]个?|那就|退|[\d]|的|吧|啊|呀|了|呢|哦|\W)+")


def thanked_yes(text: str) -> str | None:
    """The yes in 「好的 谢谢」; None where it is no such message."""
    rest = THANKS.sub(" ", text).strip()
    return rest if rest and rest != text.strip() and YES.fullmatch(rest) else None


BARE = re.compile(r"(?:那|就|行|好的?|可以|嗯|是的|对)*[，,\s]*(?:就|帮我|给我|我要|要)?(?:退|补|申请)(?:一下|给我|我|掉|了)*(?:吧|呗|啊|哈)?[。！!~\s]*")
"""「退」 「那就补吧」: asks for the one thing that is on the table."""
