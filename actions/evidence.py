"""Evidence that was asked for: it came, or it cannot be had."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import evidence
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class TakeEvidence(ShopAction):
    def name(self) -> str:
        return "action_take_evidence"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return evidence.take_evidence(session, turn)


class NoEvidence(ShopAction):
    def name(self) -> str:
        return "action_no_evidence"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return evidence.no_evidence(session, turn)
