"""A stranger's HTTP connection: the head of each request is small and comes soon, or the connection is closed.

uvicorn's own (httptools) takes a head of any size, copying it again with every piece: one connection that sent a
hundred megabytes of header held the whole process up. And it waits for a head for ever, with a file descriptor each.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

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


class Socket(WSProtocol):
    """A live connection. uvicorn's own reads on for ten seconds after our close frame, whatever comes, and reads nothing else meanwhile."""

    late = 0
    """Bytes since we closed."""

    def data_received(self, data: bytes) -> None:
        if self.close_sent:
            self.late += len(data)
            if self.late > MOST_HEAD:  # no answer to a close frame
                self.transport.abort()
                return
        super().data_received(data)
