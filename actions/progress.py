"""Where a case stands, taking it back, where the parcel is."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import confirmation, logistics, progress, withdrawal
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class TellProgress(ShopAction):
    def name(self) -> str:
        return "action_tell_progress"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return progress.tell_progress(session, turn)


class Withdraw(ShopAction):
    def name(self) -> str:
        return "action_withdraw"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return withdrawal.withdraw(session, turn)


class Confirm(ShopAction):
    def name(self) -> str:
        return "action_confirm"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return confirmation.confirm(session, turn)


class Decline(ShopAction):
    def name(self) -> str:
        return "action_decline"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return confirmation.decline(session, turn)


class TellLogistics(ShopAction):
    def name(self) -> str:
        return "action_tell_logistics"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return logistics.tell_logistics(session, turn)
