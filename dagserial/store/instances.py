"""Record what the task instances of a DagRun, and the run itself, have come to."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import CursorResult, bindparam, select, update
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import NotFoundError, SettingsError
from dagserial.store.insertion import insert_missing
from dagserial.store.limits import LARGEST_INTEGER, checked_id, checked_state
from dagserial.store.tables import dag_record, dag_run, task_instance

_KEY = (task_instance.c.dag_id, task_instance.c.run_id, task_instance.c.task_id, task_instance.c.map_index)


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """A task instance of a DagRun.

    Attributes:
        map_index: from 0 for the instances of a mapped task; -1 for a task that is not mapped, or not yet expanded.
        state: as Airflow names them (scheduled, running, success, …); None if it has none, or none is known.
        digest: of the record that it ran; None if that is the one that its run is stamped with.
    """

    task_id: str
    map_index: int = -1
    state: str | None = None
    digest: Digest | None = None


def set_run_state(session: Session, dag_id: str, run_id: str, state: str | None) -> None:
    """Record the state that a stamped DagRun is in; None if it is not known any more.

    Raises:
        NotFoundError: the run has no stamp.
        SettingsError: the state is no name.
    """
    statement = update(dag_run).where(dag_run.c.dag_id == dag_id, dag_run.c.run_id == run_id)
    done: CursorResult[Any] = session.connection().execute(statement.values(state=checked_state(state)))
    if done.rowcount == 0:
        raise NotFoundError(f"run {dag_id}/{run_id} has no stamp")


def put_instances(session: Session, dag_id: str, run_id: str, instances: Iterable[Instance]) -> None:
    """Record task instances of a stamped DagRun; of one that is there, state and digest become what is given.

    Instances that are not given stay as they are.

    Raises:
        NotFoundError: the run has no stamp, or the digest of an instance is not in the store.
        SettingsError: a task_id of more than 250 characters, a map_index below -1, a state that is no name, or the
            same instance twice.
    """
    rows = [_checked_row(dag_id, run_id, instance) for instance in instances]
    rows.sort(key=_place)
    if len({_place(row) for row in rows}) < len(rows):
        raise SettingsError(f"run {dag_id}/{run_id}: the same task_id and map_index are given twice")
    _check_references(session, dag_id, run_id, {row["digest"] for row in rows} - {None})
    kept = {(found.task_id, found.map_index): found for found in instances_of(session, dag_id, run_id)}
    insert_missing(session, task_instance, [row for row in rows if _place(row) not in kept])
    # Rows of another session that were not seen above are updated, too: the last to write is right.
    changed = [row for row in rows if kept.get(_place(row)) != _instance(row)]
    if changed:
        where = [column == bindparam(f"_{column.name}") for column in _KEY]
        values: dict[str, Any] = {name: bindparam(f"_{name}") for name in ("state", "digest")}
        parameters = [{f"_{name}": value for name, value in row.items()} for row in changed]
        session.connection().execute(update(task_instance).where(*where).values(values), parameters)


def instances_of(session: Session, dag_id: str, run_id: str) -> list[Instance]:
    """Return the task instances of a DagRun by task_id and map_index; none of a run of which none were put."""
    statement = select(task_instance).where(task_instance.c.dag_id == dag_id, task_instance.c.run_id == run_id)
    return [_instance(row._mapping) for row in session.execute(statement.order_by(*_KEY))]


def _checked_row(dag_id: str, run_id: str, instance: Instance) -> dict[str, Any]:
    if not -1 <= instance.map_index <= LARGEST_INTEGER:
        raise SettingsError(f"map_index {instance.map_index} of task {instance.task_id!r} is none; -1 is the least")
    checked_id("task_id", instance.task_id)
    checked_state(instance.state)
    return {"dag_id": dag_id, "run_id": run_id, **msgspec.structs.asdict(instance)}


def _place(row: Any) -> tuple[str, int]:
    return row["task_id"], row["map_index"]


def _instance(row: Any) -> Instance:
    return Instance(**{name: row[name] for name in Instance.__struct_fields__})


def _check_references(session: Session, dag_id: str, run_id: str, digests: set[Digest]) -> None:
    stamped = select(dag_run.c.digest).where(dag_run.c.dag_id == dag_id, dag_run.c.run_id == run_id)
    if session.execute(stamped).one_or_none() is None:
        raise NotFoundError(f"run {dag_id}/{run_id} has no stamp; its task instances can be kept once it has")
    kept = session.scalars(select(dag_record.c.digest).where(dag_record.c.digest.in_(digests))).all()
    if missing := sorted(digests - set(kept)):
        raise NotFoundError(f"run {dag_id}/{run_id}: record {missing[0]} is not in the store; put it first")
