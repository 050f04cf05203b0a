"""Desk users' passwords: hashed with Argon2id, locked for a while after wrong ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bot.store.models import Agent

ADVISED = 8
"""Characters a password should have at least."""

FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)

hasher = PasswordHasher()


def hashed(password: str) -> str:
    """The hash to store."""
    return hasher.hash(password)


def fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one hashed; slow on purpose, so in no transaction."""
    try:
        return hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def admits(agent: Agent, right: bool, at: datetime) -> bool:
    """Whether this try gets in; counts wrong passwords, and after five in a row refuses for 15 minutes whatever comes."""
    if agent.locked_until is not None and at < agent.locked_until:
        return False
    if not right:
        agent.failures += 1
        if agent.failures >= FAILURES:
            agent.failures, agent.locked_until = 0, at + LOCKED_FOR
        return False
    agent.failures, agent.locked_until = 0, None
    return True
