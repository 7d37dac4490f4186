"""Declare task groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dagserial.authoring.context import DECLARING
from dagserial.authoring.dependency import DependencyMixin
from dagserial.authoring.node import copied

if TYPE_CHECKING:
    from dagserial.authoring.dag import DAG
    from dagserial.authoring.node import AbstractOperator


class DuplicateTaskIdFound(ValueError):
    """A task or a group has an id that its DAG holds already."""


class TaskGroup(DependencyMixin):
    """A named group of tasks and groups; its id prefixes theirs unless `prefix_group_id=False`."""

    def __init__(self, group_id: str | None, prefix_group_id: bool = True, **kwargs: Any) -> None:
        """Declare the group in the open DAG and group, or in `dag=` and `parent_group=`."""
        if "default_args" in kwargs:
            kwargs["default_args"] = copied(kwargs["default_args"])
        declared = {"group_id": group_id, "prefix_group_id": prefix_group_id} | kwargs
        self._dagserial_declared = {name: value for name, value in declared.items() if name not in PLACING}
        if prefix_group_id is True:
            del self._dagserial_declared["prefix_group_id"]
        self.prefix_group_id = prefix_group_id
        self.children: dict[str, AbstractOperator | TaskGroup] = {}
        self.used_ids: set[str] = set()
        self.entering: list[AbstractOperator] = []
        self.partial_kwargs: dict[str, Any] = {}
        self.tooltip = kwargs.get("tooltip", "")
        parent = kwargs.get("parent_group")
        self.dag: DAG | None = kwargs.get("dag") or (parent.dag if parent else DECLARING.dag())
        if group_id is None:
            self.parent_group: TaskGroup | None = None
            self._group_id: str | None = None
        else:
            self._settle(group_id, parent, bool(kwargs.get("add_suffix_on_collision")))
        inherited = self.parent_group.default_args if self.parent_group else {}
        self.default_args: dict[str, Any] = {**inherited, **(kwargs.get("default_args") or {})}

    def _settle(self, group_id: str, parent: TaskGroup | None, suffix: bool) -> None:
        if self.dag is None:
            raise RuntimeError(f"TaskGroup {group_id!r} is in no DAG: declare it in a `with DAG` block, or pass dag=")
        self.parent_group = parent or DECLARING.group(self.dag)
        self._group_id = group_id
        taken = self.dag.task_group.used_ids | set(self.dag.task_dict)
        if self.group_id in taken:
            if not suffix:
                raise DuplicateTaskIdFound(f"group_id {group_id!r} has already been added to the DAG")
            self._group_id = next_free(group_id, self._prefix(), taken)
        self.dag.task_group.used_ids.add(self.group_id or "")
        if self.parent_group is not None:
            self.parent_group.children[self.group_id or ""] = self

    def _prefix(self) -> str:
        return self.parent_group.child_id("") if self.parent_group else ""

    @property
    def group_id(self) -> str | None:
        """Id with the prefixes of the groups around it; None for the root."""
        if self._group_id and self.parent_group:
            return self.parent_group.child_id(self._group_id)
        return self._group_id

    @property
    def node_id(self) -> str | None:
        """The group_id."""
        return self.group_id

    @property
    def task_group(self) -> TaskGroup | None:
        """The group around this one."""
        return self.parent_group

    @property
    def is_root(self) -> bool:
        """Tell whether this is the DAG's own, nameless group."""
        return self._group_id is None

    def child_id(self, label: str) -> str:
        """Return the id of a child that was declared as `label`."""
        return f"{self.group_id}.{label}" if self.prefix_group_id and self.group_id else label

    def add(self, node: Any) -> Any:
        """Put a task into this group."""
        node.task_group = self
        self.children[node.node_id] = node
        return node

    def __iter__(self) -> Iterator[AbstractOperator]:
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield from child
            else:
                yield child

    def __enter__(self) -> TaskGroup:
        DECLARING.groups.append(self)
        return self

    def __exit__(self, *_exc: object) -> None:
        DECLARING.groups.remove(self)

    def get_child_by_label(self, label: str) -> AbstractOperator | TaskGroup:
        """Return the child that was declared as `label`."""
        return self.children[self.child_id(label)]

    def has_task(self, task: Any) -> bool:
        """Tell whether the group, or one in it, holds the task."""
        return any(other is task for other in self)

    def iter_tasks(self) -> Iterator[AbstractOperator]:
        """Iterate over the tasks of the group and of the groups in it."""
        return iter(self)

    @property
    def roots(self) -> Sequence[Any]:
        """Tasks with nothing of the group upstream."""
        ids = {task.task_id for task in self}
        return [task for task in self if task.upstream_task_ids.isdisjoint(ids)]

    @property
    def leaves(self) -> Sequence[Any]:
        """Tasks with nothing of the group downstream; a teardown gives its place to the work before it,
        and an empty group to the tasks that lead into it.

        Airflow 2.7 and later, `TaskGroup.get_leaves`.
        """
        tasks = {task.task_id: task for task in self}
        found: dict[str, AbstractOperator] = {}
        for task in tasks.values():
            if task.downstream_task_ids.isdisjoint(tasks):
                ends = [task] if not task.is_teardown else _work_before(task, tasks)
                found |= {end.task_id: end for end in ends}
        return list(found.values()) or self.entering

    def get_roots(self) -> Iterator[AbstractOperator]:
        """Iterate over `roots`."""
        return iter(self.roots)

    def get_leaves(self) -> Iterator[AbstractOperator]:
        """Iterate over `leaves`."""
        return iter(self.leaves)


class MappedTaskGroup(TaskGroup):
    """A task group that is expanded."""

    def __init__(self, *, expand_input: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._expand_input = expand_input

    def __exit__(self, *exc: object) -> None:
        """End the group; it follows the tasks whose XComs it is mapped over."""
        super().__exit__(*exc)
        for operator, _key in self._expand_input.iter_references():
            self.set_upstream(operator)


def _work_before(teardown: AbstractOperator, tasks: dict[str, AbstractOperator]) -> Iterator[AbstractOperator]:
    for task_id in sorted(teardown.upstream_task_ids & tasks.keys()):
        task = tasks[task_id]
        if task.is_teardown:
            yield from _work_before(task, tasks)
        elif task.is_setup:
            continue
        elif not any(
            not tasks[other].is_teardown
            for other in task.downstream_task_ids & tasks.keys()
            if other != teardown.task_id
        ):
            yield task


def next_free(label: str, prefix: str, taken: set[str] | dict[str, Any]) -> str:
    """Return `label` with the next free suffix: `load__1`, `load__2` (Airflow, get_unique_task_id)."""
    core = re.split(r"__\d+$", label)[0]
    pattern = re.compile(re.escape(prefix + core) + r"__(\d+)")
    numbers = [int(match[1]) for match in map(pattern.fullmatch, taken) if match]
    return f"{core}__{max(numbers, default=0) + 1}"


PLACING = ("group_id", "dag", "parent_group", "add_suffix_on_collision")
"""Arguments that say where a group stands; the record says that by structure."""
