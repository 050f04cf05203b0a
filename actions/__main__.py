"""The action server, `python -m actions PORT`: on this machine only, for who knows the token (bot.inner_token)."""

from __future__ import annotations

import sys

from rasa_sdk import utils
from rasa_sdk.endpoint import create_app
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot import inner_token

HEALTH = "/health"


async def known_only(request: Request) -> HTTPResponse | None:
    if request.path == HEALTH or inner_token.fits(request.headers.get("authorization")):
        return None
    return json({"error": "unauthorized"}, 401)


def server() -> Sanic:
    app: Sanic = create_app("actions", cors_origins="")
    app.register_middleware(known_only, "request")
    return app


if __name__ == "__main__":
    utils.configure_colored_logging("INFO")
    utils.update_sanic_log_level()
    server().run("127.0.0.1", int(sys.argv[1]))
