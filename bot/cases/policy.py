"""The policy in force: what the owner put in force last, which stands in the database and holds for every process and
machine; the policy file, while nobody did. The overrides of the loaded shop snapshot are laid over it.

Every policy that was ever used to judge a case is kept in the database under its version.
"""

from __future__ import annotations

import logging
import os
import uuid
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.aftersales.policy import BadPolicy, Policy, load_policy, read_policy
from bot.negotiation.terms import read_terms
from bot.settings import settings
from bot.store.database import session as open_session
from bot.store.database import under_way
from bot.store.models import PolicyChange, PolicyVersion

logger = logging.getLogger(__name__)

NEWEST = "newest_policy_change"
"""Where a session keeps which change it saw: one look-up for each transaction, and one policy from its beginning to its end."""

_read: dict[tuple[str, int], Policy] = {}
"""The policy file as it was read last, by its path and time."""

_newest: dict[str, Policy] = {}
"""The policy of the newest change that was seen, by its version: a version is a fingerprint of the content."""


class ChangedMeanwhile(Exception):
    """Somebody else put another policy in force since; nothing was changed."""


class InForce(msgspec.Struct, frozen=True):
    """The policy in force as it is written, with its comments. `number` counts the changes: 0 is the policy file."""

    number: int
    version: str
    text: str


def current() -> Policy:
    """The policy in force, as the caller's transaction sees it. Raises BadPolicy where it cannot be used."""
    inside = under_way()
    if inside is not None:
        return seen_by(inside)
    with open_session(read_only=True) as session:
        return seen_by(session)


def seen_by(session: Session) -> Policy:
    """The policy in force in this transaction."""
    # By the connection: nothing that waits to be written is written because of this.
    if NEWEST not in session.info:
        newest = select(PolicyChange.number, PolicyChange.version).order_by(PolicyChange.number.desc()).limit(1)
        session.info[NEWEST] = session.connection().execute(newest).first()
    change = session.info[NEWEST]
    if change is None:
        return of_file()
    policy = _newest.get(change.version)
    if policy is None:
        text = session.connection().execute(select(PolicyChange.yaml).where(PolicyChange.number == change.number)).scalar_one()
        policy = read(text)
        _newest.clear()
        _newest[change.version] = policy
    return policy


def of_file() -> Policy:
    """The policy file's content, read again when the file changes. Raises BadPolicy where it cannot be used."""
    path = Path(settings().policy)
    key = (str(path), path.stat().st_mtime_ns if path.exists() else 0)
    policy = _read.get(key)
    if policy is None:
        policy = load_policy(path) if path.exists() else Policy()
        _read.clear()
        _read[key] = policy
    return policy


def in_force(session: Session) -> InForce:
    """The policy in force as it is written; every parameter where there is neither a change nor a file."""
    newest = session.execute(
        select(PolicyChange.number, PolicyChange.version, PolicyChange.yaml).order_by(PolicyChange.number.desc()).limit(1)
    ).first()
    if newest is not None:
        return InForce(newest.number, newest.version, newest.yaml)
    path = Path(settings().policy)
    return InForce(0, of_file().version, path.read_text(encoding="utf-8") if path.exists() else as_yaml(Policy()))


def read(text: str) -> Policy:
    """The policy that a file with this text would be, its negotiation terms checked too.

    Raises BadPolicy naming the field and what would be right.
    """
    try:
        policy = read_policy(yaml.safe_load(text) or {})
    except (yaml.YAMLError, RecursionError) as wrong:
        raise BadPolicy("(file)", f"不是 YAML：{wrong}") from wrong
    try:
        read_terms(policy.negotiation)
    except ValueError as wrong:
        field, _, wanted = str(wrong).partition(": ")
        raise BadPolicy(field, wanted) from wrong
    return policy


def put_in_force(session: Session, text: str, at: datetime, by: str, based_on: str | None = None) -> Policy:
    """Checks the policy and puts it in force for every process, with the commit of `session` and not before.

    based_on: the version that must still be in force. Raises BadPolicy and ChangedMeanwhile; then nothing was changed.
    """
    policy = read(text)
    number = session.scalar(select(func.max(PolicyChange.number))) or 0
    if based_on is not None and in_force(session).version != based_on:
        raise ChangedMeanwhile
    remember(session, policy, at, by)
    # Who looked at the same moment has the same next number: the second waits here for the first one's commit.
    added: Any = session.execute(
        insert_into(session, PolicyChange)
        .values(number=number + 1, version=policy.version, yaml=text, at=at, by=by)
        .on_conflict_do_nothing(index_elements=["number"])
    )
    if added.rowcount == 0:
        raise ChangedMeanwhile
    return policy


def copy_to_file() -> Exception | None:
    """Makes the policy file what is in force, for whoever edits it next; returns what kept it from that.

    After the commit, and only a copy: in a container, where nobody may write the file, the policy is in force all the same.
    """
    written = None
    try:
        # Another's change that came meanwhile must not be hidden by ours: whoever writes last looks once more.
        while (now := as_written()).number and now.text != written:
            replace_file(Path(settings().policy), now.text)
            written = now.text
    except (OSError, SQLAlchemyError) as kept:
        logger.info("the policy file is not what is in force: %s", kept)
        return kept
    return None


def as_written() -> InForce:
    """`in_force`, in a transaction of its own."""
    with open_session(read_only=True) as session:
        return in_force(session)


def replace_file(target: Path, text: str) -> None:
    """Whole or not at all: who reads meanwhile sees the old file or the new one."""
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def as_yaml(policy: Policy) -> str:
    """Every parameter with its value, as a policy file that says the same."""
    return yaml.safe_dump(msgspec.to_builtins(policy), allow_unicode=True, sort_keys=False)


def remember(session: Session, policy: Policy, at: datetime, by: str = "bot") -> None:
    """Keeps the policy under its version from its first use on; a known version stays as it is."""
    if session.get(PolicyVersion, policy.version) is not None:
        return
    session.execute(
        insert_into(session, PolicyVersion)
        .values(version=policy.version, source="file", yaml=as_yaml(policy), overrides={}, at=at, by=by)
        .on_conflict_do_nothing(index_elements=["version"])
    )


def insert_into(session: Session, table: type[PolicyVersion] | type[PolicyChange]) -> Any:
    """An INSERT that can pass over a row that is there already."""
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(table)


def history(session: Session) -> list[PolicyVersion]:
    """The policies used so far, oldest first; a snapshot's overrides stand among them."""
    return list(session.scalars(select(PolicyVersion).order_by(PolicyVersion.at, PolicyVersion.version)))


def of_version(session: Session, version: str) -> Policy:
    """The policy kept under a version. Raises LookupError where there is none.

    It was checked when it was used; later floors do not make what was in force unreadable.
    """
    row = session.get(PolicyVersion, version)
    if row is None or row.source != "file":
        raise LookupError(f"没有版本为 {version} 的政策")
    return _of_yaml(row.yaml)


@lru_cache(maxsize=16)
def _of_yaml(text: str) -> Policy:
    return msgspec.convert(yaml.safe_load(text), Policy)
