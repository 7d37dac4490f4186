"""Find the tasks of a DAG that changed, their neighbours, and the edges between them."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from dagserial.diff.change import Change, renamed_tasks
from dagserial.diff.outputs.report import Report
from dagserial.diff.subject import steps_of
from dagserial.model import Dag

Fate = Literal["added", "removed", "changed", "moved", "renamed", "same"]
"""What became of a task or of an edge; edges are neither changed, moved nor renamed."""

Ends = tuple[str, str]
"""The upstream and the downstream task of an edge."""


class Neighbourhood(NamedTuple):
    """A part of a DAG, both of its versions in one; what was renamed goes by its new id.

    Attributes:
        tasks: by id in order; those that are the same are neighbours.
        edges: all edges between them, in order.
        left_out: how many more tasks there would be.
    """

    tasks: dict[str, Fate]
    edges: dict[Ends, Fate]
    left_out: int


def neighbourhood(report: Report, dag_id: str, changes: Iterable[Change], most: int) -> Neighbourhood:
    """Return the neighbourhood of the changes of a DAG.

    Args:
        changes: all changes of the DAG; if there is not room for all tasks, those of the first are kept.
        most: how many tasks to take: first those that changed, then those at edges that did, then their neighbours.
    """
    changes = list(changes)
    old, new = report.versions(dag_id)
    fates = _whole(old, new) or _fates(changes)
    edges = _edges(old, new, renamed_tasks(changes))
    ends = [end for change in changes if change.object.kind == "edge" for end in _ends(change)]
    chosen = dict.fromkeys([*fates, *ends])
    beside = sorted({end for edge in edges if chosen.keys() & set(edge) for end in edge} - chosen.keys())
    taken = [*chosen, *beside][:most]
    return Neighbourhood(
        {task_id: fates.get(task_id, "same") for task_id in sorted(taken)},
        {edge: fate for edge, fate in sorted(edges.items()) if set(edge) <= set(taken)},
        len(chosen) + len(beside) - len(taken),
    )


def whole(report: Report, dag_id: str, changes: Iterable[Change]) -> Neighbourhood:
    """Return all tasks of both versions of a DAG and all edges between them; one that is in another group has moved.

    Args:
        changes: all changes of the DAG.
    """
    changes = list(changes)
    old, new = report.versions(dag_id)
    names = renamed_tasks(changes)
    ids = {names.get(task_id, task_id) for task_id in old.tasks} if old else set()
    fates = _whole(old, new) or {**dict.fromkeys(_moved(changes), "moved"), **_fates(_in_tasks(changes))}
    tasks = sorted(ids | (set(new.tasks) if new else set()))
    edges = dict(sorted(_edges(old, new, names).items()))
    return Neighbourhood({task_id: fates.get(task_id, "same") for task_id in tasks}, edges, 0)


def _in_tasks(changes: Iterable[Change]) -> list[Change]:
    """Return the changes but those that say that a task lies in another group."""
    return [change for change in changes if not _is_move(change)]


def _moved(changes: Iterable[Change]) -> list[str]:
    return [change.object.id for change in changes if _is_move(change)]


def _is_move(change: Change) -> bool:
    return change.object.kind == "task" and steps_of(change.path)[2:] == ["group"]


def _whole(old: Dag | None, new: Dag | None) -> dict[str, Fate]:
    """Return the tasks of a DAG that is on one side only."""
    if old is None and new is not None:
        return dict.fromkeys(new.tasks, "added")
    return dict.fromkeys(old.tasks, "removed") if old is not None and new is None else {}


def _fates(changes: Iterable[Change]) -> dict[str, Fate]:
    """Return what became of each task that changed, in the order of the changes."""
    found: dict[str, Fate] = {}
    for change in changes:
        if change.object.kind == "task":
            fate: Fate = "changed"
            if change.is_whole and change.operation in ("added", "removed", "renamed"):
                fate = change.operation
            found[change.object.id] = fate if fate != "changed" else found.get(change.object.id, fate)
    return found


def _ends(change: Change) -> Ends:
    steps = steps_of(change.path)
    return steps[3], steps[1]


def _edges(old: Dag | None, new: Dag | None, names: Mapping[str, str]) -> dict[Ends, Fate]:
    before = {(names.get(up, up), names.get(down, down)) for up, down in _declared(old)}
    after = _declared(new)
    found: dict[Ends, Fate] = dict.fromkeys(before & after, "same")
    if old is None or new is None:
        return dict.fromkeys(before | after, "same")
    return found | dict.fromkeys(after - before, "added") | dict.fromkeys(before - after, "removed")


def _declared(dag: Dag | None) -> set[Ends]:
    return {(upstream, task_id) for task_id, task in dag.tasks.items() for upstream in task.upstream} if dag else set()
