"""生鲜与鲜花绿植:share of what arrived bad, within the feedback time (rules.md 1.2, 2.2; worked case 20).

Choices where rules.md leaves room:
- The affected share itself is owed (按问题占比退); the tier (30 %, 50 %, all) is the cap.
- Unknown kind of problem: the longest time of those for rot (5 days), doubt goes to the customer.
- Unknown share with a picture: up to the first tier, the bot asks how many of how many.
- Nothing is sent back, so no freight.
"""

from __future__ import annotations

from datetime import timedelta

from bot.aftersales import source as src
from bot.aftersales.assessment import Deadline, RemedyDue
from bot.aftersales.finding import Finding
from bot.aftersales.money import share_of
from bot.aftersales.remedy import ask, goodwill, nothing
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.situation import Situation

SEAFOOD = ("水产", "海鲜", "鲜活", "鱼", "虾", "蟹", "贝", "螺")
PLANTS = ("绿植", "盆栽", "多肉", "苗", "盆景")


def is_fresh(s: Situation) -> bool:
    return bool(s.traits & {"fresh", "flowers"})


def hours(s: Situation) -> int:
    """Hours after delivery in which the problem is to be told."""
    fresh, problem = s.policy.fresh, s.facts.fresh_problem
    described = problem == "not_as_described" or (problem is None and "not_as_described" in s.issues)
    if "flowers" in s.traits:
        if not any(word in s.name for word in PLANTS):
            return fresh.flower_hours
        if described:
            return fresh.plant_description_hours
        return 24 * (fresh.plant_settling_days + fresh.plant_quality_days)
    if described:
        live = any(word in s.name for word in SEAFOOD)
        return fresh.live_seafood_hours if live else fresh.not_as_described_hours
    return {
        "thawed": fresh.thawed_hours,
        "dead": fresh.dead_hours,
        "surface_rot": fresh.surface_rot_hours,
        "inner_rot": fresh.inner_rot_hours,
        "unripe": 24 * (fresh.ripening_days + fresh.unripe_days),
        None: fresh.inner_rot_hours,
    }[problem]


def _until(s: Situation) -> tuple[Deadline, ...]:
    if s.delivered_at is None:
        return ()
    return (Deadline("生鲜问题反馈截止", s.delivered_at + timedelta(hours=hours(s))),)


def _share_back(s: Situation, most: float) -> Finding:
    share = s.facts.affected_share or 0.0
    floor = share_of(s.value_fen, share)
    cap = max(floor, share_of(s.value_fen, most))
    extra = (RemedyDue("refund_part", cap, False, "negotiable"),) if cap > floor else ()
    return Finding(
        "owed", (RemedyDue("refund_part", floor, False, "owed"), *extra), floor_fen=floor, cap_fen=cap,
        deadlines=_until(s),
    )


def _all_back(s: Situation) -> Finding:
    return Finding(
        "owed", (RemedyDue("refund", s.value_fen, False, "owed"),), floor_fen=s.value_fen, cap_fen=s.value_fen,
        deadlines=_until(s),
    )


def _up_to_first_tier(s: Situation) -> Finding:
    most = share_of(s.value_fen, s.policy.fresh.small_share)
    return Finding(
        "negotiable", (RemedyDue("refund_part", most, False, "negotiable"),), cap_fen=most, deadlines=_until(s)
    )


@rule(
    "FR-01", when="生鲜、鲜花绿植，超过该问题的反馈时限", effect="不再按比例赔付，可协商",
    text="这类问题要在签收后 {hours} 小时内反馈，到 {end:time} 为止，现在已经过了；您可以和我们商量别的办法。",
    source=f"{src.D12}；{src.D15_FLOWER}", then=lambda s: goodwill(s),
)
def too_late(s: Situation) -> Facts | None:
    if s.delivered_at is None or s.within_hours(hours(s)):
        return None
    return {
        "hours": hours(s), "end": s.delivered_at + timedelta(hours=hours(s)), "problem": s.facts.fresh_problem,
    }


@rule(
    "FR-02", when="没有照片或视频", effect="请补一张照片",
    text="请拍一张能看清总数和坏了几个的照片，收到后按坏的比例退款，不用寄回。", source=src.D12, then=lambda s: ask("photo"),
)
def no_picture(s: Situation) -> Facts | None:
    return None if s.has("photo", "video") else {"evidence": sorted(s.evidence)}


@rule(
    "FR-03", when="不知道坏了多少", effect="最多按三成协商，先问清数量",
    text="请告诉我们一共多少、坏了多少，按坏的比例退款，不用寄回。", source=src.D12, then=_up_to_first_tier,
)
def share_unknown(s: Situation) -> Facts | None:
    return {"affected_share": None} if s.facts.affected_share is None else None


@rule(
    "FR-07", when="问题占比为 0", effect="没有可按比例退的，请说明一共多少、坏了多少",
    text="按现在知道的数量，没有坏的，所以没有按比例退的钱；如果有坏的，请告诉我们一共多少、坏了多少，马上重新算。", source=src.D12,
    then=lambda s: nothing(),
)
def none_bad(s: Situation) -> Facts | None:
    return {"affected_share": 0.0} if s.facts.affected_share == 0 else None


@rule(
    "FR-04", when="问题占比不超过 30%", effect="按占比退，上限 30%，不用退回",
    text="坏的占 {share:percent}，按比例退 {fen:yuan}，不用寄回。", source=src.D12,
    then=lambda s: _share_back(s, s.policy.fresh.small_share),
)
def small(s: Situation) -> Facts | None:
    share = s.facts.affected_share
    if share is None or share > s.policy.fresh.small_share:
        return None
    return {"share": share, "fen": share_of(s.value_fen, share)}


@rule(
    "FR-05", when="问题占比超过 30%、不超过 50%", effect="按占比退，上限 50%，不用退回",
    text="坏的占 {share:percent}，按比例退 {fen:yuan}，不用寄回。", source=src.D12,
    then=lambda s: _share_back(s, s.policy.fresh.half_share),
)
def half(s: Situation) -> Facts | None:
    share = s.facts.affected_share
    if share is None or share > s.policy.fresh.half_share:
        return None
    return {"share": share, "fen": share_of(s.value_fen, share)}


@rule(
    "FR-06", when="问题占比超过 50%", effect="全额退款，不用退回",
    text="坏的超过一半，全额退 {fen:yuan}，不用寄回。", source=src.D12, then=_all_back,
)
def most(s: Situation) -> Facts | None:
    return {"share": s.facts.affected_share, "fen": s.value_fen}


TABLE = (too_late, no_picture, share_unknown, none_bad, small, half, most)


def judge(s: Situation) -> Finding:
    """Fresh goods, flowers and plants with a problem."""
    return decide(TABLE, s)
