from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, text

from bot.store import migration
from bot.store.database import engine
from bot.store.models import Record


def shape(url: str) -> dict[str, Any]:
    """Every table with its columns, checks and foreign keys, as the database itself tells them."""
    seen = inspect(engine(url))
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(table)],
            sorted((check["name"], check["sqltext"]) for check in seen.get_check_constraints(table)),
            sorted((str(key["constrained_columns"]), key["referred_table"]) for key in seen.get_foreign_keys(table)),
            sorted((index["name"], index["unique"]) for index in seen.get_indexes(table)),
        )
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def triggers(url: str) -> int:
    """How many triggers of ours there are."""
    query = (
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        if url.startswith("sqlite")
        else "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"
    )
    with engine(url).connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_up_down_and_up_again(empty_database_url: str) -> None:
    migration.upgrade(empty_database_url)
    assert migration.is_current(empty_database_url)
    first, guards = shape(empty_database_url), triggers(empty_database_url)
    assert guards > 0

    migration.downgrade(empty_database_url)
    assert not migration.is_current(empty_database_url)
    assert (shape(empty_database_url), triggers(empty_database_url)) == ({}, 0)

    migration.upgrade(empty_database_url)
    migration.upgrade(empty_database_url)
    assert (shape(empty_database_url), triggers(empty_database_url)) == (first, guards)


def test_models_and_migrations_agree(empty_database_url: str) -> None:
    migration.upgrade(empty_database_url)
    assert migration.differences(empty_database_url) == []
    by_migrations = shape(empty_database_url)
    migration.downgrade(empty_database_url)
    # Alembic compares no checks: here the models make the tables themselves.
    Record.metadata.create_all(engine(empty_database_url))
    assert shape(empty_database_url) == by_migrations
