"""Answers to an offer. What moves money is checked against the database, never against the tracker."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import bargaining
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class AcceptOffer(ShopAction):
    def name(self) -> str:
        return "action_accept_offer"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return bargaining.accept_offer(session, turn)


class RejectOffer(ShopAction):
    def name(self) -> str:
        return "action_reject_offer"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return bargaining.reject_offer(session, turn)


class CounterOffer(ShopAction):
    def name(self) -> str:
        return "action_counter_offer"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return bargaining.counter_offer(session, turn)


class Explain(ShopAction):
    def name(self) -> str:
        return "action_explain"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return bargaining.explain(session, turn)
