"""Moves a database between the shapes of bot/store/migrations; works from any folder, without an ini file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bot.store.database import engine
from bot.store.models import Record

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(url: str | None = None, revision: str = "head") -> None:
    """Brings the database at `url` (default: the configured one) to `revision`. Does nothing where it is there already."""
    run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str | None = None, revision: str = "base") -> None:
    """Takes the database back to `revision`; "base" removes every table and all that is in them."""
    run(url, lambda config: command.downgrade(config, revision))


def run(url: str | None, move: Callable[[Config], None]) -> None:
    with engine(url).begin() as connection:
        move(configured(connection))


def up(connection: Connection, revision: str = "head") -> None:
    """As `upgrade`, inside the connection's transaction."""
    command.upgrade(configured(connection), revision)


def down(connection: Connection, revision: str = "base") -> None:
    """As `downgrade`, inside the connection's transaction."""
    command.downgrade(configured(connection), revision)


def configured(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """The database's shape; None where it has none yet."""
    at: str | None = MigrationContext.configure(connection).get_current_revision()
    return at


def revisions() -> frozenset[str]:
    """Every shape this program knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(configured()).walk_revisions())


def is_current(url: str | None = None) -> bool:
    """Whether the database has the newest shape."""
    with engine(url).connect() as connection:
        at = revision_of(connection)
    return at == ScriptDirectory.from_config(configured()).get_current_head()


def touch(url: str | None = None) -> None:
    """Writes the database's shape as it is; raises SQLAlchemyError where the database takes no writes."""
    with engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def differences(url: str | None = None) -> list[Any]:
    """What Alembic would still change to make the database like the models; [] where they agree."""
    with engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Record.metadata))
