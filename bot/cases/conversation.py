"""One turn of a conversation: locked, recorded, answered by whoever owns it.

The bot speaks only while it owns the conversation or, in the queue, about facts; while an agent owns
it the bot writes the customer's words down and says nothing (architecture.md decision 4).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases import entry, escalation, further, memory, missed, question, unclear
from bot.cases.reply import Answer, Reply
from bot.cases.turn import Turn
from bot.cases.words import say
from bot.store import models
from bot.store.conversation import append, conversation_turn
from bot.store.database import session as open_session

Handler = Callable[[Session, Turn], Answer]

SHOP_NAME = "和气小店"
REMEMBERED = 60
"""How many of the bot's last sentences are looked at so that none is said twice."""


def take(turn: Turn, handler: Handler) -> Answer:
    """Answers one message. Nothing is said that is not committed; nothing committed is half done."""
    escalation.take_up_unanswered(turn.at)
    with open_session() as session, conversation_turn(session, turn.conversation_id, customer_id=turn.customer_id, at=turn.at) as conversation:
        if not turn.recorded:
            append(session, conversation, "customer", turn.text, turn.at, delivered=True)
        if conversation.owner == "agent" or not in_time(conversation, turn):
            return Answer(())
        turn = memory.reminded(turn, conversation)
        said = said_by_bot(session, conversation)
        turn = entry.remembered(session, msgspec.structs.replace(turn, customer_id=conversation.customer_id, said=said))
        if turn.choice is None and question.always(turn.text):
            handler = question.answer_question
        elif unclear.doubtful(turn):
            handler = unclear.ask_again
        answer = further.answer(session, turn, handler) if conversation.customer_id else unknown_customer(session, turn)
        if not said:
            answer = introduce(answer, greeting=turn.intent == "greet")
        for reply in answer.replies:
            append(
                session, conversation, "bot", reply.text, turn.at,
                choices=[{"id": choice.id, "label": choice.label} for choice in reply.choices], card=reply.card,
            )
        memory.remember(conversation, answer)
        missed.note(session, conversation, turn, answer)
        conversation.answered_seq = turn.burst.through if turn.burst else conversation.heard_seq
        return answer


def in_time(conversation: models.Conversation, turn: Turn) -> bool:
    """Whether the turn's messages still wait for the bot; a turn that comes late says nothing."""
    burst = turn.burst
    return burst is None or (burst.after, burst.fence) == (conversation.answered_seq, conversation.fence)


def said_by_bot(session: Session, conversation: models.Conversation) -> tuple[str, ...]:
    """The bot's last sentences in this conversation, oldest first."""
    rows = session.scalars(
        select(models.Message.text)
        .where(models.Message.conversation_id == conversation.conversation_id, models.Message.sender == "bot")
        .order_by(models.Message.seq.desc())
        .limit(REMEMBERED)
    ).all()
    return tuple(reversed(rows))


def introduce(answer: Answer, greeting: bool) -> Answer:
    """The first words of a conversation say that an intelligent assistant speaks (标识办法, rules.md 1.5)."""
    hello = Reply(say("hello", shop=SHOP_NAME))
    rest = () if greeting else answer.replies
    return msgspec.structs.replace(answer, replies=(hello, *rest))


def unknown_customer(session: Session, turn: Turn) -> Answer:
    """Without a known customer nothing of any order is looked up; questions are answered by a person."""
    return escalation.hand_over(session, turn, "unknown_rule", why=say("unknown_customer"))
