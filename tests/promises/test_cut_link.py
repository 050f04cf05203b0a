"""The link to the database drops everything without a word: no refused or ended connection is like it. Needs network namespaces."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.engine import make_url

from tests.conftest import postgres_database

NAME = f"heqi{os.getpid()}"
HERE, THERE = "10.99.77.1", "10.99.77.2"
NOBODY = "02:00:00:00:99:99"
SOON = 6.0
"""Seconds: 5, and what a busy machine takes."""

FAR_HOST = """
import time
from sqlalchemy.exc import OperationalError
from bot.store.database import session
with session() as db:
    db.connection()
print("connected", flush=True)
input()
for number in range(2):
    began = time.monotonic()
    try:
        with session() as db:
            db.connection()
        print("answered", flush=True)
    except OperationalError:
        print(time.monotonic() - began, flush=True)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def cut() -> Iterator[Callable[[], None]]:
    """A host beside this one; the call has the packets of both directions go to nobody."""
    try:
        ip("netns", "add", NAME)
    except (OSError, subprocess.CalledProcessError) as refused:
        pytest.skip(f"no network namespaces here: {refused}")
    try:
        ip("link", "add", NAME, "type", "veth", "peer", "name", "eth0", "netns", NAME)
        for place, device, address in ((("-n", NAME), "eth0", THERE), ((), NAME, HERE)):
            ip(*place, "addr", "add", f"{address}/30", "dev", device)
            ip(*place, "link", "set", device, "up")

        def cut_it() -> None:
            ip("neigh", "replace", THERE, "lladdr", NOBODY, "nud", "permanent", "dev", NAME)
            ip("-n", NAME, "neigh", "replace", HERE, "lladdr", NOBODY, "nud", "permanent", "dev", "eth0")

        yield cut_it
    finally:
        ip("netns", "del", NAME)


def lead(door: socket.socket, host: str, port: int) -> None:
    """Leads who comes to `door` on to the machine's PostgreSQL, which listens on loopback only."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)

    near, _ = door.accept()
    far = socket.create_connection((host, port))
    threading.Thread(target=carry, args=(far, near), daemon=True).start()
    carry(near, far)


@pytest.mark.timeout(120)
def test_a_link_that_drops_everything_is_noticed_before_the_customer_gives_up(cut: Callable[[], None]) -> None:
    with postgres_database() as url, socket.create_server((HERE, 0)) as door:
        known = make_url(url)
        threading.Thread(target=lead, args=(door, known.host or "127.0.0.1", known.port or 5432), daemon=True).start()
        env = {**os.environ, "HEQI_DATABASE_URL": known.set(host=HERE, port=door.getsockname()[1]).render_as_string(hide_password=False)}
        argv = ["ip", "netns", "exec", NAME, sys.executable, "-c", FAR_HOST]
        with subprocess.Popen(argv, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as far:
            try:
                assert far.stdout is not None and far.stdout.readline() == "connected\n"
                cut()
                said, _ = far.communicate("go on\n", timeout=60)
            finally:
                far.kill()
    # On the connection it had, and on one it opens anew.
    assert all(float(seconds) < SOON for seconds in said.split()), said
    assert len(said.split()) == 2
