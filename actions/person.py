"""A person takes over."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import escalation
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class HandOver(ShopAction):
    def name(self) -> str:
        return "action_hand_over"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return escalation.hand_over_on_request(session, turn)
