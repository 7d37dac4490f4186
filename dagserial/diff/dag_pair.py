"""Hold both versions of a DAG, for what can only be known from the whole of them."""

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import UNSET

from dagserial.diff.change import Change
from dagserial.diff.dag_parts import DagParts, dag_parts
from dagserial.model import Dag, Mapping, Task, Value
from dagserial.record import Record

_QUOTED = re.compile(r"""["']([^"']+)["']""")


class DagPair:
    """A DAG as it was and as it is; of a record no more is read than is asked for."""

    def __init__(self, old: Dag | Record | None, new: Dag | Record | None) -> None:
        """Prepare.

        Args:
            old: None if the DAG is new.
            new: None if the DAG is gone.
        """
        self._old, self._new = old, new

    @cached_property
    def old(self) -> DagParts | None:
        """The DAG as it was."""
        return dag_parts(self._old) if self._old else None

    @cached_property
    def new(self) -> DagParts | None:
        """The DAG as it is."""
        return dag_parts(self._new) if self._new else None

    def old_task(self, change: Change) -> Task | None:
        """Return the task that a change is within, as it was."""
        return self.old.tasks.get(change.was.id) if self.old else None

    def new_task(self, change: Change) -> Task | None:
        """Return the task that a change is within, as it is."""
        return self.new.tasks.get(change.object.id) if self.new else None

    @cached_property
    def consumed(self) -> frozenset[str]:
        """Ids of the tasks whose XComs the new DAG's tasks, and its mapped groups, read."""
        if self.new is None:
            return frozenset()
        said = [value for task in self.new.tasks.values() for value in task_values(task)]
        said += [value for group in self.new.groups.values() for value in mapping_values(group.mapping)]
        return frozenset(read_tasks(said))

    @cached_property
    def with_new_ids(self) -> frozenset[str]:
        """Ids of the groups in which, at any depth, lies a task whose id the old DAG did not have."""
        found: set[str] = set()
        if self.new is None:
            return frozenset()
        old_ids = self.old.tasks if self.old else {}
        for task_id in self.new.tasks.keys() - old_ids.keys():
            group_id = self.new.tasks[task_id].group
            while group_id is not None and group_id not in found:
                found.add(group_id)
                group_id = self.new.groups[group_id].parent
        return frozenset(found)


def task_values(task: Task) -> list[Value]:
    """Return what a task is given: the values of its arguments, and what it is mapped over."""
    return [*task.args.values(), *mapping_values(task.mapping)]


def mapping_values(mapping: Mapping | None) -> list[Value]:
    """Return what a task or a group is mapped over."""
    if mapping is None:
        return []
    kwargs = [] if mapping.expand_kwargs is UNSET else [mapping.expand_kwargs]
    return [*(source for _, source in mapping.expand), *kwargs]


def read_tasks(value: Value) -> Iterator[str]:
    """Yield the ids of tasks whose XComs a value reads: as an argument, or by `xcom_pull` in a template.

    In a text that pulls XComs, every quoted word is taken for an id: one too many is better than one too few.

    >>> sorted(read_tasks([{"$": "xcom", "task": "a"}, "{{ ti.xcom_pull(task_ids='b') }}", "'c'"]))
    ['a', 'b']
    """
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            if one.get("$") == "xcom" and isinstance(task_id := one.get("task"), str):
                yield task_id
            rest += one.values()
        elif isinstance(one, list):
            rest += one
        elif isinstance(one, str) and "xcom_pull" in one:
            yield from _QUOTED.findall(one)
