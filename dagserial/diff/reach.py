"""Say whom a diff reaches: tasks behind those that changed, and other DAGs."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import UNSET

from dagserial.diff.change import Change, Diff, by_dag, renamed_tasks
from dagserial.diff.flow import flow_of, joined
from dagserial.diff.impact import Impact, OtherDag
from dagserial.diff.links import Linked, Links
from dagserial.diff.spread import changed_tasks, reached_tasks
from dagserial.model import Dag, Task
from dagserial.record import Record


def with_impacts(diff: Diff, old: Mapping[str, Record], new: Mapping[str, Record]) -> Diff:
    """Return a diff that says whom each changed DAG reaches; a DAG whose changes reach nobody is left out.

    Args:
        diff: judged.
        old: all DAGs of the old side by dag_id, also those that nobody asked to compare.
        new: the same of the new side.
    """
    if not diff.changes:
        return diff
    links = Links(new)
    found = {}
    for dag_id, changes in by_dag(diff.changes):
        sides = _dag(old.get(diff.old_id(dag_id))), _dag(new.get(dag_id))
        impact = _impact(dag_id, changes, sides, links)
        if impact != Impact():
            found[dag_id] = impact
    return msgspec.structs.replace(diff, impacts=found)


def _dag(record: Record | None) -> Dag | None:
    return record.dag() if record else None


def _impact(dag_id: str, changes: list[Change], sides: tuple[Dag | None, Dag | None], links: Links) -> Impact:
    old, new = sides
    names = renamed_tasks(changes)
    changed = changed_tasks(changes, new)
    flow = joined(flow_of(old) if old else {}, flow_of(new) if new else {}, names)
    reached = reached_tasks(changed, flow)
    if any(change.is_whole and change.object.kind == "dag" and change.operation != "renamed" for change in changes):
        moved = {task_id for side in sides if side for task_id in side.tasks}  # the whole DAG came or went
    else:
        moved = {task_id for task_id, along in changed.items() if along} | {one.id for one in reached}
    were = moved | names.keys() - names.values()  # what waits for a renamed task waits for its old id
    old_names = {after: before for before, after in names.items()}
    first = [
        *links.started(_tasks(old, {old_names.get(task_id, task_id) for task_id in moved})),
        *links.started(_tasks(new, moved)),
        *links.waiting(_ids(dag_id, changes), were),
    ]
    if any(change.verdict is not UNSET and _tells_callers(change) for change in changes):
        first += links.callers(_ids(dag_id, changes))
    others = _others(dag_id, first, links)
    return Impact(tuple(changed), reached, tuple(others))


def _tasks(dag: Dag | None, task_ids: set[str]) -> dict[str, Task]:
    return {task_id: dag.tasks[task_id] for task_id in task_ids if task_id in dag.tasks} if dag else {}


def _ids(dag_id: str, changes: Iterable[Change]) -> set[str]:
    """Return what the DAG is called by others: also what it was called before."""
    return {dag_id} | {change.was.dag_id for change in changes}


def _tells_callers(change: Change) -> bool:
    assert change.verdict is not UNSET
    return "callers" in change.verdict.affects or (change.object.kind == "dag" and change.is_whole)


def _others(dag_id: str, first: Iterable[Linked], links: Links) -> Iterator[OtherDag]:
    """Yield the DAGs that are linked to a changed one, and those linked to them, each once by its shortest way."""
    met = {dag_id}
    waiting: deque[tuple[Linked, tuple[str, ...]]] = deque((one, (dag_id,)) for one in sorted(first))
    while waiting:
        one, via = waiting.popleft()
        if one.dag_id in met:
            continue
        met.add(one.dag_id)
        dag = links.dag(one.dag_id)
        tasks = _reached_in(dag, one)
        yield OtherDag(one.dag_id, one.link, one.name, via, tuple(sorted(tasks)))
        if one.link != "caller":
            behind = [*links.started(_tasks(dag, tasks)), *links.waiting({one.dag_id}, tasks)]
            waiting.extend((more, (*via, one.dag_id)) for more in sorted(behind))


def _reached_in(dag: Dag, linked: Linked) -> set[str]:
    """Return the tasks of a DAG that are reached: all if its runs are started; else the task that waits, or starts."""
    if linked.link in ("asset", "trigger"):
        return set(dag.tasks)
    behind = reached_tasks({linked.name: frozenset({"data", "order"})}, flow_of(dag))
    return {linked.name, *(one.id for one in behind)}
