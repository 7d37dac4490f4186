"""Count the DagRuns and task instances under way that changes meet."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import UNSET

from dagserial.diff.change import Change, Diff, Target
from dagserial.diff.condition import map_instances
from dagserial.diff.dag_pair import DagPair
from dagserial.diff.dag_parts import DagParts, tasks_within
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
    dags: dict[str, _Met] = {}
    changes = []
    for change in diff.changes:
        if change.verdict is not UNSET and not _REACHED.isdisjoint(change.verdict.affects):
            dag_id = change.was.dag_id
            if dag_id not in dags:
                pair = DagPair(old.get(dag_id), new.get(change.object.dag_id))
                dags[dag_id] = _Met(pair, under_way(dag_id))
            change = msgspec.structs.replace(change, in_flight=dags[dag_id].by(change))
        changes.append(change)
    return msgspec.structs.replace(diff, changes=tuple(changes))


class _Met:
    """What of one DAG is under way, laid out by task once for all of its changes."""

    def __init__(self, pair: DagPair, counts: Counts) -> None:
        self._pair = pair
        self._runs: dict[bool, dict[str, int]] = {False: {}, True: {}}
        for (is_pinned, state), count in counts[0].items():
            self._runs[is_pinned][state] = count
        self._instances: dict[str, list[tuple[bool, int, str, int]]] = {}
        for (is_pinned, task_id, map_index, state), count in counts[1].items():
            self._instances.setdefault(task_id, []).append((is_pinned, map_index, state, count))

    def by(self, change: Change) -> InFlight:
        """Return what a change meets."""
        start, task_ids = _start(change, self._pair), _tasks(change.was, self._pair.old)
        met: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        for task_id in self._instances if task_ids is None else task_ids:
            for is_pinned, map_index, state, count in self._instances.get(task_id, ()):
                if map_index >= start:
                    met[is_pinned][state] += count
        return InFlight(*(Flight(self._runs[is_pinned], dict(met[is_pinned])) for is_pinned in (False, True)))


def _tasks(target: Target, old: DagParts | None) -> Iterable[str] | None:
    """Return the ids of the tasks that a change is about; None for all."""
    match target.kind:
        case "dag":
            return None
        case "group":
            return tasks_within(target.id, old.groups, old.tasks) if old else ()
        case "edge":
            return (target.id.rpartition(" -> ")[2],)
        case "task":
            return (target.id,)


def _start(change: Change, pair: DagPair) -> int:
    """Return the lowest map index of the instances that a change is about; -1 for all."""
    if change.verdict is UNSET or change.verdict.rule != "task-mapping-length-shrunk":
        return -1
    task = pair.new_task(change)
    length = map_instances(task.mapping) if task else None
    return -1 if length is None else length
