"""Declare task groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dagserial.authoring.context import DECLARING
from dagserial.authoring.dependency import DependencyMixin, UnknownEnd
from dagserial.authoring.key import DuplicateTaskIdFound, Suffixes, check_group_key, next_free
from dagserial.authoring.node import copied

if TYPE_CHECKING:
    from dagserial.authoring.dag import DAG
    from dagserial.authoring.node import AbstractOperator


class TaskGroup(DependencyMixin):
    """A named group of tasks and groups; its id prefixes theirs unless `prefix_group_id=False`."""

    def __init__(self, group_id: str | None, prefix_group_id: bool = True, **kwargs: Any) -> None:
        """Declare the group in the open DAG and group, or in `dag=` and `parent_group=`.

        Raises:
            DuplicateTaskIdFound: the DAG has a task or group of that id.
            RuntimeError: there is no DAG to declare it in.
            TypeError: group_id is no string.
            ValueError: group_id is too long, or holds characters that ids of groups do not.
        """
        if "default_args" in kwargs:
            kwargs["default_args"] = copied(kwargs["default_args"])
        declared = {"group_id": group_id, "prefix_group_id": prefix_group_id} | kwargs
        self._dagserial_declared = {name: value for name, value in declared.items() if name not in PLACING}
        if prefix_group_id is True:
            del self._dagserial_declared["prefix_group_id"]
        self.prefix_group_id = prefix_group_id
        self.children: dict[str, AbstractOperator | TaskGroup] = {}
        self.used_ids: set[str] = set()
        self.suffixes = Suffixes()
        self.entering: list[AbstractOperator] = []
        self.partial_kwargs: dict[str, Any] = {}
        self.tooltip = kwargs.get("tooltip", "")
        parent = kwargs.get("parent_group")
        self.dag: DAG | None = kwargs.get("dag") or (parent.dag if parent else DECLARING.dag())
        if group_id is None:
            self.parent_group: TaskGroup | None = None
            self._group_id: str | None = None
            self._full_id: str | None = None
        else:
            self._settle(group_id, parent, bool(kwargs.get("add_suffix_on_collision")))
        inherited = self.parent_group.default_args if self.parent_group else {}
        self.default_args: dict[str, Any] = {**inherited, **(kwargs.get("default_args") or {})}

    def _settle(self, group_id: str, parent: TaskGroup | None, suffix: bool) -> None:
        group_id = str(group_id) if isinstance(group_id, UnknownEnd) else group_id
        check_group_key(group_id, is_prefix=bool(self.prefix_group_id))
        if self.dag is None:
            raise RuntimeError(f"TaskGroup {group_id!r} is in no DAG: declare it in a `with DAG` block, or pass dag=")
        self.parent_group = parent or DECLARING.group(self.dag)
        self._group_id = group_id
        root, prefix = self.dag.task_group, self.parent_group.child_id("") if self.parent_group else ""
        if (full := prefix + group_id) in root.used_ids or full in self.dag.task_dict:
            if not suffix:
                held = "a task group" if full in root.used_ids else "a task"
                raise DuplicateTaskIdFound(
                    f"group_id {full!r} has already been added to the DAG {self.dag.dag_id!r}, as {held}"
                )
            self._group_id = next_free(group_id, prefix, [root.suffixes, self.dag.task_suffixes])
            full = prefix + self._group_id
        self._full_id = full
        root.used_ids.add(full)
        root.suffixes.add(full)
        if self.parent_group is not None:
            self.parent_group.children[full] = self

    @property
    def group_id(self) -> str | None:
        """Id with the prefixes of the groups around it; None for the root."""
        return self._full_id

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
        level: list[Any] = [iter(self.children.values())]
        while level:
            child = next(level[-1], None)
            if child is None:
                level.pop()
            elif isinstance(child, TaskGroup):
                level.append(iter(child.children.values()))
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


PLACING = ("group_id", "dag", "parent_group", "add_suffix_on_collision")
"""Arguments that say where a group stands; the record says that by structure."""
