"""What is left for the customer to do: other remedies, return, exchange, the platform, 12315, a person.

A refusal or reduction always offers a person (rules.md 2.0(2)); the platform's intervention is told as
section 4 has it: when, until when, what it asks for — never 「过期作废」, never what it will decide.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.aftersales import change_of_mind, price_protection
from bot.aftersales import source as src
from bot.aftersales.assessment import Deadline
from bot.aftersales.period import SHANGHAI, end_of_day
from bot.aftersales.rule import Facts, Rule, rule
from bot.aftersales.situation import Situation

NAMES = {
    "refund": "退款（不用退货）", "refund_part": "部分退款", "return_refund": "退货退款", "exchange": "换货", "resend": "补发",
    "repair": "维修",
}


def falls_short(s: Situation) -> bool:
    """Whether the customer gets less than wished, or must wait for a person."""
    return s.found.state != "owed" or s.found.human is not None


def decided_against(s: Situation) -> bool:
    """Whether something was refused, reduced or left to a person — not merely evidence asked for."""
    return falls_short(s) and (s.found.state != "needs_evidence" or s.found.human is not None)


def after_sales_end(s: Situation) -> datetime | None:
    """End of the shop's after-sales period (商家售后服务有效期)."""
    return end_of_day(s.delivered_at, s.policy.platform.after_sales_days) if s.delivered_at else None


@rule("WA-01", when="有几种应得的办法", effect="列出其余办法", text="您也可以选：{others}。", source=f"{src.D1}第6条")
def others(s: Situation) -> Facts | None:
    owed = [due.remedy for due in s.found.remedies if due.kind == "owed" and due.remedy in NAMES]
    names = list(dict.fromkeys(NAMES[remedy] for remedy in owed[1:]))
    return {"others": "、".join(names)} if names else None


@rule(
    "WA-02", when="没有补差等应得的，订单还没发货", effect="提示可退款重拍", text="还没有发货，您可以随时申请全额退款，再按现价重新下单。",
    source=src.D3,
)
def order_again(s: Situation) -> Facts | None:
    if s.found.state == "owed" or not s.unshipped or s.over or "customised" in s.traits:
        return None
    return {"status": s.order.status}


@rule(
    "WA-03", when="没有应得的，还在七天无理由退货期内", effect="提示可退货", text="{end:time} 之前，商品完好的话可以申请七天无理由退货。", source=src.D2,
)
def return_it(s: Situation) -> Facts | None:
    if s.found.state == "owed" or s.return_end is None or not change_of_mind.can_return(s):
        return None
    return {"end": s.return_end}


@rule(
    "WA-04", when="价保期内现在没有差价", effect="提示再降可再申请", text="价保期到 {end:time}，之前再降价可以再申请。", source=src.P1,
)
def ask_again(s: Situation) -> Facts | None:
    asked = s.wish == "price_protection" or "price_drop" in s.issues
    if not asked or s.over or not (s.line.price_protection or "price_protection" in s.labels):
        return None
    until = price_protection.end(s)
    over = until is None or price_protection.is_over(s, until)
    return None if over or s.found.state == "owed" else {"end": until}


@rule(
    "WA-05", when="证据还没齐", effect="补上就继续办", text="补上材料就继续为您办理，不用重新申请。", source=f"{src.D1}第58条",
)
def bring_evidence(s: Situation) -> Facts | None:
    return {"needs": list(s.found.needs)} if s.found.needs else None


@rule(
    "WA-06", when="没说明是什么问题", effect="请说明", text="如果商品有问题（坏了、发错、少件、与描述不符等），请告诉我们，按问题处理。", source=f"{src.L1}第24条",
)
def say_what(s: Situation) -> Facts | None:
    unnamed = not s.issues - {"change_of_mind"} and s.found.state != "owed" and s.wish != "price_protection"
    return {"issues": sorted(s.issues)} if unnamed and s.delivered else None


@rule(
    "WA-07", when="没有完全满足诉求，已签收", effect="告知平台介入入口与期限",
    text="不认同的话，您可以在订单页申请平台介入，建议在售后服务有效期 {end:time} 前申请，之后也还可以申请；平台一般请双方在 {hours} 小时内提交凭证。",
    source=f"{src.D1}第3–8条",
)
def platform(s: Situation) -> Facts | None:
    end = after_sales_end(s)
    if not decided_against(s) or end is None or s.now >= end:
        return None
    return {"end": end, "hours": s.policy.platform.evidence_hours}


@rule(
    "WA-08", when="没有完全满足诉求，未签收或已过售后服务有效期", effect="告知平台介入入口",
    text="不认同的话，您可以在订单页申请平台介入；平台一般请双方在 {hours} 小时内提交凭证。", source=f"{src.D1}第3–8、10条",
)
def platform_any_time(s: Situation) -> Facts | None:
    end = after_sales_end(s)
    if not decided_against(s) or (end is not None and s.now < end):
        return None
    return {"hours": s.policy.platform.evidence_hours}


@rule(
    "WA-09", when="没有完全满足诉求", effect="告知 12315", text="您也可以向 12315 反映，市场监管部门会在七个工作日内处理并告知。",
    source=f"{src.L2}第46条；{src.L14}",
)
def regulator(s: Situation) -> Facts | None:
    return {"state": s.found.state} if decided_against(s) else None


@rule(
    "WA-10", when="没有完全满足诉求，客服在岗", effect="随时可转人工", text="随时回复「转人工」，同事会接着为您处理，也会说明这个结果是怎么来的。",
    source=f"{src.L8}第24条；{src.H1}",
)
def person(s: Situation) -> Facts | None:
    return {"staffed": True} if falls_short(s) and staffed(s) else None


@rule(
    "WA-11", when="没有完全满足诉求，客服不在岗", effect="可转人工并留工单",
    text="随时可以回复「转人工」：现在同事不在岗（{hours} 在岗），会为您留好工单，上班后先处理。", source=f"{src.D8}；{src.H1}",
)
def person_later(s: Situation) -> Facts | None:
    hours = s.policy.service
    if not falls_short(s) or staffed(s):
        return None
    return {"hours": f"{hours.staffed_from:%H:%M}–{hours.staffed_until:%H:%M}"}


def staffed(s: Situation) -> bool:
    """Whether people are on duty by the policy's hours at the time of the case."""
    local = s.now.astimezone(SHANGHAI).time()
    return s.policy.service.staffed_from <= local < s.policy.service.staffed_until


WAYS: tuple[Rule, ...] = (
    others, order_again, return_it, ask_again, bring_evidence, say_what, platform, platform_any_time, regulator,
    person, person_later,
)


def options(s: Situation) -> tuple[str, ...]:
    """The sentences of all ways that are open."""
    return tuple(reason.text for each in WAYS if (reason := each.fire(s)) is not None)


def deadlines(s: Situation) -> tuple[Deadline, ...]:
    """The platform's clocks where they run (rules.md section 4)."""
    found = []
    end = after_sales_end(s)
    if decided_against(s) and end is not None and s.now < end:
        found.append(Deadline("售后服务有效期（建议在此之前申请平台介入）", end))
    if s.facts.platform_ticket:
        found.append(Deadline("商家向平台提交凭证", s.now + timedelta(hours=s.policy.platform.evidence_hours)))
    return tuple(found)
