"""What a negotiation needs to know of a case: the facts that set value and cost, nothing about mood.

`matter_of(case, assessment, terms)` reads it from a case. The simulator makes matters directly.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

import msgspec

from bot.aftersales.assessment import Assessment, Remedy, RemedyDue
from bot.aftersales.case import Case, Issue
from bot.aftersales.policy import Policy
from bot.aftersales.same_fact import told_once
from bot.aftersales.situation import Situation
from bot.negotiation.terms import EvidenceLevel, Terms

Fault = Literal["seller", "undelivered", "late", "mind", "wear", "none"]
"""Whose doing: the shop's (商家责任), never delivered, delivered or shipped late, the customer's change of
mind (七天无理由), wear by use, or nobody's."""

SELLER_ISSUES = frozenset({
    "quality_defect", "not_as_described", "false_advertising", "counterfeit", "safety", "wrong_item",
    "missing_item", "damaged_in_transit", "return_obstructed", "promise_broken", "pricing_fraud",
})
SIDE_REMEDIES = frozenset({"freight", "medical"})
"""Remedies that come on top of any other and do not count against the cap (contracts.md section 5)."""
MONEY = frozenset({"refund", "refund_part", "price_difference"})


class Matter(msgspec.Struct, frozen=True):
    """The facts of one line. value_fen: what was paid for what is kept; severity: share of it lost, 0–1."""

    value_fen: int
    fault: Fault
    severity: float
    evidence: EvidenceLevel
    owed: tuple[RemedyDue, ...]
    negotiable: tuple[RemedyDue, ...]
    floor_fen: int
    cap_fen: int
    goods_fen: int
    freight_fen: int
    salvage_fen: int
    in_stock: bool = True
    suspect: bool = False
    """A fraud signal that is checkable in the case: it narrows the form (goods back first), never the value."""
    needs: tuple[str, ...] = ()
    sides: tuple[RemedyDue, ...] = ()
    underway: bool = False
    """The parcel is on its way: what goes back is intercepted by the shop, the customer sends nothing."""

    @property
    def exact(self) -> bool:
        """True when all that is owed is a sum of money for goods kept: there is nothing to weigh."""
        return bool(self.owed) and all(due.remedy in MONEY and not due.return_needed for due in self.owed)


def _check_line(case: Case) -> None:
    known = [line.line_id for line in case.order.lines]
    if case.line_id not in known:
        raise ValueError(f"line_id: 订单里没有 {case.line_id},应为 {', '.join(known)} 之一")


def _fault(case: Case, issues: Set[Issue]) -> Fault:
    if "not_received" in issues:
        return "undelivered"
    if issues & SELLER_ISSUES:
        return "seller"
    if "late_delivery" in issues:
        return "late"
    if "change_of_mind" in issues or (not issues and case.wish in {"return_goods", "exchange"}):
        return "mind"
    return "none"


def _severity(case: Case, issues: Set[Issue], terms: Terms) -> float:
    facts, on_order = case.facts, case.order.facts
    share = facts.affected_share if facts.affected_share is not None else on_order.affected_share
    if share is not None:
        return share
    if facts.gross_mismatch or on_order.gross_mismatch:
        return terms.severity["gross_mismatch"]
    if facts.minor_defect or on_order.minor_defect:
        return terms.severity["minor_defect"]
    return max((terms.severity.get(issue, 0.0) for issue in issues), default=0.0)


def _evidence(case: Case, assessment: Assessment) -> EvidenceLevel:
    if assessment.needs or assessment.decision == "needs_evidence":
        return "some" if case.evidence else "none"
    if assessment.decision == "owed" or case.evidence:
        return "strong" if assessment.decision == "owed" or len(case.evidence) > 1 else "some"
    return "none"


def _of_kind(assessment: Assessment, kind: str) -> tuple[RemedyDue, ...]:
    skipped: frozenset[Remedy | str] = SIDE_REMEDIES | {"none"}
    return tuple(due for due in assessment.remedies if due.kind == kind and due.remedy not in skipped)


def matter_of(case: Case, assessment: Assessment, terms: Terms) -> Matter:
    """The matter of a case as assessed. Raises ValueError when the case's line is not in its order."""
    _check_line(case)
    situation = Situation(case, Policy())
    value = situation.value_fen
    issues = told_once(situation) - (situation.issues - set(case.issues))
    severity = _severity(case, issues, terms)
    fault = _fault(case, issues)
    goods = round(terms.cost.goods_share * value)
    kept_good = 1.0 if fault in {"mind", "late"} else 1.0 - severity
    return Matter(
        value_fen=value,
        fault=fault,
        severity=severity,
        evidence=_evidence(case, assessment),
        owed=_of_kind(assessment, "owed"),
        negotiable=_of_kind(assessment, "negotiable"),
        floor_fen=assessment.floor_fen,
        cap_fen=assessment.cap_fen,
        goods_fen=goods,
        freight_fen=case.sku.return_cost_fen or terms.cost.freight_fen,
        salvage_fen=round(terms.cost.salvage_share * goods * kept_good),
        needs=assessment.needs,
        underway=case.order.status == "shipped",
        sides=tuple(
            due for due in assessment.remedies if due.remedy in SIDE_REMEDIES and due.kind == "owed" and due.fen
        ),
    )
