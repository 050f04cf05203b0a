"""Rasa's events for RabbitMQ, where HEQI_RABBITMQ_URL asks for them: what happened and how sure, never what anybody said.

The web processes read how the messages were understood (bot.web.events); the rest is for whoever binds a queue to the
exchange. RabbitMQ may be gone: no turn waits for it, and what happens meanwhile is not told later.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import AbstractEventLoop
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from rasa.core.brokers.pika import PikaEventBroker
from rasa.utils.endpoints import EndpointConfig

from bot import event_queue
from bot.settings import settings

logger = logging.getLogger(__name__)

KEPT = ("sender_id", "event", "timestamp", "message_id", "name", "policy", "confidence")
"""Of an event's fields; the others hold words, values of slots and entities, and who the customer is."""

MOST_WAITING = 1000

AGAIN = 5.0


class EventStream(PikaEventBroker):
    def __init__(self, url: str, name: str) -> None:
        # Rasa logs the host: the address with its password stays with us.
        super().__init__(urlsplit(url).hostname or "", "", "", queues=[name], exchange_name=name, should_keep_unpublished_messages=False)
        self.url = url
        self.connecting = asyncio.create_task(self.connect())

    @classmethod
    async def from_endpoint_config(cls, _config: EndpointConfig | None, _loop: AbstractEventLoop | None = None) -> EventStream | None:
        """The stream, which connects by and by; None where nobody asked for it."""
        chosen = settings()
        return cls(chosen.rabbitmq_url, chosen.rabbitmq_name) if chosen.rabbitmq_url else None

    async def _connect(self) -> Any:
        told = False
        while True:
            try:
                return await aio_pika.connect_robust(self.url)
            except (OSError, *CONNECTION_EXCEPTIONS) as fault:
                if not told:
                    logger.warning("rabbitmq cannot be reached, events are not told: %s", type(fault).__name__)
                told = True
                await asyncio.sleep(AGAIN)

    async def _set_up_exchange(self, channel: Any) -> Any:
        exchange, _ = await event_queue.made(channel, self.exchange_name)
        return exchange

    def publish(self, event: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        there = self._connection is not None and self._connection.connected.is_set()
        if there and len(self._background_tasks) < MOST_WAITING and not event["sender_id"].startswith("probe-"):
            super().publish(wordless(event), {"event": event["event"], **(headers or {})})


def wordless(event: dict[str, Any]) -> dict[str, Any]:
    """Which kind of event, when, by which action, policy or slot, with which intent; of words also the likeliest
    reading, which was no intent where it was too doubtful."""
    told = {field: event[field] for field in KEPT if event.get(field) is not None}
    parsed = event.get("parse_data") or {}
    if intent := parsed.get("intent"):
        told["intent"] = sureness(intent)
    if (ranking := parsed.get("intent_ranking")) and not str(event.get("text")).startswith("/"):
        told["reading"] = sureness(ranking[0])
    return told


def sureness(read: dict[str, Any]) -> dict[str, Any]:
    return {field: read[field] for field in ("name", "confidence") if field in read}
