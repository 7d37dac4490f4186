"""Insert rows that may be there already, in the words of each database.

Only a key that is taken is passed over: a row that a foreign key, a check or a limit refuses is an error. (MySQL's
INSERT IGNORE would drop such a row, or cut it, without a word.)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dagserial.store.types import MYSQL

_SHARED = ("dag_record", "dag_run")
"""Tables to whose rows the foreign keys of what others insert point.

A key of theirs that is taken must be locked so that others may lock it, too, as a refused INSERT of MySQL does. Its
INSERT ON DUPLICATE KEY UPDATE keeps others off, and sessions that point at the row would wait in a circle.
"""

_DUPLICATE_KEY = 1062
"""The number of MySQL's error for a key that is taken, ER_DUP_ENTRY."""


def insert_missing(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, but those whose key is taken; what is there stays as it is.

    A key that another session has taken and not yet committed is waited for. Give the rows in the order of their keys:
    sessions that insert the same keys in different orders could wait for each other.
    """
    if rows:
        connection = session.connection()
        given = [dict(row) for row in rows]
        if connection.dialect.name in MYSQL and table.name in _SHARED:
            _insert_untaken(connection, table, given)
        else:
            connection.execute(_unless_taken(table, connection.dialect.name), given)


def as_committed(session: Session, statement: Select[Any]) -> Select[Any]:
    """Return a query that sees what is now committed, whatever the transaction saw before.

    A transaction of MySQL's own default isolation, REPEATABLE READ, is told that a key is taken, and does not see the
    row that took it, unless it asks for a lock. Others see it, or are told to try again.
    """
    connection = session.connection()
    if connection.dialect.name not in MYSQL or connection.get_isolation_level() == "READ COMMITTED":
        return statement
    return statement.with_for_update(read=True)


def _insert_untaken(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows of which most are not taken: all at once, or else one by one."""
    try:
        connection.execute(table.insert(), rows)
    except IntegrityError as error:
        # MySQL undoes the statement alone, not the transaction.
        if _number(error) != _DUPLICATE_KEY:
            raise
        if len(rows) > 1:
            for row in rows:
                _insert_untaken(connection, table, [row])


def _number(error: IntegrityError) -> object:
    return error.orig.args[0] if error.orig and error.orig.args else None


def _unless_taken(table: Table, dialect: str) -> Insert:
    if dialect in MYSQL:
        key = next(iter(table.primary_key.columns))
        # An update that changes nothing; it waits, as an insert does.
        return mysql.insert(table).on_duplicate_key_update({key.name: table.c[key.name]})
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
