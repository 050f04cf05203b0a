"""Rasa's events for RabbitMQ, where HEQI_RABBITMQ_URL asks for them: what happened and how sure, never what anybody said.

Our own insight needs none of it (bot.cases.insight reads our tables). RabbitMQ may be gone: no turn waits
for it, and what happens meanwhile is not told later.
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

from bot.settings import settings

logger = logging.getLogger(__name__)

NAME = "heqi_events"
"""Of the exchange and of the queue."""

KEPT = ("sender_id", "event", "timestamp", "name", "policy", "confidence")
"""Of an event's fields; the others hold words, values of slots and entities, and who the customer is."""

MOST_WAITING = 1000
MOST_UNREAD = 100_000
"""Events the queue keeps where nobody reads them; the oldest go first."""

AGAIN = 5.0


class EventStream(PikaEventBroker):
    def __init__(self, url: str) -> None:
        # Rasa logs the host: the address with its password stays with us.
        super().__init__(urlsplit(url).hostname or "", "", "", queues=[NAME], exchange_name=NAME, should_keep_unpublished_messages=False)
        self.url = url
        self.connecting = asyncio.create_task(self.connect())

    @classmethod
    async def from_endpoint_config(cls, _config: EndpointConfig | None, _loop: AbstractEventLoop | None = None) -> EventStream | None:
        """The stream, which connects by and by; None where nobody asked for it."""
        url = settings().rabbitmq_url
        return cls(url) if url else None

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

    @staticmethod
    async def _bind_queue(queue_name: str, channel: Any, exchange: Any) -> None:
        queue = await channel.declare_queue(queue_name, durable=True, arguments={"x-max-length": MOST_UNREAD})
        await queue.bind(exchange, "")

    def publish(self, event: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        there = self._connection is not None and self._connection.connected.is_set()
        if there and len(self._background_tasks) < MOST_WAITING and not event["sender_id"].startswith("probe-"):
            super().publish(wordless(event), headers)


def wordless(event: dict[str, Any]) -> dict[str, Any]:
    """Which kind of event, when, by which action, policy or slot, and with which intent."""
    told = {field: event[field] for field in KEPT if event.get(field) is not None}
    if intent := (event.get("parse_data") or {}).get("intent"):
        told["intent"] = {field: intent[field] for field in ("name", "confidence") if field in intent}
    return told
