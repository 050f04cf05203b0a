"""One conversation pulled in every direction at once: customer, bot, agents, clocks and faults in a random order.

The pieces are the real ones (inbox, conversation, desk, ledger, database); what is left out is the time
between them, so that every order of steps can happen: a bot answer that was begun is kept in `begun` and
comes whenever the dice say, also long after an agent took over.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from bot.cases import choosing, conversation, desk, escalation, evidence, inbox, small_talk, unanswered
from bot.cases.desk_refused import DeskRefused
from bot.cases.turn import Turn
from bot.cases.words import say
from bot.store import models
from bot.store.database import READ_ONLY, engine, session
from tests.dialogues.shop import NOW
from tests.web.stand_in import WORDS

STANDING = """
SELECT owner, fence,
  (SELECT count(*) FROM messages m WHERE m.conversation_id = c.conversation_id AND m.sender = 'bot'),
  (SELECT count(*) FROM offers o JOIN cases k ON k.case_id = o.case_id WHERE k.conversation_id = c.conversation_id AND o.by = 'bot'),
  (SELECT coalesce(sum(p.fen), 0) FROM payouts p JOIN orders o ON o.order_id = p.order_id WHERE o.customer_id = :customer)
FROM conversations c WHERE c.conversation_id = :conversation"""

AGENTS = ("xiaoli", "xiaowang")
SUPERVISOR = "laochen"
SAYINGS = ("退我差价", "退我差价", "退我差价", "转人工", "碎了", "不要了", "态度太差", "可以", "不行", "在吗")


class Seen(msgspec.Struct, frozen=True):
    """What the database says: who speaks, how often the bot spoke and offered, what was paid."""

    owner: str
    fence: int
    said_by_bot: int
    offered_by_bot: int
    paid: int


class Interleaving:
    """A conversation of customer `number`. `step` does one thing; `broken` says what promise it broke."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.customer, self.chance = f"cus_t{number:03d}", chance
        self.at = NOW
        self.conversation_id, _ = inbox.open_conversation(self.customer, self.at)
        self.begun: list[inbox.Waiting] = []
        self.sent = 0
        self.done: list[str] = []
        self.now = self.seen()

    def step(self) -> str | None:
        acts: list[Callable[[], None]] = [
            self.speak, self.speak, self.press, self.begin, self.begin, self.answer, self.answer, self.answer, self.fall_silent,
            self.wait, self.lose_database, self.claim, self.claim, self.reply, self.offer, self.give_back, self.resolve,
            self.release, self.hand_on, self.walk_away,
        ]
        act = self.chance.choice(acts)
        before = self.now
        self.done.append(act.__name__)
        self.at += timedelta(seconds=self.chance.randint(1, 90))
        with suppress(DeskRefused):
            act()
        self.now = self.seen()
        return self.broken(before, self.now, act.__name__)

    def broken(self, before: Seen, after: Seen, act: str) -> str | None:
        if after.said_by_bot > before.said_by_bot and "agent" in (before.owner, after.owner):
            return "the bot spoke while an agent had the conversation"
        if before.owner == "queue" and after.offered_by_bot > before.offered_by_bot:
            return "the bot made an offer in the queue"
        # A customer may accept what an agent offered, whoever has the conversation: that is the step `press`.
        if before.owner != "bot" and after.paid > before.paid and act in {"answer", "fall_silent", "lose_database"}:
            return "the bot paid while a person had the conversation or was waited for"
        return None

    def seen(self) -> Seen:
        """Straight from the database, past the code under attack."""
        with engine().connect().execution_options(**{READ_ONLY: True}) as connection:
            row = connection.exec_driver_sql(STANDING, {"conversation": self.conversation_id, "customer": self.customer}).one()
        return Seen(*row)

    def case(self) -> str:
        """The newest case. Raises DeskRefused where there is none yet."""
        with session(read_only=True) as db:
            found = db.scalars(
                select(models.Case.case_id).where(models.Case.conversation_id == self.conversation_id).order_by(models.Case.updated_at.desc())
            ).first()
        if found is None:
            raise DeskRefused("no_case", "")
        return str(found)

    # --- the customer

    def speak(self) -> None:
        self.sent += 1
        inbox.receive(self.conversation_id, self.customer, f"m{self.sent}", self.at, text=self.chance.choice(SAYINGS))

    def press(self) -> None:
        with session(read_only=True) as db:
            messages = db.scalars(select(models.Message).where(models.Message.conversation_id == self.conversation_id)).all()
            shown = [inbox.public_choice(message.seq, choice["id"]) for message in messages for choice in message.choices]
        self.sent += 1
        inbox.receive(
            self.conversation_id, self.customer, f"m{self.sent}", self.at, choice=self.chance.choice([*shown[-6:], inbox.ALWAYS])
        )

    # --- the bot: a turn is begun (Rasa is asked) and answered later, or never, or twice

    def begin(self) -> None:
        waiting = inbox.waiting(self.conversation_id)
        if waiting is not None:
            self.begun.append(waiting)

    def answer(self) -> None:
        if self.begun:
            conversation.take(*understood(self.chance.choice(self.begun), self.at))

    def fall_silent(self) -> None:
        """Rasa is gone or mute: the web says so itself."""
        if self.begun:
            inbox.settle(self.begun.pop(), self.chance.choice(([], [say("trouble")])), self.at)

    def wait(self) -> None:
        """Longer than Rasa's session lives."""
        self.at += timedelta(minutes=61)

    def lose_database(self) -> None:
        """The action server could not write; the message was noted on disk and is taken up later (lessons.md R2)."""
        unanswered.note(self.conversation_id, self.customer, self.chance.choice(SAYINGS))
        escalation.take_up_unanswered(self.at)

    # --- the desk

    def claim(self) -> None:
        desk.claim(self.case(), self.chance.choice(AGENTS), self.at)

    def reply(self) -> None:
        desk.reply(self.case(), self.chance.choice(AGENTS), "我来处理", self.at)

    def offer(self) -> None:
        who = self.chance.choice((*AGENTS, SUPERVISOR))
        desk.offer(self.case(), who, self.chance.choice(("refund_part", "coupon")), self.chance.choice((500, 2000, 50000)), self.at)

    def give_back(self) -> None:
        desk.return_to_bot(self.case(), self.chance.choice(AGENTS), self.at)

    def resolve(self) -> None:
        desk.resolve(self.case(), self.chance.choice((*AGENTS, SUPERVISOR)), self.chance.choice(desk.OUTCOMES), self.at)

    def release(self) -> None:
        desk.release(self.case(), self.chance.choice((*AGENTS, SUPERVISOR)), self.at)

    def hand_on(self) -> None:
        desk.transfer(self.case(), self.chance.choice(AGENTS), self.chance.choice(AGENTS), self.at)

    def walk_away(self) -> None:
        """An agent's desk is gone for longer than a minute."""
        name = self.chance.choice(AGENTS)
        with session() as db:
            agent = db.get(models.Agent, name)
            assert agent is not None
            agent.seen_at = NOW - timedelta(days=400)
        desk.give_back_of_absent(self.at)
        with session() as db:
            agent = db.get(models.Agent, name)
            assert agent is not None
            agent.seen_at = None


def understood(waiting: inbox.Waiting, at: Any, words: Iterable[tuple[str, str, tuple[str, ...], Any]] = WORDS) -> tuple[Turn, Any]:
    """The turn and the handler Rasa would choose, by the first of `words` (what is said, intent, issues, handler) in the text."""
    turn = Turn(
        waiting.conversation_id, waiting.customer_id, waiting.said, at, case_id=waiting.case_id, recorded=True, burst=waiting.burst,
    )
    if waiting.said.startswith("/choose"):
        choice = json.loads(waiting.said[len("/choose") :])["choice"]
        return msgspec.structs.replace(turn, intent="choose", choice=choice), choosing.choose
    if waiting.said == "/provide_evidence":
        return msgspec.structs.replace(turn, intent="provide_evidence"), evidence.take_evidence
    for word, intent, issues, handler in words:
        if word in waiting.said:
            return msgspec.structs.replace(turn, intent=intent, issues=issues), handler
    return msgspec.structs.replace(turn, intent="chitchat"), small_talk.small_talk
