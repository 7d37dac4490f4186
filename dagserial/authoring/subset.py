"""Copy a DAG with some of its tasks alone (Airflow 1.10 `DAG.sub_dag`, 2.x and 3.x `DAG.partial_subset`)."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dagserial.authoring.group import TaskGroup
from dagserial.authoring.node import AbstractOperator, copied

if TYPE_CHECKING:
    from dagserial.authoring.dag import DAG


def chosen_ids(dag: DAG, chosen: Any, *, downstream: bool, upstream: bool, direct: bool) -> set[str]:
    """Return the ids of the tasks that are chosen, and of their relatives.

    Args:
        chosen: a regular expression that is searched for in the ids, or the ids.
        downstream: all that follows them, too.
        upstream: all that they follow, too, and the teardowns of the setups among it.
        direct: what directly precedes any of these, too.
    """
    is_pattern = isinstance(chosen, str | re.Pattern)
    named = {task_id for task_id in dag.task_dict if (re.search(chosen, task_id) if is_pattern else task_id in chosen)}
    found = set(named)
    if downstream:
        found |= _relatives(dag, named, "downstream_task_ids")
    if upstream:
        found |= _relatives(dag, named, "upstream_task_ids")
        found |= {after for task_id in found if dag.task_dict[task_id].is_setup for after in _teardowns(dag, task_id)}
    if direct:
        found |= {before for task_id in found for before in dag.task_dict[task_id].upstream_task_ids}
    return found


def subset(dag: DAG, kept: set[str]) -> DAG:
    """Return a copy of a DAG with these of its tasks, the groups that hold any, and the edges between them."""
    made = copy.copy(dag)
    fields = {"task_dict": {}, "_dagserial_declared": copied(dag._dagserial_declared), "partials": []}
    fields["_dagserial_whole"] = dag
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    object.__setattr__(made, "task_group", _group(dag.task_group, None, made, kept))
    return made


def _relatives(dag: DAG, task_ids: Iterable[str], direction: str) -> set[str]:
    found: set[str] = set()
    left = list(task_ids)
    while left:
        nearest = getattr(dag.task_dict[left.pop()], direction) - found
        found |= nearest
        left += nearest
    return found


def _teardowns(dag: DAG, task_id: str) -> Iterable[str]:
    after = dag.task_dict[task_id].downstream_task_ids
    return (one for one in after if dag.task_dict[one].is_teardown)


def _group(group: TaskGroup, parent: TaskGroup | None, dag: DAG, kept: set[str]) -> TaskGroup:
    made = copy.copy(group)
    made.dag, made.parent_group, made.children = dag, parent, {}
    for key, child in group.children.items():
        if isinstance(child, TaskGroup):
            inner = _group(child, made, dag, kept)
            if inner.children:
                made.children[key] = inner
        elif child.task_id in kept:
            made.children[key] = _task(child, made, dag, kept)
    return made


def _task(task: AbstractOperator, group: TaskGroup, dag: DAG, kept: set[str]) -> AbstractOperator:
    made = copy.copy(task)
    given = vars(task)["_dagserial_declared"]
    declared = {name: copied(value) for name, value in given.items()}
    fields = {name: value for name, value in declared.items() if vars(task).get(name) is given[name]}
    fields |= {"dag": dag, "task_group": group, "_dagserial_declared": declared}
    fields |= {name: getattr(task, name) & kept for name in ("upstream_task_ids", "downstream_task_ids")}
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    dag.task_dict[task.task_id] = made
    return made
