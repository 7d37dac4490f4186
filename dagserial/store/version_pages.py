"""List versions of a DAG, the records that it had, and what points at a record, by pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, and_, func, or_, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.store.prefix import starts_with
from dagserial.store.referrers import Referrer
from dagserial.store.tables import dag_record, dag_run, dag_version, task_instance
from dagserial.store.versions import Version, version_of


def version_page(session: Session, dag_id: str, *, before: int | None = None, limit: int) -> list[Version]:
    """Return versions of a DAG, newest first.

    Args:
        before: those with a smaller number.
        limit: at most so many.
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


def records_of_dag(session: Session, dag_id: str, *, before: int | None = None, limit: int) -> list[Meant]:
    """Return the records that a DAG was, each once, the one that it was last first.

    Args:
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
    if before is not None:
        statement = statement.having(last < before)
    return [Meant(**row._mapping) for row in session.execute(statement.order_by(last.desc()).limit(limit))]


def candidates(session: Session, prefix: str, limit: int) -> list[tuple[Digest, str]]:
    """Return the digests that start so, and the DAGs of their records, by digest."""
    column = dag_record.c.digest
    statement = select(column, dag_record.c.dag_id).where(starts_with(column, prefix)).order_by(column).limit(limit)
    return [(digest, dag_id) for digest, dag_id in session.execute(statement)]


_REFERRERS = (dag_version, dag_run, task_instance)
"""What points at records, in the order in which it is listed."""


def referrer_page(
    session: Session, digest: Digest, *, after: tuple[int, list[Any]] | None = None, limit: int
) -> list[tuple[int, Referrer]]:
    """Return what points at a record: versions (0), then runs (1), then task instances (2), each by id.

    Args:
        after: those behind this kind and key.
        limit: at most so many.
    """
    found: list[tuple[int, Referrer]] = []
    for kind, table in enumerate(_REFERRERS):
        if len(found) >= limit or (after is not None and kind < after[0]):
            continue
        keys = list(table.primary_key.columns)
        statement = select(*keys).where(table.c.digest == digest)
        if after is not None and kind == after[0]:
            statement = statement.where(_behind(keys, after[1]))
        rows = session.execute(statement.order_by(*keys).limit(limit - len(found)))
        found += [(kind, Referrer(**row._mapping)) for row in rows]
    return found


def referrer_key(kind: int, one: Referrer) -> tuple[int, list[Any]]:
    """Return the place of a referrer in its list."""
    return kind, [getattr(one, column.name) for column in _REFERRERS[kind].primary_key.columns]


def is_referrer_key(kind: int, key: list[Any]) -> bool:
    """Tell whether this can be the place of a referrer."""
    if not 0 <= kind < len(_REFERRERS):
        return False
    columns = list(_REFERRERS[kind].primary_key.columns)
    return len(key) == len(columns) and all(
        type(value) is (int if isinstance(column.type, Integer) else str)
        for value, column in zip(key, columns, strict=True)
    )


def _behind(columns: list[Any], values: list[Any]) -> ColumnElement[bool]:
    """Return the condition that a row is behind another one in the order of its columns."""
    steps = []
    for at, column in enumerate(columns):
        same = [one == value for one, value in zip(columns[:at], values, strict=False)]
        steps.append(and_(*same, column > values[at]))
    return or_(*steps)
