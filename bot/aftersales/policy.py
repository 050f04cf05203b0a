"""The shop's policy (店铺政策): every parameter of rules.md 1.1–1.6 the engine uses, with its default.

A policy may be more generous than the law and the platform, never less: one below a floor is refused
with the article. It is one YAML file (`policy.yml` in the project's root shows every default).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import yaml

from bot.aftersales.case import Fen, Trait

Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]
Hours = Annotated[int, msgspec.Meta(ge=0, le=24 * 3650)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10**6)]


class BadPolicy(ValueError):
    """A policy that cannot be used. `field` is its path, `wanted` what would be right and by which article."""

    def __init__(self, field: str, wanted: str) -> None:
        super().__init__(f"{field}: {wanted}")
        self.field = field
        self.wanted = wanted


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the policy's sections: immutable, refuses what it does not know."""


class PriceProtection(Section, frozen=True):
    """价保 (rules.md 1.1). What the order shows comes first; days by kind of goods only fill its gaps."""

    new_days: Days = 30
    regular_days: Days = 7
    unclear_days: Days = 15
    ratio: Share = 1.0
    grace_hours: Hours = 48
    result_hours: Hours = 48
    excluded_traits: tuple[Trait, ...] = ("overseas", "auction", "virtual")
    bulk_quantity: Count = 20


class Returns(Section, frozen=True):
    """七天无理由退货与退货时限 (rules.md 1.2)."""

    window_hours: Hours = 168
    refund_days: Days = 7
    ship_back_days: Days = 7


class Warranty(Section, frozen=True):
    """One kind of goods with a warranty of its own (三包): found by a word of the category or title."""

    words: tuple[str, ...]
    days: Days
    under_fen: Fen | None = None
    """Holds for goods below this price a piece; None: for all."""


WARRANTIES = (
    Warranty(("电动牙刷",), 730),
    Warranty(("手机", "电脑", "笔记本", "平板", "家电", "耳机"), 365),
    Warranty(("鞋", "靴"), 30, 5001),
    Warranty(("鞋", "靴"), 90, 30000),
    Warranty(("鞋", "靴"), 120),
)


class Quality(Section, frozen=True):
    """质量问题的期限与减价上限 (rules.md 1.2, 1.3)."""

    return_days: Days = 7
    electronics_days: Days = 15
    general_days: Days = 180
    repairs_before_return: Count = 2
    minor_ratio: Annotated[float, msgspec.Meta(ge=0, le=0.3)] = 0.3
    bulky_minor_ratio: Annotated[float, msgspec.Meta(ge=0, le=0.3)] = 0.15
    bulky_minor_max_fen: Fen = 100000
    bulky_pickup_days: Days = 7
    warranties: tuple[Warranty, ...] = WARRANTIES


class Fresh(Section, frozen=True):
    """生鲜、鲜花绿植、图书的反馈时限(小时,自签收起)与比例 (rules.md 1.2, 2.2)."""

    thawed_hours: Hours = 24
    dead_hours: Hours = 24
    surface_rot_hours: Hours = 48
    inner_rot_hours: Hours = 120
    ripening_days: Days = 7
    unripe_days: Days = 7
    not_as_described_hours: Hours = 48
    live_seafood_hours: Hours = 24
    flower_hours: Hours = 24
    plant_description_hours: Hours = 48
    plant_settling_days: Days = 7
    plant_quality_days: Days = 7
    delivery_days: Days = 7
    small_share: Share = 0.3
    half_share: Share = 0.5
    book_hours: Hours = 48


class Allergy(Section, frozen=True):
    """过敏举证三档 (rules.md 2.1 safety)."""

    feedback_days: Days = 60
    photo_below_fen: Fen = 10000
    medical_from_fen: Fen = 50000
    used_share_max: Share = 0.2


class Delivery(Section, frozen=True):
    """发货与查件 (rules.md 1.3)."""

    ship_hours: Hours = 48
    instant_refund_max_fen: Fen = 800000
    tracing_hours: Hours = 48
    lost_days: Days = 7


class Freight(Section, frozen=True):
    """退货运费险 (rules.md 1.3 freight_ins)."""

    insurance_days: Days = 90


class Platform(Section, frozen=True):
    """平台介入与售后服务有效期 (rules.md 1.2, 4)."""

    after_sales_days: Days = 15
    evidence_hours: Hours = 24
    regulator_hours: Hours = 24


class Service(Section, frozen=True):
    """客服在岗时间与转人工 (rules.md 1.5)."""

    staffed_from: time = time(8)
    staffed_until: time = time(23)
    failed_rounds: Count = 3
    visits_24h: Count = 3
    wait_minutes: Count = 3


class Abuse(Section, frozen=True):
    """Signals that call a person and close goodwill; never the floor (rules.md 3.1 #23). All but pictures over 90 days."""

    claims: Count = 5
    claims_per_order: Share = 0.5
    rejected_claims: Count = 3
    empty_returns: Count = 1
    shared_pictures: Count = 1


class Tier(Section, frozen=True):
    """Goodwill of one tier of customers; never less than what everybody gets."""

    goodwill_ratio: Annotated[float, msgspec.Meta(ge=0, le=0.3)] | None = None
    goodwill_max_fen: Fen | None = None


class Privacy(Section, frozen=True):
    """保存期限 (rules.md 1.6 retention)."""

    chat_years: Count = 3
    evidence_days: Days = 180


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The whole policy. Amounts in fen, shares 0–1. `negotiation` is read by bot.negotiation, not here."""

    auto_limit_fen: Fen = 50000
    goodwill_ratio: Annotated[float, msgspec.Meta(ge=0, le=0.3)] = 0.1
    goodwill_max_fen: Fen = 5000
    price_protection: PriceProtection = PriceProtection()
    returns: Returns = Returns()
    quality: Quality = Quality()
    fresh: Fresh = Fresh()
    allergy: Allergy = Allergy()
    delivery: Delivery = Delivery()
    freight: Freight = Freight()
    platform: Platform = Platform()
    service: Service = Service()
    abuse: Abuse = Abuse()
    privacy: Privacy = Privacy()
    tiers: dict[str, Tier] = {}
    negotiation: dict[str, Any] = {}

    @property
    def version(self) -> str:
        """A hash of the content: equal policies have equal versions, whatever the file looks like."""
        known: str | None = self.__dict__.get("_version")
        if known is None:
            content = msgspec.json.encode(self, order="deterministic")
            known = "p-" + hashlib.sha256(content).hexdigest()[:12]
            self.__dict__["_version"] = known
        return known

    def with_overrides(self, overrides: Mapping[str, Any] | None) -> Policy:
        """This policy with a nested mapping laid over it. Raises BadPolicy."""
        if not overrides:
            return self
        if not isinstance(overrides, Mapping):
            raise BadPolicy("(policy)", "应为一个对象：参数名 → 值")
        return _overridden(self, msgspec.json.encode(overrides, order="deterministic"))

    # Policies are compared and cached by content; msgspec cannot hash the dicts inside.
    def __hash__(self) -> int:
        return hash(self.version)


@lru_cache(maxsize=256)
def _overridden(policy: Policy, overrides: bytes) -> Policy:
    return read_policy(_laid_over(msgspec.to_builtins(policy), msgspec.json.decode(overrides)))


def _laid_over(base: Any, over: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {key: _laid_over(base.get(key), value) for key, value in over.items()}


class Floor(NamedTuple):
    """A bound that no policy may cross in the customer's disfavour."""

    field: str
    least: Any
    article: str


AT_LEAST = (
    Floor("price_protection.ratio", 1.0, "《售后争议处理总则》第50条：未在下单前明示的，按差价全额补"),
    Floor("price_protection.unclear_days", 15, "《售后争议处理总则》第50条：周期不明确的按商品售后期"),
    Floor("returns.window_hours", 168, "《七天无理由退货服务规范》2.1、《消费者权益保护法》第25条"),
    Floor("quality.return_days", 7, "《消费者权益保护法》第24条"),
    Floor("quality.electronics_days", 15, "《3C数码争议处理细则》"),
    Floor("quality.general_days", 180, "《消费者权益保护法》第23条：六个月内发现瑕疵由经营者举证"),
    Floor("fresh.thawed_hours", 24, "《生鲜商品争议处理细则》"),
    Floor("fresh.dead_hours", 24, "《生鲜商品争议处理细则》"),
    Floor("fresh.surface_rot_hours", 48, "《生鲜商品争议处理细则》"),
    Floor("fresh.inner_rot_hours", 120, "《生鲜商品争议处理细则》"),
    Floor("fresh.unripe_days", 7, "《生鲜商品争议处理细则》"),
    Floor("fresh.not_as_described_hours", 48, "《生鲜商品争议处理细则》"),
    Floor("fresh.live_seafood_hours", 24, "《生鲜商品争议处理细则》"),
    Floor("fresh.flower_hours", 24, "《鲜花绿植争议处理细则》"),
    Floor("fresh.plant_description_hours", 48, "《鲜花绿植争议处理细则》"),
    Floor("fresh.plant_quality_days", 7, "《鲜花绿植争议处理细则》"),
    Floor("fresh.small_share", 0.3, "《生鲜商品争议处理细则》"),
    Floor("fresh.half_share", 0.5, "《生鲜商品争议处理细则》"),
    Floor("fresh.book_hours", 48, "《图书争议处理细则》"),
    Floor("allergy.feedback_days", 60, "《过敏问题争议处理细则》"),
    Floor("allergy.photo_below_fen", 10000, "《过敏问题争议处理细则》"),
    Floor("allergy.medical_from_fen", 50000, "《过敏问题争议处理细则》"),
    Floor("allergy.used_share_max", 0.2, "《过敏问题争议处理细则》"),
    Floor("privacy.chat_years", 3, "《电子商务法》第31条"),
    Floor("service.staffed_until", time(23), "《商家消极服务处置细则》：8:00–23:00 须有客服"),
)

AT_MOST = (
    Floor("quality.repairs_before_return", 2, "《3C数码争议处理细则》：修两次仍坏应退换"),
    Floor("returns.refund_days", 7, "《消费者权益保护法》第25条：收到退货七日内退款"),
    Floor("quality.bulky_pickup_days", 7, "《大件争议处理细则》第10条"),
    Floor("price_protection.result_hours", 48, "价保审核 48 小时内出结果"),
    Floor("delivery.ship_hours", 48, "《商家-发货超时实施细则》"),
    Floor("delivery.lost_days", 7, "《电子商务法》第20条：运输风险由商家承担，不能让消费者一直等"),
    Floor("delivery.tracing_hours", 48, "《售后争议处理总则》第29条：寄件方证明已送达"),
    Floor("fresh.delivery_days", 7, "《生鲜商品争议处理细则》第6条"),
    Floor("platform.evidence_hours", 24, "《售后争议处理总则》第8条"),
    Floor("platform.regulator_hours", 24, "《商家消极服务处置细则》"),
    Floor("service.staffed_from", time(8), "《商家消极服务处置细则》：8:00–23:00 须有客服"),
    Floor("service.visits_24h", 3, "GB/T 47746—2026"),
    Floor("service.failed_rounds", 3, "GB/T 47746—2026"),
    Floor("service.wait_minutes", 3, "GB/T 47746—2026"),
)


def read_policy(raw: Any) -> Policy:
    """A mapping → Policy. Raises BadPolicy naming the field, the value and what would be right."""
    if not isinstance(raw, Mapping):
        raise BadPolicy("(policy)", "应为一个对象：参数名 → 值")
    try:
        policy = msgspec.convert(raw, Policy)
    except msgspec.ValidationError as wrong:
        wanted, _, path = str(wrong).partition(" - at `$")
        raise BadPolicy(path.rstrip("`").lstrip(".") or "(policy)", wanted) from wrong
    _check_floors(policy)
    return policy


def _value(policy: Policy, path: str) -> Any:
    section, name = path.split(".")
    return getattr(getattr(policy, section), name)


def _check_floors(policy: Policy) -> None:
    for field, least, article in AT_LEAST:
        if _value(policy, field) < least:
            raise BadPolicy(field, f"{_value(policy, field)} 低于下限，应不少于 {least}（{article}）")
    for field, most, article in AT_MOST:
        if _value(policy, field) > most:
            raise BadPolicy(field, f"{_value(policy, field)} 高于上限，应不多于 {most}（{article}）")
    more = set(policy.price_protection.excluded_traits) - {"overseas", "auction", "virtual"}
    if more:
        raise BadPolicy(
            "price_protection.excluded_traits",
            f"{'、'.join(sorted(more))} 不能排除，只能是 overseas、auction、virtual（《价格保护服务规范》）",
        )
    _check_tiers(policy)
    _check_warranties(policy)


def _check_tiers(policy: Policy) -> None:
    for name, tier in policy.tiers.items():
        if name not in ("normal", "vip"):
            raise BadPolicy(f"tiers.{name}", "应为 normal 或 vip")
        for field, own in (("goodwill_ratio", policy.goodwill_ratio), ("goodwill_max_fen", policy.goodwill_max_fen)):
            value = getattr(tier, field)
            if value is not None and value < own:
                raise BadPolicy(f"tiers.{name}.{field}", f"{value} 低于所有顾客的 {own}，等级只能更优不能更差")


def _check_warranties(policy: Policy) -> None:
    """Each kind of goods with a legal warranty keeps at least that one, below each price."""
    for legal in WARRANTIES:
        price = (legal.under_fen or 10**12) - 1
        for word in legal.words:
            own = warranty_days(policy, word, price)
            if own is None or own < legal.days:
                raise BadPolicy("quality.warranties", f"{word}的三包期应不少于 {legal.days} 天（《三包期有效目录》）")


def warranty_days(policy: Policy, name: str, unit_fen: int) -> int | None:
    """Days of warranty for goods whose category or title holds a word of the list; None: none of its own."""
    for each in policy.quality.warranties:
        if (each.under_fen is None or unit_fen < each.under_fen) and any(word in name for word in each.words):
            return each.days
    return None


def load_policy(path: str | Path) -> Policy:
    """The policy in a YAML file. Raises BadPolicy, also for a file that cannot be read."""
    try:
        raw = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadPolicy("(file)", f"读不了 {path}：{wrong}") from wrong
    except yaml.YAMLError as wrong:
        raise BadPolicy("(file)", f"{path} 不是 YAML：{wrong}") from wrong
    return read_policy({} if raw is None else raw)


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
