"""人身与食品安全:allergy, foreign matter, spoiled food, electricity, injury (rules.md 2.1 safety, 1.2).

Always a person, first of all reasons. No diagnosis, no advice on medicine, no word on three- or tenfold
damages: what is said is to stop using it, and what is owed already.

Choices where rules.md leaves room:
- The tiers of evidence go by what was paid for the line.
- Food is refunded without return (不适宜退货); other goods go back at the shop's cost.
- Fresh food that spoiled follows the shares of the fresh table where the share is known.
- 100–500 yuan: more than 20 % used does not reach the tier; a person decides. Unknown use counts as little.
"""

from __future__ import annotations

from datetime import datetime

from bot.aftersales import fresh
from bot.aftersales import source as src
from bot.aftersales.assessment import RemedyDue
from bot.aftersales.case import Evidence
from bot.aftersales.finding import Finding
from bot.aftersales.period import end_of_day
from bot.aftersales.remedy import ask, in_kind, money_back, nothing, owed_by_shop
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation


def _is_food(s: Situation) -> bool:
    return bool(s.traits & {"food", "opened_food", "fresh"})


def medical(s: Situation) -> tuple[RemedyDue, ...]:
    """Medical fees by their papers (诊疗费按票据): on top of everything, not in floor or cap."""
    if s.facts.medical_fen and s.has("medical_record", "invoice"):
        return (RemedyDue("medical", s.facts.medical_fen, False, "owed"),)
    return ()


def _with_medical(s: Situation, found: Finding) -> Finding:
    found.human = "safety"
    found.remedies += medical(s)
    if s.facts.medical_fen and not medical(s) and "medical_record" not in found.needs:
        found.needs += ("medical_record",)
    return found


def allergy_end(s: Situation) -> datetime | None:
    return end_of_day(s.delivered_at, s.policy.allergy.feedback_days) if s.delivered_at else None


def allergy_needs(s: Situation) -> tuple[Evidence, ...]:
    """What the tier asks for and is not there yet."""
    needs: list[Evidence] = []
    if not s.has("photo", "video"):
        needs.append("photo")
    if s.paid_fen >= s.policy.allergy.medical_from_fen and not s.has("medical_record"):
        needs.append("medical_record")
    return tuple(needs)


def _return(s: Situation) -> Finding:
    return _with_medical(s, owed_by_shop(s, money_back(s)))


def _refund(s: Situation) -> Finding:
    if _is_food(s):
        return _with_medical(s, owed_by_shop(s, RemedyDue("refund", s.value_fen, False, "owed")))
    return _with_medical(s, owed_by_shop(s, money_back(s), in_kind("exchange")))


def _fresh(s: Situation) -> Finding:
    return _with_medical(s, fresh.judge(s))


@rule(
    "SF-01", when="安全问题（过敏、异物、变质、漏电、受伤）", effect="先提示停用，人工最优先",
    text="请先停止使用，保留好商品和包装；身体不舒服请及时就医。我们已把您的情况转给专人优先处理。", source=f"{src.D10}；{src.L7}第148条；{src.H1}",
)
def stop_using(s: Situation) -> Facts | None:
    return {"safety_kind": s.facts.safety_kind}


@rule(
    "SF-02", when="过敏，签收超过 60 天才反馈", effect="由人工判断",
    text="过敏问题一般在签收后 {days} 天内反馈，现在已经过了，由专人看过后答复您。", source=src.D10,
    then=lambda s: _with_medical(s, nothing()),
)
def allergy_too_late(s: Situation) -> Facts | None:
    if s.facts.safety_kind != "allergy" or s.within_days(s.policy.allergy.feedback_days):
        return None
    return {"days": s.policy.allergy.feedback_days, "end": allergy_end(s)}


@rule(
    "SF-03", when="过敏，证据未达该金额的档次", effect="请补该档的最少证据：100 元以下患处和商品图；100–500 元再看余量；500 元以上再加公立医院凭证",
    text="为了尽快办好，请补充{wanted}；患处在隐私部位的可以不拍。", source=src.D10,
    then=lambda s: _with_medical(s, ask(*allergy_needs(s))),
)
def allergy_evidence(s: Situation) -> Facts | None:
    needs = allergy_needs(s)
    if s.facts.safety_kind != "allergy" or not needs:
        return None
    names = {"photo": "患处和商品的照片", "medical_record": "一级及以上公立医院的就诊凭证"}
    return {"wanted": "、".join(names[need] for need in needs), "needs": list(needs), "paid": s.paid_fen}


@rule(
    "SF-04", when="过敏，实付 100–500 元的消耗品余量不到 80%", effect="举证未达档，由人工判断",
    text="这件商品已经用掉的部分较多，退款办法由专人看过后答复您。", source=src.D10,
    then=lambda s: _with_medical(s, nothing()),
)
def allergy_used_up(s: Situation) -> Facts | None:
    limits, used = s.policy.allergy, s.facts.used_share
    middle = limits.photo_below_fen <= s.paid_fen < limits.medical_from_fen
    if s.facts.safety_kind != "allergy" or not middle or used is None or used <= limits.used_share_max:
        return None
    return {"used_share": used, "paid": s.paid_fen}


@rule(
    "SF-05", when="过敏，举证达档（拆封、用过都不影响）", effect="退货退款，运费商家，诊疗费按票据",
    text="您的材料已经齐了，退货退款 {fen:yuan}，运费由商家承担；诊疗费凭票据另外处理，拆封使用过不影响。", source=src.D10,
    then=_return,
)
def allergy(s: Situation) -> Facts | None:
    if s.facts.safety_kind != "allergy":
        return None
    return {"fen": s.value_fen, "paid": s.paid_fen, "used_share": s.facts.used_share}


@rule(
    "SF-06", when="其他安全问题，没有照片或视频", effect="请补一张照片，同时已转人工",
    text="方便的话请拍一张有问题地方的照片，专人会同时跟进，不影响为您处理。", source=f"{src.D11}；{src.D1}第58条",
    then=lambda s: _with_medical(s, ask("photo")),
)
def no_picture(s: Situation) -> Facts | None:
    return None if s.has("photo", "video") else {"evidence": sorted(s.evidence)}


@rule(
    "SF-07", when="生鲜变质，知道坏了多少", effect="按生鲜比例退；人工",
    text="变质的部分按比例退款，不用寄回。", source=src.D12, then=_fresh,
)
def spoiled_fresh(s: Situation) -> Facts | None:
    known = s.facts.affected_share is not None or s.facts.fresh_problem is not None
    if not fresh.is_fresh(s) or s.facts.safety_kind not in (None, "spoiled") or not known:
        return None
    return {"affected_share": s.facts.affected_share, "fresh_problem": s.facts.fresh_problem}


@rule(
    "SF-08", when="食品有异物、变质或过期（拆封、吃过都一样）", effect="全额退款，不用退回；人工",
    text="食品有这样的问题，拆开或吃过都可以退，退款 {fen:yuan}，不用寄回，请留好实物和包装。", source=f"{src.D11}；{src.D1}第17条",
    then=_refund,
)
def food(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "safety_kind": s.facts.safety_kind} if _is_food(s) else None


@rule(
    "SF-09", when="漏电、冒烟、伤人等其他安全问题", effect="退货退款或换货，运费商家；诊疗费按票据；人工",
    text="可以退货退款 {fen:yuan}，运费由商家承担；有诊疗费的凭票据另外处理。", source=f"{src.L1}第24条；{src.D1}第46条",
    then=_refund,
)
def other(s: Situation) -> Facts | None:
    return {"fen": s.value_fen, "safety_kind": s.facts.safety_kind}


TABLE = (
    stop_using, allergy_too_late, allergy_evidence, allergy_used_up, allergy, no_picture, spoiled_fresh, food, other,
)


def judge(s: Situation) -> Finding:
    """A safety issue: what is owed already, while a person takes over."""
    return decide(TABLE, s)
