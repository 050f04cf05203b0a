"""质量问题:defects of goods that are neither fresh nor flowers (rules.md 2.1 quality_defect, 2.2, 1.2).

Choices where rules.md leaves room:
- The 7 days of the law are counted like the return window (from 0:00 after delivery), the more
  favourable reading. Devices (trait electronics) have 15.
- After that exchange or repair is owed within the warranty of the kind of goods, else within 180 days
  (《消费者权益保护法》第23条); devices are repaired first, two repairs without success give the return.
- A flaw known as minor with the goods kept is a reduction: nothing fixed is owed, up to 30 % negotiable.
  Who wants to send the goods back keeps that right.
- 「坏了包退」 is the shop's own better promise: the return is owed through the after-sales period.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.aftersales import source as src
from bot.aftersales.assessment import Deadline, RemedyDue
from bot.aftersales.finding import Finding
from bot.aftersales.money import share_of
from bot.aftersales.period import end_of_day
from bot.aftersales.policy import warranty_days
from bot.aftersales.remedy import ask, goodwill, in_kind, minor, money_back, nothing, owed_by_shop, part
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation

KEEPS_GOODS = frozenset({"refund", "compensation"})


def warranty(s: Situation) -> int:
    """Days in which a defect is the shop's to mend, exchange or repair, after delivery."""
    return warranty_days(s.policy, s.name, s.line.unit_paid_fen) or s.policy.quality.general_days


def warranty_end(s: Situation) -> datetime | None:
    return end_of_day(s.delivered_at, warranty(s)) if s.delivered_at else None


def _return_days(s: Situation) -> int:
    quality = s.policy.quality
    return max(quality.return_days, quality.electronics_days) if "electronics" in s.traits else quality.return_days


def _dated(s: Situation, found: Finding) -> Finding:
    deadlines = list(found.deadlines)
    if s.delivered_at and s.within_days(_return_days(s)):
        deadlines.insert(0, Deadline("质量问题退换截止", end_of_day(s.delivered_at, _return_days(s))))
    until = warranty_end(s)
    if until and s.now < until:
        deadlines.append(Deadline("保修与换货截止", until))
    found.deadlines = tuple(deadlines)
    return found


def _return(s: Situation) -> Finding:
    return _dated(s, owed_by_shop(
        s, money_back(s), in_kind("exchange"), in_kind("repair"), negotiable=(part(s, s.policy.quality.minor_ratio),),
    ))


def _return_after_repairs(s: Situation) -> Finding:
    return _dated(s, owed_by_shop(s, money_back(s), in_kind("exchange"), human="repeated"))


def _mend(s: Situation) -> Finding:
    kinds = (in_kind("repair"),) if "electronics" in s.traits else (in_kind("exchange"), in_kind("repair"))
    if s.wish == "exchange" and "electronics" in s.traits:
        kinds = (*kinds, in_kind("exchange", "negotiable"))
    owed = tuple(due for due in kinds if due.kind == "owed")
    offered = tuple(due for due in kinds if due.kind == "negotiable")
    return _dated(s, owed_by_shop(s, *owed, negotiable=(*offered, part(s, s.policy.quality.minor_ratio))))


def _reduce(s: Situation) -> Finding:
    return _dated(s, minor(s, s.policy.quality.minor_ratio))


def _reduce_bulky(s: Situation) -> Finding:
    quality = s.policy.quality
    return _dated(s, minor(s, quality.bulky_minor_ratio, quality.bulky_minor_max_fen))


def _affected_part(s: Situation) -> Finding:
    fen = share_of(s.value_fen, s.facts.affected_share or 0.0)
    return _dated(s, owed_by_shop(
        s, RemedyDue("return_refund", fen, True, "owed"), in_kind("exchange"), in_kind("repair"),
    ))


def _paid_repair(s: Situation) -> Finding:
    return goodwill(s, in_kind("repair", "negotiable"))


@rule(
    "QD-01", when="已拆封、已激活、用过，或贴了「不支持七天」标签", effect="不是拒绝质量问题的理由",
    text="拆封、激活或「不支持七天无理由」的提示，都不影响您因质量问题退换修。", source=f"{src.L1}第24条；{src.D8}；{src.L9}第3条",
)
def never_a_reason(s: Situation) -> Facts | None:
    labels = sorted(label for label in s.labels if label.startswith("no_return7"))
    if labels or s.facts.sealed is False or s.facts.activated:
        return {"labels": labels, "sealed": s.facts.sealed, "activated": s.facts.activated}
    return None


@rule(
    "QD-12", when="大件有质量问题", effect="商家上门取件（商家包安装的上门拆取），怠于上门的直接退款",
    text="大件由商家在 {days} 天内上门取件，不用您自己寄；拆箱和安装都不影响退换。", source=f"{src.D15_BIG}第10条",
)
def bulky_pickup(s: Situation) -> Facts | None:
    return {"days": s.policy.quality.bulky_pickup_days} if "bulky" in s.traits and s.delivered else None


@rule(
    "QD-02", when="七天与三包期（没有三包的 180 天）都已过", effect="没有法定的退换修义务，可协商维修",
    text="签收已超过 {days} 天，质量问题的退换修期限到 {end:time} 为止；维修或其他办法可以和我们商量。",
    source=f"{src.L1}第23–24条；{src.D14}", then=_paid_repair,
)
def all_over(s: Situation) -> Facts | None:
    last = max(warranty(s), _return_days(s))
    if s.delivered_at is None or s.within_days(last):
        return None
    return {"days": last, "end": end_of_day(s.delivered_at, last)}


@rule(
    "QD-03", when="没有问题的照片或视频", effect="请补一张照片，不拒绝",
    text="请发一张问题部位的照片（再带一张整体图更好），收到后马上处理；不需要发票，也不需要您做检测。",
    source=f"{src.D1}第58–59条", then=lambda s: ask("photo"),
)
def no_picture(s: Situation) -> Facts | None:
    repaired = (s.facts.repairs_done or 0) >= s.policy.quality.repairs_before_return
    return None if s.has("photo", "video") or repaired else {"evidence": sorted(s.evidence)}


@rule(
    "QD-04", when="大件，瑕疵轻微、不影响使用，商品留用", effect="减价可协商，上限实付 15% 且不超过 1000 元",
    text="这个瑕疵不影响使用的话，可以留用并减价，减价在 {most:yuan} 以内商量；七天内您也可以选择退货。",
    source=src.D15_BIG, then=_reduce_bulky,
)
def minor_bulky(s: Situation) -> Facts | None:
    if not (s.facts.minor_defect and "bulky" in s.traits and s.wish in KEEPS_GOODS):
        return None
    quality = s.policy.quality
    return {"most": min(share_of(s.value_fen, quality.bulky_minor_ratio), quality.bulky_minor_max_fen)}


@rule(
    "QD-05", when="瑕疵轻微、不影响使用，商品留用", effect="减价可协商，上限实付 30%",
    text="这个瑕疵不影响使用的话，可以留用并减价，减价在 {most:yuan} 以内商量；七天内您也可以选择退货。",
    source=f"{src.D1}第16条", then=_reduce,
)
def minor_flaw(s: Situation) -> Facts | None:
    if not (s.facts.minor_defect and s.wish in KEEPS_GOODS):
        return None
    return {"most": share_of(s.value_fen, s.policy.quality.minor_ratio)}


@rule(
    "QD-06", when="三包期内修过两次仍坏", effect="退货退款或换货，运费商家；人工",
    text="已经修过 {repairs} 次还没修好，可以退货退款或换新，来回运费由商家承担，同事会接着为您办理。",
    source=f"{src.D14}；{src.L1}第24条", then=_return_after_repairs,
)
def repaired_twice(s: Situation) -> Facts | None:
    repairs = s.facts.repairs_done or 0
    return {"repairs": repairs} if repairs >= s.policy.quality.repairs_before_return else None


def _batch(s: Situation) -> bool:
    """Many customised pieces of one kind: each stands for itself while few have a fault."""
    return "customised" in s.traits and s.kept >= 10 and s.within_days(_return_days(s))


@rule(
    "QD-13", when="定制商品同款 10 件以上，有问题的占比是 0", effect="没有可退换修的，请说明一共多少、有问题的多少",
    text="按现在知道的数量，没有做坏的，所以没有要退换修的；如果有，请告诉我们有问题的是几件，马上重新办。", source=f"{src.D13}第6–13条",
    then=lambda s: nothing(),
)
def no_piece_affected(s: Situation) -> Facts | None:
    return {"affected_share": 0.0, "kept": s.kept} if _batch(s) and s.facts.affected_share == 0 else None


@rule(
    "QD-07", when="定制商品同款 10 件以上，有问题的不到三成", effect="有问题的部分退换修",
    text="有质量问题的部分（约 {share:percent}）可以退货退款或重做，运费由商家承担。", source=f"{src.D13}第6–13条",
    then=_affected_part,
)
def customised_part(s: Situation) -> Facts | None:
    share = s.facts.affected_share
    few = share is not None and share <= 0.3
    return {"share": share, "kept": s.kept} if _batch(s) and few else None


@rule(
    "QD-08", when="质量问题，签收后 7 天内", effect="退货退款、换货或维修由消费者选，运费商家",
    text="签收七天内的质量问题，您可以选退货退款（{fen:yuan}）、换货或维修，运费由商家承担。",
    source=f"{src.L1}第24条；{src.D1}第46条", then=_return,
)
def within_law(s: Situation) -> Facts | None:
    if not s.within_days(s.policy.quality.return_days):
        return None
    return {"fen": s.value_fen, "delivered_at": s.delivered_at}


@rule(
    "QD-09", when="数码电子商品的质量问题，签收后 15 天内", effect="退货退款或换货，运费商家",
    text="数码商品签收 {days} 天内的质量问题，您可以选退货退款（{fen:yuan}）、换货或维修，运费由商家承担。",
    source=src.D14, then=_return,
)
def electronics(s: Situation) -> Facts | None:
    if "electronics" not in s.traits or not s.within_days(_return_days(s)):
        return None
    return {"days": _return_days(s), "fen": s.value_fen}


@rule(
    "QD-10", when="有「坏了包退」标识，在售后期内", effect="退货退款，运费商家",
    text="这件商品带「坏了包退」，售后期内坏了可以退货退款（{fen:yuan}），运费由商家承担。", source=f"{src.BROKEN_REFUND}；{src.D1}第49条",
    then=_return,
)
def broken_refund(s: Situation) -> Facts | None:
    if "broken_refund" not in s.labels or not s.within_days(s.policy.platform.after_sales_days):
        return None
    return {"fen": s.value_fen}


@rule(
    "QD-11", when="退货期已过，还在三包期（没有三包的 180 天）内", effect="换货或维修，运费商家（数码先修）；退货可协商",
    text="质量问题的退货期已过，还在 {days} 天的保障期内（到 {end:time}），可以为您{kinds}，运费由商家承担。",
    source=f"{src.L1}第23–24条；{src.D14}；{src.L2}第18条", then=_mend,
)
def within_warranty(s: Situation) -> Facts | None:
    kinds = "维修" if "electronics" in s.traits else "换货或维修"
    return {"days": warranty(s), "end": warranty_end(s) or s.now + timedelta(days=warranty(s)), "kinds": kinds}


TABLE = (
    never_a_reason, all_over, no_picture, minor_bulky, minor_flaw, bulky_pickup, repaired_twice, no_piece_affected, customised_part,
    within_law, electronics, broken_refund, within_warranty,
)


def judge(s: Situation) -> Finding:
    """What a defect gives."""
    return decide(TABLE, s)


@rule(
    "RP-01", when="想维修，没有说明问题，在三包期（没有三包的 180 天）内", effect="维修，运费商家",
    text="还在 {days} 天的保障期内，可以为您安排维修，运费由商家承担；请告诉我们哪里不好用。", source=f"{src.L1}第24条；{src.D14}",
    then=lambda s: _dated(s, owed_by_shop(s, in_kind("repair"))),
)
def repair_wished(s: Situation) -> Facts | None:
    return {"days": warranty(s)} if s.within_days(warranty(s)) else None


@rule(
    "RP-02", when="想维修，没有说明问题，三包期已过", effect="可协商维修",
    text="已过 {days} 天的保障期，维修可以和我们商量，请告诉我们哪里不好用。", source=src.D14, then=_paid_repair,
)
def repair_late(s: Situation) -> Facts | None:
    return {"days": warranty(s)}


REPAIR = (repair_wished, repair_late)


def judge_repair(s: Situation) -> Finding:
    """A repair is wished and no issue is named: that something does not work goes without saying."""
    return decide(REPAIR, s)
