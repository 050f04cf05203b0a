"""One more fact that the rules need and only the customer knows, asked one at a time."""

from __future__ import annotations

import re
from typing import Any

from bot.aftersales.case import Case
from bot.cases.claim import BARE, affected_share, counts, number
from bot.cases.reply import Choice, Reply
from bot.cases.turn import Turn
from bot.cases.words import say

YES = re.compile(r"^(是|对|嗯|有|没错|确认|都|好|可以|行|ok)|没错|对的|是的", re.IGNORECASE)
NO = re.compile(r"^(不|没|否|错)|不是|填错|代收|有人收")
FRESH_FAULTS = frozenset({"quality_defect", "damaged_in_transit", "not_as_described", "safety"})


def missing(case: Case) -> str | None:
    """The fact to ask for next, or None. Never asks what the systems or the words already said."""
    known = case.facts
    system = case.order.facts
    traits, issues = set(case.sku.traits), set(case.issues)
    labels = {label for line in case.order.lines if line.line_id == case.line_id for label in line.labels}

    def unknown(name: str) -> bool:
        return getattr(known, name) is None and getattr(system, name) is None

    if case.wish in {"price_protection", "complaint", "cancel_order"}:
        return None
    if traits & {"fresh", "flowers"} and issues & FRESH_FAULTS and unknown("affected_share"):
        return "affected_share"
    if "not_received" in issues and "virtual" not in traits and case.order.status in {"delivered", "completed"} and unknown("address_confirmed") and unknown("proof_of_delivery") and unknown("placed_without_consent"):
        return "address_confirmed"
    if issues == {"change_of_mind"} and case.order.status in {"delivered", "completed"}:
        if "no_return7_opened" in labels and unknown("sealed"):
            return "sealed"
        if "no_return7_activated" in labels and unknown("activated"):
            return "activated"
    return None


def ask(name: str, turn: Turn) -> Reply:
    """The question, with buttons where yes or no is enough."""
    buttons = {
        "sealed": (Choice("detail:sealed:yes", say("button_sealed_yes")), Choice("detail:sealed:no", say("button_sealed_no"))),
        "activated": (Choice("detail:activated:yes", say("button_activated_yes")), Choice("detail:activated:no", say("button_activated_no"))),
        "address_confirmed": (
            Choice("detail:address_confirmed:yes", say("button_address_yes")),
            Choice("detail:address_confirmed:no", say("button_address_no")),
        ),
    }.get(name, ())
    return Reply(say(f"ask_{name}", turn.said), buttons)


def read(name: str, turn: Turn) -> dict[str, Any]:
    """What the answer states about the fact that was asked; {} where it states nothing."""
    text = turn.text.strip()
    if name == "affected_share":
        share = affected_share(text)
        if share is None:
            ratios = [float(value) for value in turn.values("ratio") if isinstance(value, int | float)]
            share = ratios[0] if ratios and 0 < ratios[0] <= 1 else None
        if share is not None:
            return {"affected_share": share}
        told, bare = counts(text), BARE.fullmatch(text)
        if told.pieces and told.affected is None and told.other and told.other <= told.pieces:
            return {"affected_share": told.other / told.pieces}  # 「大概五个 一共十个」
        found = {"affected_count": told.affected, "pieces": told.pieces, "bare_count": number(bare[1]) if bare else None}
        # Half of it, 「一共十个」, is kept: the other half was told before, or is told next (claim.completed).
        return {name: value for name, value in found.items() if value is not None}
    negative, positive = bool(NO.search(text)), bool(YES.search(text))
    if turn.intent == "affirm":
        positive = True
    if turn.intent == "deny":
        negative = True
    if name == "sealed":
        if re.search(r"没|未|原封", text):
            return {"sealed": True}
        if re.search(r"拆|开|吃|用|喝", text) or positive:
            return {"sealed": False}
        return {}
    if name == "activated":
        if re.search(r"没|未", text) or (negative and not positive):
            return {"activated": False}
        return {"activated": True} if positive or "激活" in text or "用" in text else {}
    if name == "address_confirmed":
        if re.search(r"填错|写错|地址错|有人(代)?收|家人(代)?收|帮我?收", text):
            return {"address_confirmed": False}
        if positive or re.search(r"没(有)?(人|错|代收|收到)|地址(是)?对|都问过|没拿", text):
            return {"address_confirmed": True}
        return {"address_confirmed": False} if negative else {}
    return {}


def chosen(name: str, value: str) -> dict[str, Any]:
    """The fact a pressed button states."""
    return {name: value == "yes"}
