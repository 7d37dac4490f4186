"""Open databases so that their transactions hold what they promise.

Python's sqlite3 opens no transaction before a SELECT, and SQLite lets two transactions read the same newest version
before either writes. So `BEGIN IMMEDIATE` opens every transaction here: it takes the write lock before the first read,
and waits for it. A plain `BEGIN` takes the lock at the first write, where SQLite does not wait: if another connection
has committed since the first read, the write fails at once (SQLITE_BUSY_SNAPSHOT), whatever the timeout. Readers need
no lock, and `reading` spares them it.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from dagserial.errors import SettingsError
from dagserial.store.tables import metadata

_BUSY_TIMEOUT = 30.0
"""Seconds that a connection waits for a lock, unless the URL says another `timeout`."""

_READING = "dagserial_reading"
_DRIVER_ARGUMENTS = {"cached_statements", "check_same_thread", "timeout", "uri"}


def open_engine(url: str) -> Engine:
    """Return an engine for a database URL, e.g. `sqlite:///dags.db`; the caller disposes of it.

    Nothing is connected to or made yet. A transaction of the engine holds the write lock of the database from its
    first statement to its end, so that what it read still holds when it writes: keep it short, and read through
    `reading`. An in-memory database is one connection per thread, and holds one transaction at a time.

    Raises:
        SettingsError: the URL is malformed, names another database than SQLite, or a file in a folder that does
            not exist.
    """
    checked = _checked_url(url)
    arguments = {} if "timeout" in checked.query else {"timeout": _BUSY_TIMEOUT}
    try:
        engine = create_engine(checked, connect_args=arguments)
    except ValueError as error:
        raise SettingsError(f"{_shown(url)!r} has a wrong argument: {_sentence(error)}") from error
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def reading(engine: Engine) -> Engine:
    """Return the same database for readers: no transaction of it takes the write lock, or can write.

    A transaction sees the database as it was at its first read; writers neither wait for it nor hold it up. The
    connections are those of `engine`.
    """
    return engine.execution_options(**{_READING: True})


def create(engine: Engine) -> None:
    """Make the tables that are missing, in a transaction of its own; what is there stays as it is.

    Raises:
        SettingsError: the database cannot be opened or written, or the file is none.
    """
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
    except DatabaseError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise SettingsError(f"cannot make the tables in {shown!r}: {_sentence(error.orig)}") from error


def _checked_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"{_shown(text)!r} is no database URL; one is 'sqlite:///dags.db'") from error
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise SettingsError(f"{_shown(text)!r} is of {url.drivername!r}; this version keeps records in 'sqlite' only")
    if url.host or url.username:
        raise SettingsError(f"{_shown(text)!r} names a host; a file stands after three slashes: 'sqlite:///dags.db'")
    if url.query.get("uri") == "true":
        return url
    # SQLAlchemy drops an argument it does not know: with a slip in `mode=ro` a database would be open for writing.
    if unknown := sorted(set(url.query) - _DRIVER_ARGUMENTS):
        raise SettingsError(f"{_shown(text)!r} has the argument {unknown[0]!r}, which is known only beside 'uri=true'")
    if not (folder := Path(url.database or "").parent).is_dir():
        raise SettingsError(f"{_shown(text)!r} is a file in the folder {str(folder)!r}, which does not exist")
    return url


def _shown(url: str) -> str:
    """Return a URL without what may be a password."""
    return url if "@" not in url else "***@" + url.rpartition("@")[2]


def _sentence(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    """Prepare a new connection; `_begin` opens its transactions, not the driver (SQLAlchemy 2.1, SQLite dialect)."""
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = NORMAL")
        if cursor.execute("PRAGMA journal_mode").fetchone() == ("delete",):
            # A database that is read-only, or that another process is switching at this moment (SQLite does not
            # wait there), is as correct without; WAL stays with the file, and the next connection tries again.
            with suppress(sqlite3.OperationalError):
                cursor.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
