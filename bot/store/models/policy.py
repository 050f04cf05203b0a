from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped

from bot.store.columns import Json, Moment, Record, column, one_of

SOURCES = ("file", "snapshot")


class PolicyVersion(Record):
    """A policy that was in force from `at` on: the policy file's text, or the overrides of a shop snapshot.

    `version` is a fingerprint of the content, so the same content is the same version.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (one_of("source", SOURCES, "policy_versions"), Index("ix_policy_versions_source_at", "source", "at"))

    version: Mapped[str] = column(String, key=True)
    source: Mapped[str] = column(String, default="file")
    yaml: Mapped[str] = column(Text, default="")
    overrides: Mapped[dict[str, Any]] = column(Json, default=dict)
    at: Mapped[datetime] = column(Moment)
    by: Mapped[str] = column(String)


class PolicyChange(Record):
    """A policy that the owner put in force, with the text as written; the one with the greatest number is in force.

    Numbers go up by one: of two owners who change the same policy at once only one can have the next number.
    """

    __tablename__ = "policy_changes"

    number: Mapped[int] = column(Integer, key=True)
    version: Mapped[str] = column(String, ForeignKey("policy_versions.version"))
    yaml: Mapped[str] = column(Text)
    at: Mapped[datetime] = column(Moment)
    by: Mapped[str] = column(String)
