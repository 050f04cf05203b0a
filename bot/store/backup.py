"""A backup: one zip file with every row, every file of evidence, and a checksum of each part.

Rows are JSON lines, one member for each table, the same from SQLite and PostgreSQL: a backup of one is
restored into the other. The manifest, written last, names the shape (Alembic revision) the rows have, the
number of rows and the SHA-256 of every member; what it does not name is not read.

    manifest.json          {"format", "made_at", "revision", "rows": {table: n}, "sha256": {member: hex}}
    tables/NAME.jsonl      one row a line, times as RFC 3339
    files/…                evidence/ and unanswered/ of HEQI_VAR as they lie there

A restore takes an empty database, or one that may be replaced, makes the backup's shape, fills it, and moves
it forward to today's shape, all in one transaction: it happens whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import JSON, DateTime, MetaData, Table, event, func, select
from sqlalchemy.engine import Connection

from bot.store import migration
from bot.store.columns import Json, Moment
from bot.store.database import READ_ONLY, engine
from bot.store.guards import guards_off

FORMAT = 1
MANIFEST = "manifest.json"
FOLDERS = ("evidence", "unanswered")
"""Folders of HEQI_VAR that hold what customers gave."""

FILE = re.compile(r"files/(?:evidence|unanswered)(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*){1,4}")
AT_ONCE = 500
CHUNK = 1 << 20
NOT_OURS = frozenset({"alembic_version", "events"})
"""Tables that hold nothing of ours: Alembic's, and Rasa's tracker store where it shares the database."""


class BadBackup(ValueError):
    """The file is no backup, is damaged, or is newer than this program."""


class NotEmpty(RuntimeError):
    """The database holds rows that a restore would destroy."""


class NoTables(RuntimeError):
    """There is nothing to back up: the database was never set up."""


class Manifest(msgspec.Struct, frozen=True):
    made_at: datetime
    revision: str
    rows: dict[str, int]
    sha256: dict[str, str]
    format: int = FORMAT

    @property
    def files(self) -> list[str]:
        return sorted(name for name in self.sha256 if name.startswith("files/"))


def write(path: Path, var: Path, at: datetime, progress: Callable[[int], object] = lambda _count: None) -> Manifest:
    """Writes the configured database and the files under `var` to `path`, whole or not at all.

    Others go on writing meanwhile; the backup is the database at one moment. `progress` gets rows and
    files done. Raises NoTables, and OSError where the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    rows: dict[str, int] = {}
    sums: dict[str, str] = {}
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as out:
            with snapshot_of_now() as connection:
                revision = migration.revision_of(connection)
                if revision is None:
                    raise NoTables("the database has no tables yet")
                for table in tables(connection):
                    name = f"tables/{table.name}.jsonl"
                    with Summed(out.open(name, "w", force_zip64=True)) as member:
                        rows[table.name] = dump(connection, table, member, progress)
                    sums[name] = member.sha256
            # After the rows: a file is always on disk before its row is written.
            for place, name in kept_files(var):
                try:
                    source = place.open("rb")
                except FileNotFoundError:  # removed since it was listed
                    continue
                with source, Summed(out.open(name, "w", force_zip64=True)) as member:
                    while chunk := source.read(CHUNK):
                        member.write(chunk)
                sums[name] = member.sha256
                progress(1)
            manifest = Manifest(at, revision, rows, sums)
            out.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        with partial.open("rb") as done:
            os.fsync(done.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


UNREADABLE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, KeyError, msgspec.DecodeError, NotImplementedError, EOFError, ValueError,
    RuntimeError, OSError,
)
"""What reading a damaged archive raises, by where the damage is."""


def read(path: Path) -> Manifest:
    """The manifest of a backup all of whose members are as they were written. Raises BadBackup."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
            if manifest.format != FORMAT:
                raise BadBackup(f"format {manifest.format}: this program reads format {FORMAT}")
            if manifest.revision not in migration.revisions():
                raise BadBackup(f"revision {manifest.revision}: made by a newer version; update Heqi first")
            if set(manifest.sha256) != {name for name in archive.namelist() if name != MANIFEST}:
                raise BadBackup("its members are not those of its manifest")
            for name, expected in manifest.sha256.items():
                if not (FILE.fullmatch(name) or re.fullmatch(r"tables/[a-z_]+\.jsonl", name)):
                    raise BadBackup(f"{name!r} is no member of a backup")
                if checksum(archive, name) != expected:
                    raise BadBackup(f"{name}: its checksum is wrong, the file is damaged")
    except BadBackup:
        raise
    except UNREADABLE as wrong:
        raise BadBackup(f"not a backup of Heqi: {wrong}") from wrong
    return manifest


def restore(path: Path, var: Path, *, replace: bool = False, progress: Callable[[int], object] = lambda _count: None) -> Manifest:
    """Makes the configured database and the files under `var` what they were at the backup.

    Raises BadBackup before anything is touched; NotEmpty where the database holds rows and `replace` is
    not set. Files that are there already stay; a file's name never stands for two contents.
    """
    manifest = read(path)
    with engine().begin() as connection:
        if not replace and holds_rows(connection):
            raise NotEmpty("the database is not empty")
        migration.down(connection)
        migration.up(connection, manifest.revision)
        with zipfile.ZipFile(path) as archive:
            ours = tables(connection)
            # The triggers judge the next step by what stands already; these rows stood the judgement once.
            with guards_off(connection, [table.name for table in ours]):
                for table in ours:
                    name = f"tables/{table.name}.jsonl"
                    if name in manifest.sha256:
                        with archive.open(name) as member:
                            fill(connection, table, member, progress)
            migration.up(connection)
            for name in manifest.files:
                put(archive, name, var / name.removeprefix("files/"))
                progress(1)
    return manifest


class Summed:
    """A member being written, with the SHA-256 of what was written."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.digest.update(content)
        self.out.write(content)

    @property
    def sha256(self) -> str:
        return self.digest.hexdigest()

    def __enter__(self) -> Summed:
        return self

    def __exit__(self, *_: object) -> None:
        self.out.close()


def checksum(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as member:
        while chunk := member.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def snapshot_of_now() -> Iterator[Connection]:
    """A connection that sees the database as it is at its first look, whatever others write meanwhile."""
    chosen = engine()
    options: dict[str, Any] = {READ_ONLY: True} if chosen.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with chosen.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def tables(connection: Connection) -> list[Table]:
    """The tables the database really has, parents first, with our types for times and JSON."""
    found = MetaData()

    def own_type(_inspector: Any, _table: Any, column: dict[str, Any]) -> None:
        if isinstance(column["type"], DateTime):
            column["type"] = Moment()
        elif isinstance(column["type"], JSON):
            column["type"] = Json

    event.listen(found, "column_reflect", own_type)
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in NOT_OURS]


def dump(connection: Connection, table: Table, member: Summed, progress: Callable[[int], object]) -> int:
    """Writes the table's rows in the order of its key; returns how many."""
    count = 0
    found = connection.execution_options(stream_results=True).execute(select(table).order_by(*table.primary_key.columns))
    for part in found.mappings().partitions(AT_ONCE):
        member.write(b"".join(msgspec.json.encode(dict(row)) + b"\n" for row in part))
        count += len(part)
        progress(len(part))
    return count


def fill(connection: Connection, table: Table, member: IO[bytes], progress: Callable[[int], object]) -> None:
    moments = [column.name for column in table.columns if isinstance(column.type, Moment)]
    waiting: list[dict[str, Any]] = []

    def insert() -> None:
        if waiting:
            connection.execute(table.insert(), waiting)
            progress(len(waiting))
            waiting.clear()

    for line in member:
        row = json.loads(line)
        for name in moments:
            if row[name] is not None:
                row[name] = msgspec.convert(row[name], datetime)
        waiting.append(row)
        if len(waiting) == AT_ONCE:
            insert()
    insert()
    if connection.dialect.name == "postgresql":
        for column in table.primary_key.columns:
            sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
            if sequence is not None:
                newest = connection.scalar(select(func.max(column)))
                connection.execute(select(func.setval(sequence, newest or 1, newest is not None)))


def holds_rows(connection: Connection) -> bool:
    return any(connection.execute(select(table).limit(1)).first() is not None for table in tables(connection))


def kept_files(var: Path) -> Iterator[tuple[Path, str]]:
    """Every whole file under the folders, with its name in the backup."""
    for folder in FOLDERS:
        for place in sorted((var / folder).rglob("*")):
            name = f"files/{place.relative_to(var).as_posix()}"
            if place.is_file() and place.suffix != ".partial" and FILE.fullmatch(name):
                yield place, name


def put(archive: zipfile.ZipFile, name: str, place: Path) -> None:
    """One file of the backup where it belongs, whole or not at all."""
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f"{place.name}.{uuid.uuid4().hex}.partial")
    with archive.open(name) as source, partial.open("wb") as out:
        while chunk := source.read(CHUNK):
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    os.replace(partial, place)
