"""Column types and checks that every table shares.

SQLAlchemy 1.4 types an attribute as its Column; `column` types it as what an instance holds, so
that `name: Mapped[str] = column(String)` is right for the type checker too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, Column, DateTime, ForeignKey, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry, relationship
from sqlalchemy.orm.decl_api import DeclarativeMeta
from sqlalchemy.types import TypeDecorator

from bot.clock import SHOP_ZONE

mapped = registry(
    metadata=MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
)


class Record(metaclass=DeclarativeMeta):
    """Base of every table's class: made with keyword arguments, one for each column that is given."""

    __abstract__ = True
    registry = mapped
    metadata = mapped.metadata

    if TYPE_CHECKING:

        def __init__(self, **values: Any) -> None: ...
    else:
        __init__ = mapped.constructor


class Moment(TypeDecorator[datetime]):
    """A time with zone: stored in UTC on both databases, read back in the shop's zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"时间缺少时区 / a time without zone: {value.isoformat()}")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).astimezone(SHOP_ZONE)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON value. Give a new value to change it: changes inside a dict or list are not noticed."""


def column(kind: Any, *constraints: ForeignKey, null: bool = False, key: bool = False, default: Any = None, unique: bool = False) -> Any:
    """A column that must have a value unless `null`; `key` makes it (part of) the primary key."""
    return Column(kind, *constraints, nullable=null, primary_key=key, default=default, unique=unique)


def one_of(name: str, values: Iterable[str], table: str) -> CheckConstraint:
    """The column holds one of a closed list (or NULL where it may)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=f"ck_{table}_{name}")


def at_least(name: str, least: int, table: str) -> CheckConstraint:
    return CheckConstraint(f"{name} >= {least}", name=f"ck_{table}_{name}_least")


def insert_parents_first() -> None:
    """Lets a session write a row after the rows it points to, in whatever order they were added.

    SQLAlchemy orders its inserts by relationships, not by foreign keys; we use no other relationships.
    """
    classes = {mapper.local_table: mapper.class_ for mapper in mapped.mappers}
    for table, child in classes.items():
        for constraint in table.foreign_key_constraints:
            name = "_".join(["parent", *constraint.column_keys])
            columns = list(constraint.columns)
            parent: Any = relationship(classes[constraint.referred_table], foreign_keys=columns, lazy="raise")
            child.__mapper__.add_property(name, parent)
