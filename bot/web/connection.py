"""A stranger's connection. HTTP: the head of each request is small and comes soon, or the connection is closed.

uvicorn's own (httptools) takes a head of any size, copying it again with every piece: one connection that sent a
hundred megabytes of header held the whole process up. And it waits for a head for ever, with a file descriptor each.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto import events

from bot.web.rate import Buckets

MOST_HEAD = 64 * 1024
"""Bytes of a head after which no more of it is read. What comes in one piece (at most 256 KiB) is read as it is."""

HEAD_PATIENCE = 10.0
"""Seconds from the connection, or the first byte of a further request, to the end of its head."""


class Connection(HttpToolsProtocol):
    waited: asyncio.TimerHandle | None = None
    """Closes the connection; None while no head is being waited for."""
    head = 0
    reading = False
    """Whether a request has begun and not ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self.wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading = True
        if self.waited is None:
            self.wait_for_head()

    def wait_for_head(self) -> None:
        self.head = 0
        self.waited = self.loop.call_later(HEAD_PATIENCE, self.transport.close)

    def on_headers_complete(self) -> None:
        self.wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.reading = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if not self.reading and self.waited is None:
            self.wait_for_head()
        if self.waited is not None:
            self.head += len(data)
            if self.head > MOST_HEAD and len(data) < self.head:
                self.send_400_response("Request head too large.")
                return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.wait_no_more()
        super().connection_lost(exc)

    def wait_no_more(self) -> None:
        if self.waited is not None:
            self.waited.cancel()
            self.waited = None


MOST_PIECES = 1200
"""Frames of any kind a minute: whole messages are counted in bot.web.live, but pings and pieces of a message never come there."""


class TooMany(Exception):
    """More frames came than a page ever sends."""


class Socket(WSProtocol):
    """A live connection that harms nobody, whatever is sent and however little of the answers is read.

    uvicorn's own reads on for ten seconds after our close frame, answers pings without end into a buffer that nobody
    empties, counts no frame, and waits for ever for the other side to read the rest.
    """

    late = 0
    """Bytes since we closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pieces = Buckets("pieces", MOST_PIECES)

    def data_received(self, data: bytes) -> None:
        if self.close_sent:
            self.late += len(data)
            if self.late > MOST_HEAD:  # no answer to a close frame
                self.transport.abort()
                return
        try:
            super().data_received(data)
        except TooMany:
            self.transport.abort()

    def count(self) -> None:
        if self.pieces.wait_here("", take=True):
            raise TooMany

    def handle_message(self, event: events.TextMessage | events.BytesMessage) -> None:
        self.count()
        super().handle_message(event)

    def handle_ping(self, event: events.Ping) -> None:
        self.count()
        super().handle_ping(event)

    def handle_pong(self, event: events.Pong) -> None:
        self.count()
        super().handle_pong(event)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()  # who reads nothing would keep what is left to send for ever
