"""Say which tasks a change of a DAG reaches, and by which way."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from msgspec import UNSET

from dagserial.diff.change import Change
from dagserial.diff.dag_parts import tasks_within
from dagserial.diff.flow import Flow
from dagserial.diff.impact import Edge, Reached
from dagserial.diff.subject import steps_of
from dagserial.diff.verdict import Category
from dagserial.model import Dag

_ALONG: dict[Category, tuple[Edge, ...]] = {
    "asset": ("data",),
    "dependency": ("data", "order"),
    "mapping": ("data",),
    "param": ("data",),
    "schedule": ("data", "order"),
    "task": ("data",),
    "trigger": ("data", "order"),
    "unknown": ("data", "order"),
}
"""Along which edges a change of a task goes on to those behind it; what is not named here, along none.

What a task is given changes what it hands on; whether and when it runs changes also whether those behind it do. How it
is retried, queued, documented or reported changes neither.
"""

_SHOWN = 8
"""Tasks of a way that are kept: all tasks of a long chain together would take its square."""


def changed_tasks(changes: Iterable[Change], dag: Dag | None) -> dict[str, frozenset[Edge]]:
    """Return the tasks that the changes of a DAG are about, sorted, with the edges along which their changes go on.

    Cosmetic changes are left out. A change of a group is one of all tasks in it.

    Args:
        changes: judged.
        dag: as it is now; None if it is gone.
    """
    found: dict[str, frozenset[Edge]] = {}
    for change in changes:
        if change.verdict is UNSET or change.verdict.severity == "cosmetic":
            continue
        along = frozenset(_along(change))
        for task_id in _subjects(change, dag):
            found[task_id] = found.get(task_id, frozenset()) | along
    return dict(sorted(found.items()))


def reached_tasks(changed: Mapping[str, frozenset[Edge]], flow: Flow) -> tuple[Reached, ...]:
    """Return the tasks behind changed ones that are not changed themselves, by id, each with its shortest way.

    Of ways of one length, one of data counts before one of order alone, and then the first by task ids.
    """
    ways: dict[str, Reached] = {}
    by_data = [task_id for task_id, along in changed.items() if "data" in along]
    by_any = [task_id for task_id, along in changed.items() if "order" in along]
    for one in (*_behind(by_data, flow, ("data",)), *_behind(by_any, flow, ("data", "order"))):
        if one.id not in changed and (one.id not in ways or one.steps < ways[one.id].steps):
            ways[one.id] = one
    return tuple(ways[task_id] for task_id in sorted(ways))


def _along(change: Change) -> tuple[Edge, ...]:
    """Return the edges along which a change goes on."""
    assert change.verdict is not UNSET
    if change.operation == "renamed":
        return ()
    if change.is_whole and change.object.kind == "task":
        return ("data", "order")
    return _ALONG.get(change.verdict.category, ())


def _subjects(change: Change, dag: Dag | None) -> list[str]:
    """Return the ids of the tasks that a change is about."""
    match change.object.kind:
        case "task":
            return [change.object.id]
        case "edge":
            return [steps_of(change.path)[1]]
        case "group":
            return tasks_within(change.object.id, dag.groups, dag.tasks) if dag else []
        case _:
            return []


def _behind(first: list[str], flow: Flow, along: tuple[Edge, ...]) -> Iterator[Reached]:
    """Yield what lies behind some tasks along edges of some kinds, the nearest first."""
    before: dict[str, str | None] = dict.fromkeys(first)
    steps, by_data = dict.fromkeys(first, 0), dict.fromkeys(first, True)
    waiting = deque(first)
    while waiting:
        upstream = waiting.popleft()
        for downstream, edge in flow.get(upstream, {}).items():
            if edge in along and downstream not in before:
                before[downstream] = upstream
                steps[downstream] = steps[upstream] + 1
                by_data[downstream] = by_data[upstream] and edge == "data"
                waiting.append(downstream)
                way = _way(upstream, before)
                yield Reached(downstream, way, steps[downstream], "data" if by_data[downstream] else "order")


def _way(task_id: str, before: Mapping[str, str | None]) -> tuple[str, ...]:
    way = [task_id]
    while len(way) < _SHOWN and (at := before[way[-1]]) is not None:
        way.append(at)
    return tuple(reversed(way))
