"""A request taken back or denied is never the request: 不退了, 取消退款申请, 不是要退款.

A guard over the classifier, on clauses. It only moves probability: what is denied loses to what is left,
what is withdrawn becomes `withdraw_request`.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

WITHDRAW = "withdraw_request"
DENY = "deny"
REQUESTS = ("refund", "return_goods", "exchange", "repair", "resend", "cancel_order", "price_protection", "compensation", "complaint")

ACT = r"退货退款|仅退款|退款|退货|退钱|退|换货|换|返修|维修|修|补发|重发|价保|保价|赔偿|补偿|赔|投诉|举报"
APPLIED = r"申请|单子?|售后|服务单|流程|请求|投诉|订单"

TAKEN_BACK = re.compile(
    rf"(?:取消|撤销|撤回|撤消|撤了|关闭|关掉|终止|中止|停止|作废)(?:一下|掉|了|下|我的?|我刚|刚才|刚刚|之前|昨天|那个|这个|这次|的|提交|申请|刚提交)*(?:{ACT}|售后|服务单|申请)(?!.{{0,2}}(?:失败|不了|不成功))"
    rf"|(?:{ACT}|售后)(?:{APPLIED})?(?:我想|我要|帮我|麻烦|给我|能不能|可以|能|想|要|请)*(?:取消|撤销|撤回|撤了|关闭|关掉|作废)(?!.{{0,2}}(?:失败|不了))"
    rf"|(?:不|先不|别|甭|勿|不用|不要|不想|不需要|没必要|暂时不|决定不|就不|还是不|无需)(?:再|给我|帮我|用|想|要|申请|走|办|做)*(?:{ACT})(?:货|款|钱)?(?:了|啦|喽|咯|勒)(?!解)"
    r"|(?:恢复|还原|继续)(?:我的|这个|那个|原来|一下)*(?:订单|发货|原单)|订单(?:能|可以|帮我|给我)*恢复|我?(?:又|还是|现在)(?:想|要)?(?:留着|要了|不退)|(?:当|就当)我没(?:说|申请)|点错了(?:退|取消)|误(?:点|操作)(?:了)?(?:退|取消)"
    r"|(?:不|别|不用)(?:给我)?(?:取消)了(?!解)|不取消了"
)
ALL_BACK = re.compile(
    r"(?:全部?|都|统统|通通|一起|一块儿?|[两俩三几][个件单样]|所有的?[^,。]{0,4})(?:都|给我|帮我|也|一起|全)*退(?:了|掉|货|款|钱|回去?|给我|吧|$)"
)
"""「全部退了 都不要了」: everything is wished back, though 「退了」「不要了」 sound like a request given up."""
DENIED = re.compile(
    rf"(?:不是(?:想|要|说|让你|来|为了)*|没(?:有)?(?:想|要|说|打算|让你|申请)(?:过|要|想)*|并?(?:不|没)(?:想|要|打算|需要|考虑)(?:要)?|不(?:用|必))(?:给我)?(?P<what>{ACT})(?!不)"
)
QUESTIONED = re.compile(r"(?:怎么|为什么|为啥|咋|干嘛|凭什么|是不是|怎样|如何|什么时候)(?:就|会|都|还|又|给我)*(?:不|没)|不(?:能|给|让|可以|可|肯|予|支持|了款|了货)|[退换修赔]不了")
WISHED = re.compile(r"(?:赔|补偿|换|修)(?:我|给我|个|一?点|些|一下)|(?:给我|帮我|麻烦)(?:赔|补偿|换|修)")
"""Words that ask for a thing, as against those that tell of one."""
STATED = re.compile(r"(?:已经?|早就?|刚刚?|昨天|前天|上周)[^退]{0,6}退|退了.{0,4}(?:天|周|个月)|[不没别甭]")
"""A clause that tells of goods already sent back, or denies it."""
CLAUSE = re.compile(r"[,。.!?;、~\s]+")

ACT_INTENTS = {
    "退货退款": ("return_goods", "refund"), "仅退款": ("refund",), "退款": ("refund",), "退货": ("return_goods",), "退钱": ("refund",),
    "退": ("refund", "return_goods"), "换货": ("exchange",), "换": ("exchange",), "返修": ("repair",), "维修": ("repair",), "修": ("repair",),
    "补发": ("resend",), "重发": ("resend",), "价保": ("price_protection",), "保价": ("price_protection",), "赔偿": ("compensation",),
    "补偿": ("compensation",), "赔": ("compensation",), "投诉": ("complaint",), "举报": ("complaint",),
}


def withdrawn(text: str) -> bool:
    """True where a clause takes an earlier request back and no later clause asks anew (不退了,换个大的)."""
    clauses = [clause for clause in CLAUSE.split(text) if clause]
    verdicts = [bool(TAKEN_BACK.search(clause)) and not QUESTIONED.search(clause) for clause in clauses]
    return any(verdicts)


def denied(text: str) -> frozenset[str]:
    """The intents that the text says it does not mean (不是要退款 → refund)."""
    found: set[str] = set()
    for clause in CLAUSE.split(text):
        for match in DENIED.finditer(clause):
            if not QUESTIONED.search(clause):
                found.update(ACT_INTENTS[match["what"]])
    return frozenset(found)


def asks_all_back(text: str) -> bool:
    """True where a clause wishes everything back (都退了吧); no statement that it was sent back, no question about it."""
    return any(ALL_BACK.search(clause) and not STATED.search(clause) and not QUESTIONED.search(clause) for clause in CLAUSE.split(text))


def guarded(text: str, names: tuple[str, ...], probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The intents' probabilities after the guard; they still add up to one."""
    taken_back = withdrawn(text)
    lost = denied(text) if not taken_back else frozenset()
    if not taken_back and not lost:
        return _asked_back(names, probabilities) if asks_all_back(text) else probabilities
    result = probabilities.copy()
    kept = _asked_anew(text) if taken_back else frozenset()
    asked_instead = _asked_beside(text, names, probabilities) if taken_back else None
    for i, name in enumerate(names):
        if (taken_back and name in REQUESTS and name not in kept) or name in lost:
            moved = result[i] * MOVED
            result[i] -= moved
            instead = (asked_instead or WITHDRAW) if taken_back else DENY  # 「不是要退款」 alone is a no
            if instead in names:
                result[names.index(instead)] += moved
    total = float(result.sum())
    return result / total if total > 0 else probabilities


def _asked_back(names: tuple[str, ...], probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The probabilities where everything is wished back: what was read as a withdrawal is a return."""
    result = probabilities.copy()
    moved = result[names.index(WITHDRAW)] * MOVED
    result[names.index(WITHDRAW)] -= moved
    result[names.index("return_goods")] += moved
    return result


MOVED = 0.97
"""The share of a withdrawn or denied request's probability that it loses."""


def _asked_beside(text: str, names: tuple[str, ...], probabilities: npt.NDArray[np.float64]) -> str | None:
    """The likeliest wish that the very clause of a withdrawal puts in the place of what it gives up: 「赔我点吧不退了」 keeps the goods
    and wants money. None where there is none."""
    wished: set[str] = set()
    for clause in CLAUSE.split(text):
        found = TAKEN_BACK.search(clause)
        before = clause[: found.start()] if found else ""
        given_up = {intent for act, intents in ACT_INTENTS.items() if found and act in found[0] for intent in intents}
        wished |= {intent for act, intents in ACT_INTENTS.items() if WISHED.search(before) and act in before for intent in intents} - given_up
    return max(wished, key=lambda name: float(probabilities[names.index(name)]), default=None)


def _asked_anew(text: str) -> frozenset[str]:
    """What other clauses of the same message still ask for: 不退了,帮我换个大一码."""
    rest = "".join(clause for clause in CLAUSE.split(text) if clause and not TAKEN_BACK.search(clause))
    asked = {intent for act, intents in ACT_INTENTS.items() if len(act) > 1 or act in "换修赔" if act in rest for intent in intents}
    return frozenset(asked - denied(rest))
