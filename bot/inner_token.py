"""The token by which the product's own processes know each other: new with each `heqi run`, handed on in the environment only."""

from __future__ import annotations

import hmac
import secrets

from bot.settings import PREFIX, settings

VARIABLE = f"{PREFIX}INNER_TOKEN"


def made() -> dict[str, str]:
    """The environment of processes that shall know each other, with a new token."""
    return {VARIABLE: secrets.token_hex(32)}


def header() -> dict[str, str]:
    """What a caller shows; {} where this process was given no token."""
    token = settings().inner_token
    return {"Authorization": f"Bearer {token}"} if token else {}


def fits(authorization: str | None) -> bool:
    """Whether this header lets its caller in; where this process was given no token, everybody on this machine gets in."""
    wanted = header().get("Authorization")
    return wanted is None or hmac.compare_digest((authorization or "").encode(), wanted.encode())
