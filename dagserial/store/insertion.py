"""Insert rows that may be there already, in the words of each database.

Only a key that is taken is passed over: a row that a foreign key, a check or a limit refuses is an error. (MySQL's
INSERT IGNORE would drop such a row, or cut it, without a word.)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, Select, Table, false
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from dagserial.store.tables import version_lock
from dagserial.store.types import MYSQL


def insert_missing(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, but those whose key is taken; what is there stays as it is.

    A key that another session has taken and not yet committed is waited for. Give the rows in the order of their keys:
    sessions that insert the same keys in different orders could wait for each other.
    """
    if rows:
        connection = session.connection()
        connection.execute(_unless_taken(table, connection.dialect.name), [dict(row) for row in rows])


def as_committed(session: Session, statement: Select[Any]) -> Select[Any]:
    """Return a query that sees what is now committed, whatever the transaction saw before.

    A transaction of MySQL's own default isolation, REPEATABLE READ, is told that a key is taken, and does not see the
    row that took it, unless it asks for a lock. Others see it, or are told to try again.
    """
    connection = session.connection()
    if connection.dialect.name not in MYSQL or connection.get_isolation_level() == "READ COMMITTED":
        return statement
    return statement.with_for_update(read=True)


def lock_versions(session: Session) -> bool:
    """Have the transaction be the only one that adds versions, until it ends; return whether it may have waited.

    One lock for all DAGs: with one each, sessions that put several would wait for each other in a circle, over versions
    or over pages that DAGs share. A transaction of SQLite holds the write lock of the database anyway.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        insert = postgresql.insert(version_lock)
        # What is not updated is locked nevertheless (PostgreSQL, INSERT, ON CONFLICT).
        connection.execute(
            insert.on_conflict_do_update(index_elements=["id"], set_={"id": 1}, where=false()), {"id": 1}
        )
    elif connection.dialect.name in MYSQL:
        connection.execute(_unless_taken(version_lock, connection.dialect.name), {"id": 1})
    return connection.dialect.name != "sqlite"


def _unless_taken(table: Table, dialect: str) -> Insert:
    if dialect in MYSQL:
        key = next(iter(table.primary_key.columns))
        # An update that changes nothing; it waits, as an insert does.
        return mysql.insert(table).on_duplicate_key_update({key.name: table.c[key.name]})
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
