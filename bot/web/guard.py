"""What holds for every call: how big, how often, which headers the answer carries, how it is counted."""

from __future__ import annotations

import logging
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import log, trace
from bot.settings import settings
from bot.web import measure
from bot.web.media import MOST_VIDEO_BYTES
from bot.web.problem import Problem, error_answer
from bot.web.rate import Buckets
from bot.web.replicas import Replicas

logger = logging.getLogger("heqi.calls")

MOST_JSON_BYTES = 64 * 1024
MOST_FORM_BYTES = MOST_VIDEO_BYTES + MOST_JSON_BYTES
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
    """ASGI middleware; websockets pass through untouched."""

    def __init__(self, app: ASGIApp, replicas: Replicas | None = None) -> None:
        self.app = app
        self.addresses = Buckets("address", settings().address_rate, replicas)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        finally:
            self.count(scope, sent.get("status", 500), time.monotonic() - began)

    async def limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        try:
            await self.addresses.take(client[0] if client else "unknown")
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
        read = 0

        async def measured() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise Problem(413, "too_large", too_large(most))
            return message

        await self.app(scope, measured, send)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        measure.CALLS.labels(route, scope["method"], str(status)).inc()
        if not (route == UPLOAD_PATH and scope["method"] == "GET"):
            measure.CALL_SECONDS.labels(route).observe(seconds)
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
