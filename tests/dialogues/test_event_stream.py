"""Rasa's events at RabbitMQ: what happened arrives, what was said does not."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from bot.dialogue.event_stream import NAME, EventStream

from .conftest import free_port, running
from .test_failure import given

URL = os.environ.get("HEQI_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")
WORDS = "台灯坏了 我叫王小明 电话13912345678"


async def talk_and_listen(place: Path) -> list[dict[str, Any]]:
    """What arrives at RabbitMQ of one turn at the real Rasa."""
    try:
        connection = await aio_pika.connect(URL)
    except (OSError, *CONNECTION_EXCEPTIONS) as fault:
        pytest.skip(f"no RabbitMQ: {fault}")
    async with connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(NAME, aio_pika.ExchangeType.FANOUT)
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, "")
        arrived: list[dict[str, Any]] = []
        with running(place) as product:
            conversation, customer = given(product, 905)
            await asyncio.to_thread(product.talk.send, conversation, customer, WORDS)
            async with queue.iterator(timeout=60) as messages:
                async for message in messages:
                    event = json.loads(message.body)
                    if event["sender_id"] == conversation:
                        arrived.append(event)
                    if event.get("name") == "action_listen":
                        break
        await channel.queue_delete(NAME)
    return arrived


def test_a_turn_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEQI_RABBITMQ_URL", URL)
    arrived = asyncio.run(talk_and_listen(tmp_path))
    user = next(event for event in arrived if event["event"] == "user")
    assert user["intent"]["name"]
    assert any(event["event"] == "action" and event["name"].startswith("action_") for event in arrived)
    assert "bot" in {event["event"] for event in arrived}
    told = json.dumps(arrived, ensure_ascii=False)
    for word in ("台灯", "王小明", "13912345678", "cus_t905", "您"):
        assert word not in told
    assert "guest" not in (tmp_path / "log" / "rasa.log").read_text(encoding="utf-8")


def test_nobody_waits_for_a_rabbitmq_that_is_gone(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("HEQI_RABBITMQ_URL", f"amqp://guest:secret@127.0.0.1:{free_port()}/")

    async def told() -> None:
        stream = await EventStream.from_endpoint_config(None)
        assert stream is not None
        while not caplog.records:
            await asyncio.sleep(0.01)
        stream.publish({"sender_id": "c", "event": "user", "text": "你好"})
        stream.connecting.cancel()

    asyncio.run(told())
    assert "secret" not in caplog.text
