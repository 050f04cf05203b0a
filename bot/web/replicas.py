"""What the web processes of several machines share over Redis: news for who listens elsewhere, and how often somebody called.

Only passing things, so nothing is lost with Redis. While it is gone each process goes on alone: what others
wrote is found in the database (bot.web.hub), limits are counted in each process (bot.web.rate). `hear` finds
it again by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.web import measure

logger = logging.getLogger(__name__)

OK = "ok"
PATIENCE = 2.0
"""Seconds a command may take."""

SILENCE = 5.0
"""Seconds without news after which Redis is asked for a sign of life, and seconds it may take."""

AGAIN = 1.0
"""Seconds between two tries to reach a Redis that is gone."""

MOST_UNSENT = 1000

Tell = Callable[[str, dict[str, Any]], None]
"""Hears a topic and the news of it."""

Published = tuple[str, str, dict[str, Any]]
"""Who published, the topic, the news."""

COUNT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local cost = 60000 / ARGV[1]
local kept = tonumber(redis.call('GET', KEYS[1]) or 0)
if kept > now + 60001 then kept = now end
local full = math.max(kept, now) + cost
local wait = full - now - 60000
if wait > 0.5 then return math.ceil(wait) end
if ARGV[2] == '1' then redis.call('SET', KEYS[1], string.format('%.4f', full), 'PX', math.ceil(full - now)) end
return 0
"""
"""A bucket as one number: the moment (ms, Redis's clock) at which it is full again. Forgotten when it is.

An empty one is full again in a minute; what lies further ahead was written before Redis's clock was set back, and no longer counts.
"""


class Replicas:
    """Raises ValueError for an address that is none."""

    def __init__(self, url: str, prefix: str) -> None:
        self.redis = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self.channel, self.buckets = f"{prefix}:news", f"{prefix}:calls"
        self.count = self.redis.register_script(COUNT)
        self.me = uuid.uuid4().hex
        self.unsent: asyncio.Queue[str] = asyncio.Queue(MOST_UNSENT)
        self.state = ""
        """OK, or what is wrong; empty before the first try."""

    def publish(self, topic: str, news: dict[str, Any]) -> None:
        """Hands news to the other processes, in order; dropped while Redis is gone or cannot keep up."""
        if self.state == OK and not self.unsent.full():
            self.unsent.put_nowait(json.dumps([self.me, topic, news]))

    async def send(self) -> None:
        """Sends what was published, for ever."""
        while True:
            line = await self.unsent.get()
            try:
                await self.redis.publish(self.channel, line)
            except (RedisError, OSError) as fault:
                self.lost(fault)

    async def hear(self, tell: Tell) -> None:
        """Tells here what other processes published, for ever."""
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.subscribe(self.channel)
                    asked = False
                    while True:
                        message = await channel.get_message(timeout=SILENCE)
                        if message is None:
                            if asked:
                                raise TimeoutError
                            await channel.ping()
                            asked = True
                            continue
                        asked = False
                        self.found()
                        if message["type"] == "message":
                            self.pass_on(message["data"], tell)
            except (RedisError, OSError) as fault:
                self.lost(fault)
            except Exception as fault:  # whatever it is, this process must hear again
                logger.exception("cannot hear the other web processes")
                self.lost(fault)
            await asyncio.sleep(AGAIN)
            await self.redis.connection_pool.disconnect(inuse_connections=False)  # they are as dead as this one

    def pass_on(self, line: bytes, tell: Tell) -> None:
        """Tells what another process published. What none of ours can have written is logged and changes nothing."""
        try:
            sender, topic, news = msgspec.json.decode(line, type=Published)
            if not isinstance(news.get("type"), str):
                raise ValueError("news without a type")
            if sender != self.me:
                tell(topic, news)
        except Exception:  # whatever it is, news of others must go on
            logger.exception("redis brought what is no news of ours")

    async def wait(self, key: str, a_minute: int, *, take: bool) -> float | None:
        """Seconds until the key may call again, 0 where it may now (with `take` this call is counted); None while Redis is gone."""
        if self.state != OK:
            return None
        try:
            return int(await self.count(keys=[f"{self.buckets}:{key}"], args=[a_minute, int(take)])) / 1000
        except (RedisError, OSError) as fault:
            self.lost(fault)
            return None

    def found(self) -> None:
        if self.state != OK:
            logger.info("redis is there: news and limits are shared with the other web processes")
        self.state = OK
        measure.READY.labels("redis").set(1)

    def lost(self, fault: Exception) -> None:
        if self.state in {"", OK}:
            logger.warning("redis is gone, this web process goes on alone: %s", type(fault).__name__)
        self.state = f"no answer: {type(fault).__name__}"
        measure.READY.labels("redis").set(0)
