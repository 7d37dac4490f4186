"""Open databases so that their transactions hold what they promise.

Whoever puts reads the newest version of a DAG and writes the next; two sessions may do so at once.

*SQLite.* Python's sqlite3 opens no transaction before a SELECT, and SQLite lets two transactions read the same newest
version before either writes. So `BEGIN IMMEDIATE` opens every transaction here: it takes the write lock before the
first read, and waits for it. A plain `BEGIN` takes the lock at the first write, where SQLite does not wait: if another
connection has committed since the first read, the write fails at once (SQLITE_BUSY_SNAPSHOT), whatever the timeout.
Readers need no lock, and `reading` spares them it.

*PostgreSQL, MySQL, MariaDB.* Every transaction is READ COMMITTED: an insert waits for a session that inserted the same
key, and the next read sees what that one committed. Under REPEATABLE READ, MySQL's default, that read would still show
what was newest before.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from dagserial.errors import SettingsError
from dagserial.store.tables import metadata
from dagserial.store.types import MYSQL
from dagserial.store.url import checked_url, missing_driver, shown

_TIMEOUTS: dict[str, dict[str, Any]] = {"sqlite": {"timeout": 30.0}, "postgresql": {"connect_timeout": 10}}
"""Seconds that a connection waits for a lock, or for its server, unless the URL says otherwise."""

_READING = "dagserial_reading"


def open_engine(url: str) -> Engine:
    """Return an engine for a database URL, e.g. `sqlite:///dags.db`; the caller disposes of it.

    Nothing is connected to or made yet. On SQLite a transaction of the engine holds the write lock of the database from
    its first statement to its end, so that what it read still holds when it writes: keep it short, and read through
    `reading`. An in-memory database is one connection per thread, and holds one transaction at a time.

    Raises:
        SettingsError: the URL is malformed, names a database that is not supported, a driver that is not installed, or
            a file in a folder that does not exist.
    """
    checked = checked_url(url)
    name = checked.get_backend_name()
    arguments = {key: value for key, value in _TIMEOUTS.get(name, {}).items() if key not in checked.query}
    # A server may have closed a connection that lay idle.
    options: dict[str, Any] = {} if name == "sqlite" else {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}
    try:
        engine = create_engine(checked, connect_args=arguments, **options)
    except ModuleNotFoundError as error:
        raise missing_driver(checked) from error
    except ValueError as error:
        raise SettingsError(f"{shown(checked)!r} has a wrong argument: {sentence(error)}") from error
    set_up, begin = _LISTENERS[engine.dialect.name]
    event.listen(engine, "connect", set_up)
    if begin:
        event.listen(engine, "begin", begin)
    return engine


def reading(engine: Engine) -> Engine:
    """Return the same database for readers: no transaction of it takes a lock that holds a writer up, or can write.

    A transaction sees the database as it was at its first read; writers neither wait for it nor hold it up. The
    connections are those of `engine`.
    """
    options: dict[str, Any] = {_READING: True}
    if engine.dialect.name != "sqlite":
        options["isolation_level"] = "REPEATABLE READ"
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    return engine.execution_options(**options)


def create(engine: Engine) -> None:
    """Make the tables that are missing, in a transaction of its own; what is there stays as it is.

    Raises:
        SettingsError: the database cannot be opened or written, or the file is none.
    """
    with in_one_sentence(engine, "make the tables in"), engine.begin() as connection:
        metadata.create_all(connection)


def is_missing(engine: Engine) -> bool:
    """Tell whether a database is a file that is not there, which SQLite would make."""
    file = engine.url.database
    return bool(engine.dialect.name == "sqlite" and file and not file.startswith("file:") and not Path(file).exists())


@contextmanager
def in_one_sentence(engine: Engine, verb: str) -> Iterator[None]:
    """Say in one sentence what a database refuses: `cannot <verb> <URL>: …`.

    Raises:
        SettingsError: it refused something.
    """
    try:
        yield
    except DatabaseError as error:
        raise SettingsError(f"cannot {verb} {shown(engine.url)!r}: {sentence(error.orig)}") from error


def sentence(error: BaseException | None) -> str:
    """Return what an error of a driver says, in one line."""
    # PyMySQL's errors are a number and a sentence.
    said = error.args[1] if error and len(error.args) == 2 else error
    return str(said).partition("\n")[0]


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Prepare a new connection; `_begin_sqlite` opens its transactions, not the driver (SQLAlchemy 2.1, SQLite)."""
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = NORMAL")
        if cursor.execute("PRAGMA journal_mode").fetchone() == ("delete",):
            # A database that is read-only, or that another process is switching at this moment (SQLite does not
            # wait there), is as correct without; WAL stays with the file, and the next connection tries again.
            with suppress(sqlite3.OperationalError):
                cursor.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _set_up_postgresql(connection: Any, _: object) -> None:
    """Prepare a new connection: a moment near the end of time has no form in every time zone."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _set_up_mysql(connection: Any, _: object) -> None:
    """Prepare a new connection: what does not fit is refused, whatever the server was told."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")


def _begin_mysql(connection: Connection) -> None:
    if connection.get_execution_options().get(_READING, False):
        connection.exec_driver_sql("START TRANSACTION READ ONLY")


_LISTENERS = {
    "sqlite": (_set_up_sqlite, _begin_sqlite),
    "postgresql": (_set_up_postgresql, None),
    **dict.fromkeys(MYSQL, (_set_up_mysql, _begin_mysql)),
}
"""What prepares a connection of each database, and what opens its transactions."""
