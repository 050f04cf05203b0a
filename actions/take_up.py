"""Messages that nobody could answer become cases in the queue by themselves: at start, and while the server runs.

Registered with the action server's own hook, so that importing this package starts nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pluggy
from rasa_sdk.plugin import plugin_manager

from bot import clock
from bot.cases import escalation

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3.0
"""How soon after the database is back a noted message stands in the queue."""


class TakeUp:
    """The server's extension: one task that looks for noted messages."""

    @pluggy.HookimplMarker("rasa_sdk")
    def attach_sanic_app_extensions(self, app: Any) -> None:
        app.add_task(watch())


async def watch() -> None:
    """Takes up what waits, again and again; the disk is all that is touched while nothing waits."""
    while True:
        try:
            taken = await asyncio.to_thread(escalation.take_up_unanswered, clock.now())
            if taken:
                logger.info("%d unanswered messages taken up as cases", taken)
        except Exception:
            logger.exception("could not look for unanswered messages")
        await asyncio.sleep(EVERY_SECONDS)


plugin_manager().register(TakeUp())
