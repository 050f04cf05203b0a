"""`assess(case, policy)`: the tables of all issues put together into one assessment.

Order of rules.md 2.0: the law's floor first, then what the shop promised better, then the platform, then
the shop's policy; of several readings the one that gives the customer most. First decisive row wins
within a table; over several issues the finding with the highest rank wins (`Finding.rank`).

How wish and issues meet, where rules.md leaves room:
- The wish price_protection is judged by the price table whatever else is said; other issues still call
  a person where they must.
- Money wished back before shipping or on the way needs no reason; faults of the goods come first.
- One fact told in two ways is one issue (`same_fact`).
- Change of mind beside a fault is no reason of its own: the fault decides (freight on the shop).
- A fault whose own time is over leaves the 7-day return as it is: who may send goods back without a
  reason may do so with one that came late.
- No issue: refund and return are a 7-day return, which needs no reason; exchange likewise; repair stands
  for a defect; resend and compensation owe nothing before the matter is known — the customer is asked what
  is wrong, not for evidence; a complaint goes to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import structs

from bot.aftersales import (
    breach,
    change_of_mind,
    conduct,
    delivery,
    fresh,
    handover,
    price_protection,
    quality,
    safety,
    ways,
)
from bot.aftersales import source as src
from bot.aftersales.assessment import Assessment, Decision, RemedyDue
from bot.aftersales.case import Case, Issue
from bot.aftersales.finding import Finding
from bot.aftersales.policy import Policy
from bot.aftersales.remedy import NOTHING, WITHOUT_MONEY, nothing
from bot.aftersales.rule import Facts, decide, rule
from bot.aftersales.same_fact import told_once
from bot.aftersales.situation import MONEY_WISHES, Situation


def _quality(s: Situation) -> Finding:
    return fresh.judge(s) if fresh.is_fresh(s) else quality.judge(s)


def _description(s: Situation) -> Finding:
    return fresh.judge(s) if fresh.is_fresh(s) else breach.judge_description(s)


def _damage(s: Situation) -> Finding:
    return fresh.judge(s) if fresh.is_fresh(s) else breach.judge_damaged(s)


def _promise(s: Situation) -> Finding:
    """A broken price promise is kept by paying the difference, where that is what is wished."""
    if s.price is not None and price_protection.promised(s) and s.wish in ("refund", "compensation"):
        return price_protection.judge(s)
    return breach.judge_promise(s)


FAULTS: Mapping[Issue, Callable[[Situation], Finding]] = {
    "safety": safety.judge,
    "counterfeit": conduct.judge_counterfeit,
    "false_advertising": conduct.judge_advertising,
    "pricing_fraud": conduct.judge_pricing,
    "quality_defect": _quality,
    "not_as_described": _description,
    "wrong_item": breach.judge_wrong,
    "missing_item": breach.judge_missing,
    "damaged_in_transit": _damage,
    "promise_broken": _promise,
    "not_received": delivery.judge_not_received,
}
"""Issues of the goods or their delivery that give a remedy of their own."""

PERSON_FAULTS: tuple[Issue, ...] = ("safety", "counterfeit", "false_advertising", "pricing_fraud")
"""Faults that call a person in every case, also where another finding decides."""

BESIDE: Mapping[str, Callable[[Situation], Finding]] = {
    "service_attitude": conduct.judge_attitude,
    "privacy_leak": conduct.judge_privacy,
    "billing_error": conduct.judge_billing,
}
"""Issues beside the goods: heard on top of whatever is owed for them."""


@rule(
    "NO-01", when="没有说明问题，想补发或补偿", effect="没有应得的之前先问清问题，不要证据",
    text="请告诉我们遇到了什么问题（比如少了什么、哪里坏了），知道以后马上按问题处理。", source=src.SHOP_GUIDE,
    then=lambda s: nothing(),
)
def what_is_wrong(s: Situation) -> Facts | None:
    return {"wish": s.wish, "issues": []}


@rule(
    "CO-01", when="投诉，没有说明具体问题", effect="人工", text="您的投诉收到了，由同事接着为您处理并回复您。", source=f"{src.D8}；{src.H1}",
    then=lambda s: nothing(human="complaint"),
)
def complains(s: Situation) -> Facts | None:
    return {"wish": s.wish} if s.wish == "complaint" else None


WITHOUT_ISSUE = (complains, what_is_wrong)


@rule(
    "CL-01", when="订单已关闭，或所有件都已退款", effect="没有可再退的；安全等问题照常由人工",
    text="这件商品已经取消或全额退款，没有还可以退的部分。", source=src.SHOP_GUIDE, then=lambda s: nothing(),
)
def closed(s: Situation) -> Facts | None:
    return {"status": s.order.status, "kept": s.kept, "left": s.value_fen}


@rule(
    "CL-02", when="算下来没有可退的钱（零元商品、赠品，或不到一分）", effect="不列 0 元的退款；换、补、修照旧",
    text="这件商品算下来没有可以退的钱，有换货、补发、维修的照常为您办。", source=src.SHOP_GUIDE,
)
def no_money(s: Situation) -> Facts | None:
    none = [due.remedy for due in s.found.remedies if not due.fen and due.remedy not in WITHOUT_MONEY]
    return {"remedies": none, "left": s.value_fen} if none else None


def _without_issue(s: Situation) -> Finding:
    """A wish without any issue, or with price_drop or change_of_mind only."""
    if s.wish == "repair" and s.delivered and "change_of_mind" not in s.issues:
        return quality.judge_repair(s)
    if s.wish in MONEY_WISHES or s.wish == "exchange" or "change_of_mind" in s.issues:
        return change_of_mind.judge(s)
    return decide(WITHOUT_ISSUE, s)


def _by_wish(s: Situation) -> Finding:
    """No fault of the goods is named: what the wish and the state of the order give."""
    back = s.issues & {"change_of_mind", "return_obstructed"}
    money = s.wish in MONEY_WISHES or (s.wish == "complaint" and bool(back))
    if money and s.unshipped:
        return delivery.judge_unshipped(s)
    if money and s.in_transit:
        return delivery.judge_on_the_way(s)
    if "return_obstructed" in s.issues:
        return conduct.judge_obstructed(s)
    if "late_delivery" in s.issues:
        if money and s.late:
            found = delivery.judge_late(s)
            return found if found.state == "owed" else change_of_mind.judge(s)
        if not money and (not s.delivered or s.wish in ("compensation", "complaint", "resend")):
            return delivery.judge_late(s)
    if "price_drop" in s.issues and s.wish in ("refund", "compensation", "complaint"):
        return price_protection.judge(s)
    return _without_issue(s)


def _main(s: Situation) -> Finding:
    """The finding that decides what is owed for the goods."""
    if s.wish == "price_protection":
        return price_protection.judge(s)
    beside = s.issues & BESIDE.keys()
    if s.issues and s.issues == beside and (
        s.wish in ("compensation", "complaint") or (s.wish == "refund" and "billing_error" in beside)
    ):
        return max((BESIDE[issue](s) for issue in sorted(beside)), key=lambda each: each.rank)
    if s.over:
        return decide((closed,), s)
    if s.wish in MONEY_WISHES and s.unshipped:
        return delivery.judge_unshipped(s)
    named = [issue for issue in FAULTS if issue in s.issues]
    if named == ["not_received"] and s.wish == "compensation" and s.unshipped:
        return delivery.judge_late(s)
    faults = [FAULTS[issue](s) for issue in named]
    return _or_return(s, max(faults, key=lambda each: each.rank)) if faults else _by_wish(s)


def _or_return(s: Situation, found: Finding) -> Finding:
    """The 7-day return where it is open, wished, and the fault itself no longer gives anything fixed."""
    weak = found.state in ("negotiable", "refused") and not found.floor_fen and found.human is None
    wished = s.wish in ("return_goods", "cancel_order") or (s.wish == "refund" and not s.facts.minor_defect)
    if not (weak and wished and s.delivered) or fresh.is_fresh(s) or not change_of_mind.can_return(s):
        return found
    back = change_of_mind.judge(s)
    if back.state != "owed":
        return found
    back.reasons += found.reasons
    return back


def _findings(s: Situation) -> list[Finding]:
    """The deciding finding first, then those that are heard in any case: people's matters, money on top."""
    main = _main(s)
    rules = {reason.rule for reason in main.reasons}
    heard = [FAULTS[issue](s) for issue in PERSON_FAULTS if issue in s.issues]
    heard += [judge(s) for issue, judge in BESIDE.items() if issue in s.issues]
    if "return_obstructed" in s.issues:
        heard.append(conduct.judge_obstructed(s))
    return [main, *(each for each in heard if each.reasons[0].rule not in rules)]


def _together(s: Situation, findings: list[Finding]) -> Finding:
    """One finding: the first decides, the others add their person, their money on top and their needs."""
    main = findings[0]
    humans = {each.human for each in findings}
    main.human = next((name for name in handover.PRIORITY if name in humans), None)
    for each in findings[1:]:
        main.reasons += each.reasons
        main.needs += tuple(need for need in each.needs if need not in main.needs)
        if each.reasons[0].rule == "BE-01":
            main.remedies = tuple(due for due in main.remedies if due is not NOTHING) + each.remedies
            main.floor_fen += each.floor_fen
            main.cap_fen += each.floor_fen
            main.state = "owed" if main.state == "refused" else main.state
        else:
            main.remedies += tuple(due for due in each.remedies if due.remedy == "medical")
    if "return_obstructed" in s.issues and main.return_freight in ("customer", "insurance"):
        main.return_freight = "merchant"
    return _within_limits(s, within_budget(s.budget_spent, _without_nothings(s, main)))


def _without_nothings(s: Situation, found: Finding) -> Finding:
    """A remedy of no money is none: it is not listed, and the customer hears that there is no money in it."""
    s.found = found
    reason = no_money.fire(s)
    if reason is None:
        return found
    found.reasons += (reason,)
    found.remedies = tuple(due for due in found.remedies if due.fen or due.remedy in WITHOUT_MONEY)
    if not found.remedies:
        found.state, found.return_freight, found.deadlines = "refused", "none", ()
    elif found.remedies[0].return_needed and found.return_freight == "none":
        found.return_freight = "merchant"
    if found.state == "owed" and all(due.kind == "negotiable" for due in found.remedies):
        found.state = "negotiable"
    return found


def within_budget(spent: bool, found: Finding) -> Finding:
    """The finding once the month's goodwill is spent: nothing above what is owed, and what is owed whole.

    Where something negotiable was all there was, a person decides (over_limit).
    """
    if not spent:
        return found
    kept = tuple(due for due in found.remedies if due.kind == "owed" or not due.fen)
    if not kept and found.remedies:
        found.human = found.human or "over_limit"
    found.remedies, found.cap_fen = kept or (NOTHING,), found.floor_fen
    return found


def _within_limits(s: Situation, found: Finding) -> Finding:
    """Cuts what may be negotiated: to the bot's limit, and to nothing where a person has to look first.

    What is owed is never cut.
    """
    limit = 0 if s.suspicious else s.policy.auto_limit_fen
    found.cap_fen = max(found.floor_fen, min(found.cap_fen, limit))
    kept: list[RemedyDue] = []
    for due in found.remedies:
        if due.kind == "owed" or due.fen == 0:
            kept.append(due)
        elif due.fen > found.cap_fen or s.suspicious:
            if not s.suspicious and found.cap_fen:
                kept.append(structs.replace(due, fen=found.cap_fen))
        else:
            kept.append(due)
    found.remedies = tuple(kept) or (NOTHING,)
    if found.state == "negotiable" and all(due.kind == "owed" for due in found.remedies):
        found.state = "owed" if found.remedies != (NOTHING,) else "refused"
    return found


def assess(case: Case, policy: Policy) -> Assessment:
    """What the rules say of the case under the policy (with the case's own overrides laid over it).

    Pure: equal arguments give equal results; the time is `case.now`. Raises BadPolicy for overrides that
    cannot be used; the case is taken as checked by `read_case`.
    """
    policy = policy.with_overrides(case.policy)
    s = Situation(case, policy)
    s.issues = told_once(s)
    s.found = found = _together(s, _findings(s))
    human, announced = handover.triggers(s)
    decision: Decision = found.state if human is None else "human"
    quiet = handover.unusual.fire(s)
    if quiet is not None:
        announced = (*announced, quiet)
        human = human or "dispute"
    found.human = human
    return Assessment(
        decision=decision,
        remedies=found.remedies,
        floor_fen=found.floor_fen,
        cap_fen=found.cap_fen,
        return_freight=found.return_freight,
        needs=found.needs,
        to_human=human,
        reasons=(*found.reasons, *announced),
        options_for_customer=ways.options(s),
        deadlines=(*found.deadlines, *ways.deadlines(s)),
        policy_version=policy.version,
    )
