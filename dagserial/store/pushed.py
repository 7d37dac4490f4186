"""Keep how long the XComs are over which tasks are mapped (AIP-42, task_map); never what is in them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import MapLengthError, NotFoundError, UnmappableError
from dagserial.model import Value
from dagserial.model.mapping import MAX_MAP_LENGTH
from dagserial.store.decisions.structure import Structure
from dagserial.store.insertion import insert_missing
from dagserial.store.records import RecordStore
from dagserial.store.tables import dag_run, is_instance_of_run, task_instance, task_map


class TaskMap(msgspec.Struct, frozen=True):
    """What is kept of a value that a task returned: over it, another is mapped.

    Attributes:
        kind: `list` or `dict`.
        keys: of a dict, in its own order; None of a list.
    """

    kind: str
    length: int
    keys: list[Value] | None = None


def task_map_of(value: object, max_map_length: int = MAX_MAP_LENGTH) -> TaskMap:
    """Return what is kept of a value over which a task is mapped.

    >>> task_map_of({"b": 1, "a": 2})
    TaskMap(kind='dict', length=2, keys=['b', 'a'])

    Raises:
        UnmappableError: the value is neither a list nor a dict, or a dict with keys that are not JSON.
        MapLengthError: it has more than `max_map_length` items.
    """
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Mapping | Sequence):
        raise UnmappableError(f"what is mapped over is a list or a dict, not a {type(value).__name__}")
    if len(value) > max_map_length:
        raise MapLengthError(len(value), max_map_length)
    if not isinstance(value, Mapping):
        return TaskMap("list", len(value))
    try:
        keys = json.loads(json.dumps(list(value), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UnmappableError(f"the keys of a dict that is mapped over are JSON: {error}") from error
    return TaskMap("dict", len(value), keys)


def push_map(
    session: Session,
    dag_id: str,
    run_id: str,
    task_id: str,
    value: object,
    *,
    map_index: int = -1,
    max_map_length: int = MAX_MAP_LENGTH,
) -> TaskMap | None:
    """Keep how long a value is that a task instance returned, if a task is mapped over it; return what was kept.

    Pushed again, a value replaces the one before. Of an instance of a mapped task nothing is kept, since what is mapped
    over such a task takes one item from each instance, whatever it is (Airflow 3.3, `_push_xcom_if_needed`).

    Args:
        value: what the task returned; None if that was nothing.

    Raises:
        NotFoundError: the run has no stamp, or no such instance.
        UnmappableError: a task is mapped over the value, which is neither a list nor a dict.
        MapLengthError: a task is mapped over the value, which has more than `max_map_length` items.
    """
    key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    structure = Structure(RecordStore(session).get(_digest_of_instance(session, key)).dag())
    if task_id not in structure.mapped_over or structure.is_expanded(task_id):
        return None
    try:
        found = task_map_of(value, max_map_length)
    except MapLengthError as error:
        raise MapLengthError(error.length, error.limit, task_id) from error
    except UnmappableError as error:
        raise UnmappableError(f"task {task_id!r} of run {dag_id}/{run_id}: {error}") from error
    row = msgspec.structs.asdict(found)
    insert_missing(session, task_map, [key | row])
    where = [task_map.c[name] == part for name, part in key.items()]
    session.connection().execute(update(task_map).where(*where).values(row))
    return found


def _digest_of_instance(session: Session, key: dict[str, Any]) -> Digest:
    statement = select(task_instance.c.digest, dag_run.c.digest).join(dag_run, is_instance_of_run)
    row = session.execute(statement.where(*[task_instance.c[name] == part for name, part in key.items()])).one_or_none()
    if row is None:
        raise NotFoundError("run {dag_id}/{run_id} has no instance {map_index} of task {task_id!r}".format(**key))
    digest: Digest = row[0] or row[1]
    return digest
