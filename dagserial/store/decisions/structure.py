"""Say how the tasks of a DAG stand to each other: neighbours, mapped groups, setups and teardowns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as Mapping_
from functools import cached_property

from msgspec import UNSET

from dagserial.model import Dag, Group, Mapping, Task


class Structure:
    """A DAG, with what deciding over its runs asks of it again and again."""

    def __init__(self, dag: Dag) -> None:
        self.dag = dag
        self._scopes: dict[str, frozenset[str]] = {}
        self._setups: dict[str, frozenset[str]] = {}
        self._watched: dict[str, frozenset[str]] = {}
        self._groups: dict[str, tuple[str, ...]] = {}

    def task(self, task_id: str) -> Task:
        """Return a task."""
        return self.dag.tasks[task_id]

    @cached_property
    def downstream(self) -> dict[str, frozenset[str]]:
        """The tasks directly downstream of each task."""
        found: dict[str, set[str]] = {task_id: set() for task_id in self.dag.tasks}
        for task_id, task in self.dag.tasks.items():
            for upstream_id in task.upstream:
                found[upstream_id].add(task_id)
        return {task_id: frozenset(ids) for task_id, ids in found.items()}

    @cached_property
    def upstream(self) -> dict[str, tuple[str, ...]]:
        """The tasks directly upstream of each task."""
        return {task_id: task.upstream for task_id, task in self.dag.tasks.items()}

    @cached_property
    def has_setups(self) -> bool:
        """Whether a task of the DAG is a setup."""
        return any(task.setup for task in self.dag.tasks.values())

    @cached_property
    def mapped_over(self) -> frozenset[str]:
        """The tasks over whose XComs a task or a task group is mapped."""
        nodes: Iterable[Task | Group] = [*self.dag.tasks.values(), *self.dag.groups.values()]
        return frozenset(found for node in nodes if node.mapping is not None for found in references(node.mapping))

    def mapped_groups(self, task_id: str) -> tuple[str, ...]:
        """Return the mapped groups around a task, the closest first."""
        if task_id not in self._groups:
            inside = enclosing(self.dag, self.task(task_id).group)
            self._groups[task_id] = tuple(one for one in inside if self.dag.groups[one].mapping)
        return self._groups[task_id]

    def mapped_around(self, group_id: str) -> tuple[str, ...]:
        """Return the mapped groups around a group, the closest first."""
        return tuple(
            one for one in enclosing(self.dag, self.dag.groups[group_id].parent) if self.dag.groups[one].mapping
        )

    def group_mapping(self, group_id: str) -> Mapping:
        """Return what a mapped group is mapped over."""
        mapping = self.dag.groups[group_id].mapping
        assert mapping is not None
        return mapping

    def share_group(self, one: str, other: str) -> bool:
        """Tell whether a task lies in a mapped group in which another task, or another group, lies, too."""
        groups = self.mapped_around(other) if other in self.dag.groups else self.mapped_groups(other)
        return not set(self.mapped_groups(one)).isdisjoint(groups)

    def is_expanded(self, task_id: str) -> bool:
        """Tell whether a task has an instance for each map index: it is mapped, or a group around it is."""
        return self.task(task_id).mapping is not None or bool(self.mapped_groups(task_id))

    def is_mapped_inside(self, task_id: str, group_id: str) -> bool:
        """Tell whether a task is mapped further within a mapped group around it."""
        return self.task(task_id).mapping is not None or self.mapped_groups(task_id)[0] != group_id

    def expanded_over(self, task_id: str) -> frozenset[str]:
        """Return the tasks over whose XComs a task itself is mapped or, if it is not, the closest group around it."""
        if (mapping := self.task(task_id).mapping) is not None:
            return frozenset(references(mapping))
        return frozenset(
            found for group in self.mapped_groups(task_id)[:1] for found in references(self.group_mapping(group))
        )

    def all_expanded_over(self, task_id: str) -> frozenset[str]:
        """Return the tasks over whose XComs a task or any group around it is mapped."""
        mappings = [self.group_mapping(one) for one in self.mapped_groups(task_id)]
        if (own := self.task(task_id).mapping) is not None:
            mappings.append(own)
        return frozenset(found for mapping in mappings for found in references(mapping))

    def indirect_setups(self, task_id: str) -> frozenset[str]:
        """Return the setups that a task needs without being directly downstream of them; a teardown needs none.

        A setup before a task counts if it has no teardown, or one after the task.
        """
        if not self.has_setups:
            return frozenset()
        if task_id not in self._setups:
            task = self.task(task_id)
            before = frozenset() if task.teardown else self._before(task_id) - frozenset(task.upstream)
            setups = [one for one in before if self.task(one).setup]
            after = self._after(task_id) if setups else before
            self._setups[task_id] = frozenset(one for one in setups if self._holds(one, after))
        return self._setups[task_id]

    def teardown_scope(self, task_id: str) -> frozenset[str]:
        """Return the tasks between a teardown and its setups that are not directly upstream of it."""
        if not self.has_setups:
            return frozenset()
        if task_id not in self._scopes:
            upstream = self.task(task_id).upstream if self.task(task_id).teardown else ()
            setups = [one for one in upstream if self.task(one).setup]
            between: frozenset[str] = frozenset().union(*map(self._after, setups))
            self._scopes[task_id] = between & self._before(task_id) - frozenset(upstream)
        return self._scopes[task_id]

    def watched(self, task_id: str) -> frozenset[str]:
        """Return the tasks whose states decide over a task."""
        if task_id not in self._watched:
            self._watched[task_id] = frozenset(self.task(task_id).upstream).union(
                self.indirect_setups(task_id), self.teardown_scope(task_id), self.all_expanded_over(task_id)
            )
        return self._watched[task_id]

    def _holds(self, setup_id: str, after: frozenset[str]) -> bool:
        teardowns = {one for one in self.downstream[setup_id] if self.task(one).teardown}
        return not teardowns or not teardowns.isdisjoint(after)

    def _before(self, task_id: str) -> frozenset[str]:
        return _reached(task_id, self.upstream)

    def _after(self, task_id: str) -> frozenset[str]:
        return _reached(task_id, self.downstream)


def references(mapping: Mapping) -> Iterator[str]:
    """Yield the ids of the tasks over whose XComs a mapping is.

    XComs among the items of a literal list do not count: the list's length is known without them.

    >>> sorted(references(Mapping(expand=(("x", {"$": "xcom_zip", "args": [{"$": "xcom", "task": "a"}]}), ("y", [1])))))
    ['a']
    """
    waiting = [source for _, source in mapping.expand]
    if mapping.expand_kwargs is not UNSET:
        listed = mapping.expand_kwargs
        waiting += listed if isinstance(listed, list) else [listed]  # an item may be the XCom of one dict
    while waiting:
        one = waiting.pop()
        tag = one.get("$") if isinstance(one, dict) else None
        if tag == "xcom":
            yield one["task"]
        elif tag in ("xcom_map", "xcom_filter"):
            waiting.append(one["of"])
        elif tag in ("xcom_zip", "xcom_concat"):
            waiting += one["args"]


def enclosing(dag: Dag, group_id: str | None) -> Iterator[str]:
    """Yield a group and those around it, from the inside out."""
    while group_id is not None:
        yield group_id
        group_id = dag.groups[group_id].parent


def _reached(start: str, steps: Mapping_[str, Collection[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(steps[start])
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += steps[one]
    return frozenset(found)
