"""Rasa's events at RabbitMQ: what happened arrives, what was said does not; how it was understood is kept."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from sqlalchemy import select

from bot import event_queue
from bot.dialogue.event_stream import EventStream, wordless
from bot.settings import settings
from bot.store import models
from bot.store.database import session
from bot.web.events import Events
from tests.rabbitmq import URL, own_name

from .conftest import free_port, running
from .test_failure import given

WORDS = "台灯坏了 我叫王小明 电话13912345678"


async def talk_and_listen(place: Path, name: str) -> tuple[list[dict[str, Any]], models.Understanding]:
    """What arrives of one turn at the real Rasa: at somebody else's queue, and in our table."""
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel()
        exchange, _ = await event_queue.made(channel, name)
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
            return arrived, await kept()


async def kept() -> models.Understanding:
    """The first row, read as the web process does."""
    reader = asyncio.create_task(Events(settings().rabbitmq_url, settings().rabbitmq_name).read())
    end = time.monotonic() + 60
    while True:
        with session(read_only=True) as db:
            row: models.Understanding | None = db.scalars(select(models.Understanding)).first()
        if row is not None:
            break
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    while not reader.done():  # as bot.web.app ends it
        reader.cancel()
        await asyncio.wait([reader], timeout=1.0)
    return row


def test_a_turn_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEQI_DATABASE_URL", f"sqlite:///{tmp_path / 'heqi.db'}")
    with own_name(monkeypatch) as name:
        arrived, row = asyncio.run(talk_and_listen(tmp_path, name))
    user = next(event for event in arrived if event["event"] == "user")
    assert user["intent"]["name"]
    assert (row.event_id, row.conversation_id) == (user["message_id"], user["sender_id"])
    assert {"name": row.intent, "confidence": row.confidence} == user["reading"]
    assert any(event["event"] == "action" and event["name"].startswith("action_") for event in arrived)
    assert "bot" in {event["event"] for event in arrived}
    told = json.dumps(arrived, ensure_ascii=False)
    for word in ("台灯", "王小明", "13912345678", "cus_t905", "您"):
        assert word not in told
    assert "guest" not in (tmp_path / "log" / "rasa.log").read_text(encoding="utf-8")


def test_a_doubtful_message_is_told_with_its_likeliest_reading_and_a_button_without() -> None:
    doubtful = {"intent": {"name": "nlu_fallback", "confidence": 0.7}, "intent_ranking": [{"name": "policy", "confidence": 0.3}]}
    event = {"event": "user", "sender_id": "c", "timestamp": 1.0, "message_id": "m", "parse_data": doubtful}
    told = wordless({**event, "text": "那个"})
    assert (told["intent"]["name"], told["reading"]) == ("nlu_fallback", {"name": "policy", "confidence": 0.3})
    assert "reading" not in wordless({**event, "text": "/choose{}"})


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
