"""转人工:the triggers of rules.md 2.3, H1–H9, and the quiet look at unusual claims.

HU-01 … HU-09 are the table's rows. Their sentence announces the person; the reason with the highest
priority is told to the desk. Not a trigger: questions, thanks, and what is agreed within the limit.

Choices where rules.md leaves room: safety goes before every other reason (一律人工且最高优先); being over
the limit or out of the rules comes last, because it says least about what the person is to do.
"""

from __future__ import annotations

from bot.aftersales import source as src
from bot.aftersales.assessment import HumanReason, Reason
from bot.aftersales.rule import Facts, Rule, rule
from bot.aftersales.situation import Situation

PRIORITY: tuple[HumanReason, ...] = (
    "safety", "asked", "privacy", "minor", "counterfeit", "legal_claim", "complaint", "platform", "repeated",
    "dispute", "over_limit", "unknown_rule",
)
SIGNALS = ("claims_90d", "rejected_claims_90d", "orders_90d", "empty_returns_90d", "shared_pictures")
"""What of the customer the quiet look is about, for the desk alone."""
SIDES = frozenset({"freight", "medical"})


def payable_fen(s: Situation) -> int:
    """The most this case can pay by what is owed: the floor and what comes on top of it."""
    return s.found.floor_fen + sum(
        due.fen for due in s.found.remedies if due.remedy in SIDES and due.kind == "owed"
    )


@rule(
    "HU-01", when="H1 明说要人工", effect="立即转，不劝留（asked）", text="好的，马上为您转人工，您说过的内容会一起交给同事。", source=src.H1,
)
def asked(s: Situation) -> Facts | None:
    return {"asked_human": True} if s.facts.asked_human else None


@rule(
    "HU-02", when="H2 人身、财产、信息安全", effect="立即转（safety、privacy）", text="这件事关系到您的安全，已转给专人优先处理。",
    source=src.H1,
)
def danger(s: Situation) -> Facts | None:
    return {"reason": s.found.human} if s.found.human in ("safety", "privacy") else None


@rule(
    "HU-03", when="H3 未成年人（老人、残障辅助需求同样由人工）", effect="转（minor）", text="涉及未成年人的订单由同事接着为您处理。", source=src.H1,
)
def minor_buyer(s: Situation) -> Facts | None:
    return {"minor": True} if s.facts.minor else None


@rule(
    "HU-04", when="H4 投诉、强烈不满", effect="转（complaint）", text="您的意见很重要，由同事接着为您处理并回复您。", source=src.H1,
)
def complaint(s: Situation) -> Facts | None:
    found = s.wish == "complaint" or s.found.human == "complaint"
    return {"wish": s.wish, "issues": sorted(s.issues)} if found else None


@rule(
    "HU-05", when="H5 假货、虚假宣传、价格欺诈、买A发B等有法律后果的", effect="转（counterfeit、legal_claim）",
    text="这类问题由专人处理，依法的权利由专人答复您。", source=f"{src.L1}第55条；{src.L7}第148条",
)
def legal(s: Situation) -> Facts | None:
    return {"reason": s.found.human} if s.found.human in ("counterfeit", "legal_claim") else None


@rule(
    "HU-06", when="H6 24 小时内第 3 次来访、商家已拒绝 2 次、修过 2 次", effect="转（repeated）", text="同一件事让您来回好几次了，由同事接着为您办完。",
    source=src.H1,
)
def repeated(s: Situation) -> Facts | None:
    visits, refusals = s.facts.visits_24h or 0, s.facts.merchant_refusals or 0
    if visits >= s.policy.service.visits_24h or refusals >= 2 or s.found.human == "repeated":
        return {"visits_24h": visits, "merchant_refusals": refusals, "repairs_done": s.facts.repairs_done}
    return None


@rule(
    "HU-07", when="H7 消费者不同意，或证据、说法不一", effect="转（dispute）", text="这里需要同事核实情况再答复您。",
    source=f"{src.L8}第24条；{src.D8}",
)
def dispute(s: Situation) -> Facts | None:
    if s.facts.customer_disagrees or s.found.human == "dispute":
        return {"customer_disagrees": s.facts.customer_disagrees}
    return None


@rule(
    "HU-07U", when="H7 规则没有写到", effect="转（unknown_rule）", text="这种情况由同事看过后答复您。", source=src.D8,
)
def unknown(s: Situation) -> Facts | None:
    return {"reason": "unknown_rule"} if s.found.human == "unknown_rule" else None


@rule(
    "HU-08", when="H8 应付金额超过机器人的授权额", effect="转（over_limit），应得的照列", text="应付 {fen:yuan}，需要同事确认后办理，应得的金额不变。",
    source=f"{src.SHOP_GUIDE}（授权额）",
)
def over_limit(s: Situation) -> Facts | None:
    fen = payable_fen(s)
    return {"fen": fen, "limit": s.policy.auto_limit_fen} if fen > s.policy.auto_limit_fen else None


@rule(
    "HU-10", when="H8 本月善意补偿的预算已用完，而这件事只有可协商的", effect="转（over_limit），不再自动给善意补偿；应得的从不因预算减少",
    text="补偿这部分由同事来定，您应得的不受影响。", source=f"{src.SHOP_GUIDE}（月预算）",
)
def budget_spent(s: Situation) -> Facts | None:
    budget = s.case.budget
    if budget is None or s.found.human != "over_limit":
        return None
    return {"month_fen": budget.month_fen, "goodwill_fen": budget.goodwill_fen}


@rule(
    "HU-09", when="H9 有平台或监管工单", effect="转（platform），24 小时内响应", text="您的平台工单我们已经看到，专人会在 {hours} 小时内回应。", source=src.D8,
)
def platform(s: Situation) -> Facts | None:
    return {"hours": s.policy.platform.regulator_hours} if s.facts.platform_ticket else None


@rule(
    "AB-01", when="近 90 天申请或被拒的申请很多、有空包裹退回的记录，或同一张图片在别的订单里用过", effect="善意部分不再协商，请人看一眼（dispute）；应得的一分不少，不作任何指责",
    text="这笔申请会由同事一起看一下，您应得的部分不受影响。", source=src.SHOP_GUIDE,
)
def unusual(s: Situation) -> Facts | None:
    who = s.case.customer
    if not s.suspicious:
        return None
    return {name: getattr(who, name) for name in SIGNALS}


TRIGGERS: tuple[Rule, ...] = (
    danger, asked, minor_buyer, legal, complaint, platform, repeated, dispute, over_limit, budget_spent, unknown,
)
REASON: dict[str, HumanReason] = {
    "HU-01": "asked", "HU-03": "minor", "HU-04": "complaint", "HU-06": "repeated", "HU-07": "dispute",
    "HU-07U": "unknown_rule", "HU-08": "over_limit", "HU-09": "platform", "HU-10": "over_limit",
}
"""Trigger → reason; HU-02 and HU-05 take the reason of the table that called them."""


def triggers(s: Situation) -> tuple[HumanReason | None, tuple[Reason, ...]]:
    """The reason with the highest priority (None: no person needed) and the sentences of all that fired."""
    fired = tuple(reason for each in TRIGGERS if (reason := each.fire(s)) is not None)
    names = {REASON.get(reason.rule, s.found.human) for reason in fired}
    return next((name for name in PRIORITY if name in names), None), fired
