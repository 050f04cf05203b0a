"""The machine's RabbitMQ, a name there of a test's own, and a line to it that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import socketserver
import threading
import uuid
from collections.abc import Coroutine, Iterator
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from bot import event_queue
from bot.load.product import free_port

URL = os.environ.get("HEQI_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")


@contextlib.contextmanager
def own_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Exchange and queue of this block's own, the configured ones while it lasts; skips where no RabbitMQ answers."""
    name = f"heqi_test_{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("HEQI_RABBITMQ_URL", URL)
    monkeypatch.setenv("HEQI_RABBITMQ_NAME", name)

    async def removed() -> None:
        async with await aio_pika.connect(URL) as connection:
            channel = await connection.channel()
            await channel.queue_delete(name)
            await channel.exchange_delete(name)

    try:
        apart(removed())
    except (OSError, *CONNECTION_EXCEPTIONS) as fault:
        pytest.skip(f"no RabbitMQ: {fault}")
    yield name
    apart(removed())


def tell(name: str, *told: dict[str, Any] | bytes) -> None:
    """Puts events there as Rasa does; bytes as they are."""

    async def publish() -> None:
        async with await aio_pika.connect(URL) as connection:
            exchange, _ = await event_queue.made(await connection.channel(), name)
            for each in told:
                body = each if isinstance(each, bytes) else json.dumps(each).encode()
                await exchange.publish(aio_pika.Message(body, headers={"event": "user"}), "")

    apart(publish())


def left(name: str) -> int:
    """Events that wait there, those included that somebody took and did not acknowledge once he is gone."""

    async def count() -> int:
        async with await aio_pika.connect(URL) as connection:
            queue = await (await connection.channel()).declare_queue(name, passive=True)
            return int(queue.declaration_result.message_count or 0)

    return apart(count())


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs to its end in a thread of its own: this one may have a loop already."""
    found: list[Any] = []
    fault: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work))
        except BaseException as raised:
            fault.append(raised)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if fault:
        raise fault[0]
    return found[0]


class Line:
    """A port that leads to RabbitMQ while the line is up."""

    def __init__(self) -> None:
        self.port = free_port()
        there = urlsplit(URL)
        self.url = there._replace(netloc=there.netloc.replace(f":{there.port}", f":{self.port}")).geturl()
        self.target = (there.hostname or "", there.port or 5672)
        self.server: socketserver.ThreadingTCPServer | None = None
        self.ends: list[socket.socket] = []

    def mend(self) -> None:
        line = self

        class Through(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(line.target) as far:
                    line.ends += [self.request, far]
                    back = threading.Thread(target=pour, args=(far, self.request))
                    back.start()
                    pour(self.request, far)
                    back.join()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Through, bind_and_activate=False)
        self.server.allow_reuse_address = True
        self.server.server_bind()
        self.server.server_activate()
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()

    def cut(self) -> None:
        assert self.server is not None
        self.server.shutdown()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.server.server_close()


def pour(source: socket.socket, into: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            into.sendall(part)
    for end in (source, into):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
