"""What Rasa knows of a conversation when a turn begins: read from our database, never kept.

A tracker begins anew with each message: listening, with the slot `awaiting` as the last answer left it
(bot.cases.memory). So nothing is lost with a Rasa process, any Rasa process can take any turn, and a long
conversation costs no more than a short one (lessons.md R1, R2; RasaHQ/rasa#3011). What Rasa would save
after a turn, the action has already written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot.cases.memory import memory_of

BEGINNING = 4
"""Events that every tracker begins with."""


class ConversationMemory(TrackerStore):
    def __init__(self, domain: Domain | None, event_broker: EventBroker | None = None, **settings: Any) -> None:
        settings.pop("url", None)
        super().__init__(domain, event_broker, **settings)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker:
        """A listening tracker that remembers what was asked last. Raises SQLAlchemyError where the database is gone."""
        known = await asyncio.to_thread(memory_of, sender_id)
        tracker = self.init_tracker(sender_id)
        tracker.update_with_events(
            [
                ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), SlotSet("awaiting", known.awaiting),
                ActionExecuted(ACTION_LISTEN_NAME),
            ],
            self.domain,
        )
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Nothing to save; an event broker, where there is one (bot.dialogue.event_stream), hears what this turn was."""
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, list(tracker.events)[BEGINNING:], tracker.sender_id)

    async def keys(self) -> Iterable[str]:
        return ()
