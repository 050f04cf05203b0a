"""How a finding is put together: remedies in the customer's order of wish, floor, cap and freight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import structs

from bot.aftersales.assessment import Deadline, HumanReason, Remedy, RemedyDue, ReturnFreight
from bot.aftersales.case import Evidence
from bot.aftersales.finding import Finding, State
from bot.aftersales.money import share_of
from bot.aftersales.situation import Situation

NOTHING = RemedyDue("none", 0, False, "owed")

WITHOUT_MONEY = frozenset({"exchange", "resend", "repair", "none"})
"""Remedies that carry no money of their own; any other of 0 fen is a remedy of nothing."""

CANNOT_GO_BACK = frozenset({"fresh", "flowers", "virtual"})

WISHED: dict[str, tuple[Remedy, ...]] = {
    "refund": ("refund", "refund_part", "return_refund"),
    "return_goods": ("return_refund", "refund"),
    "cancel_order": ("refund", "return_refund"),
    "exchange": ("exchange", "resend"),
    "repair": ("repair", "exchange"),
    "resend": ("resend", "exchange"),
    "compensation": ("refund_part", "price_difference", "coupon"),
}
"""Wish → remedies that grant it, best first."""


def money_back(s: Situation) -> RemedyDue:
    """The whole price back: against the goods, or without them where sending them back costs more than
    they are worth or the goods cannot go back (《售后争议处理总则》第17条: fresh, flowers, virtual)."""
    if s.sku.return_cost_fen > s.value_fen or s.traits & CANNOT_GO_BACK:
        return RemedyDue("refund", s.value_fen, False, "owed")
    return RemedyDue("return_refund", s.value_fen, True, "owed")


def in_kind(remedy: Remedy, kind: str = "owed") -> RemedyDue:
    """Goods or work instead of money; what is exchanged or repaired comes back first."""
    return RemedyDue(remedy, 0, remedy != "resend", "owed" if kind == "owed" else "negotiable")


def part(s: Situation, ratio: float) -> RemedyDue:
    """Money for keeping the goods, up to a share of what was paid; negotiable."""
    return RemedyDue("refund_part", share_of(s.value_fen, ratio), False, "negotiable")


def _wish_first(s: Situation, remedies: Sequence[RemedyDue]) -> tuple[RemedyDue, ...]:
    wished = WISHED.get(s.wish, ())
    order = {name: place for place, name in enumerate(wished)}
    return tuple(sorted(remedies, key=lambda due: order.get(due.remedy, len(order))))


def owed_by_shop(
    s: Situation, *remedies: RemedyDue, negotiable: Sequence[RemedyDue] = (), human: HumanReason | None = None
) -> Finding:
    """What the shop owes for its fault: alternatives among which the customer chooses, freight on the shop.

    Who asks for compensation keeps the goods: the statutory remedies stay listed, the sum is negotiated.
    """
    if s.traits & CANNOT_GO_BACK:
        remedies = tuple(structs.replace(due, return_needed=False) if due.remedy == "exchange" else due for due in remedies)
    owed = _wish_first(s, remedies)
    extra = tuple(due for due in negotiable if due.fen or due.remedy in ("exchange", "repair", "resend"))
    floor = max((due.fen for due in owed), default=0)
    cap = max([floor, *(due.fen for due in extra)])
    back = bool(owed) and owed[0].return_needed
    state: State = "negotiable" if s.wish == "compensation" and extra else "owed"
    return Finding(
        state=state,
        remedies=owed + freight_owed(s, owed) + extra,
        floor_fen=floor,
        cap_fen=cap,
        return_freight="merchant" if back else "none",
        human=human,
        deadlines=return_deadlines(s) if back else (),
    )


def freight_owed(s: Situation, owed: Sequence[RemedyDue]) -> tuple[RemedyDue, ...]:
    """Freight on top of the remedy: the way back as known, and the way out when the whole order is undone.

    An order of several lines keeps its outgoing freight: it was paid for the others, too.
    """
    first = owed[0]
    extra = []
    if first.return_needed and s.facts.return_freight_fen:
        extra.append(RemedyDue("freight", s.facts.return_freight_fen, False, "owed"))
    whole = len(s.order.lines) == 1 and not s.returned and first.remedy in ("refund", "return_refund")
    if whole and s.order.freight_fen:
        extra.append(RemedyDue("freight", s.order.freight_fen, False, "owed"))
    return tuple(extra)


def return_deadlines(s: Situation) -> tuple[Deadline, ...]:
    """Until when goods that go back are to be sent."""
    return (Deadline("寄回商品并填写退货单号", s.now + timedelta(days=s.policy.returns.ship_back_days)),)


def minor(s: Situation, ratio: float, most_fen: int | None = None) -> Finding:
    """A small flaw and the goods are kept: money off, negotiable up to a share of what was paid."""
    fen = share_of(s.value_fen, ratio)
    fen = fen if most_fen is None else min(fen, most_fen)
    if fen == 0:
        return nothing()
    return Finding("negotiable", (RemedyDue("refund_part", fen, False, "negotiable"),), cap_fen=fen)


def ask(*needs: Evidence, human: HumanReason | None = None) -> Finding:
    """Evidence is missing; nothing is refused."""
    return Finding("needs_evidence", needs=needs, human=human)


def nothing(
    human: HumanReason | None = None, freight: ReturnFreight = "none", deadlines: tuple[Deadline, ...] = ()
) -> Finding:
    """Nothing is owed by this table; with `human`, a person decides."""
    return Finding("refused", (NOTHING,), return_freight=freight, human=human, deadlines=deadlines)


def goodwill(s: Situation, *others: RemedyDue, most_fen: int | None = None) -> Finding:
    """Nothing is owed, yet the shop may offer something of its own accord (善意补偿)."""
    fen = s.goodwill_fen if most_fen is None else min(s.goodwill_fen, max(0, most_fen))
    offers = (RemedyDue("coupon", fen, False, "negotiable"),) if fen else ()
    if not offers and not others:
        return nothing()
    return Finding("negotiable", (*others, *offers), cap_fen=fen)
