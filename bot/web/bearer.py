"""Tokens: the shop's word for who a customer is, and our own for a conversation or a desk session.

Ours are signed with keys made from HEQI_SESSION_SECRET and HEQI_SHOP_SECRET, one for each role, so that a token of one
role is a forgery in the other. They go by the real clock, whatever HEQI_NOW says.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import jwt
import msgspec
from starlette.requests import HTTPConnection

from bot.settings import settings
from bot.web.problem import Problem

HOLDS = 12 * 3600
"""Seconds a token of ours is good for."""

LONGEST = 4096

SKEW = 30
"""Seconds by which the shop's clock may be ahead of ours."""


class Visitor(msgspec.Struct, frozen=True):
    """A customer in one conversation."""

    conversation_id: str
    customer_id: str


class DeskToken(msgspec.Struct, frozen=True):
    """A desk session. `stamp` changes with the password and the role, which ends the session."""

    name: str
    stamp: str


def unauthorized(message: str) -> Problem:
    return Problem(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})


def customer_of(token: str) -> str:
    """The customer id that the shop signed. Raises Problem (401) for anything else."""
    try:
        # `iat` is looked at by ourselves: a leeway of the decoder's would lengthen `exp`, too.
        claims = jwt.decode(
            token, settings().shop_secret, algorithms=["HS256"],
            options={"require": ["sub"], "verify_aud": False, "verify_iss": False, "verify_iat": False},
        )
        if "iat" in claims and int(claims["iat"]) > time.time() + SKEW:
            raise jwt.ImmatureSignatureError("iat")
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as fault:
        raise unauthorized("customer_token:令牌无效或已过期,请从店铺页面重新进入") from fault
    customer_id = claims["sub"]
    if not isinstance(customer_id, str) or not 0 < len(customer_id) <= 200 or not customer_id.isprintable():
        raise unauthorized("customer_token:sub 应为顾客编号")
    return customer_id


def shop_token(customer_id: str) -> str:
    """What a shop would sign; for the demo shop's own page."""
    now = int(time.time())
    return jwt.encode({"sub": customer_id, "iat": now, "exp": now + HOLDS}, settings().shop_secret, "HS256")


def key(role: str) -> bytes:
    # Of both secrets: a shop that has set only its own for customers would else sign sessions with one that everybody knows.
    both = f"{settings().session_secret}/{settings().shop_secret}"
    return hmac.new(both.encode(), f"heqi/{role}".encode(), hashlib.sha256).digest()


def make(role: str, **claims: Any) -> str:
    now = int(time.time())
    return jwt.encode({**claims, "aud": role, "iat": now, "exp": now + HOLDS}, key(role), "HS256")


def read(role: str, token: str) -> dict[str, Any]:
    # When it was made does not matter: the clock of the machine that made it may be ahead, or ours was set back since.
    try:
        return jwt.decode(
            token, key(role), algorithms=["HS256"], audience=role, options={"require": ["exp", "aud"], "verify_iat": False}
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as fault:
        raise unauthorized("登录已失效,请重新进入") from fault


def chat_token(visitor: Visitor) -> str:
    return make("chat", conversation=visitor.conversation_id, customer=visitor.customer_id)


def desk_token(token: DeskToken) -> str:
    return make("desk", name=token.name, stamp=token.stamp)


def read_chat(token: str) -> Visitor:
    claims = read("chat", token)
    return Visitor(str(claims["conversation"]), str(claims["customer"]))


def read_desk(token: str) -> DeskToken:
    claims = read("desk", token)
    return DeskToken(str(claims["name"]), str(claims["stamp"]))


def stamp(password_hash: str, role: str) -> str:
    """A fingerprint of what a desk session depends on."""
    return hmac.new(key("stamp"), f"{role}/{password_hash}".encode(), hashlib.sha256).hexdigest()[:16]


def carried(connection: HTTPConnection) -> str:
    """The bearer token of a call. Raises Problem (401) where there is none."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
        raise unauthorized("Authorization:需要 Bearer 令牌")
    return token.strip()
