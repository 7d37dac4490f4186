"""Stamp DagRuns with the record that they run."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from dagserial.diff import compare_all, judged
from dagserial.digest import Digest
from dagserial.errors import InvalidDagError, NotFoundError, SettingsError, StampError
from dagserial.model import Value
from dagserial.record import Record
from dagserial.store.insertion import as_committed, insert_missing
from dagserial.store.limits import (
    checked_conf,
    checked_id,
    checked_image,
    checked_moment,
    checked_state,
    checked_text,
)
from dagserial.store.prefix import starts_with
from dagserial.store.records import RecordStore
from dagserial.store.tables import ID_LENGTH, dag_record, dag_run, dag_version, is_instance_of_run, task_instance

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A stamped DagRun: which record it runs, and with what.

    Attributes:
        state: as Airflow names them (queued, running, success, failed); None if it is not known.
        logical_date: in UTC; None for a run without one.
        conf: what the run was triggered with, as JSON reads it back.
        bundle_version: the commit; a run that has one is pinned to it.
        image: `repo@sha256:<64 hex>`.
        created_at: when the run was stamped, in UTC.
    """

    dag_id: str
    run_id: str
    digest: Digest
    state: str | None = None
    logical_date: datetime | None = None
    conf: dict[str, Value] | None = None
    bundle_name: str | None = None
    bundle_version: str | None = None
    image: str | None = None
    created_at: datetime


def stamp(
    session: Session,
    dag_id: str,
    run_id: str,
    record: Record,
    *,
    created_at: datetime,
    state: str | None = None,
    logical_date: datetime | None = None,
    conf: dict[str, Value] | None = None,
    bundle_name: str | None = None,
    bundle_version: str | None = None,
    image: str | None = None,
) -> Run:
    """Point a DagRun at a record that is in the store, once and for all; return the run as it stands.

    A run that is stamped with the same record already is returned unchanged, whatever else is offered.

    Raises:
        InvalidDagError: the record is of another DAG.
        StampError: the run is stamped already, with another record; the error carries the diff.
        NotFoundError: the record is not in the store.
        SettingsError: a time without a zone, an image without a digest, an id of more than 250 characters, or a conf
            that is not JSON.
    """
    if record.dag_id != dag_id:
        raise _of_other_dag(dag_id, run_id, record.dag_id)
    offered = Run(
        dag_id=checked_id("dag_id", dag_id),
        run_id=checked_id("run_id", run_id),
        digest=record.digest,
        state=checked_state(state),
        logical_date=None if logical_date is None else checked_moment("logical_date", logical_date),
        conf=checked_conf(conf),
        bundle_name=checked_text("bundle_name", bundle_name, ID_LENGTH),
        bundle_version=checked_text("bundle_version", bundle_version, ID_LENGTH),
        image=checked_image(image),
        created_at=checked_moment("created_at", created_at),
    )
    statement = _the_run(dag_id, run_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        _insert(session, offered)
        # Ours, or that of a session that was faster: as it is now committed, whatever this transaction saw before.
        row = session.execute(as_committed(session, statement)).one()
    stamped = Run(**row._mapping)
    if stamped.digest != record.digest:
        raise _other_stamp(session, stamped, record)
    return stamped


def _of_other_dag(dag_id: str, run_id: str, other: str) -> InvalidDagError:
    return InvalidDagError(f"run {dag_id}/{run_id} cannot be stamped with a record of DAG {other!r}")


def _other_stamp(session: Session, run: Run, offered: Record) -> StampError:
    old, new = {run.dag_id: RecordStore(session).get(run.digest)}, {run.dag_id: offered}
    return StampError(run.dag_id, run.run_id, run.digest, offered.digest, judged(compare_all(old, new), old, new))


def record_of_run(session: Session, dag_id: str, run_id: str) -> Record:
    """Return the record that a DagRun runs.

    Raises:
        NotFoundError: the run has no stamp.
        DigestMismatchError: the stored bytes are not those that were put.
    """
    run = run_at(session, dag_id, run_id)
    if run is None:
        raise NotFoundError(f"run {dag_id}/{run_id} has no stamp")
    return RecordStore(session).get(run.digest)


def run_at(session: Session, dag_id: str, run_id: str) -> Run | None:
    """Return a stamped run; None if there is none."""
    row = session.execute(_the_run(dag_id, run_id)).one_or_none()
    return None if row is None else Run(**row._mapping)


def runs_of(
    session: Session,
    digest: Digest | None = None,
    *,
    dag_id: str | None = None,
    commit: str | None = None,
    image: str | None = None,
    limit: int | None = None,
) -> list[Run]:
    """Return the runs of which all that is given holds, by dag_id and run_id; none if none ran it.

    Args:
        digest: the run is stamped with this record, or a task instance of it ran it.
        commit: the run is pinned to this commit, or its record came from it; 7 digits or more from the first on.
        image: `repo@sha256:<64 hex>` that the run, or the version of its record, has.
        limit: at most so many.

    Raises:
        SettingsError: `commit` is none, or `image` has no digest.
    """
    conditions = [*_ran(digest), *_came_from(commit), *_has_image(image)]
    if dag_id is not None:
        conditions.append(dag_run.c.dag_id == dag_id)
    statement = select(dag_run).where(*conditions).order_by(dag_run.c.dag_id, dag_run.c.run_id).limit(limit)
    return [Run(**row._mapping) for row in session.execute(statement)]


def _ran(digest: Digest | None) -> Iterator[ColumnElement[bool]]:
    if digest is not None:
        yield or_(dag_run.c.digest == digest, exists().where(is_instance_of_run, task_instance.c.digest == digest))


def _came_from(commit: str | None) -> Iterator[ColumnElement[bool]]:
    if commit is None:
        return
    if not _COMMIT.fullmatch(commit):
        raise SettingsError(f"{commit!r} is no commit: 7 to 64 lower-case hexadecimal digits")
    from_it = starts_with(dag_version.c.bundle_version, commit)
    yield or_(starts_with(dag_run.c.bundle_version, commit), exists().where(_is_version_of_run(), from_it))


def _has_image(image: str | None) -> Iterator[ColumnElement[bool]]:
    if image is not None:
        known = checked_image(image)
        yield or_(dag_run.c.image == known, exists().where(_is_version_of_run(), dag_version.c.image == known))


def _is_version_of_run() -> ColumnElement[bool]:
    return (dag_version.c.dag_id == dag_run.c.dag_id) & (dag_version.c.digest == dag_run.c.digest)


def other_records(session: Session, dag_id: str, run_id: str) -> dict[Digest, list[tuple[str, int]]]:
    """Return which task instances of a run ran another record than it is stamped with; a run with any is mixed.

    Returns:
        For each such record, by digest, the task_ids and map indexes, in order.
    """
    key = task_instance.c
    statement = select(key.digest, key.task_id, key.map_index).join(dag_run, is_instance_of_run)
    is_other = (key.dag_id == dag_id) & (key.run_id == run_id) & (key.digest != dag_run.c.digest)
    found: dict[Digest, list[tuple[str, int]]] = {}
    for digest, task_id, map_index in session.execute(
        statement.where(is_other).order_by(key.digest, key.task_id, key.map_index)
    ):
        found.setdefault(digest, []).append((task_id, map_index))
    return found


def _the_run(dag_id: str, run_id: str) -> Select[Any]:
    return select(dag_run).where(dag_run.c.dag_id == dag_id, dag_run.c.run_id == run_id)


def _insert(session: Session, run: Run) -> None:
    """Insert a run, unless another session was faster."""
    kept = session.scalars(select(dag_record.c.dag_id).where(dag_record.c.digest == run.digest)).one_or_none()
    if kept is None:
        raise NotFoundError(f"run {run.dag_id}/{run.run_id}: record {run.digest} is not in the store; put it first")
    if kept != run.dag_id:
        raise _of_other_dag(run.dag_id, run.run_id, kept)
    insert_missing(session, dag_run, [msgspec.structs.asdict(run)])
