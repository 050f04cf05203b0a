"""A wish or a problem becomes a case."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import complaint, intake
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class OpenCase(ShopAction):
    def name(self) -> str:
        return "action_open_case"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return intake.open_case(session, turn)


class TakeComplaint(ShopAction):
    def name(self) -> str:
        return "action_take_complaint"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return complaint.take_complaint(session, turn)


class ChooseOrder(ShopAction):
    def name(self) -> str:
        return "action_choose_order"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return intake.choose_order(session, turn)


class TakeProblem(ShopAction):
    def name(self) -> str:
        return "action_take_problem"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return intake.take_problem(session, turn)


class TakeDetail(ShopAction):
    def name(self) -> str:
        return "action_take_detail"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return intake.take_detail(session, turn)
