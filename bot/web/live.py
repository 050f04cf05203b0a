"""WebSockets of both sides: news at once. What they miss, the list of messages tells (docs/http.md)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.cases import duty, escalation
from bot.store import models
from bot.store.database import session as open_session
from bot.web import bearer, body, measure, timeline
from bot.web.answer import json_answer
from bot.web.bearer import Visitor
from bot.web.blocking import in_database
from bot.web.chat import bursts_of, fetch, hub_of
from bot.web.desk import still_staff
from bot.web.hub import DESK, QUEUE, Hub
from bot.web.problem import Problem
from bot.web.rate import Buckets

DENIED = 4401
BAD_FRAME = 4400
TRY_LATER = 1013
LONGEST_FRAME = 4096
MOST_WATCHED = 20
TOO_OFTEN = 1008
MOST_FRAMES = 600
"""Frames a minute of one socket: a page sends typing and pings."""

SEEN_EVERY = 10.0
"""Seconds between two looks whether a token still holds, and between two notes that a desk is there."""

LAST_WORDS = 2.0
"""Seconds a socket that is gone gets to hand over what it had brought."""

Frame = dict[str, Any]


async def chat(socket: WebSocket) -> None:
    """WS /ws/chat"""
    await socket.accept()
    try:
        token = token_of(socket)
        visitor = bearer.read_chat(token)
    except Problem:
        await socket.close(DENIED)
        return
    hub, bursts = hub_of(socket), bursts_of(socket)
    topic = visitor.conversation_id
    if hub.crowded(topic):
        await socket.close(TRY_LATER)
        return
    with hub.listen(topic, QUEUE) as news, measure.LIVE.labels("chat").track_inprogress():
        try:
            found = await in_database(fetch, visitor, 0)  # after listening: what is written from here on is news
        except Problem:
            await socket.close(DENIED)
            return
        last = max((message["seq"] for message in found["messages"]), default=0)
        await send(socket, {"type": "ready", "owner": found["owner"], "last_seq": last})

        async def hear(frame: Frame) -> None:
            if frame["type"] == "typing":
                bursts.typing(topic, bool(frame.get("on")))
                hub.publish(topic, {"type": "typing", "conversation_id": topic, "from": "customer", "on": bool(frame.get("on"))})

        async def holds() -> None:
            bearer.read_chat(token)

        await together(socket, hear, tell_chat(socket, news, visitor, last, standing_of(found)), holds)


def standing_of(found: Frame) -> Frame:
    return {name: found[name] for name in ("owner", "agent", "queue")}


async def tell_chat(socket: WebSocket, news: asyncio.Queue[Frame], visitor: Visitor, last: int, standing: Frame) -> None:
    while True:
        heard = await news.get()
        if heard["type"] == "queue":
            if standing["owner"] != "queue":
                continue
        elif heard["type"] != "changed":
            if heard.get("from") != "customer":
                await send(socket, {name: value for name, value in heard.items() if name != "conversation_id"})
            continue
        found = await in_database(fetch, visitor, last)
        for message in found["messages"]:
            last = message["seq"]
            await send(socket, {"type": "message", "message": message})
        if standing_of(found) != standing:
            standing = standing_of(found)
            await send(socket, {"type": "owner", **standing})


async def desk(socket: WebSocket) -> None:
    """WS /ws/desk: whose desk is connected is on duty."""
    await socket.accept()
    try:
        token = token_of(socket)
        staff = await in_database(still_staff, bearer.read_desk(token))
    except Problem:
        await socket.close(DENIED)
        return
    hub = hub_of(socket)
    watched: dict[str, int] = {}  # conversation → number of the last message told
    leaving = asyncio.Event()
    present = asyncio.create_task(stay_present(staff.name, leaving))
    try:
        with hub.listen(DESK, QUEUE) as news, measure.LIVE.labels("desk").track_inprogress():
            await send(socket, {"type": "ready", "name": staff.name, "role": staff.role})
            await send(socket, {"type": "queue", "waiting": await in_database(waiting)})

            async def hear(frame: Frame) -> None:
                if frame["type"] == "away":
                    leaving.set()
                    await asyncio.wait([present])
                await hear_desk(hub, news, watched, frame)

            async def holds() -> None:
                await in_database(still_staff, bearer.read_desk(token))

            await together(socket, hear, tell_desk(socket, news, watched, staff.name), holds)
    finally:
        if leaving.is_set():
            await asyncio.wait([present])  # also where the page said so and closed at once
        present.cancel()
        hub.publish(DESK, {"type": "changed"})


def waiting() -> int:
    with open_session(read_only=True) as session:
        return escalation.waiting(session)[0]


async def hear_desk(hub: Hub, news: asyncio.Queue[Frame], watched: dict[str, int], frame: Frame) -> None:
    conversation_id = frame.get("conversation_id")
    if not isinstance(conversation_id, str) or not body.ID.fullmatch(conversation_id):
        return
    if frame["type"] == "watch" and len(watched) < MOST_WATCHED:
        last = await in_database(last_seq, conversation_id)
        if last is not None:
            watched[conversation_id] = last
            hub.join(conversation_id, news)
    elif frame["type"] == "unwatch" and watched.pop(conversation_id, None) is not None:
        hub.part(conversation_id, news)
    elif frame["type"] == "typing" and conversation_id in watched:
        hub.publish(conversation_id, {"type": "typing", "conversation_id": conversation_id, "from": "agent", "on": bool(frame.get("on"))})


def last_seq(conversation_id: str) -> int | None:
    with open_session(read_only=True) as session:
        conversation = session.get(models.Conversation, conversation_id)
        return conversation.last_seq if conversation is not None else None


async def tell_desk(socket: WebSocket, news: asyncio.Queue[Frame], watched: dict[str, int], name: str) -> None:
    while True:
        heard = await news.get()
        conversation_id = heard.get("conversation_id")
        if heard["type"] in {"unanswered", "unpaid", "queue"}:
            await send(socket, heard)
        elif heard["type"] == "assigned":
            if heard["agent"] == name:
                await send(socket, {"type": "assigned"})
        elif heard["type"] == "typing" and conversation_id in watched and heard["from"] == "customer":
            await send(socket, {"type": "typing", "conversation_id": conversation_id, "on": heard["on"]})
        elif heard["type"] == "changed" and conversation_id is None:
            await send(socket, {"type": "cases"})
        elif heard["type"] == "changed" and conversation_id in watched:
            messages, standing = await in_database(news_of, conversation_id, watched[conversation_id])
            if conversation_id not in watched:
                continue  # the desk looked away meanwhile; written down again it would be watched for ever
            if messages:
                watched[conversation_id] = messages[-1]["seq"]
            for message in messages:
                await send(socket, {"type": "message", "conversation_id": conversation_id, "message": message})
            await send(socket, {"type": "owner", "conversation_id": conversation_id, "owner": standing["owner"], "agent": standing["agent"]})


def news_of(conversation_id: str, after: int) -> tuple[list[Frame], Frame]:
    with open_session(read_only=True) as session:
        conversation = session.get(models.Conversation, conversation_id)
        assert conversation is not None  # it was there when the desk began to watch; none is ever removed
        return timeline.messages(session, conversation_id, after), timeline.standing(session, conversation)


async def stay_present(name: str, leaving: asyncio.Event) -> None:
    """Notes that the agent's desk is connected, again and again until `leaving`, then that the agent left.

    Not ended by cancelling: that ends the waiting for a note, while the thread writes it all the same, and
    written after the leave it would put the agent on duty again. So whoever waits for this does it with
    asyncio.wait, which leaves it alone when cancelled.
    """
    while not leaving.is_set():
        with contextlib.suppress(SQLAlchemyError):
            await in_database(note_presence, name)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(leaving.wait(), SEEN_EVERY)
    with contextlib.suppress(SQLAlchemyError):  # not present any more in half a minute anyway
        await in_database(note_leave, name)


def note_presence(name: str) -> None:
    with open_session() as session:
        duty.seen(session, name)


def note_leave(name: str) -> None:
    with open_session() as session:
        duty.left(session, name)


async def together(socket: WebSocket, hear: Callable[[Frame], Awaitable[None]], tell: Awaitable[None], holds: Callable[[], Awaitable[None]]) -> None:
    """Listens and tells until one side ends, or the token no longer `holds` (which raises Problem)."""
    async with anyio.create_task_group() as group:

        async def end_with(work: Awaitable[None]) -> None:
            try:
                await work
            except Problem:
                await socket.close(DENIED)
            except SQLAlchemyError:
                await socket.close(TRY_LATER)
            except (WebSocketDisconnect, RuntimeError):
                # The other side went away while we told it something; what it said before is still heard, then `listen` ends.
                await asyncio.sleep(LAST_WORDS)
            group.cancel_scope.cancel()

        group.start_soon(end_with, listen(socket, hear))
        group.start_soon(end_with, tell)
        group.start_soon(end_with, look(holds))


async def look(holds: Callable[[], Awaitable[None]]) -> None:
    """Looks again and again; a database that is gone says nothing about the token."""
    while True:
        await asyncio.sleep(SEEN_EVERY)
        with contextlib.suppress(SQLAlchemyError):
            await holds()


async def listen(socket: WebSocket, hear: Callable[[Frame], Awaitable[None]]) -> None:
    frames = Buckets("frames", MOST_FRAMES)
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if frames.wait_here("", take=True):
            await socket.close(TOO_OFTEN)
            return
        text = message.get("text") or ""
        try:
            frame = json.loads(text) if len(text) <= LONGEST_FRAME else None
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
            await socket.close(BAD_FRAME)
            return
        if frame["type"] == "ping":
            await send(socket, {"type": "pong"})
        else:
            await hear(frame)


async def send(socket: WebSocket, frame: Frame) -> None:
    await socket.send_text(bytes(json_answer(frame).body).decode())


def token_of(socket: WebSocket) -> str:
    """Browsers cannot set headers on a socket, so the token may stand in the address, which is never logged."""
    token = socket.query_params.get("token", "")
    return token if token and len(token) <= bearer.LONGEST else bearer.carried(socket)
