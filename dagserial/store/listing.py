"""List DAGs by pages: each query costs what its page does, however much there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.orm import Session

from dagserial.store.tables import dag_run, dag_version
from dagserial.store.versions import Version, version_of

_ESCAPE = "\\"


def dag_ids(session: Session) -> list[str]:
    """Return the ids of all DAGs that have a version or a run, sorted."""
    every = union(select(dag_version.c.dag_id), select(dag_run.c.dag_id)).subquery()
    return list(session.scalars(select(every.c.dag_id).order_by(every.c.dag_id)))


def newest_versions(
    session: Session,
    *,
    after: str | None = None,
    containing: str = "",
    among: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Version]:
    """Return the newest version of each DAG, by dag_id.

    Args:
        after: dag_ids behind this one.
        containing: dag_ids that hold this text, whatever its case in ASCII.
        among: of these DAGs; None for all.
        limit: at most so many; None for all.
    """
    ids = _ids(containing, among)
    if after is not None:
        ids = ids.where(dag_version.c.dag_id > after)
    of_each = ids.order_by(dag_version.c.dag_id).limit(limit).subquery()
    is_newest = (dag_version.c.dag_id == of_each.c.dag_id) & (dag_version.c.number == of_each.c.number)
    rows = session.execute(select(dag_version).join(of_each, is_newest).order_by(dag_version.c.dag_id))
    return [version_of(row) for row in rows]


def count_dags(session: Session, *, containing: str = "", among: Collection[str] | None = None) -> int:
    """Return how many DAGs `newest_versions` gives in all."""
    return session.scalar(select(func.count()).select_from(_ids(containing, among).subquery())) or 0


def _ids(containing: str, among: Collection[str] | None) -> Select[Any]:
    """Return the ids of DAGs with the number of the newest version of each."""
    column = dag_version.c.dag_id
    found = select(column, func.max(dag_version.c.number).label("number")).group_by(column)
    return found.where(*_among(column, among), *_holds(column, containing))


def _among(column: Any, ids: Collection[str] | None) -> Iterable[ColumnElement[bool]]:
    return [] if ids is None else [column.in_(sorted(ids))]


def _holds(column: Any, text: str) -> Iterable[ColumnElement[bool]]:
    """Return the condition that a text holds another one; `lower` of each database knows ASCII at least."""
    if not text:
        return []
    escaped = text.lower().replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_")
    return [or_(func.lower(column).like(f"%{escaped}%", escape=_ESCAPE), column == text)]
