"""The action server answers only who knows the token (bot.inner_token); its health everybody may ask.

Registered with the action server's own hook, as actions.take_up is.
"""

from __future__ import annotations

from typing import Any

import pluggy
from rasa_sdk.plugin import plugin_manager

from bot.known_only import known_only

HEALTH = "/health"


class KnownOnly:
    """The server's extension: a look at every request before it is answered."""

    @pluggy.HookimplMarker("rasa_sdk")
    def attach_sanic_app_extensions(self, app: Any) -> None:
        app.register_middleware(known_only(HEALTH), "request")


plugin_manager().register(KnownOnly())
