"""Hold both versions of a DAG, for what can only be known from the whole of them."""

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import UNSET

from dagserial.diff.change import Change
from dagserial.model import Dag, Mapping, Task, Value
from dagserial.record import Record

_QUOTED = re.compile(r"""["']([^"']+)["']""")


class DagPair:
    """A DAG as it was and as it is; a record is read when something is asked of it."""

    def __init__(self, old: Dag | Record | None, new: Dag | Record | None) -> None:
        """Prepare.

        Args:
            old: None if the DAG is new.
            new: None if the DAG is gone.
        """
        self._old, self._new = old, new

    @cached_property
    def old(self) -> Dag | None:
        """The DAG as it was."""
        return self._old.dag() if isinstance(self._old, Record) else self._old

    @cached_property
    def new(self) -> Dag | None:
        """The DAG as it is."""
        return self._new.dag() if isinstance(self._new, Record) else self._new

    def old_task(self, change: Change) -> Task | None:
        """Return the task that a change is within, as it was."""
        target = change.object if change.previous is UNSET else change.previous
        return self.old.tasks.get(target.id) if self.old else None

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
