"""Questions about rules, who the bot is, small talk, what was not understood."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.shop_action import ShopAction
from bot.cases import question, small_talk, unclear
from bot.cases.reply import Answer
from bot.cases.turn import Turn


class AnswerQuestion(ShopAction):
    def name(self) -> str:
        return "action_answer_question"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return question.answer_question(session, turn)


class SayWho(ShopAction):
    def name(self) -> str:
        return "action_say_who"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return small_talk.say_who(session, turn)


class Calm(ShopAction):
    def name(self) -> str:
        return "action_calm"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return small_talk.calm(session, turn)


class SmallTalk(ShopAction):
    def name(self) -> str:
        return "action_small_talk"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return small_talk.small_talk(session, turn)


class AskAgain(ShopAction):
    def name(self) -> str:
        return "action_ask_again"

    def answer(self, session: Session, turn: Turn) -> Answer:
        return unclear.ask_again(session, turn)
