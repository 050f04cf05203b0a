"""Claims: the facts of an order and the hidden customer behind it, drawn from the assumptions."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.random import Generator

from bot.aftersales.assessment import Remedy, RemedyDue
from bot.negotiation.matter import Fault as Whose
from bot.negotiation.matter import Matter
from bot.negotiation.simulation.assumptions import Assumptions, Fault
from bot.negotiation.terms import EvidenceLevel, Preference, Terms
from bot.negotiation.worth import MOST_HASSLE, Taste

WHOSE: dict[Fault, Whose] = {
    "defect": "seller", "misdescribed": "seller", "wrong": "seller", "damaged": "seller", "missing": "seller",
    "undelivered": "undelivered", "late": "late", "mind": "mind", "wear": "wear",
}
PREFERS: dict[str, Preference] = {
    "cash": "cash", "hard": "cash", "replacement": "replacement", "speed": "speed", "relationship": "future",
}
STYLES = ("short", "long", "polite", "slang")
TURNS = 12
"""Random numbers drawn per claim and turn, so that every strategy meets the same luck."""


class Customer(msgspec.Struct, frozen=True):
    """The hidden customer. loss: share of the price they feel they lost; patience: turns; slope: β of the
    concession curve; luck: (TURNS, 4) uniform numbers for yes, walking out, counter, and where to."""

    kind: str
    taste: Taste
    loss: float
    anger: float
    assertive: float
    greed: float
    patience: int
    slope: float
    escalation: float
    knows_law: bool
    malicious: bool
    can_prove: bool
    style: str
    opening: tuple[Preference, ...]
    luck: tuple[tuple[float, ...], ...]


class Claim(msgspec.Struct, frozen=True):
    """fault, severity as read (0–1) and truth: share really lost; value in fen."""

    number: int
    fault: Fault
    value_fen: int
    truth: float
    severity: float
    evidence: EvidenceLevel
    within_days: bool
    returnable: bool
    in_stock: bool
    goods_fen: int
    freight_fen: int
    suspect: bool
    customer: Customer

    def proven(self) -> Claim:
        """The same claim after good evidence came in."""
        return msgspec.structs.replace(self, evidence="strong")

    def salvage(self, severity: float, terms: Terms) -> int:
        whole = 1.0 if self.fault in {"mind", "late"} else 1.0 - severity
        return round(terms.cost.salvage_share * self.goods_fen * whole)

    def matter(self, terms: Terms) -> Matter:
        """What the shop knows."""
        owed = tuple(self._owed())
        value = self.value_fen
        most = {"late": 0.3, "wear": 0.3, "mind": 1.0 if owed else 0.1}.get(self.fault, 1.0)
        return Matter(
            value_fen=value,
            fault=WHOSE[self.fault],
            severity=self.severity,
            evidence=self.evidence,
            owed=owed,
            negotiable=tuple(self._negotiable({due.remedy for due in owed})),
            floor_fen=max((due.fen for due in owed), default=0),
            cap_fen=round(most * value),
            goods_fen=self.goods_fen,
            freight_fen=self.freight_fen,
            salvage_fen=self.salvage(self.severity, terms),
            in_stock=self.in_stock,
            suspect=self.suspect,
            needs=("photo",) if self.evidence == "none" else (),
        )

    def _owed(self) -> Iterator[RemedyDue]:
        value, proven = self.value_fen, self.evidence != "none"
        back = RemedyDue("return_refund", value, True, "owed")
        if self.fault in {"late", "wear"}:
            return
        if self.fault == "mind" or not proven:
            if self.within_days and self.returnable and self.fault != "undelivered":
                yield back
            return
        if self.fault == "undelivered":
            yield RemedyDue("refund", value, False, "owed")
            if self.in_stock:
                yield RemedyDue("resend", 0, False, "owed")
        elif self.fault == "missing":
            yield RemedyDue("refund_part", round(self.severity * value), False, "owed")
            if self.in_stock:
                yield RemedyDue("resend", 0, False, "owed")
        elif self.within_days:
            yield back
        elif self.in_stock:
            yield RemedyDue("exchange", 0, True, "owed")
        elif self.fault == "defect":
            yield RemedyDue("repair", 0, True, "owed")
        else:
            yield back

    def _negotiable(self, owed: set[Remedy]) -> Iterator[RemedyDue]:
        forms: list[Remedy] = ["refund_part", "coupon", "gift"]
        if self.fault in {"defect", "damaged", "wear"}:
            forms.append("repair")
        if self.fault in {"defect", "misdescribed", "wrong", "damaged"}:
            forms.append("exchange")
        if self.fault in {"missing", "undelivered"}:
            forms.append("resend")
        for remedy in forms:
            if remedy not in owed or remedy == "refund_part":
                fen = self.value_fen if remedy in {"refund_part", "refund"} else 0
                yield RemedyDue(remedy, fen, remedy in {"repair", "exchange"}, "negotiable")


def _customer(rng: Generator, given: Assumptions, value_yuan: float, loss: float, malicious: bool) -> Customer:
    names = list(given.kinds)
    shares = np.array([kind.share for kind in given.kinds.values()])
    name = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    kind, hard = given.kinds[name], name == "hard"
    spread = np.exp(rng.normal(0.0, given.taste_spread, 6))
    hassle = given.hassle_yuan * float(np.exp(rng.normal(0.0, given.hassle_spread))) * kind.hassle / value_yuan
    taste = Taste(
        replacement=kind.replacement * spread[0],
        attachment=min(1.0, kind.attachment * spread[1]),
        hassle=min(MOST_HASSLE, hassle),
        coupon=min(1.0, kind.coupon * spread[3]),
        gift=min(1.0, kind.gift * spread[4]),
        delay=given.delay_per_day * kind.delay * spread[5],
    )
    return Customer(
        kind=name,
        taste=taste,
        loss=loss,
        anger=float(rng.beta(*(given.anger_hard if hard else given.anger))),
        assertive=float(rng.beta(*given.assertive)),
        greed=float(rng.beta(*(given.greed_hard if hard else given.greed))),
        patience=int(rng.integers(given.patience[0], given.patience[1] + 1)),
        slope=float(rng.choice(given.slopes)),
        escalation=given.escalation_yuan * float(np.exp(rng.normal(0.0, 0.5))) / value_yuan,
        knows_law=bool(rng.random() < given.knows_law),
        malicious=malicious,
        can_prove=bool(rng.random() < (given.can_forge_later if malicious else given.can_prove)),
        style=STYLES[int(rng.integers(len(STYLES)))],
        opening=_opening(rng, given, name),
        luck=tuple(map(tuple, rng.random((TURNS, 4)))),
    )


def _opening(rng: Generator, given: Assumptions, kind: str) -> tuple[Preference, ...]:
    """What the shop makes of the first message: nothing, the preference told, or one misheard."""
    told, misheard, which = rng.random(3)
    if told >= given.says_wish:
        return ()
    names = sorted(set(PREFERS.values()))
    return (names[int(which * len(names))] if misheard < given.misheard else PREFERS[kind],)


def claims(count: int, seed: int, given: Assumptions) -> list[Claim]:
    """`count` claims; the same seed and assumptions give the same claims."""
    return [claim(number, seed, given) for number in range(count)]


def claim(number: int, seed: int, given: Assumptions) -> Claim:
    """Claim `number` of a seed, independent of how many others are drawn."""
    rng = np.random.default_rng([seed, number])
    faults = list(given.losses)
    shares = np.array([loss.share for loss in given.losses.values()])
    fault = faults[int(rng.choice(len(faults), p=shares / shares.sum()))]
    value = float(np.clip(np.exp(rng.normal(np.log(given.value_yuan), given.value_spread)), *given.value_range))
    drawn = given.losses[fault]
    real = 1.0 if fault == "undelivered" else float(np.clip(rng.beta(drawn.a, drawn.b), 0.02, 1.0))
    malicious = bool(rng.random() < given.malicious)
    without = 1.0 - given.forged if malicious else given.no_proof
    roll = rng.random()
    weak = without + (1.0 - without) * (1.0 - given.strong_proof)
    level: EvidenceLevel = "none" if roll < without else "some" if roll < weak else "strong"
    error = given.reading_error * (1.0 if level == "strong" else 2.0)
    read = given.mind_seen if fault == "mind" else float(np.clip(real + rng.normal(0.0, error), 0.02, 1.0))
    if fault == "undelivered":
        read = 1.0
    score = float(rng.normal(given.score_shift if malicious else 0.0, 1.0))
    low, high = given.goods_share
    return Claim(
        number=number,
        fault=fault,
        value_fen=round(100 * value),
        truth=0.0 if malicious else real,
        severity=read,
        evidence=level,
        within_days=bool(rng.integers(0, given.days) < 7),
        returnable=bool(rng.random() < 0.8),
        in_stock=bool(rng.random() < given.in_stock),
        goods_fen=round(100 * value * float(rng.uniform(low, high))),
        freight_fen=round(100 * float(rng.uniform(*given.freight_yuan))),
        suspect=score > given.score_limit,
        customer=_customer(rng, given, value, read if malicious else real, malicious),
    )


def twin(one: Claim, nature: tuple[float, float, float, int], luck_seed: int) -> Claim:
    """The same facts and tastes with another temper: (anger, assertiveness, greed, patience)."""
    anger, assertive, greed, patience = nature
    luck = tuple(map(tuple, np.random.default_rng([luck_seed, one.number]).random((TURNS, 4))))
    return msgspec.structs.replace(
        one,
        customer=msgspec.structs.replace(
            one.customer, anger=anger, assertive=assertive, greed=greed, patience=patience, luck=luck
        ),
    )
