"""Declare the tables, their keys and what the database itself refuses.

A record's body never changes and cannot go while a version or a run points at it: foreign keys and triggers say so,
not only the functions of this package. A run without a stamp has no row.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
)

from dagserial.digest import Digest

ID_LENGTH = 250
"""Characters of a dag_id or a run_id at most, as in Airflow 3.1, `airflow.models.base.ID_LEN`."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on the way in, UTC on the way out. SQLite keeps no time zone, so UTC is what is stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC; a naive one is refused."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DigestText(TypeDecorator[Digest]):
    """A digest: plain text for the driver, a `Digest` for the reader."""

    impl = String(71)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as a plain string: not every driver takes a subclass."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Digest | None:
        """Return the digest, its form checked."""
        return None if value is None else Digest(value)


metadata = MetaData(
    # Migrations find a constraint by its name, so every one has a name that follows from its columns.
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _digest_of_record() -> Column[Any]:
    """Return the column by which a row points at its record; indexed, for "who points here"."""
    return Column(
        "digest", DigestText, ForeignKey("dag_record.digest", ondelete="RESTRICT"), nullable=False, index=True
    )


dag_record = Table(
    "dag_record",
    metadata,
    Column("digest", DigestText, primary_key=True),
    Column("format", Integer, nullable=False),
    Column("dag_id", String(ID_LENGTH), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

dag_version = Table(
    "dag_version",
    metadata,
    Column("dag_id", String(ID_LENGTH), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _digest_of_record(),
    Column("bundle_name", Text),
    Column("bundle_version", Text),
    Column("image", Text),
    Column("source", Text),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("number >= 1", name="number_from_1"),
)

dag_run = Table(
    "dag_run",
    metadata,
    Column("dag_id", String(ID_LENGTH), primary_key=True),
    Column("run_id", String(ID_LENGTH), primary_key=True),
    _digest_of_record(),
    Column("logical_date", UtcDateTime),
    Column("conf", JSON(none_as_null=True)),
    Column("bundle_version", Text),
    Column("image", Text),
    Column("created_at", UtcDateTime, nullable=False),
)

_SQLITE_TRIGGERS = (
    """CREATE TRIGGER dag_record_is_not_updated BEFORE UPDATE ON dag_record
    BEGIN SELECT RAISE(ABORT, 'dag_record is written once'); END""",
    # INSERT OR REPLACE deletes and inserts, so it would pass the trigger above.
    """CREATE TRIGGER dag_record_is_not_replaced BEFORE INSERT ON dag_record
    WHEN EXISTS (SELECT 1 FROM dag_record WHERE digest = NEW.digest AND body IS NOT NEW.body)
    BEGIN SELECT RAISE(ABORT, 'dag_record is written once'); END""",
)

for _trigger in _SQLITE_TRIGGERS:
    event.listen(dag_record, "after_create", DDL(_trigger).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
