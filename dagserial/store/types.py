"""Give each database the column types in which values come back as they went in."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime as SomeDateTime
from sqlalchemy import Dialect, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from dagserial.digest import Digest
from dagserial.model import Value

LENGTH_OF_DIGEST = len(Digest.of(b""))
"""Characters of a digest."""

MYSQL = ("mysql", "mariadb")
"""How SQLAlchemy calls the dialects of MySQL and MariaDB."""


def _collation(dialect: Dialect) -> str:
    """Return the collation of a MySQL or MariaDB that compares bytes; `utf8mb4_bin` takes 'a' and 'a ' for one."""
    return "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


class ExactText(TypeDecorator[str]):
    """A text of limited length that is equal to itself only, and sorts by its code points, on every database."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database has for it."""
        if dialect.name in MYSQL:
            return mysql.VARCHAR(self.length, charset="utf8mb4", collation=_collation(dialect))
        if dialect.name == "postgresql":
            return String(self.length, collation="C")
        return String(self.length)


class LongText(TypeDecorator[str]):
    """A text of any length, equal to itself only."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database has for it; TEXT of MySQL ends at 64 KiB."""
        if dialect.name in MYSQL:
            return mysql.LONGTEXT(charset="utf8mb4", collation=_collation(dialect))
        return Text(collation="C") if dialect.name == "postgresql" else Text()


class JsonText(TypeDecorator[Value]):
    """A JSON value as text: the JSON types of databases reorder keys, round numbers and refuse some characters."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Value, dialect: Dialect) -> str | None:
        """Return the value as ASCII; None is NULL."""
        return None if value is None else json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Value:
        """Return the value that the text says."""
        settled: Value = None if value is None else json.loads(value)
        return settled


def blob() -> LargeBinary:
    """Return the type of bytes of any length; BLOB of MySQL ends at 64 KiB."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), *MYSQL)


def address() -> LargeBinary:
    """Return the type of a SHA-256 as 32 bytes, for keys of which there are many."""
    return LargeBinary(32).with_variant(mysql.BINARY(32), *MYSQL)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on the way in, UTC on the way out. Few databases keep a time zone: what is stored is UTC."""

    impl = SomeDateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the database has for it; DATETIME of MySQL ends at seconds."""
        if dialect.name in MYSQL:
            return mysql.DATETIME(fsp=6)
        return SomeDateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC; a naive one is refused."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DigestText(TypeDecorator[Digest]):
    """A digest: plain text for the driver, a `Digest` for the reader."""

    impl = ExactText(LENGTH_OF_DIGEST)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as a plain string: not every driver takes a subclass."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Digest | None:
        """Return the digest, its form checked."""
        return None if value is None else Digest(value)
