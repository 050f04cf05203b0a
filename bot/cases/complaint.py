"""A complaint: apology, what was understood, a person takes it. Never an attempt to stop it."""

from __future__ import annotations

import re

import msgspec
from sqlalchemy.orm import Session

from bot.aftersales.assessment import HumanReason
from bot.cases import case_file, escalation, ground, intake
from bot.cases.reply import Answer, Reply
from bot.cases.turn import Turn
from bot.cases.wish import hear
from bot.cases.words import say, wordings

LEGAL = re.compile(r"12315|起诉|律师|法院|法律|三倍|十倍|假一赔|消协|市场监管|工商")


def reason_of(issues: tuple[str, ...], text: str) -> HumanReason:
    """Which person the complaint needs (rules.md 2.1, 2.3)."""
    if "safety" in issues:
        return "safety"
    if "privacy_leak" in issues:
        return "privacy"
    if "counterfeit" in issues:
        return "counterfeit"
    if LEGAL.search(text) or {"false_advertising", "pricing_fraud"} & set(issues):
        return "legal_claim"
    return "complaint"


COMPLAINS = re.compile(rf"投诉|举报|差评|曝光|维权|平台|官方|领导|经理|老板|负责人|态度|告(?!诉)|报警|媒体|热线|有关部门|小红书|315|骗子|{LEGAL.pattern}")
OF_GOODS = frozenset({"quality_defect", "damaged_in_transit", "missing_item", "wrong_item", "not_as_described", "late_delivery", "price_drop"})


def only_angry(turn: Turn) -> bool:
    """Whether the model heard a complaint in mere anger about goods: 「什么破店 橙子烂了三个」. Equal facts get equal money."""
    stated = OF_GOODS & set(turn.issues)
    return bool(stated) and stated == set(turn.issues) and COMPLAINS.search(turn.text) is None and any(ground.said(issue, turn.text) for issue in stated)


def take_complaint(session: Session, turn: Turn) -> Answer:
    if only_angry(turn):
        return intake.open_case(session, msgspec.structs.replace(turn, intent="report_problem"))
    heard = hear(turn)
    row = case_file.current(session, turn) or escalation.case_talked_about(session, turn, "complaint")
    issues = tuple(dict.fromkeys([*(row.issues if row else ()), *heard.issues]))
    sorry = next((say(f"sorry_{issue}") for issue in heard.issues if f"sorry_{issue}" in wordings()), say("complaint_sorry"))
    answer = escalation.hand_over(session, turn, reason_of(issues, turn.text), row=row)
    first = Reply(f"{sorry}{say('complaint_rights')}")
    return Answer((first, *answer.replies), None, answer.case_id)
