"""Is it alive, is every part ready, what do the numbers say."""

from __future__ import annotations

import asyncio
import http.client
import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.cases import duty
from bot.settings import settings
from bot.store import migration, models
from bot.store.database import session as open_session
from bot.web import measure, rasa
from bot.web.answer import json_answer
from bot.web.blocking import for_rasa, in_database
from bot.web.events import Events
from bot.web.problem import cause
from bot.web.replicas import Replicas

PROBE_PATIENCE = 15.0
"""Seconds; the first message after a start takes some."""

ROOM = 1 << 20
"""Bytes that must fit on the disk: a picture and its copy."""


async def healthz(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Each part "ok" or what is wrong with it; 503 while one is not ready that nobody can be served without.

    Anybody may ask, and Rasa works for the answer: who asks while another does hears the same.
    """
    state = request.app.state
    asked: asyncio.Task[dict[str, Any]] | None = state.asked_ready
    if asked is None or asked.done():
        state.asked_ready = asked = asyncio.create_task(readiness(state.replicas, state.events))
    told = await asyncio.shield(asked)
    return json_answer(told, 200 if told["ready"] else 503)


async def readiness(replicas: Replicas | None, events: Events | None) -> dict[str, Any]:
    chosen = settings()
    parts = {
        "database": await in_database(database),
        "rasa": await for_rasa(understands, chosen.rasa_port),
        "actions": await for_rasa(answers, chosen.actions_port, "/health"),
        "files": await asyncio.to_thread(files),
    }
    ready = all(state == "ok" for state in parts.values())
    for part, other in (("redis", replicas), ("rabbitmq", events)):
        if other is not None:
            # Said, but no reason to send customers away: without Redis each process serves alone, without RabbitMQ nobody misses anything.
            parts[part] = other.state or "not asked yet"
    return {"ready": ready, "parts": parts}


def database() -> str:
    try:
        if not migration.is_current():
            return "the database's shape is not current: run heqi database"
    except SQLAlchemyError as fault:
        return f"unreachable: {type(fault).__name__}"
    try:
        migration.touch()
    except SQLAlchemyError as fault:
        return f"takes no writes: {cause(fault)}"
    return "ok"


def answers(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
        return "ok" if status == 200 else f"answers {status}"
    except (OSError, http.client.HTTPException) as fault:
        return f"no answer: {type(fault).__name__}"
    finally:
        connection.close()


def understands(port: int) -> str:
    """Whether a message goes the whole way: understood by a loaded model, answered by the action server.

    Rasa says 200 to everything also without a model. A sender for each hour keeps its memory short.
    """
    body = json.dumps({"sender": f"probe-{datetime.now():%d-%H}", "message": "在吗", "metadata": {"probe": True, "recorded": True}})
    try:
        texts = rasa.post(port, body, PROBE_PATIENCE)
    except (OSError, http.client.HTTPException, ValueError, rasa.RasaDown) as fault:
        return f"no answer: {type(fault).__name__}"
    return "ok" if texts == ["ok"] else "answers, but understands nothing: is a model trained, is the action server up?"


def files() -> str:
    """Whether files find room, and SQLite's rows: with a full disk everything still answers whoever only asks."""
    chosen = settings()
    url = make_url(chosen.database_url)
    places = {Path(chosen.var)}
    if url.get_backend_name() == "sqlite" and url.database:
        places.add(Path(url.database).parent)
    for place in places:
        try:
            with tempfile.TemporaryFile(dir=place) as probe:
                probe.write(bytes(ROOM))
        except OSError as fault:
            return f"cannot write to {place}: {fault.strerror}"
    return "ok"


async def metrics(_request: Request) -> Response:
    try:
        waiting, on_duty = await in_database(desk_numbers)
        measure.QUEUE.set(waiting)
        measure.ON_DUTY.set(on_duty)
    except SQLAlchemyError:
        measure.QUEUE.set(float("nan"))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def desk_numbers() -> tuple[int, int]:
    with open_session(read_only=True) as session:
        waiting: int | None = session.scalar(
            select(func.count()).select_from(models.Case).where(models.Case.state == "with_person", models.Case.claimed_by.is_(None))
        )
        return waiting or 0, len(duty.present(session))
