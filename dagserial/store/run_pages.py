"""List runs and their task instances by pages, newest first or by key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.store.instances import Instance
from dagserial.store.keyset import behind
from dagserial.store.runs import Run
from dagserial.store.tables import dag_run, is_instance_of_run, task_instance, task_map


class RunKey(NamedTuple):
    """Where a run stands in the order of runs: when it was stamped, then by its ids."""

    created_at: datetime
    dag_id: str
    run_id: str


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are meant: those of which all that is given holds.

    Attributes:
        digest: the run is stamped with this record, or a task instance of it ran it.
        among: of these DAGs.
    """

    dag_id: str | None = None
    state: str | None = None
    digest: Digest | None = None
    among: Collection[str] | None = None


def newest_runs(session: Session, wanted: RunFilter, *, after: RunKey | None = None, limit: int) -> list[Run]:
    """Return runs, the one that was stamped last first.

    Args:
        after: those behind this place.
        limit: at most so many.
    """
    key = dag_run.c.created_at, dag_run.c.dag_id, dag_run.c.run_id
    statement = select(dag_run).where(*_conditions(wanted)).order_by(*(column.desc() for column in key)).limit(limit)
    if after is not None:
        statement = statement.where(behind(key, after, descending=True))
    return [Run(**row._mapping) for row in session.execute(statement)]


def count_runs(session: Session, wanted: RunFilter) -> int:
    """Return how many runs `newest_runs` gives in all."""
    return session.scalar(select(func.count()).select_from(dag_run).where(*_conditions(wanted))) or 0


def _conditions(wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.dag_id is not None:
        yield dag_run.c.dag_id == wanted.dag_id
    if wanted.state is not None:
        yield dag_run.c.state == wanted.state
    if wanted.among is not None:
        yield dag_run.c.dag_id.in_(sorted(wanted.among))
    if wanted.digest is not None:
        in_part = select(task_instance.c.run_id).where(is_instance_of_run, task_instance.c.digest == wanted.digest)
        yield or_(dag_run.c.digest == wanted.digest, in_part.exists())


def instance_page(
    session: Session,
    run: tuple[str, str],
    *,
    task_id: str | None = None,
    state: str | None = None,
    by_state: bool = False,
    descending: bool = False,
    after: Sequence[Any] | None = None,
    limit: int,
) -> list[Instance]:
    """Return task instances of a run by task_id and map_index.

    Args:
        run: dag_id and run_id.
        by_state: by state first, those without one before all others.
        descending: the other way round.
        after: those behind this task_id and map_index, or state (empty for none), task_id and map_index.
        limit: at most so many.
    """
    column = task_instance.c
    ids = column.task_id, column.map_index
    key = (func.coalesce(column.state, ""), *ids) if by_state else ids
    statement = select(*ids, column.state, column.digest)
    statement = statement.where(column.dag_id == run[0], column.run_id == run[1])
    if task_id is not None:
        statement = statement.where(column.task_id == task_id)
    if state is not None:
        statement = statement.where(column.state == state)
    if after is not None:
        statement = statement.where(behind(key, after, descending=descending))
    order = [one.desc() if descending else one for one in key]
    rows = session.execute(statement.order_by(*order).limit(limit))
    return [Instance(**row._mapping) for row in rows]


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many instances of a task of a run are in a state.

    Attributes:
        digest: of the record that they ran; None if that is the one of the run.
    """

    run_id: str
    task_id: str
    state: str | None
    digest: Digest | None
    count: int
    is_mapped: bool


def tallies(session: Session, dag_id: str, run_ids: Collection[str]) -> list[Tally]:
    """Return how the tasks of some runs stand, by run_id, task_id and state: in one query, whatever the runs."""
    column = task_instance.c
    key = column.run_id, column.task_id, column.state, column.digest
    statement = select(*key, func.count(), func.max(column.map_index))
    statement = statement.where(column.dag_id == dag_id, column.run_id.in_(sorted(run_ids)))
    rows = session.execute(statement.group_by(*key).order_by(column.run_id, column.task_id, column.state))
    return [
        Tally(run_id=run_id, task_id=task_id, state=state, digest=digest, count=count, is_mapped=largest >= 0)
        for run_id, task_id, state, digest, count, largest in rows
    ]


def mapped_lengths(session: Session, dag_id: str, run_id: str) -> dict[tuple[str, int], int]:
    """Return how long the values are over which tasks of a run are mapped, by what task instance gave it."""
    column = task_map.c
    statement = select(column.task_id, column.map_index, column.length)
    rows = session.execute(statement.where(column.dag_id == dag_id, column.run_id == run_id))
    return {(task_id, map_index): length for task_id, map_index, length in rows}
