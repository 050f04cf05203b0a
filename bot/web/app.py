"""The web application: `uvicorn bot.web.app:app`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from bot import clock, log, trace
from bot.cases import assignment, duty, inbox
from bot.cases import desk as desk_acts
from bot.cases.payouts import Payouts
from bot.settings import check_secrets, settings
from bot.store import migration
from bot.store.database import session as open_session
from bot.store.platform import DemoShop
from bot.web import chat, desk, health, live, measure, owner, pages, practice
from bot.web.blocking import in_database
from bot.web.bursts import Bursts
from bot.web.events import Events
from bot.web.guard import Guard
from bot.web.hub import DESK, Hub
from bot.web.problem import HANDLERS, cause
from bot.web.rate import Buckets
from bot.web.replicas import Replicas

logger = logging.getLogger(__name__)

LOGIN_FAILURES = 20
"""Wrong passwords a minute from one address."""

UNPACKING = 2
"""Files examined at once: a small one may take seconds and hundreds of MB to unpack."""

ALARM_AFTER = 60.0
"""Seconds a customer may wait for any answer before the desk hears an alarm."""

ALARM_EVERY = 5.0

PAY_EVERY = 5.0

BEGIN_AGAIN = 1.0
"""Seconds until a work in the background that failed begins again."""

UNPAID_AFTER = 600.0
"""Seconds the platform may refuse a payout before the desk hears of it."""

Work = Callable[[], Awaitable[None]]

CASE = "/api/v1/desk/cases/{case_id}"

ROUTES: list[BaseRoute] = [
    Route("/api/v1/sessions", chat.open_session_for, methods=["POST"]),
    Route("/api/v1/messages", chat.post_message, methods=["POST"]),
    Route("/api/v1/messages", chat.get_messages, methods=["GET"]),
    Route("/api/v1/case", chat.get_case, methods=["GET"]),
    Route("/api/v1/orders", chat.get_orders, methods=["GET"]),
    Route("/api/v1/files/{upload_id}", chat.get_file, methods=["GET"]),
    Route("/api/v1/rating", chat.rate, methods=["POST"]),
    Route("/api/v1/transcript", chat.transcript, methods=["GET"]),
    Route("/demo/customers", chat.demo_customers, methods=["GET"]),
    WebSocketRoute("/ws/chat", live.chat),
    Route("/api/v1/desk/login", desk.login, methods=["POST"]),
    Route("/api/v1/desk/me", desk.me, methods=["GET"]),
    Route("/api/v1/desk/cases", desk.list_cases, methods=["GET"]),
    Route("/api/v1/desk/agents", desk.list_agents, methods=["GET"]),
    Route("/api/v1/desk/files/{upload_id}", desk.get_file, methods=["GET"]),
    Route(CASE, desk.get_case, methods=["GET"]),
    Route(f"{CASE}/claim", desk.act(desk.claim), methods=["POST"]),
    Route(f"{CASE}/reply", desk.act(desk.reply), methods=["POST"]),
    Route(f"{CASE}/offer", desk.act(desk.offer), methods=["POST"]),
    Route(f"{CASE}/approve", desk.act(desk.approve), methods=["POST"]),
    Route(f"{CASE}/refuse", desk.act(desk.refuse), methods=["POST"]),
    Route(f"{CASE}/order", desk.act(desk.put_order), methods=["POST"]),
    Route(f"{CASE}/request-evidence", desk.act(desk.request_evidence), methods=["POST"]),
    Route(f"{CASE}/return-to-bot", desk.act(desk.return_to_bot), methods=["POST"]),
    Route(f"{CASE}/resolve", desk.act(desk.resolve), methods=["POST"]),
    Route(f"{CASE}/release", desk.act(desk.release), methods=["POST"]),
    Route(f"{CASE}/transfer", desk.act(desk.transfer), methods=["POST"]),
    Route(f"{CASE}/note", desk.act(desk.note, 204), methods=["POST"]),
    Route("/api/v1/desk/practice", practice.overview, methods=["GET"]),
    Route("/api/v1/desk/practice", practice.begin, methods=["POST"]),
    Route("/api/v1/desk/practice/{number}", practice.answer, methods=["POST"]),
    WebSocketRoute("/ws/desk", live.desk),
    Route("/api/v1/insight", owner.get_insight, methods=["GET"]),
    Route("/api/v1/policy", owner.get_policy, methods=["GET"]),
    Route("/api/v1/policy", owner.put_policy, methods=["POST"]),
    Route("/api/v1/policy/preview", owner.preview_policy, methods=["POST"]),
    Route("/api/v1/policy/{version}", owner.get_old_policy, methods=["GET"]),
    Route("/healthz", health.healthz, methods=["GET"]),
    Route("/readyz", health.readyz, methods=["GET"]),
    Route("/metrics", health.metrics, methods=["GET"]),
    Route("/api/v1/openapi.json", pages.openapi, methods=["GET"]),
    *(Route(path, pages.page, methods=["GET"]) for path in pages.PAGES),
    Mount("/", pages.files()),
]


async def watch_desk(hub: Hub) -> None:
    """Gives the cases of absent agents back and waiting ones to idle agents, and sounds the alarm of customers nobody answers. Runs for ever."""
    lookout = duty.Lookout()
    while True:
        await asyncio.sleep(ALARM_EVERY)
        try:
            await in_database(migration.touch)  # a database that is full or read-only takes no notes of presence either
            lookout.noted(time.monotonic(), time.time())
        except SQLAlchemyError:
            lookout.lost()
        try:
            if lookout.sure:
                for conversation_id in await in_database(desk_acts.give_back_of_absent, clock.now()):
                    hub.changed(conversation_id)
            for given in await in_database(assignment.assign, settings().load_limit, clock.now()):
                hub.changed(given.conversation_id)
                hub.publish(DESK, {"type": "assigned", "agent": given.agent})
            count, seconds = await in_database(inbox.silence, clock.now())
        except SQLAlchemyError:
            continue  # the hub and the bursts log that the database is gone
        except Exception:  # as there: one row must not end the watch
            logger.exception("cannot watch the desk")
            continue
        if seconds >= ALARM_AFTER:
            hub.tell(DESK, {"type": "unanswered", "count": count, "oldest_seconds": round(seconds)})


async def watch_payouts(hub: Hub) -> None:
    """Pays what the platform has not confirmed, tells the numbers of it, and the desk where it goes on. Runs for ever."""
    payouts = Payouts(open_session, DemoShop)
    while True:
        try:
            at = clock.now()
            figures = await in_database(payouts.look, at)
            measure.tell_payouts(figures, at)
            for conversation_id in await in_database(payouts.try_again, at, figures.unconfirmed):
                hub.changed(conversation_id)
            seconds = figures.oldest_seconds(at)
            if seconds >= UNPAID_AFTER:
                fen = sum(each.fen for each in figures.unconfirmed)
                hub.tell(DESK, {"type": "unpaid", "count": len(figures.unconfirmed), "fen": fen, "oldest_seconds": round(seconds)})
        except SQLAlchemyError as fault:
            logger.error("cannot look for unconfirmed payouts: %s", cause(fault))
        except Exception:  # as above
            logger.exception("cannot look for unconfirmed payouts")
        await asyncio.sleep(PAY_EVERY)


async def for_ever(work: Work) -> None:
    """Runs what should never end, and again where it ended all the same: nobody waits for it, so nobody would notice."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("a work in the background failed and begins again")
        await asyncio.sleep(BEGIN_AGAIN)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    hub: Hub = app.state.hub
    bursts: Bursts = app.state.bursts
    replicas: Replicas | None = app.state.replicas

    def heard(topic: str, news: dict[str, Any]) -> None:
        hub.tell(topic, news)
        if topic in bursts.workers and (news["type"], news.get("from")) == ("typing", "customer"):
            bursts.typing(topic, news["on"])

    works: list[Work] = [hub.watch, bursts.sweep, partial(watch_desk, hub), partial(watch_payouts, hub)]
    if replicas is not None:
        works += [replicas.send, partial(replicas.hear, heard)]
    if app.state.events is not None:
        works.append(app.state.events.read)
    tasks = {asyncio.create_task(for_ever(work)) for work in works}
    try:
        yield
    finally:
        while tasks:
            # Again and again: the clients of Redis and RabbitMQ can swallow one (bpo-37658).
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=1.0)
        await bursts.stop()
        if replicas is not None:
            await replicas.redis.close()


def make_app() -> Starlette:
    """The application. Raises BadSetting where its secrets are not fit to serve with."""
    chosen = settings()
    check_secrets(chosen)
    pages.STATIC.mkdir(exist_ok=True)
    log.keep_clean()
    log.tell()
    trace.start()
    replicas = Replicas(chosen.redis_url, chosen.redis_prefix) if chosen.redis_url else None
    # Pictures and videos are sent as they are, by their kind of content; live connections never pass through it.
    middleware = [Middleware(Guard, replicas=replicas), Middleware(GZipMiddleware, compresslevel=6)]
    made = Starlette(routes=ROUTES, middleware=middleware, exception_handlers=HANDLERS, lifespan=lifespan)  # type: ignore[arg-type]
    made.state.replicas = replicas
    made.state.events = Events(chosen.rabbitmq_url, chosen.rabbitmq_name) if chosen.rabbitmq_url else None
    made.state.hub = Hub(replicas)
    made.state.bursts = Bursts(made.state.hub)
    made.state.customer_rates = Buckets("customer", chosen.customer_rate, replicas)
    made.state.openings = Buckets("opening", chosen.customer_rate, replicas)
    made.state.signing_in = asyncio.Lock()
    made.state.file_turns = WeakValueDictionary()
    made.state.unpacking = asyncio.Semaphore(UNPACKING)
    made.state.asked_ready = None
    made.state.login_failures = Buckets("login", LOGIN_FAILURES, replicas)
    return made


def __getattr__(name: str) -> Starlette:
    # Made when uvicorn asks for it, so that importing this module needs no fitting settings.
    if name == "app":
        globals()["app"] = made = make_app()
        return made
    raise AttributeError(name)
