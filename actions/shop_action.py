"""The one shape of every action here: read the turn, ask the core, say its words.

Whatever goes wrong is caught here, once: the customer hears a true sentence, the message is noted
(bot.cases.unanswered) and becomes a case in the queue when the database can be written again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from typing import Any

import msgspec
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from bot import clock, log, shapes, trace
from bot.cases import conversation, unanswered
from bot.cases.reply import Answer
from bot.cases.turn import Burst, Entity, Turn
from bot.cases.wish import believed
from bot.cases.words import say
from bot.settings import settings

logger = logging.getLogger(__name__)

SHELL_CHANNEL = "cmdline"
PROBE_ANSWER = "ok"


class ShopAction(Action, ABC):
    """An action of the shop's assistant. Subclasses give a name and the one call into the core."""

    @abstractmethod
    def name(self) -> str:
        """The action's name in domain.yml."""

    @abstractmethod
    def answer(self, session: Session, turn: Turn) -> Answer:
        """What the core answers to this turn."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        shapes.learn()
        metadata = tracker.latest_message.get("metadata") or {}
        if metadata.get("probe"):
            # The web asks whether the whole way through Rasa works; nobody spoke.
            dispatcher.utter_message(text=PROBE_ANSWER)
            return [SlotSet("answered", True)]
        log.call.set(metadata.get("call"))
        turn = read_turn(tracker)
        try:
            with trace.span(self.name(), metadata.get("trace") or {}, conversation=turn.conversation_id) as span:
                # The core waits for the database; other conversations must not wait with it.
                answer = await asyncio.to_thread(conversation.take, turn, self.answer)
                if span is not None and answer.case_id is not None:
                    span.set_attribute("case", answer.case_id)
        except Exception:
            logger.exception("%s failed in conversation %s", self.name(), turn.conversation_id)
            if not turn.recorded:  # a recorded message waits in the timeline, its channel sees to it
                unanswered.note(turn.conversation_id, turn.customer_id, turn.text)
            dispatcher.utter_message(text=say("trouble"))
            return [SlotSet("answered", True)]
        seq = turn.burst.through if turn.burst else None
        told = {"conversation": turn.conversation_id, "seq": seq, "action": self.name(), "case": answer.case_id}
        logger.info("answered", extra={"fields": told})
        # Cards stay in the timeline, where the pages read them; Rasa's channels would print them as JSON.
        for reply in answer.replies:
            dispatcher.utter_message(
                text=reply.text,
                buttons=[{"title": choice.label, "payload": payload(choice.id)} for choice in reply.choices],
            )
        return [SlotSet("answered", True)]


def payload(choice_id: str) -> str:
    """A button's payload: the intent `choose` with the choice's id."""
    return "/choose" + json.dumps({"choice": choice_id}, ensure_ascii=False)


def read_turn(tracker: Tracker) -> Turn:
    """The facts of this turn out of Rasa's tracker. Only the terminal's shell may lack a customer id."""
    message = tracker.latest_message
    metadata = message.get("metadata") or {}
    customer_id = metadata.get("customer_id")
    if customer_id is None and tracker.get_latest_input_channel() == SHELL_CHANNEL:
        customer_id = settings().customer
    heard = message.get("heqi") or {}
    entities = tuple(
        Entity(found["entity"], found.get("value"), found.get("start") or 0, found.get("end") or 0)
        for found in message.get("entities") or []
    )
    intent = message.get("intent") or {}
    return Turn(
        conversation_id=tracker.sender_id,
        customer_id=customer_id,
        text=message.get("text") or "",
        at=clock.now(),
        intent=intent.get("name") or "",
        confidence=float(intent.get("confidence") or 0.0),
        ranking=tuple((found["name"], float(found["confidence"])) for found in message.get("intent_ranking") or []),
        entities=entities,
        issues=believed((found["name"] for found in heard.get("issues") or []), message.get("text") or ""),
        wishes=tuple(heard.get("wishes") or []),
        mood=heard.get("mood") or "calm",
        choice=next((str(found.value) for found in entities if found.entity == "choice"), None),
        # A pressed button belongs to the case it was offered for, whatever was talked about since.
        case_id=metadata.get("case_id"),
        recorded=bool(metadata.get("recorded")),
        burst=msgspec.convert(metadata["burst"], Burst) if metadata.get("burst") else None,
    )
