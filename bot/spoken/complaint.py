"""One complaint: an order of the shop, what is wrong with it, and the hidden customer of the simulation behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.claim import Claim, claim

MOST_FEN = 45000
"""Dearer orders go to a person under the default policy, whatever is said."""


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a fault of the simulation looks in the shop: days are before now, None where it has not happened."""

    issue: str
    wishes: dict[str, str]
    evidence: tuple[str, ...]
    paid: float
    shipped: float | None
    delivered: float | None
    says: dict[str, str]


class Goods(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    called: str
    spec: str
    category: str


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a simulated customer says; lists are used in turn, so that nobody repeats a sentence."""

    goods: tuple[Goods, ...]
    kinds: dict[str, Kind]
    wishes: dict[str, str]
    sent: tuple[str, ...]
    nothing_to_show: tuple[str, ...]
    accept: tuple[str, ...]
    accept_only: tuple[str, ...]
    reject: tuple[str, ...]
    person: tuple[str, ...]
    counters: dict[str, tuple[str, ...]]
    polite: tuple[str, str]
    slang: tuple[str, str]


@cache
def phrases() -> Phrases:
    raw = yaml.safe_load(Path(__file__).with_name("phrases.yml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, Phrases)


class Complaint(msgspec.Struct, frozen=True):
    """`claim` holds what the customer feels and wants; the shop knows only the order."""

    claim: Claim
    goods: Goods
    kind: Kind
    wish: str

    @property
    def customer_id(self) -> str:
        return f"cus_spoken_{self.claim.number:06d}"

    @property
    def order_id(self) -> str:
        return f"66{self.claim.number:08d}000000001"

    @property
    def line_id(self) -> str:
        return f"{self.order_id}-1"

    @property
    def proves(self) -> bool:
        """Whether the customer has, or can make, the pictures that are asked for."""
        return self.claim.evidence != "none" or self.claim.customer.can_prove

    def opening(self) -> str:
        """The first message: what is wrong and what is wanted, in the customer's own manner."""
        style = self.claim.customer.style
        told = self.kind.says["long" if style == "long" else "short"].format(goods=self.goods.called)
        return self.in_manner(f"{told} {phrases().wishes[self.wish].format(goods=self.goods.called)}")

    def in_manner(self, text: str) -> str:
        style = self.claim.customer.style
        before, after = {"polite": phrases().polite, "slang": phrases().slang}.get(style, ("", ""))
        return f"{before}{text}{after}"

    def snapshot(self, at: datetime) -> dict[str, Any]:
        """The order and all it needs, as contracts.md section 2 writes it."""
        def moment(days: float | None) -> str | None:
            return None if days is None else (at - timedelta(days=days)).isoformat()

        number, kind, paid_fen = self.claim.number, self.kind, self.claim.value_fen
        sku = {
            "sku_id": f"sku_spoken_{number:06d}", "spu_id": f"spu_spoken_{number:06d}", "title": self.goods.title,
            "spec": self.goods.spec, "category": self.goods.category, "list_price_fen": paid_fen,
            "return_cost_fen": self.claim.freight_fen, "traits": [], "is_new_product": False,
        }
        line = {
            "line_id": self.line_id, "sku_id": sku["sku_id"], "quantity": 1, "unit_paid_fen": paid_fen,
            "red_packet_fen": 0, "labels": ["return7"], "price_protection": None,
        }
        order = {
            "order_id": self.order_id, "customer_id": self.customer_id, "freight_fen": 0, "lines": [line],
            "status": "delivered" if kind.delivered is not None else "shipped" if kind.shipped is not None else "paid",
            "paid_at": moment(kind.paid), "promised_ship_by": moment(kind.paid - 2),
            "shipped_at": moment(kind.shipped), "delivered_at": moment(kind.delivered),
        }
        price = {"sku_id": sku["sku_id"], "at": moment(60), "price_fen": paid_fen, "kind": "direct"}
        customer = {"customer_id": self.customer_id, "name": "模拟顾客", "tier": "normal"}
        return {"shop": {}, "skus": [sku], "prices": [price], "customers": [customer], "orders": [order]}


def complaints(count: int, seed: int, given: Assumptions) -> list[Complaint]:
    """`count` complaints of honest customers; the same seed gives the same."""
    return [found for found, _ in zip(_complaints(seed, given), range(count), strict=False)]


def _complaints(seed: int, given: Assumptions) -> Iterator[Complaint]:
    book, number = phrases(), 0
    while True:
        drawn = claim(number, seed, given)
        number += 1
        if drawn.customer.malicious or drawn.value_fen > MOST_FEN or drawn.fault not in book.kinds:
            continue
        kind = book.kinds[drawn.fault]
        wish = kind.wishes.get(drawn.customer.kind, kind.wishes["any"])
        yield Complaint(drawn, book.goods[drawn.number % len(book.goods)], kind, wish)
