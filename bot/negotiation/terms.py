"""The shop's negotiation terms: what the owner may set, validated, with defaults from terms.yml.

`read_terms(policy.negotiation)` merges the owner's mapping over the defaults, so that an owner writes
only what differs. Shares are fractions of what was paid for the line; money is fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from bot.aftersales.assessment import Remedy

Preference = Literal["cash", "replacement", "speed", "future"]
EvidenceLevel = Literal["none", "some", "strong"]
TierName = Literal["explain", "goodwill", "part", "replace", "return", "refund", "person"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=20)]
Fen = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every section: immutable, refuses names it does not know."""


class Value(Term, frozen=True):
    premium: Annotated[float, msgspec.Meta(ge=0, le=0.3)]
    slack: Annotated[float, msgspec.Meta(ge=0, le=0.05)]
    above: Annotated[float, msgspec.Meta(ge=0, le=0.1)]
    unproven: Share
    unproven_cash: Share
    late_least: Share
    wear: Share
    goodwill: Annotated[float, msgspec.Meta(ge=0, le=0.3)]


class Cost(Term, frozen=True):
    goods_share: Share
    salvage_share: Share
    freight_fen: Fen
    handling_fen: Fen
    repair_share: Share
    repair_fen: Fen
    coupon: Share
    gift: Share


class Limit(Term, frozen=True):
    coupon: Share
    gift: Share
    least_fen: Annotated[int, msgspec.Meta(ge=1, le=10000)]


class Worth(Term, frozen=True):
    replacement: Weight
    attachment: Weight
    hassle_fen: Fen
    coupon: Share
    gift: Share
    delay: Share


class Stake(Term, frozen=True):
    goodwill: Weight
    goodwill_fen: Fen
    goodwill_share: Share
    person_fen: Fen
    turn_fen: Fen


class Tier(Term, frozen=True):
    name: TierName
    title: str
    remedies: tuple[Remedy, ...]


class Opening(Term, frozen=True):
    """Up to which severity (share of the value lost) which tier opens, by level of evidence."""

    upto: Share
    none: TierName
    some: TierName
    strong: TierName


class Liking(Term, frozen=True):
    share: Share
    replacement: Weight
    attachment: Weight
    hassle: Weight
    coupon: Weight
    gift: Weight
    delay: Weight


class Terms(Term, frozen=True):
    rounds: Annotated[int, msgspec.Meta(ge=1, le=3)]
    menu: Annotated[int, msgspec.Meta(ge=2, le=4)]
    offer_hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)]
    round_fen: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    value: Value
    cost: Cost
    limit: Limit
    worth: Worth
    stake: Stake
    severity: dict[str, Share]
    days: dict[Remedy, Annotated[float, msgspec.Meta(ge=0, le=60)]]
    tiers: tuple[Tier, ...]
    opens: tuple[Opening, ...]
    preferences: dict[Preference, Liking]

    def __post_init__(self) -> None:
        names = [tier.name for tier in self.tiers]
        if len(set(names)) != len(names):
            raise ValueError("tiers: 每一层的 name 只能出现一次")
        for opening in self.opens:
            for name in (opening.none, opening.some, opening.strong):
                if name not in names:
                    raise ValueError(f"opens: 没有名为 {name} 的层级,现有 {', '.join(names)}")
        bounds = [opening.upto for opening in self.opens]
        if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != 1.0:
            raise ValueError("opens: upto 须从小到大且最后一行是 1.0")
        if not self.preferences or sum(liking.share for liking in self.preferences.values()) <= 0:
            raise ValueError("preferences: 至少一种偏好的 share 大于 0")
        missing = sorted({"minor_defect", "gross_mismatch", "quality_defect"} - set(self.severity))
        if missing:
            raise ValueError(f"severity: 缺少 {', '.join(missing)}")

    def title(self, name: TierName) -> str:
        return next(tier.title for tier in self.tiers if tier.name == name)


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, Mapping):
        return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
    return over


@cache
def _defaults() -> Any:
    return yaml.safe_load((Path(__file__).parent / "terms.yml").read_text(encoding="utf-8"))


def read_terms(overrides: Mapping[str, Any] | None = None) -> Terms:
    """The terms after the owner's `negotiation:` section.

    overrides: raw mapping of the policy file, or None for the defaults.
    Raises ValueError naming the field and what would be right.
    """
    if overrides is not None and not isinstance(overrides, Mapping):
        raise ValueError(f"negotiation: 应为映射(键: 值),读到的是 {type(overrides).__name__}")
    try:
        return msgspec.convert(_merged(_defaults(), overrides or {}), Terms)
    except msgspec.ValidationError as error:
        wanted, _, path = str(error).partition(" - at `$")
        raise ValueError(f"negotiation{path.rstrip('`')}: {wanted}") from error
