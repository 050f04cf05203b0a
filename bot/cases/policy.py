"""The policy in force: the owner's file, with the overrides of the loaded shop snapshot laid over it.

Every policy that was ever used to judge a case is kept in the database under its version.
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.aftersales.policy import BadPolicy, Policy, load_policy, read_policy
from bot.negotiation.terms import read_terms
from bot.settings import settings
from bot.store.models import PolicyVersion

_read: dict[tuple[str, int], Policy] = {}


def current() -> Policy:
    """The policy file's content, read again when the file changes. Raises BadPolicy where it cannot be used."""
    path = Path(settings().policy)
    key = (str(path), path.stat().st_mtime_ns if path.exists() else 0)
    if key not in _read:
        _read.clear()
        _read[key] = load_policy(path) if path.exists() else Policy()
    return _read[key]


def text_in_force() -> str:
    """The policy file as it is written, with its comments; every parameter where there is no file."""
    path = Path(settings().policy)
    return path.read_text(encoding="utf-8") if path.exists() else as_yaml(Policy())


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


def put_in_force(session: Session, text: str, at: datetime, by: str) -> Policy:
    """Checks the policy, keeps it under its version and makes `text` the policy file; running processes use it at once.

    Raises BadPolicy; then nothing was changed.
    """
    policy = read(text)
    remember(session, policy, at, by)
    target = Path(settings().policy)
    # A rename is whole or not at all: a server that reads meanwhile sees the old file or the new one.
    beside = target.with_name(target.name + ".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, target)
    return policy


def as_yaml(policy: Policy) -> str:
    """Every parameter with its value, as a policy file that says the same."""
    return yaml.safe_dump(msgspec.to_builtins(policy), allow_unicode=True, sort_keys=False)


def remember(session: Session, policy: Policy, at: datetime, by: str = "bot") -> None:
    """Keeps the policy under its version from its first use on; a known version stays as it is."""
    if session.get(PolicyVersion, policy.version) is not None:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(PolicyVersion)
        .values(version=policy.version, source="file", yaml=as_yaml(policy), overrides={}, at=at, by=by)
        .on_conflict_do_nothing(index_elements=["version"])
    )


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
