"""A Sanic server that answers only who knows the token (bot.inner_token): Rasa's channel and the action server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot import inner_token


def known_only(*open_paths: str) -> Callable[[Request], Awaitable[HTTPResponse | None]]:
    """A look at every request before it is answered; `open_paths` are for everybody."""

    async def look(request: Request) -> HTTPResponse | None:
        if request.path in open_paths or inner_token.fits(request.headers.get("authorization")):
            return None
        return json({"error": "unauthorized"}, 401)

    return look
