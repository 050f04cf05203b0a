"""A case with what follows from it before any rule: whose facts win, what is kept, what was paid for it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import cached_property

import msgspec

from bot.aftersales.case import Case, Issue, KnownFacts, Line, PastEntry, PriceNow
from bot.aftersales.finding import Finding
from bot.aftersales.money import share_of
from bot.aftersales.period import end_of_day
from bot.aftersales.policy import Policy

UNKNOWN = KnownFacts()
NAMES = KnownFacts.__struct_fields__
UNCOUNTED_IN_LOG = frozenset({"signin", "freight"})
SAFETY: frozenset[Issue] = frozenset({"safety"})
MONEY_WISHES = frozenset({"refund", "return_goods", "cancel_order"})


class Situation:
    """Read-only. Every amount in fen; `kept` are the pieces of the line not yet given back.

    Choices where rules.md leaves room:
    - A past refund gives pieces back when its sum is at least half of their price; a smaller one is
      money for goods that were kept (部分退款) and is deducted from a later refund. Where the entry names
      no quantity, whole multiples of one piece's price are pieces.
    - An open return ends with a later refund or refusal, an open claim with a later payout or refusal.
    - An entry without line_id concerns every line of the order for open returns and claims; for money
      it is taken for this line only where the order has no other.
    """

    found: Finding
    """What the tables found; set before the rules that look at it (handover, ways)."""

    def __init__(self, case: Case, policy: Policy) -> None:
        self.case = case
        self.policy = policy
        self.now = case.now
        self.order = case.order
        self.sku = case.sku
        self.wish = case.wish
        self.line: Line = next(line for line in case.order.lines if line.line_id == case.line_id)
        self.facts = merged(case.order.facts, case.facts)
        self.traits = frozenset(case.sku.traits)
        self.labels = frozenset(self.line.labels)
        self.evidence = frozenset(case.evidence)
        self.issues: frozenset[Issue] = frozenset(case.issues) | (SAFETY if self.facts.safety_kind else frozenset())
        self.history = _of_line(case, self.line)
        self._settle_past()

    def _settle_past(self) -> None:
        unit, bought = self.line.unit_paid_fen, self.line.quantity
        back, partial = 0, 0
        returned_at: list[tuple[datetime, int]] = []
        for entry in self.history:
            if entry.kind != "refund":
                continue
            pieces = _pieces_back(entry, unit, bought)
            if pieces:
                back += pieces
                returned_at.append((entry.at, pieces))
            else:
                partial += entry.fen or 0
        self.returned = min(back, bought)
        self.kept = bought - self.returned
        self.paid_fen = unit * self.kept
        self.partial_fen = min(partial, self.paid_fen)
        protected = 0
        for entry in self.history:
            if entry.kind == "price_protection" and entry.fen:
                before = sum(pieces for at, pieces in returned_at if at <= entry.at)
                about = entry.quantity or max(1, bought - before)
                protected += entry.fen * min(self.kept, about) // about
        self.protected_fen = min(protected, self.paid_fen - self.partial_fen)
        self.value_fen = self.paid_fen - self.partial_fen - self.protected_fen

    @property
    def delivered_at(self) -> datetime | None:
        return self.order.delivered_at

    @property
    def delivered(self) -> bool:
        return self.order.delivered_at is not None or self.order.status in ("delivered", "completed")

    @property
    def unshipped(self) -> bool:
        return self.order.status == "paid" and not self.delivered

    @property
    def in_transit(self) -> bool:
        return self.order.status == "shipped" and not self.delivered

    @property
    def over(self) -> bool:
        """Nothing is left to settle for the goods: closed, or every piece refunded."""
        return self.order.status == "closed" or self.kept == 0 or self.value_fen == 0 < self.paid_fen

    @cached_property
    def ship_by(self) -> datetime | None:
        """Until when it had to be shipped: as promised, else the policy's hours after payment."""
        if self.order.promised_ship_by:
            return self.order.promised_ship_by
        paid = self.order.paid_at
        return paid + timedelta(hours=self.policy.delivery.ship_hours) if paid else None

    @cached_property
    def late(self) -> bool:
        """Whether it was or is shipped after the promised time, as the systems know it."""
        if self.ship_by is None:
            return False
        return (self.order.shipped_at or self.now) > self.ship_by

    def within_hours(self, hours: int) -> bool:
        """Whether now is at most so many hours after delivery; not delivered yet counts as within."""
        return self.delivered_at is None or self.now <= self.delivered_at + timedelta(hours=hours)

    def within_days(self, days: int) -> bool:
        """Whether now is before 24:00 of the `days`-th day after delivery (次日起算)."""
        return self.delivered_at is None or self.now < end_of_day(self.delivered_at, days)

    @cached_property
    def return_end(self) -> datetime | None:
        """End of the 7-day window: window_hours from 0:00 of the day after delivery."""
        if self.delivered_at is None:
            return None
        return end_of_day(self.delivered_at) + timedelta(hours=self.policy.returns.window_hours)

    @cached_property
    def asked_at(self) -> datetime:
        """When the return was asked for: a return already open, or refused before, keeps that request's time."""
        known = self.still_open("return_open", "refund")
        if "return_obstructed" in self.issues:
            known = [*known, *(entry.at for entry in self.history if entry.kind == "refusal")]
        return min(known, default=self.now)

    def still_open(self, kind: str, *ended_by: str) -> list[datetime]:
        """When entries of this kind were made that no later entry of the other kinds has ended."""
        ends = [entry.at for entry in self.history if entry.kind in ended_by]
        last = max(ends, default=None)
        return [entry.at for entry in self.history if entry.kind == kind and (last is None or entry.at > last)]

    @cached_property
    def in_return_window(self) -> bool:
        return self.return_end is None or self.asked_at < self.return_end

    @cached_property
    def name(self) -> str:
        """Category and title, for rules that know goods by their name."""
        return f"{self.sku.category} {self.sku.title}"

    @cached_property
    def suspicious(self) -> bool:
        """Signals that call a person. They close goodwill and never touch what is owed."""
        who, limit = self.case.customer, self.policy.abuse
        often = who.claims_90d >= limit.claims and who.claims_90d >= limit.claims_per_order * who.orders_90d
        return (
            often
            or who.rejected_claims_90d >= limit.rejected_claims
            or who.empty_returns_90d >= limit.empty_returns
            or who.shared_pictures >= limit.shared_pictures
        )

    @cached_property
    def budget_spent(self) -> bool:
        """Whether the month's goodwill is used up: the owner's hard stop, the same for every case from then on."""
        return self.case.budget is not None and self.case.budget.spent

    @cached_property
    def goodwill_fen(self) -> int:
        """The most goodwill (善意补偿) for this line."""
        tier = self.policy.tiers.get(self.case.customer.tier)
        ratio = (tier.goodwill_ratio if tier else None) or self.policy.goodwill_ratio
        most = (tier.goodwill_max_fen if tier else None) or self.policy.goodwill_max_fen
        return min(share_of(self.value_fen, ratio), most)

    def has(self, *kinds: str) -> bool:
        """Whether any of these kinds of evidence is there."""
        return not self.evidence.isdisjoint(kinds)

    @cached_property
    def price(self) -> PriceNow | None:
        """The price now: as given, else the latest that counts in the shop's own log (调价格日志)."""
        if self.case.price is not None:
            return self.case.price
        past = [entry for entry in self.case.price_log or () if entry.at <= self.now]
        terms = self.line.price_protection
        skipped = UNCOUNTED_IN_LOG | frozenset(terms.excluded_kinds if terms else ())
        counted = [entry for entry in past if entry.kind not in skipped] or past
        if not counted:
            return None
        latest = max(counted, key=lambda entry: entry.at)
        return PriceNow(now_fen=latest.price_fen, at=latest.at, kind=latest.kind)


def merged(known: KnownFacts, claimed: KnownFacts) -> KnownFacts:
    """The shop's systems win over what the customer writes (rules.md, order of trust)."""
    if known == UNKNOWN:
        return claimed
    if claimed == UNKNOWN:
        return known
    facts = {name: getattr(claimed, name) for name in NAMES}
    facts.update({name: value for name in NAMES if (value := getattr(known, name)) is not None})
    return msgspec.structs.replace(UNKNOWN, **facts)


def _of_line(case: Case, line: Line) -> tuple[PastEntry, ...]:
    """Entries about this line from order and case; the same entry in both counts once."""
    if not case.history and not case.order.history:
        return ()
    alone = len(case.order.lines) == 1
    left = Counter(map(repr, case.order.history))
    entries = list(case.order.history)
    for entry in case.history:
        if left[repr(entry)]:
            left[repr(entry)] -= 1
        else:
            entries.append(entry)
    opens = ("return_open", "claim_open", "refusal")
    return tuple(
        entry for entry in entries
        if entry.line_id == line.line_id or (entry.line_id is None and (alone or entry.kind in opens))
    )


def _pieces_back(entry: PastEntry, unit: int, bought: int) -> int:
    """How many pieces a past refund gave back (see Situation)."""
    if entry.fen is None:
        return entry.quantity or 0
    if entry.quantity:
        return entry.quantity if entry.fen * 2 >= entry.quantity * unit else 0
    if entry.quantity is None and unit and entry.fen % unit == 0:
        return min(entry.fen // unit, bought)
    return bought if entry.fen >= bought * unit > 0 else 0
