"""Where Rasa's events stand at RabbitMQ: an exchange with all of them for whoever binds a queue, and the queue of what
customers said, which the web processes read. Both ends make it, whichever comes first."""

from __future__ import annotations

from typing import Any

from aio_pika import ExchangeType

MOST_UNREAD = 100_000
"""Events the queue keeps where nobody reads them; the oldest go first."""


async def made(channel: Any, name: str) -> tuple[Any, Any]:
    """The exchange and the queue, both of this name."""
    # By headers, so that RabbitMQ keeps nine events of ten away from who reads one.
    exchange = await channel.declare_exchange(name, ExchangeType.HEADERS, durable=True)
    queue = await channel.declare_queue(name, durable=True, arguments={"x-max-length": MOST_UNREAD})
    await queue.bind(exchange, "", arguments={"x-match": "all", "event": "user"})
    return exchange, queue
