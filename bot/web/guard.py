"""What holds for every call: how big, how often, which headers the answer carries, how it is counted."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import log, trace
from bot.settings import settings
from bot.web import measure
from bot.web.media import MOST_VIDEO_BYTES
from bot.web.problem import Problem, error_answer, unexpected
from bot.web.rate import Buckets, address_of
from bot.web.replicas import Replicas

logger = logging.getLogger("heqi.calls")

MOST_JSON_BYTES = 64 * 1024
MOST_FORM_BYTES = MOST_VIDEO_BYTES + MOST_JSON_BYTES
BODY_PATIENCE = 20.0
"""Seconds a body may take, and one more for each LEAST_SPEED bytes of it that came: who sends by drops holds a connection for nothing."""

LEAST_SPEED = 10 * 1024
UPLOAD_PATH = "/api/v1/messages"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-src 'self'; frame-ancestors {ancestors}"
)
"""Styles may be inline: the pages' libraries set them on elements. Scripts never."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}


EMBED = "/embed.js"
"""The one file that other sites load: the script that puts the chat into a shop's page."""


class Guard:
    """ASGI middleware. Of a WebSocket only the opening is counted; its frames are bot.web.live's business."""

    def __init__(self, app: ASGIApp, replicas: Replicas | None = None) -> None:
        self.app = app
        self.addresses = Buckets("address", settings().address_rate, replicas)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and await self.addresses.wait(address_of(scope), take=True):
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] != "POST":
            await self.called(scope, receive, send)
            return
        # What somebody does begins a trace; what comes from outside says nothing about ours.
        with trace.span("POST", {}) as span:
            await self.called(scope, receive, send, trace.id_of(span))
            if span is not None:
                span.update_name(f"POST {route_of(scope)}")

    async def called(self, scope: Scope, receive: Receive, send: Send, trace_id: str | None = None) -> None:
        began = time.monotonic()
        call_id = trace_id or uuid.uuid4().hex[:16]
        log.call.set(call_id)
        sent: dict[str, int] = {}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                dress(MutableHeaders(scope=message), scope["path"], call_id)
            await send(message)

        try:
            await self.limited(scope, receive, answer)
        except Exception as fault:
            if "status" in sent:
                raise
            # Answered here: what Starlette answers outside of us would carry none of the headers.
            await unexpected(Request(scope), fault)(scope, receive, answer)
        finally:
            self.count(scope, sent.get("status", 500), time.monotonic() - began)

    async def limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.addresses.take(address_of(scope))
        except Problem as often:
            await error_answer(often.status, often.code, often.message, often.headers)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        form = scope["path"] == UPLOAD_PATH and headers.get("content-type", "").lower().startswith("multipart/form-data")
        most = MOST_FORM_BYTES if form else MOST_JSON_BYTES
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > most:
            await error_answer(413, "too_large", too_large(most))(scope, receive, send)
            return
        began, read, whole = time.monotonic(), 0, False

        async def measured() -> Message:
            nonlocal read, whole
            if whole:
                return await receive()
            left = began + BODY_PATIENCE + read / LEAST_SPEED - time.monotonic()
            try:
                message = await asyncio.wait_for(receive(), max(left, 0.01))
            except asyncio.TimeoutError as slow:
                raise Problem(408, "too_slow", "body:内容来得太慢,请重新发送", {"Connection": "close"}) from slow
            read += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if read > most:
                raise Problem(413, "too_large", too_large(most))
            return message

        await self.app(scope, measured, send)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        measure.CALLS.labels(route, scope["method"], str(status)).inc()
        if not (route == UPLOAD_PATH and scope["method"] == "GET"):
            measure.CALL_SECONDS.labels(route).observe(seconds)
        if (route, status) == ("/healthz", 200):
            return  # asked every two seconds whether it lives: the log would hold little else
        told = {"ms": round(seconds * 1000), "status": status}
        logger.info("%s %s", scope["method"], route, extra={"fields": told})


def route_of(scope: Scope) -> str:
    """The route's pattern, never the path: ids stay out of the numbers."""
    return str(getattr(scope.get("route"), "path", "other"))


def too_large(most: int) -> str:
    return f"body:内容不能超过 {most // 1024} KB"


def dress(headers: MutableHeaders, path: str, call_id: str) -> None:
    """Puts the security headers on an answer."""
    if path == EMBED:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    origins = " ".join(("'self'", *settings().shop_origins)) if path == "/chat" else "'none'"
    headers.setdefault("Content-Security-Policy", POLICY.format(ancestors=origins))
    if path != "/chat":
        headers.setdefault("X-Frame-Options", "DENY")
    if path.startswith(("/api/", "/demo/")):
        headers.setdefault("Cache-Control", "no-store")
    headers["X-Request-Id"] = call_id
