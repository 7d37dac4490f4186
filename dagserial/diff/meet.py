"""Count the DagRuns and task instances under way that changes meet."""

from collections import Counter
from collections.abc import Callable, Container, Mapping

import msgspec
from msgspec import UNSET

from dagserial.diff.change import Change, Diff, Target
from dagserial.diff.condition import map_instances
from dagserial.diff.dag_pair import DagPair
from dagserial.diff.dag_parts import DagParts
from dagserial.diff.flight import Flight, InFlight
from dagserial.record import Record

RunCounts = Mapping[tuple[bool, str], int]
"""How many DagRuns are queued or running, by whether they are pinned, and state."""
InstanceCounts = Mapping[tuple[bool, str, int, str], int]
"""How many of their task instances have not ended, by whether their runs are pinned, task_id, map_index and state."""
Counts = tuple[RunCounts, InstanceCounts]

_REACHED = {"in_flight_unpinned", "in_flight_pinned"}


def with_flights(
    diff: Diff, old: Mapping[str, Record], new: Mapping[str, Record], under_way: Callable[[str], Counts]
) -> Diff:
    """Return a judged diff whose changes say what they meet: those that reach runs under way at all.

    A change of a DAG meets its runs and all of their instances, one of a task or an edge the instances of the task (at
    its downstream end), one of a group those of all tasks in it. Of a mapping that has fewer items, those past the end.
    The ids are those of the old side.

    Args:
        old: the records that were compared, by dag_id.
        new: the same of the new side.
        under_way: tells what is under way of a DAG; asked once for each.
    """
    counts: dict[str, Counts] = {}
    pairs: dict[str, DagPair] = {}
    changes = []
    for change in diff.changes:
        target = change.object if change.previous is UNSET else change.previous
        if change.verdict is not UNSET and not _REACHED.isdisjoint(change.verdict.affects):
            if target.dag_id not in counts:
                counts[target.dag_id] = under_way(target.dag_id)
                pairs[target.dag_id] = DagPair(old.get(target.dag_id), new.get(change.object.dag_id))
            met = _met(change, target, pairs[target.dag_id], counts[target.dag_id])
            change = msgspec.structs.replace(change, in_flight=met)
        changes.append(change)
    return msgspec.structs.replace(diff, changes=tuple(changes))


def _met(change: Change, target: Target, pair: DagPair, counts: Counts) -> InFlight:
    task_ids, start = _tasks(target, pair.old), _start(change, pair)
    flights = []
    for is_pinned in (False, True):
        instances: Counter[str] = Counter()
        for (pinned, task_id, map_index, state), count in counts[1].items():
            if pinned == is_pinned and map_index >= start and (task_ids is None or task_id in task_ids):
                instances[state] += count
        runs = {state: count for (pinned, state), count in counts[0].items() if pinned == is_pinned}
        flights.append(Flight(runs, dict(instances)))
    return InFlight(*flights)


def _tasks(target: Target, old: DagParts | None) -> Container[str] | None:
    """Return the ids of the tasks that a change is about; None for all."""
    match target.kind:
        case "dag":
            return None
        case "group":
            return _members(target.id, old) if old else ()
        case "edge":
            return (target.id.rpartition(" -> ")[2],)
        case "task":
            return (target.id,)


def _members(group_id: str, dag: DagParts) -> set[str]:
    """Return the tasks that lie in a group, however deep."""
    inside = {group_id}
    parents = {one: group.parent for one, group in dag.groups.items()}
    for one in parents:
        way = [one]
        while way[-1] not in inside and (parent := parents.get(way[-1])) is not None:
            way.append(parent)
        inside.update(way if way[-1] in inside else ())
    return {task_id for task_id, task in dag.tasks.items() if task.group in inside}


def _start(change: Change, pair: DagPair) -> int:
    """Return the lowest map index of the instances that a change is about; -1 for all."""
    if change.verdict is UNSET or change.verdict.rule != "task-mapping-length-shrunk":
        return -1
    task = pair.new_task(change)
    length = map_instances(task.mapping) if task else None
    return -1 if length is None else length
