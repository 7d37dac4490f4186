"""Compare two DAGs, or two sets of DAGs, by the bytes of their records."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.diff import field
from dagserial.diff.change import Change, Diff, Kind, Target, place, pointer
from dagserial.diff.element import Difference, whole
from dagserial.digest import Digest
from dagserial.formats import v2
from dagserial.formats.pieces import cut
from dagserial.model import Dag, Value, semantics
from dagserial.record import Record


def compare(old: Dag, new: Dag) -> tuple[Change, ...]:
    """Return what differs between two DAGs: nothing exactly when their records have the same bytes.

    `compare(new, old)` is the mirror: the same paths, with added and removed, before and after exchanged. Tasks and
    groups match by id. DAGs of different ids are compared all the same, under the id of the new one.

    Returns:
        In the order of `Diff.changes`.
    """
    return _compare_bodies(new.dag_id, v2.encode(old), v2.encode(new))


def compare_all(old: Mapping[str, Dag], new: Mapping[str, Dag]) -> Diff:
    """Return what differs between two sets of DAGs, each by dag_id.

    A DAG that is on one side only is one change; its before or after is its digest.
    """
    changes: list[Change] = []
    digests: tuple[dict[str, Digest], dict[str, Digest]] = ({}, {})
    for dag_id in sorted(old.keys() | new.keys()):
        records = [Record.of_dag(side[dag_id]) if dag_id in side else None for side in (old, new)]
        for record, side in zip(records, digests, strict=True):
            if record:
                side[dag_id] = record.digest
        before, after = records
        if before and after:
            changes += _compare_bodies(dag_id, before.body, after.body)
        else:
            changes.append(_change(Target(dag_id, "dag", dag_id), whole(_address(before), _address(after))))
    return Diff(tuple(changes), *digests)


def _compare_bodies(dag_id: str, old: bytes, new: bytes) -> tuple[Change, ...]:
    if old == new:
        return ()
    before, after = cut(old), cut(new)
    changes = [
        *_dag_changes(dag_id, before.dag, after.dag),
        *_entry_changes(dag_id, "task", before.tasks, after.tasks),
        *_entry_changes(dag_id, "group", before.groups, after.groups),
    ]
    return tuple(sorted(changes, key=place))


def _address(record: Record | None) -> Value | UnsetType:
    return {"digest": str(record.digest)} if record else UNSET


def _dag_changes(dag_id: str, old: msgspec.Raw, new: msgspec.Raw) -> Iterator[Change]:
    if old != new:
        for difference in field.field_differences(_parsed(old), _parsed(new), field.DAG):
            yield _change(Target(dag_id, "dag", dag_id), difference, "dag")


def _entry_changes(
    dag_id: str, kind: Kind, old: dict[str, msgspec.Raw], new: dict[str, msgspec.Raw]
) -> Iterator[Change]:
    """Yield the changes of the tasks or of the groups of a DAG."""
    comparers = field.TASK if kind == "task" else field.GROUP
    for entry_id in old.keys() | new.keys():
        if old.get(entry_id) == new.get(entry_id):
            continue
        path = (f"{kind}s", entry_id)
        before, after = (_parsed(side[entry_id]) if entry_id in side else UNSET for side in (old, new))
        if before is UNSET or after is UNSET:
            yield _change(Target(dag_id, kind, entry_id), whole(before, after), *path)
            continue
        for difference in field.field_differences(before, after, comparers):
            yield _change(_target(dag_id, kind, entry_id, difference), difference, *path)


def _target(dag_id: str, kind: Kind, entry_id: str, difference: Difference) -> Target:
    """Return what a difference in a task or group is about: the edge to an upstream task, or the thing itself."""
    if kind == "task" and difference.steps[0] in semantics.EDGES and len(difference.steps) == 2:
        return Target(dag_id, "edge", f"{difference.steps[1]} -> {entry_id}")
    return Target(dag_id, kind, entry_id)


def _change(target: Target, difference: Difference, *path: str) -> Change:
    steps = (*path, *map(str, difference.steps))
    return Change(difference.operation, target, pointer(*steps), difference.before, difference.after)


def _parsed(piece: msgspec.Raw) -> Value:
    return msgspec.json.decode(piece)
