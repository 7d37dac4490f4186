"""Decide the conditions that rules name: what a change means by its values, or by the DAGs around it."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.canonical import settled_bytes
from dagserial.diff import param
from dagserial.diff.change import Change
from dagserial.diff.dag_pair import DagPair, read_tasks, task_values
from dagserial.diff.dag_parts import DagParts
from dagserial.diff.subject import steps_of
from dagserial.model import Mapping, Task, Value

Condition = Callable[[Change, DagPair], bool]


def _zone_differs(change: Change, dags: DagPair) -> bool:
    """The same but for the time zone, or a date in another zone."""
    sides = [_zoned(side) for side in (change.before, change.after)]
    return None not in sides and sides[0] != sides[1] and _zoneless(change.before) == _zoneless(change.after)


def _zone_of_dag(change: Change, dags: DagPair) -> bool:
    """The zone of the default start_date, by which a DAG without a start of its own reckons (Airflow 2 and 3, DAG)."""
    is_start = change.path.endswith("/default_args/start_date")
    sides = [side.get("zone") for side in (change.before, change.after) if isinstance(side, dict)]
    starts = [dag.fields.start_date for dag in (dags.old, dags.new) if dag]
    return is_start and len(sides) == 2 and sides[0] != sides[1] and not any(starts)


def _zoned(side: Value | UnsetType) -> bytes | None:
    """Return the zone that a datetime or a timetable names; None if it names none."""
    if not isinstance(side, dict):
        return None
    kwargs = side.get("kwargs")
    zone = (
        side.get("zone")
        if side.get("$") == "datetime"
        else kwargs.get("timezone")
        if isinstance(kwargs, dict)
        else None
    )
    return None if zone is None else settled_bytes(zone)


def _zoneless(side: Value) -> bytes | None:
    """Return what is left of a timetable without its zone; of a datetime nothing, as the zone counts for more."""
    if side.get("$") == "datetime":
        return None
    return settled_bytes(side | {"kwargs": {name: one for name, one in side["kwargs"].items() if name != "timezone"}})


def _earlier(change: Change, dags: DagPair) -> bool:
    return _moved_by(change) < 0


def _later(change: Change, dags: DagPair) -> bool:
    return _moved_by(change) > 0


def _moved_by(change: Change) -> float:
    """Return by how many seconds a date moved; 0 if that cannot be told."""
    old, new = _moment(change.before), _moment(change.after)
    return (new - old).total_seconds() if old and new else 0


def _moment(side: Value | UnsetType) -> datetime | None:
    """Return a date on the wall, to be compared with one of the same zone."""
    value = side.get("value") if isinstance(side, dict) and side.get("$") in ("date", "datetime") else None
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:  # a record may hold what no datetime is written as
        return None


def _catchup(change: Change, dags: DagPair) -> bool:
    return dags.new is not None and dags.new.fields.catchup is True


def _required(change: Change, dags: DagPair) -> bool:
    return param.is_required(change.after)


def _narrowed(change: Change, dags: DagPair) -> bool:
    return param.is_narrowed(change.before, change.after)


def _widened(change: Change, dags: DagPair) -> bool:
    return param.is_widened(change.before, change.after)


def _default_differs(change: Change, dags: DagPair) -> bool:
    return param.is_default_changed(change.before, change.after)


def _expression(change: Change, dags: DagPair) -> bool:
    """default_args as a whole are, or were, something else than a plain dict."""
    is_all = change.path.endswith("/default_args")
    sides = [side for side in (change.before, change.after) if side is not UNSET]
    return is_all and any(not isinstance(side, dict) or "$" in side for side in sides)


def _same_name(change: Change, dags: DagPair) -> bool:
    """Both sides are the same callable, class, object or file but for the digest of its content."""
    sides = [_without_digest(side) for side in (change.before, change.after)]
    return None not in sides and sides[0] == sides[1]


def _without_digest(side: Value | UnsetType) -> bytes | None:
    if not isinstance(side, dict):
        return None
    content = "digest" if side.get("$") == "file" else "code"
    return settled_bytes({name: one for name, one in side.items() if name != content}) if content in side else None


def _mapped(change: Change, dags: DagPair) -> bool:
    old, new = dags.old_task(change), dags.new_task(change)
    return bool(old and old.mapping and new and new.mapping)


def _still_read(change: Change, dags: DagPair) -> bool:
    """The task downstream of an edge that is gone reads an XCom of the task upstream."""
    steps = steps_of(change.path)
    task = dags.new.tasks.get(steps[1]) if dags.new else None
    return task is not None and steps[-1] in read_tasks(task_values(task))


def _consumed(change: Change, dags: DagPair) -> bool:
    return change.object.id in dags.consumed


def _off(change: Change, dags: DagPair) -> bool:
    return change.after is False


def _shorter(change: Change, dags: DagPair) -> bool:
    return _grown_by(change, dags) < 0


def _longer(change: Change, dags: DagPair) -> bool:
    return _grown_by(change, dags) > 0


def _grown_by(change: Change, dags: DagPair) -> int:
    """Return how many items more the source has that a change is of or within; 0 if that cannot be told."""
    where = steps_of(change.path)[3:5]
    old, new = (_length(_source(task, where)) for task in (dags.old_task(change), dags.new_task(change)))
    return 0 if old is None or new is None else new - old


def _source(task: Task | None, where: list[str]) -> Value | UnsetType:
    """Return what a task is mapped over at `expand_kwargs`, or at `expand` and a parameter."""
    if task is None or task.mapping is None:
        return UNSET
    return task.mapping.expand_kwargs if where[0] == "expand_kwargs" else dict(task.mapping.expand).get(where[1], UNSET)


def _length(source: Value | UnsetType) -> int | None:
    """Return how many items a literal source has; None if that is known only when it runs."""
    if isinstance(source, dict):
        source = source.get("items") if source.get("$") in ("dict", "tuple", "set", "frozenset") else None
    return len(source) if isinstance(source, list) else None


def _fewer(change: Change, dags: DagPair) -> bool:
    tasks = dags.old_task(change), dags.new_task(change)
    old, new = (map_instances(task.mapping) if task else None for task in tasks)
    return old is not None and new is not None and new < old


def map_instances(mapping: Mapping | None) -> int | None:
    """Return how many instances a mapping makes; None if that is known only when it runs."""
    if mapping is None:
        return None
    sources = [source for _, source in mapping.expand] or [mapping.expand_kwargs]
    lengths = [_length(source) for source in sources]
    product = 1
    for length in lengths:
        if length is None:
            return None
        product *= length
    return product


def _mapped_group(change: Change, dags: DagPair) -> bool:
    """A task or a group moved, and lies in other mapped groups than before."""
    return _mapped_around(dags.old, change.before) != _mapped_around(dags.new, change.after)


def _mapped_around(dag: DagParts | None, group_id: Value | UnsetType) -> list[bytes]:
    """Return the mapped groups from one outwards, each by what it is mapped over: a name alone says nothing."""
    found: list[bytes] = []
    while dag is not None and isinstance(group_id, str) and group_id in dag.groups:
        group = dag.groups[group_id]
        if group.mapping is not None:
            found.append(settled_bytes(msgspec.to_builtins(group.mapping)))
        group_id = group.parent
    return found


def _still_there(change: Change, dags: DagPair) -> bool:
    """The outlets are the same in another order."""
    return change.operation == "moved"


def _declared(change: Change, dags: DagPair) -> bool:
    return change.declared is True


def _ids_kept(change: Change, dags: DagPair) -> bool:
    """No task in the group that was renamed, or in the groups within it, has an id that the DAG did not have."""
    return change.object.id not in dags.with_new_ids


CONDITIONS: dict[str, Condition] = {
    "catchup": _catchup,
    "consumed": _consumed,
    "declared": _declared,
    "default-differs": _default_differs,
    "earlier": _earlier,
    "expression": _expression,
    "fewer": _fewer,
    "ids-kept": _ids_kept,
    "later": _later,
    "longer": _longer,
    "mapped": _mapped,
    "mapped-group": _mapped_group,
    "narrowed": _narrowed,
    "off": _off,
    "required": _required,
    "same-name": _same_name,
    "shorter": _shorter,
    "still-read": _still_read,
    "still-there": _still_there,
    "widened": _widened,
    "zone-differs": _zone_differs,
    "zone-of-dag": _zone_of_dag,
}
"""Every condition by the name that rules call it by."""
