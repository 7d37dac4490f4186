"""Insert rows that may be there already."""

from collections.abc import Mapping

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from dagserial.model import Value


def insert_missing(session: Session, table: Table, row: Mapping[str, Value]) -> bool:
    """Insert a row unless its key is taken; return whether it was inserted. A row that is there stays as it is."""
    statement = insert(table).values(dict(row)).on_conflict_do_nothing()
    # An INSERT's row count is kept only on demand (SQLAlchemy 2.0.28).
    options = {"preserve_rowcount": True}
    return session.connection().execute(statement, execution_options=options).rowcount == 1
