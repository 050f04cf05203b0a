"""The database's triggers (migrations/0002_guards.py), and the two places that must do without them.

A restore writes rows that stood their judgement once; an erasure hides a person in the append-only trail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.engine import Connection


@contextmanager
def guards_off(connection: Connection, tables: Collection[str]) -> Iterator[None]:
    """Without the triggers of these tables until the block ends; where it fails, the transaction must be rolled back."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        kept = [(name, made) for name, table, made in found if table in tables]
        for name, _ in kept:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        yield
        for _, made in kept:
            connection.exec_driver_sql(made)
        return
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    yield
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
