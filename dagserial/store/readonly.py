"""Open databases for servers: no connection can write, and no statement runs for ever."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, event, inspect
from sqlalchemy.exc import DatabaseError, TimeoutError

from dagserial.errors import SettingsError
from dagserial.store.engine import is_missing, open_engine, reading, sentence
from dagserial.store.tables import metadata
from dagserial.store.types import MYSQL
from dagserial.store.url import checked_url, shown

_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock; some milliseconds."""
_DEADLINE = "dagserial_deadline"


class StoreTimeoutError(SettingsError):
    """A statement took longer than it may."""


def open_readonly(url: str, *, seconds: float = 10.0) -> Engine:
    """Return an engine whose connections read and can do nothing else; the caller disposes of it.

    An SQLite file is opened with `mode=ro`, sessions of a server are READ ONLY. Nothing is connected to yet.

    Args:
        seconds: that a statement may take; on SQLite, all statements of a session.

    Raises:
        SettingsError: as `open_engine`; or the file is not there, which nothing may make.
    """
    found = open_engine(url)
    if is_missing(found):
        raise SettingsError(f"there is no database {shown(found.url)!r}; `dagserial db upgrade` makes it")
    engine = open_engine(_readonly_url(url)) if found.dialect.name == "sqlite" else found
    if engine.dialect.name == "sqlite":
        _limit_sqlite(engine, seconds)
    else:
        _limit_server(engine, seconds)
    return reading(engine)


def missing_tables(engine: Engine) -> list[str]:
    """Return the tables of dagserial that a database lacks.

    Raises:
        SettingsError: the database cannot be read.
    """
    with refusals(engine), engine.connect() as connection:
        return sorted(set(metadata.tables) - set(inspect(connection).get_table_names()))


@contextmanager
def refusals(engine: Engine) -> Iterator[None]:
    """Say in one sentence why a database cannot be read.

    Raises:
        StoreTimeoutError: a statement took longer than it may, or all connections are taken.
        SettingsError: it cannot be read.
    """
    try:
        yield
    except TimeoutError as error:
        raise StoreTimeoutError("all connections to the store are taken") from error
    except DatabaseError as error:
        said = sentence(error.orig)
        if any(word in said for word in _TOO_LONG):
            raise StoreTimeoutError("a query took longer than it may") from error
        raise SettingsError(f"cannot read {shown(engine.url)!r}: {said}") from error


_TOO_LONG = ("interrupted", "statement timeout", "max_statement_time", "maximum statement execution time")
"""How SQLite, PostgreSQL, MariaDB and MySQL say that a statement ran out of time."""


def _readonly_url(url: str) -> str:
    """Return the URL of the same SQLite file, opened for reading.

    A database in WAL mode needs a file beside it for its readers. In a folder where none can be made, and where no
    writer left one, the file is opened as one that nobody changes: then nobody who writes here could.
    """
    checked = checked_url(url)
    file = checked.database
    if not file or file == ":memory:" or checked.query.get("uri") == "true":
        return url
    path = Path(file).absolute()
    query = dict(checked.query) | {"mode": "ro", "uri": "true"}
    if not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
        query["immutable"] = "1"
    named = checked.set(database="file:" + quote(str(path)), query=query)
    return named.render_as_string(hide_password=False)


def _limit_sqlite(engine: Engine, seconds: float) -> None:
    """Interrupt statements that run past the deadline of their session."""

    def set_up(connection: sqlite3.Connection, record: Any) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA query_only = ON")
        connection.set_progress_handler(lambda: time.monotonic() > record.info.get(_DEADLINE, float("inf")), _STEPS)

    def begin(_connection: sqlite3.Connection, record: Any, _proxy: object) -> None:
        record.info[_DEADLINE] = time.monotonic() + seconds

    event.listen(engine, "connect", set_up)
    event.listen(engine, "checkout", begin)


def _limit_server(engine: Engine, seconds: float) -> None:
    """Make the sessions of a server read-only, and limit their statements."""

    def set_up(connection: Any, _: object) -> None:
        with closing(connection.cursor()) as cursor:
            for statement in _settings(connection, engine.dialect.name, seconds):
                cursor.execute(statement)
        connection.commit()

    event.listen(engine, "connect", set_up)


def _settings(connection: Any, dialect: str, seconds: float) -> list[str]:
    """Return what a new session is told; MariaDB counts seconds, MySQL milliseconds."""
    milliseconds = int(seconds * 1000)
    if dialect not in MYSQL:
        return ["SET default_transaction_read_only = on", f"SET statement_timeout = {milliseconds}"]
    is_mariadb = "MariaDB" in connection.get_server_info()
    limit = f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {milliseconds}"
    return ["SET SESSION TRANSACTION READ ONLY", f"SET SESSION {limit}"]
