"""Shared fixtures: a fresh, migrated database of each kind."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from bot.store import migration
from bot.store.database import engine
from bot.store.models import Record

POSTGRES = os.environ.get("HEQI_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


def run_admin(*statements: str) -> None:
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5}, future=True)
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()


@contextmanager
def postgres_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped afterwards; skips where no server answers."""
    name = f"heqi_test_{uuid.uuid4().hex[:12]}"
    try:
        run_admin(f"CREATE DATABASE {name}")
    except OperationalError as unreachable:
        pytest.skip(f"no PostgreSQL at {make_url(POSTGRES).render_as_string()}: {str(unreachable.orig).strip().splitlines()[0]}")
    url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    try:
        yield url
    finally:
        engine(url).dispose()
        run_admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_migrated() -> Iterator[str]:
    """One migrated PostgreSQL database for all tests."""
    with postgres_database() as url:
        migration.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "heqi.db"
    migration.upgrade(f"sqlite:///{path}")
    engine(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def postgres_url(postgres_migrated: str) -> str:
    """A migrated PostgreSQL database with nothing in it."""
    tables = ", ".join(Record.metadata.tables)
    with engine(postgres_migrated).begin() as connection:
        # The ledger's triggers refuse this; as a replica no trigger runs.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return postgres_migrated


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """A migrated SQLite database of its own."""
    path = tmp_path / "heqi.db"
    path.write_bytes(sqlite_template.read_bytes())
    yield f"sqlite:///{path}"
    engine(f"sqlite:///{path}").dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A migrated database, once of each kind; it is the configured one (HEQI_DATABASE_URL) while the test runs."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    monkeypatch.setenv("HEQI_DATABASE_URL", url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own without any table, once of each kind."""
    if request.param == "postgresql":
        with postgres_database() as url:
            yield url
        return
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    yield url
    engine(url).dispose()
