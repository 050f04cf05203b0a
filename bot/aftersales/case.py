"""The facts of one case, as contracts.md section 3 writes them.

Money is integer fen (分), times carry a zone, ids are strings. The types refuse what they can see
alone (unknown fields, negative fen, a time without zone); what needs several fields together
(delivered before shipped) is refused in `bot.aftersales.facts`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Fen = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**6)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

Wish = Literal[
    "refund", "return_goods", "exchange", "repair", "resend", "cancel_order",
    "price_protection", "compensation", "complaint",
]
Issue = Literal[
    "quality_defect", "not_as_described", "false_advertising", "counterfeit", "safety", "wrong_item",
    "missing_item", "damaged_in_transit", "not_received", "late_delivery", "return_obstructed",
    "promise_broken", "service_attitude", "pricing_fraud", "price_drop", "billing_error",
    "privacy_leak", "change_of_mind",
]
Evidence = Literal[
    "photo", "video", "parcel_photo", "chat", "invoice", "medical_record", "price_screenshot",
    "logistics_query", "bank_record",
]
Trait = Literal[
    "opened_food", "intimate", "cosmetics", "activated", "customised", "fresh", "flowers", "virtual",
    "overseas", "auction", "second_hand", "bulky", "gift", "food", "electronics",
]
PriceKind = Literal[
    "direct", "shop_coupon", "shop_discount", "livestream", "flash_sale", "member", "signin",
    "platform_subsidy", "freight", "red_packet",
]
Label = Literal[
    "return7", "no_return7_opened", "no_return7_activated", "no_return7_customised", "no_return7_fresh",
    "instant_refund", "freight_insurance", "broken_refund", "price_protection",
]
OrderStatus = Literal["paid", "shipped", "delivered", "completed", "closed"]
SafetyKind = Literal["allergy", "foreign_matter", "spoiled", "electric", "injury"]
FreshProblem = Literal["thawed", "dead", "surface_rot", "inner_rot", "unripe", "not_as_described"]
HistoryKind = Literal["price_protection", "refund", "coupon", "refusal", "return_open", "claim_open"]
CustomerTier = Literal["normal", "vip"]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every record here: immutable, refuses fields it does not know."""


class PriceProtection(Fact, frozen=True):
    """What the order line promised about later price drops (价保)."""

    days: Annotated[int, msgspec.Meta(ge=0, le=3650)] | None = None
    ratio: Share = 1.0
    excluded_kinds: tuple[PriceKind, ...] = ()
    from_: Literal["paid", "delivered"] | None = msgspec.field(name="from", default=None)
    until: Literal["day_end", "exact"] = "day_end"


class Line(Fact, frozen=True):
    """One order line. unit_paid_fen is after every discount; red_packet_fen is part of those discounts."""

    line_id: Id
    sku_id: Id
    quantity: Annotated[int, msgspec.Meta(ge=1, le=100000)]
    unit_paid_fen: Fen
    red_packet_fen: Fen = 0
    labels: tuple[Label, ...] = ()
    price_protection: PriceProtection | None = None


class PastEntry(Fact, frozen=True):
    """An earlier event on the order: `fen` is the entry's total, `quantity` the pieces it was about."""

    kind: HistoryKind
    at: Moment
    line_id: Id | None = None
    fen: Fen | None = None
    quantity: Count | None = None


class KnownFacts(Fact, frozen=True):
    """What is known beyond the order; None means unknown."""

    affected_share: Share | None = None
    used_share: Share | None = None
    sealed: bool | None = None
    intact: bool | None = None
    activated: bool | None = None
    address_confirmed: bool | None = None
    placed_without_consent: bool | None = None
    proof_of_delivery: bool | None = None
    merchant_refusals: Count | None = None
    repairs_done: Count | None = None
    visits_24h: Count | None = None
    paid_twice_fen: Fen | None = None
    medical_fen: Fen | None = None
    return_freight_fen: Fen | None = None
    gift_fen: Fen | None = None
    gift_changed: bool | None = None
    minor_defect: bool | None = None
    gross_mismatch: bool | None = None
    minor: bool | None = None
    asked_human: bool | None = None
    customer_disagrees: bool | None = None
    safety_kind: SafetyKind | None = None
    fresh_problem: FreshProblem | None = None
    promised: str | None = None
    promised_other: bool | None = None
    """The customer tells of a promise about something other than when the goods are sent or come."""
    platform_ticket: bool | None = None
    """An open ticket of the platform or a regulator, as the shop's systems know it (rules.md 2.3 H9)."""


class Order(Fact, frozen=True):
    order_id: Id
    customer_id: Id
    status: OrderStatus
    lines: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1)]
    paid_at: Moment | None = None
    promised_ship_by: Moment | None = None
    shipped_at: Moment | None = None
    delivered_at: Moment | None = None
    freight_fen: Fen = 0
    history: tuple[PastEntry, ...] = ()
    facts: KnownFacts = KnownFacts()


class Sku(Fact, frozen=True):
    sku_id: Id
    spu_id: Id
    title: str
    spec: str = ""
    category: str = ""
    list_price_fen: Fen = 0
    return_cost_fen: Fen = 0
    traits: tuple[Trait, ...] = ()
    is_new_product: bool = False


class Customer(Fact, frozen=True):
    """Who bought, with the signals of the shop's own records (rules.md 3.1 #23): they call a person and close goodwill."""

    customer_id: Id
    tier: CustomerTier = "normal"
    claims_90d: Count = 0
    rejected_claims_90d: Count = 0
    orders_90d: Count = 0
    empty_returns_90d: Count = 0
    """Cases of the last 90 days in which somebody at the desk recorded that the returned parcel was empty."""
    shared_pictures: Count = 0
    """Pictures of this case that came before with another order's case, byte for byte."""
    name: str | None = None


class PriceNow(Fact, frozen=True):
    """What one piece costs now under the order's conditions; `at` is when this price took effect."""

    now_fen: Fen
    at: Moment
    kind: PriceKind = "direct"
    sku_id: Id | None = None
    spu_id: Id | None = None
    spec: str | None = None
    shop_id: Id | None = None
    open_to_customer: bool = True


class PriceLogEntry(Fact, frozen=True):
    at: Moment
    price_fen: Fen
    kind: PriceKind = "direct"


class Budget(Fact, frozen=True):
    """The owner's month: what may be paid above what is owed, and what was so far, in all cases together."""

    month_fen: Fen
    goodwill_fen: Fen

    @property
    def spent(self) -> bool:
        """Whether the month's goodwill is used up. What is owed is neither counted nor stopped."""
        return self.goodwill_fen >= self.month_fen


class Case(Fact, frozen=True):
    """One case to be assessed; `policy` holds overrides of the shop's policy, raw until it is validated.

    `budget` is what the shop's own books say; None where the owner set none.
    """

    now: Moment
    order: Order
    sku: Sku
    line_id: Id
    wish: Wish
    customer: Customer
    issues: tuple[Issue, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: KnownFacts = KnownFacts()
    price: PriceNow | None = None
    price_log: tuple[PriceLogEntry, ...] | None = None
    history: tuple[PastEntry, ...] = ()
    policy: dict[str, Any] | None = None
    budget: Budget | None = None
