"""Rasa's REST channel, for who knows the token (bot.inner_token); a message whose metadata carries a trace goes on in that trace (bot.trace)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint

from bot import trace
from bot.known_only import known_only


class InnerRest(RestInput):
    """At /webhooks/rest as Rasa's own; the metadata then carries Rasa's span on to the action server."""

    def __init__(self) -> None:
        trace.start()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        async def traced(message: UserMessage) -> Any:
            metadata = message.metadata or {}
            if "trace" not in metadata:
                return await on_new_message(message)
            with trace.span("rasa", metadata["trace"], conversation=message.sender_id):
                metadata["trace"] = trace.carrier()
                return await on_new_message(message)

        made: Blueprint = super().blueprint(traced)
        # Rasa's --auth-token guards its HTTP API, which is not served here, and leaves the channels open.
        made.middleware(known_only(), "request")
        return made
