"""List the versions of a DAG, and the records that it had, by pages."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.store.tables import dag_version
from dagserial.store.versions import Version, version_of


def version_page(
    session: Session, dag_id: str, *, before: int | None = None, limit: int | None = None
) -> list[Version]:
    """Return versions of a DAG, newest first.

    Args:
        before: those with a smaller number.
        limit: at most so many; None for all.
    """
    statement = select(dag_version).where(dag_version.c.dag_id == dag_id)
    if before is not None:
        statement = statement.where(dag_version.c.number < before)
    rows = session.execute(statement.order_by(dag_version.c.number.desc()).limit(limit))
    return [version_of(row) for row in rows]


def version_at(session: Session, dag_id: str, number: int) -> Version | None:
    """Return one version of a DAG; None if there is none of this number."""
    is_it = (dag_version.c.dag_id == dag_id) & (dag_version.c.number == number)
    row = session.execute(select(dag_version).where(is_it)).one_or_none()
    return None if row is None else version_of(row)


def count_versions(session: Session, dag_id: str) -> int:
    """Return how many versions a DAG has."""
    found = select(func.count()).select_from(dag_version).where(dag_version.c.dag_id == dag_id)
    return session.scalar(found) or 0


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a DAG was, and in which of its versions.

    Attributes:
        numbers: how many versions were this record.
        first_at: when the first of them was put, in UTC.
    """

    digest: Digest
    numbers: int
    first_number: int
    last_number: int
    first_at: datetime
    last_at: datetime


def records_of_dag(
    session: Session, dag_id: str, *, ref: str | None = None, before: int | None = None, limit: int
) -> list[Meant]:
    """Return the records that a DAG was, each once, the one that it was last first.

    Args:
        ref: only in versions that came from this ref, as it was asked for.
        before: those that it was last in a version of a smaller number.
        limit: at most so many.
    """
    column = dag_version.c
    last = func.max(column.number)
    statement = (
        select(
            column.digest,
            func.count().label("numbers"),
            func.min(column.number).label("first_number"),
            last.label("last_number"),
            func.min(column.created_at).label("first_at"),
            func.max(column.created_at).label("last_at"),
        )
        .where(column.dag_id == dag_id)
        .group_by(column.digest)
    )
    if ref is not None:
        statement = statement.where(column.ref == ref)
    if before is not None:
        statement = statement.having(last < before)
    return [Meant(**row._mapping) for row in session.execute(statement.order_by(last.desc()).limit(limit))]
