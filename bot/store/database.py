"""Engines and sessions, the same for SQLite and PostgreSQL.

On SQLite a session that may write takes the write lock at once (BEGIN IMMEDIATE): a transaction
that reads first and writes later could otherwise fail after the reading, when another wrote between.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache, partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from bot.settings import settings

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another one before it gives up."""

ASK_AGAIN = 0.005
"""Seconds between two tries for SQLite's write lock."""

READ_ONLY = "heqi_read_only"

innermost: ContextVar[Session | None] = ContextVar("innermost", default=None)
"""The session that the code running here is in."""

POSTGRESQL = {
    "connect_timeout": "3", "tcp_user_timeout": "1500", "keepalives_idle": "2", "keepalives_interval": "1", "keepalives_count": "2",
    "options": "-c tcp_user_timeout=10000 -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
}
"""A link that drops everything without a word: customers hear of it within 5 s (1.5 to notice, 3 to try anew), and the
server (`options`) takes a lost machine's locks away after about 11 s. Left to the kernel these are a quarter of an hour
and two hours. What the URL itself says goes before it."""


def engine(url: str | None = None) -> Engine:
    """The engine of the configured database, or of `url`; one engine for each URL and process."""
    made: Engine = engine_of(url or settings().database_url)
    return made


@cache
def engine_of(url: str) -> Any:
    parsed = make_url(url)
    # Errors quote the statement without its values: those are what customers said.
    options: dict[str, Any] = {"future": True, "hide_parameters": True, "json_serializer": partial(json.dumps, ensure_ascii=False)}
    if parsed.get_backend_name() != "sqlite":
        patience = {name: value for name, value in POSTGRESQL.items() if name not in parsed.query}
        return create_engine(url, pool_pre_ping=True, connect_args=patience, **options)
    if parsed.database and parsed.database != ":memory:":
        with suppress(OSError):  # SQLite says what is wrong with the file
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # Opening a file anew for each session costs more than most sessions; SQLAlchemy 1.4 does so unless told.
    pooled: dict[str, Any] = {} if ":memory:" in url else {"poolclass": QueuePool}
    made = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **pooled, **options)
    event.listen(made, "connect", prepare_sqlite)
    event.listen(made, "begin", begin_sqlite)
    return made


def prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, later than we need; begin_sqlite does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is removed or overwritten leaves no bytes in the file
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY, False):
        connection.exec_driver_sql("BEGIN")
    else:
        # The driver itself is asked: SQLAlchemy's wrapping of each refusal costs more than the answer.
        begin_writing(connection.connection.dbapi_connection)


def begin_writing(driver: Any) -> None:
    """Begins with SQLite's write lock; raises OperationalError where it cannot be had within BUSY_SECONDS.

    SQLite's own wait asks more and more seldom (up to 0.1 s), so whoever waited longest came last: some answers took
    twice as long as with PostgreSQL. This one asks evenly.
    """
    patience_ends = monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as refused:
                if "locked" not in str(refused) or monotonic() > patience_ends:
                    raise OperationalError("BEGIN IMMEDIATE", None, refused) from refused
                sleep(ASK_AGAIN)
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def empty_log() -> bool:
    """On SQLite takes what the write-ahead log still holds of earlier writes out of it; False where a long reader kept that
    from happening. Nothing to do elsewhere: True."""
    if engine().dialect.name != "sqlite":
        return True
    with engine().connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA busy_timeout=500")  # milliseconds: whoever wants to write waits with it
        try:
            return int(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]) == 0
        finally:
            driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


@contextmanager
def session(url: str | None = None, *, read_only: bool = False) -> Iterator[Session]:
    """One transaction: committed at the end, rolled back on any exception.

    `read_only` promises not to write; such a session never waits for a writer on SQLite.
    """
    with Session(engine(url), future=True, expire_on_commit=False) as opened:
        if read_only:
            opened.connection(execution_options={READ_ONLY: True})
        outer = innermost.get()
        innermost.set(opened)
        try:
            yield opened
            opened.commit()
        except BaseException:
            opened.rollback()
            raise
        finally:
            innermost.set(outer)


def under_way() -> Session | None:
    """The session on the configured database that the caller is in already; None where there is none.

    For what is looked up deep inside a turn: a second connection beside the first can wait for ever where as many threads
    as the pool has connections hold one each.
    """
    found = innermost.get()
    return found if found is not None and found.get_bind() is engine() else None
