"""A Redis to try things with: the machine's own, or one on a port of its own that may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError, RedisError
from redis.retry import Retry

from bot.load.product import free_port

URL = os.environ.get("HEQI_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


def require_redis() -> str:
    """The address of the machine's Redis; skips where none answers."""
    try:
        Redis.from_url(URL, socket_timeout=2).ping()
    except RedisError as fault:
        pytest.skip(f"no Redis at {URL}: {fault}")
    return URL


class OwnRedis:
    """A Redis that keeps nothing on the disk. `start` returns when it answers; it may be killed, stopped short and started again."""

    def __init__(self, place: Path) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("no redis-server on this machine")
        self.place, self.port = place, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        argv = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.place)]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.1), 100), retry_on_error=[OSError, ConnectionError]).ping()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
