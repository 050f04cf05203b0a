"""Who listens to what in this process, and the news for them.

News are only a nudge ("something changed") or passing things (typing, trouble); what is true is read
from the database. So a lost nudge costs a second, never a message: `watch` looks for changes that
other processes made. With more than one machine Redis carries the news to the others (bot.web.replicas).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.cases import duty, escalation
from bot.store import models
from bot.store.database import session as open_session
from bot.web.blocking import in_database
from bot.web.problem import cause
from bot.web.replicas import Replicas

logger = logging.getLogger(__name__)

DESK = "desk"
"""The topic of everybody at the desk."""

QUEUE = "queue"
"""The topic of who waits for a person, for desks and for those who wait. Every other topic is a conversation's id."""

CHANGED: dict[str, Any] = {"type": "changed"}
LOOK_EVERY = 1.0
WAITING_NEWS = 200

MOST_LISTENERS = 30
"""Of one conversation: each reads it anew with every change, so a customer with a thousand kept everybody waiting."""


class Hub:
    def __init__(self, replicas: Replicas | None = None) -> None:
        self.replicas = replicas
        self.listeners: dict[str, set[asyncio.Queue[dict[str, Any]]]] = {}
        self.known: dict[str, tuple[Any, ...]] = {}  # topic → what the database said last

    @contextmanager
    def listen(self, *topics: str) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """A queue of the topics' news while the block runs."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(WAITING_NEWS)
        for topic in topics:
            self.join(topic, queue)
        try:
            yield queue
        finally:
            for topic in list(self.listeners):
                self.part(topic, queue)

    def crowded(self, topic: str) -> bool:
        return len(self.listeners.get(topic, ())) >= MOST_LISTENERS

    def join(self, topic: str, queue: asyncio.Queue[dict[str, Any]]) -> None:
        self.listeners.setdefault(topic, set()).add(queue)

    def part(self, topic: str, queue: asyncio.Queue[dict[str, Any]]) -> None:
        queues = self.listeners.get(topic, set())
        queues.discard(queue)
        if not queues:
            self.listeners.pop(topic, None)
            self.known.pop(topic, None)

    def publish(self, topic: str, news: dict[str, Any]) -> None:
        """Tells everybody who listens, here and at the other web processes."""
        self.tell(topic, news)
        if self.replicas is not None:
            self.replicas.publish(topic, news)

    def tell(self, topic: str, news: dict[str, Any]) -> None:
        """Tells who listens here; who cannot keep up misses passing news and reads the truth with the next."""
        for queue in self.listeners.get(topic, ()):
            if queue.full():
                make_room(queue)
            queue.put_nowait(news)

    def changed(self, conversation_id: str) -> None:
        """Something in this conversation is new; the desk's lists may be, too."""
        self.publish(conversation_id, {**CHANGED, "conversation_id": conversation_id})
        self.publish(DESK, CHANGED)

    async def watch(self) -> None:
        """Looks for changes made elsewhere, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            topics = [topic for topic in self.listeners if topic not in {DESK, QUEUE}]
            try:
                now = await in_database(standing, topics, DESK in self.listeners, QUEUE in self.listeners)
            except SQLAlchemyError as fault:
                logger.error("cannot look for changes: %s", cause(fault))
                continue
            except Exception:  # one row must not end the watch over all others
                logger.exception("cannot look for changes")
                continue
            for topic, state in now.items():
                before = self.known.get(topic)
                if topic in self.listeners:
                    self.known[topic] = state
                # A first look tells, too: what another process wrote after the listener had read and before this look is new.
                if before != state:
                    self.tell(topic, news(topic, state))  # the others look themselves


def make_room(queue: asyncio.Queue[dict[str, Any]]) -> None:
    """Drops one of the waiting news: the oldest word of somebody typing, or, without one, the oldest of all."""
    waiting = [queue.get_nowait() for _ in range(queue.qsize())]
    waiting.remove(next((news for news in waiting if news["type"] == "typing"), waiting[0]))
    for news in waiting:
        queue.put_nowait(news)


def news(topic: str, state: tuple[Any, ...]) -> dict[str, Any]:
    """What is told when a topic's state changed."""
    if topic == QUEUE:
        return {"type": "queue", "waiting": state[0]}
    return CHANGED if topic == DESK else {**CHANGED, "conversation_id": topic}


def standing(topics: Sequence[str], desk: bool, queue: bool) -> dict[str, tuple[Any, ...]]:
    """What can change, in a few numbers for each topic."""
    conversation = models.Conversation
    found: dict[str, tuple[Any, ...]] = {}
    if not topics and not desk and not queue:
        return found
    with open_session(read_only=True) as session:
        if topics:
            rows = session.execute(
                select(conversation.conversation_id, conversation.last_seq, conversation.fence, conversation.owner).where(
                    conversation.conversation_id.in_(topics)
                )
            )
            found = {str(row[0]): tuple(row[1:]) for row in rows}
        if desk:
            sums = session.execute(select(func.count(), func.sum(conversation.last_seq), func.sum(conversation.fence), func.sum(conversation.answered_seq)).select_from(conversation)).one()
            cases = session.execute(select(func.count(), func.max(models.Case.updated_at), func.count(models.Case.claimed_by)).select_from(models.Case)).one()
            found[DESK] = (*sums, *cases)
        if queue:
            found[QUEUE] = (*escalation.waiting(session), len(duty.present(session)))
    return found
