"""Rasa's events from RabbitMQ into our table, for the owner's numbers (bot.cases.understanding).

Every web process takes from the one queue. An event is gone from it only after its row was committed; told again it is
the same row. No customer waits for any of it: while RabbitMQ or the database is gone, this tries again by itself.
"""

from __future__ import annotations

import asyncio
import logging

import aio_pika
import msgspec
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from sqlalchemy.exc import SQLAlchemyError

from bot import event_queue
from bot.cases import understanding
from bot.store.database import session as open_session
from bot.web import measure
from bot.web.blocking import in_database

logger = logging.getLogger(__name__)

OK = "ok"
PATIENCE = 5.0
"""Seconds RabbitMQ may take to answer."""

LOOK_EVERY = 1.0
"""Seconds between two looks into an empty queue, and between two tries to reach a RabbitMQ that is gone."""


class Events:
    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.state = ""
        """OK, or what is wrong; empty before the first try."""

    async def read(self) -> None:
        """Reads what is told, for ever."""
        while True:
            try:
                async with await aio_pika.connect(self.url, timeout=PATIENCE) as connection:
                    _, queue = await event_queue.made(await connection.channel(), self.name)
                    while True:
                        message = await queue.get(fail=False, timeout=PATIENCE)
                        self.found()
                        if message is None:
                            await asyncio.sleep(LOOK_EVERY)
                            continue
                        await in_database(take, message.body)
                        await message.ack()
            except SQLAlchemyError:
                pass  # the hub and the bursts log that the database is gone; what was not taken stays in the queue
            except (ValueError, asyncio.TimeoutError, *CONNECTION_EXCEPTIONS) as fault:
                self.lost(fault)
            await asyncio.sleep(LOOK_EVERY)

    def found(self) -> None:
        if self.state != OK:
            logger.info("rabbitmq is there: what Rasa understood is counted")
        self.state = OK
        measure.READY.labels("rabbitmq").set(1)

    def lost(self, fault: Exception) -> None:
        if self.state in {"", OK}:
            logger.warning("rabbitmq is gone, what Rasa understands is not counted: %s", type(fault).__name__)
        self.state = f"no answer: {type(fault).__name__}"
        measure.READY.labels("rabbitmq").set(0)


def take(body: bytes) -> None:
    """Keeps one event; what cannot be used is dropped with a word in the log. Raises SQLAlchemyError."""
    try:
        event = msgspec.json.decode(body, type=understanding.Event)
    except msgspec.DecodeError as wrong:
        logger.warning("an event from rabbitmq was dropped: %s", wrong)
        return
    with open_session() as session:
        if not understanding.keep(session, event):
            logger.warning("an event from rabbitmq was dropped: its conversation is unknown")
