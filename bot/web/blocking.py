"""The database is waited for in threads, so that other calls go on meanwhile. The caller's trace goes along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from bot import shapes

P = ParamSpec("P")
R = TypeVar("R")

DATABASE_THREADS = 12
"""Fewer than SQLAlchemy's pool holds connections (15), so that none waits for a connection."""

database_threads = ThreadPoolExecutor(DATABASE_THREADS, "database")
RASA_THREADS = 32
rasa_threads = ThreadPoolExecutor(RASA_THREADS, "rasa")


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `work` in a thread for the database."""
    shapes.learn()
    return await asyncio.get_running_loop().run_in_executor(database_threads, partial(copy_context().run, work, *args, **kwargs))


async def for_rasa(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `work` in a thread that may wait for Rasa."""
    return await asyncio.get_running_loop().run_in_executor(rasa_threads, partial(copy_context().run, work, *args, **kwargs))
