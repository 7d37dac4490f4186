"""Stamp DagRuns with the record that they run."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import InvalidDagError, NotFoundError, StampError
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
from dagserial.store.records import RecordStore
from dagserial.store.tables import ID_LENGTH, dag_record, dag_run


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
        StampError: the run is stamped already, with another record.
        NotFoundError: the record is not in the store.
        SettingsError: a time without a zone, an image without a digest, an id of more than 250 characters, or a conf
            that is not JSON.
    """
    if record.dag_id != dag_id:
        raise InvalidDagError(f"run {dag_id}/{run_id} cannot be stamped with a record of DAG {record.dag_id!r}")
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
        raise StampError(dag_id, run_id, stamped.digest, record.digest)
    return stamped


def record_of_run(session: Session, dag_id: str, run_id: str) -> Record:
    """Return the record that a DagRun runs.

    Raises:
        NotFoundError: the run has no stamp.
        DigestMismatchError: the stored bytes are not those that were put.
    """
    row = session.execute(_the_run(dag_id, run_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"run {dag_id}/{run_id} has no stamp")
    return RecordStore(session).get(row.digest)


def runs_of(session: Session, digest: Digest) -> list[Run]:
    """Return the runs that are stamped with a record, by dag_id and run_id; none of a record that nothing ran."""
    statement = select(dag_run).where(dag_run.c.digest == digest).order_by(dag_run.c.dag_id, dag_run.c.run_id)
    return [Run(**row._mapping) for row in session.execute(statement)]


def _the_run(dag_id: str, run_id: str) -> Select[Any]:
    return select(dag_run).where(dag_run.c.dag_id == dag_id, dag_run.c.run_id == run_id)


def _insert(session: Session, run: Run) -> None:
    """Insert a run, unless another session was faster."""
    is_kept = select(dag_record.c.format).where(dag_record.c.digest == run.digest)
    if session.execute(is_kept).one_or_none() is None:
        raise NotFoundError(f"run {run.dag_id}/{run.run_id}: record {run.digest} is not in the store; put it first")
    insert_missing(session, dag_run, [msgspec.structs.asdict(run)])
