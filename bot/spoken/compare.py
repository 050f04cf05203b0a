"""The same complaints with the engine alone and over whole Chinese conversations: what the words lose."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import aiohttp
import msgspec
import numpy as np
from sqlalchemy.orm import Session

from bot.aftersales.assess import assess
from bot.aftersales.assessment import Assessment
from bot.aftersales.case import Case as Facts
from bot.aftersales.policy import Policy
from bot.cases import detail, facts, request_evidence, settlement
from bot.load.customer import Refused
from bot.negotiation.forms import shop_cost
from bot.negotiation.negotiation import Human, Left, Negotiation, Offer, Settled
from bot.negotiation.simulation.assumptions import Assumptions
from bot.negotiation.simulation.play import satisfaction, total_cost
from bot.negotiation.terms import Terms
from bot.negotiation.worth import neutral
from bot.spoken.complaint import Complaint
from bot.spoken.mind import Mind, parts_of, worth_of
from bot.spoken.talk import Bargainer, Ended
from bot.store import models

AT_ONCE = 4
"""Conversations at a time."""


class Pair(NamedTuple):
    """One complaint: with the engine alone, and spoken; None where the product failed, `fault` says how."""

    complaint: Complaint
    alone: Ended
    negotiation: Negotiation
    spoken: Ended | None
    fault: str = ""


class Figures(msgspec.Struct, frozen=True):
    """One side. Shares of the complaints; worth (neutral) and cost J as shares of the order value; messages a
    complaint, as the customer has to send them."""

    settled: float
    person: float
    left: float
    worth: float
    satisfaction: float
    cost: float
    messages: float


class Lost(msgspec.Struct, frozen=True):
    """What the words lose. opened: cases with the wish and the kind of problem that were meant; menus: first menus
    with the same forms; ends, options: complaints that end alike, and settled ones with the same remedies;
    acts: of the acts spoken, those noted as meant, and the most frequent others (meant → noted)."""

    complaints: int
    failed: dict[str, int]
    opened: float
    menus: float
    ends: float
    options: float
    acts: int
    acts_right: float
    misheard: tuple[tuple[str, int], ...]
    alone: Figures
    spoken: Figures


def opened_by(session: Session, complaint: Complaint, at: datetime) -> tuple[models.Case, Facts]:
    """The case as it is when everything the customer means is understood."""
    row = models.Case(
        case_id=f"meant_{complaint.claim.number}", conversation_id="", customer_id=complaint.customer_id,
        order_id=complaint.order_id, line_id=complaint.line_id, wish=complaint.wish,
        issues=[complaint.kind.issue], facts={}, state="open", opened_at=at, updated_at=at,
    )
    case = facts.case_of(session, row, at)
    while (asked := detail.missing(case)) is not None:
        row.facts = {**row.facts, asked: True}
        case = facts.case_of(session, row, at)
    return row, case


def with_engine(
    session: Session, complaint: Complaint, policy: Policy, terms: Terms, given: Assumptions, at: datetime
) -> tuple[Ended, Negotiation]:
    """The complaint without words: rules, negotiation and the customer's mind."""
    def judged(one: Facts) -> Assessment:
        return assess(one, policy)

    row, case = opened_by(session, complaint, at)
    assessment = judged(case)
    if assessment.decision == "needs_evidence" and complaint.proves and not set(assessment.needs) <= request_evidence.OWN:
        case = msgspec.structs.replace(case, evidence=(*case.evidence, *assessment.needs))
        assessment = judged(case)
    negotiation = Negotiation.open(case, assessment, terms, judged)
    if assessment.to_human is not None or assessment.decision in {"human", "needs_evidence"}:
        return Ended("person", None, (), 1), negotiation
    due = settlement.plain_due(assessment, row)
    if due is not None:
        return Ended("bot", f"{due.remedy}-{due.fen}", (), 1), negotiation
    first, mind, messages = negotiation.move(), Mind(complaint.claim, terms, given), 1
    menu = tuple(option.id for option in first.options) if isinstance(first, Offer) else ()
    while isinstance(move := negotiation.move(), Offer):
        negotiation = negotiation.answer(mind.act([option.id for option in move.standing]))
        messages += 1
    match negotiation.move():
        case Settled(option=option):
            return Ended("bot", option.id, menu, messages), negotiation
        case Human():
            return Ended("person", None, menu, messages), negotiation
        case Left():
            return Ended("churn", None, menu, messages - 1), negotiation
        case other:
            raise AssertionError(other)


async def over_http(
    port: int, complaints: Sequence[Complaint], terms: Terms, given: Assumptions, database_url: str,
    tick: Callable[[], object],
) -> list[Ended | str]:
    """Every complaint spoken, a few at a time; a string says what the product failed with."""
    gate = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=aiohttp.ClientTimeout(total=90)) as http:

        async def one(complaint: Complaint) -> Ended | str:
            async with gate:
                try:
                    return await Bargainer(http, complaint, terms, given, database_url).bargain()
                except (aiohttp.ClientError, asyncio.TimeoutError, Refused) as fault:
                    return str(fault) or type(fault).__name__
                finally:
                    tick()

        return list(await asyncio.gather(*(one(complaint) for complaint in complaints)))


def lost(pairs: Sequence[Pair], terms: Terms, given: Assumptions) -> Lost:
    """What the spoken side has less of."""
    both = [(pair, pair.spoken) for pair in pairs if pair.spoken is not None]
    acts = [heard for _, spoken in both for heard in spoken.heard]
    wrong = Counter(f"{meant} → {noted}" for meant, noted in map(_coarse, acts) if meant != noted)
    settled = [(pair, spoken) for pair, spoken in both if pair.alone.end == spoken.end == "bot"]
    menus = [(pair, spoken) for pair, spoken in both if pair.alone.menu]
    return Lost(
        complaints=len(pairs),
        failed=dict(Counter(pair.fault for pair in pairs if pair.spoken is None)),
        opened=_mean(
            spoken.opened is not None and spoken.opened[0] == pair.complaint.wish
            and pair.complaint.kind.issue in spoken.opened[1]
            for pair, spoken in both
        ),
        menus=_mean(set(pair.alone.menu) == set(spoken.menu) for pair, spoken in menus),
        ends=_mean(pair.alone.end == spoken.end for pair, spoken in both),
        options=_mean(_parts(pair.alone.option) == _parts(spoken.option) for pair, spoken in settled),
        acts=len(acts),
        acts_right=_mean(meant == noted for meant, noted in acts),
        misheard=tuple(wrong.most_common(10)),
        alone=_figures([(pair, pair.alone) for pair, _ in both], terms, given),
        spoken=_figures(both, terms, given),
    )


def _coarse(heard: tuple[str, str]) -> tuple[str, str]:
    """Without sums, so that like misreadings count together; with them only where nothing else differs."""
    short = [" ".join(part for part in side.split() if not any(letter.isdigit() for letter in part)) for side in heard]
    return heard if short[0] == short[1] else (short[0], short[1])


def _parts(option: str | None) -> list[tuple[str, int]]:
    return sorted(parts_of(option or ""))


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return float(np.mean(listed)) if listed else 0.0


def _figures(sides: Sequence[tuple[Pair, Ended]], terms: Terms, given: Assumptions) -> Figures:
    worths, contents, costs, value = [], [], 0.0, 0
    for pair, ended in sides:
        claim, forms, matter = pair.complaint.claim, pair.negotiation.forms, pair.negotiation.matter
        option = ended.option
        if ended.end == "person" and forms.options:
            mind = Mind(claim, terms, given)
            option = max(forms.options, key=lambda one: mind.utility(one.id)).id
        end = "churn" if ended.end == "stuck" else ended.end
        pairs = [part for part in parts_of(option or "") if part[0] not in {"freight", "medical"}]
        utility = Mind(claim, terms, given).utility(option) if option else 0.0
        worth = worth_of(option, neutral(terms, claim.value_fen), claim.value_fen, matter.severity, terms) if option else 0.0
        direct = float(sum(shop_cost(remedy, fen, matter, terms) for remedy, fen in pairs))
        returned = np.array(any(remedy == "return_refund" for remedy, _ in pairs))
        content = float(satisfaction(claim, end, utility, returned, ended.messages, given))
        worths.append(worth)
        contents.append(content)
        costs += float(total_cost(claim, end, np.array(direct), np.array(content), ended.messages, given))
        value += claim.value_fen
    return Figures(
        settled=_mean(ended.end == "bot" for _, ended in sides),
        person=_mean(ended.end == "person" for _, ended in sides),
        left=_mean(ended.end in {"churn", "stuck"} for _, ended in sides),
        worth=_mean(worths), satisfaction=_mean(contents), cost=costs / max(1, value),
        messages=_mean(ended.messages for _, ended in sides),
    )
