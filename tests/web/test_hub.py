"""The news of one process: what another process wrote is told, whenever it was written; who is slow loses typing first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from bot.cases import inbox
from bot.store.conversation import append, conversation_turn
from bot.store.database import session
from bot.web import hub
from bot.web.app import for_ever
from bot.web.hub import CHANGED, WAITING_NEWS, Hub
from tests.dialogues.shop import NOW
from tests.web.conftest import LAMP, PATIENT


def test_what_is_written_before_the_first_look_is_told(given: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    given(LAMP)
    monkeypatch.setattr(hub, "LOOK_EVERY", 0.01)
    topic, _ = inbox.open_conversation("cus_t001", NOW)

    async def told() -> dict[str, object]:
        here = Hub()
        with here.listen(topic) as news:
            with session() as db:  # another process, after the listener has read everything
                say(db, topic, "您好")
            watch = asyncio.create_task(here.watch())
            try:
                return await asyncio.wait_for(news.get(), PATIENT)
            finally:
                watch.cancel()

    assert asyncio.run(told()) == {**CHANGED, "conversation_id": topic}


def say(db: Session, conversation_id: str, text: str) -> None:
    with conversation_turn(db, conversation_id, customer_id="cus_t001", at=NOW) as talk:
        append(db, talk, "bot", text, NOW)


def test_who_is_slow_misses_typing_but_no_change() -> None:
    async def kept() -> list[dict[str, object]]:
        here = Hub()
        with here.listen("talk") as news:
            here.tell("talk", CHANGED)
            for number in range(2 * WAITING_NEWS):
                here.tell("talk", {"type": "typing", "on": number % 2 == 0, "number": number})
            return [news.get_nowait() for _ in range(news.qsize())]

    waiting = asyncio.run(kept())
    assert waiting[0] == CHANGED
    assert [news["number"] for news in waiting[1:]] == list(range(WAITING_NEWS + 1, 2 * WAITING_NEWS))


def test_a_work_in_the_background_that_failed_begins_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("bot.web.app.BEGIN_AGAIN", 0.01)
    begun = []

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) < 3:
            raise KeyError("a row that nobody foresaw")
        await asyncio.sleep(3600)

    async def some_time() -> None:
        task = asyncio.create_task(for_ever(work))
        while len(begun) < 3:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(some_time(), PATIENT))
    assert caplog.text.count("KeyError: 'a row that nobody foresaw'") == 2
