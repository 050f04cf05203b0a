"""A button was pressed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import choosing
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class Choose(ShopAction):
    def name(self) -> str:
        return "action_choose"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return choosing.choose(session, turn)
