"""The action server answers only who knows the token (bot.inner_token); its health everybody may ask.

Registered with the action server's own hook, as actions.take_up is.
"""

from __future__ import annotations

from typing import Any

import pluggy
from rasa_sdk.plugin import plugin_manager
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot import inner_token

HEALTH = "/health"


class KnownOnly:
    """The server's extension: a look at every request before it is answered."""

    @pluggy.HookimplMarker("rasa_sdk")
    def attach_sanic_app_extensions(self, app: Any) -> None:
        app.register_middleware(known_only, "request")


async def known_only(request: Request) -> HTTPResponse | None:
    if request.path == HEALTH or inner_token.fits(request.headers.get("authorization")):
        return None
    return json({"error": "unauthorized"}, 401)


plugin_manager().register(KnownOnly())
