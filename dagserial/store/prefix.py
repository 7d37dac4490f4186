"""Look for digests and other hexadecimal texts by how they start."""

from typing import Any

from sqlalchemy import Column, ColumnElement, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.store.tables import dag_record


def starts_with(column: Column[Any], prefix: str) -> ColumnElement[bool]:
    """Return whether a text of lower-case hexadecimal digits starts so.

    A range, not LIKE: it uses an index on every database. "g" sorts after every digit.
    """
    return (column >= prefix) & (column < f"{prefix}g")


def candidates(session: Session, prefix: str, limit: int) -> list[tuple[Digest, str]]:
    """Return the digests of records that start so, and the DAGs of the records, by digest; at most so many."""
    column = dag_record.c.digest
    statement = select(column, dag_record.c.dag_id).where(starts_with(column, prefix)).order_by(column).limit(limit)
    return [(digest, dag_id) for digest, dag_id in session.execute(statement)]
