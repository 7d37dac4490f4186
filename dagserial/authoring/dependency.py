"""Draw edges: `>>`, `<<`, set_upstream, set_downstream, labels, chain and its sisters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagserial.authoring.node import AbstractOperator


class DependencyMixin:
    """What can stand at an end of an edge: a task, a task group, an XCom, a label."""

    @property
    def roots(self) -> Sequence[Any]:
        """Tasks at which an edge into this ends."""
        raise NotImplementedError

    @property
    def leaves(self) -> Sequence[Any]:
        """Tasks from which an edge out of this starts."""
        raise NotImplementedError

    def set_upstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        """Draw edges from `other`, or from each of a list, to this."""
        for end in as_list(other):
            _join(end, self, edge_modifier)

    def set_downstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        """Draw edges from this to `other`, or to each of a list."""
        for end in as_list(other):
            _join(self, end, edge_modifier)

    def __rshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return other

    def __lshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return other

    def __rrshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return self

    def __rlshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return self


class UnknownEnd:
    """An end of an edge that stands for tasks which nobody can know: the edge is left out."""

    def leave_out_edge(self) -> None:
        """Take notice that an edge is left out."""


class EdgeModifier(DependencyMixin):
    """A label between two ends; the edges are drawn once both sides are known."""

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self._before: list[Any] = []
        self._after: list[Any] = []

    @property
    def roots(self) -> Sequence[Any]:
        return self._after

    @property
    def leaves(self) -> Sequence[Any]:
        return self._before

    def set_upstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        ends = as_list(other)
        self._before += ends
        for after in self._after:
            after.set_upstream(ends, edge_modifier=self)

    def set_downstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        ends = as_list(other)
        self._after += ends
        for before in self._before:
            before.set_downstream(ends, edge_modifier=self)


def Label(label: str) -> EdgeModifier:
    """Return a label for `a >> Label("yes") >> b`."""
    return EdgeModifier(label)


def as_list(ends: Any) -> list[Any]:
    """Return one end or many as a list; nested lists are not allowed in Airflow, and are flattened here."""
    if isinstance(ends, list | tuple | set | frozenset):
        return [end for item in ends for end in as_list(item)]
    return [ends]


def _join(before: Any, after: Any, label: EdgeModifier | None) -> None:
    """Draw the edges from each leaf of `before` to each root of `after`."""
    if isinstance(after, EdgeModifier):
        after.set_upstream(before)
        return
    if isinstance(before, EdgeModifier):
        before.set_downstream(after)
        return
    for end in (before, after):
        if isinstance(end, UnknownEnd):
            end.leave_out_edge()
            return
        if not isinstance(end, DependencyMixin):
            raise TypeError(f"an edge joins tasks, groups and XComs; this is a {type(end).__name__}: {end!r}")
    leaves, roots = before.leaves, after.roots
    if not roots:
        after.entering += leaves  # an empty group
    _share_dag([*leaves, *roots])
    for leaf in leaves:
        for root in roots:
            leaf.downstream_task_ids.add(root.task_id)
            root.upstream_task_ids.add(leaf.task_id)
            if label is not None and label.label is not None:
                leaf.dag.edge_info.setdefault(leaf.task_id, {})[root.task_id] = {"label": label.label}


def _share_dag(tasks: Iterable[AbstractOperator]) -> None:
    """Put tasks without a DAG into the DAG of the others."""
    tasks = list(tasks)
    dags = {id(task.dag): task.dag for task in tasks if task.dag is not None}
    if len(dags) > 1:
        names = ", ".join(sorted(dag.dag_id for dag in dags.values()))
        raise RuntimeError(f"an edge joins tasks of one DAG; these are of {names}")
    if not dags:
        if tasks:
            raise ValueError(f"set the DAG of one of these tasks first: {', '.join(task.task_id for task in tasks)}")
        return
    (dag,) = dags.values()
    for task in tasks:
        if task.dag is None:
            dag.add_task(task)


def chain(*tasks: Any) -> None:
    """Draw edges from each argument to the next; two lists of equal length are joined pair by pair.

    Airflow 2.x and 3.x, `chain`.

    Raises:
        ValueError: two neighbouring lists differ in length.
    """
    for before, after in itertools.pairwise(tasks):
        if any(isinstance(end, DependencyMixin | UnknownEnd) for end in (before, after)):
            _draw(before, after)
            continue
        if len(before) != len(after):
            raise ValueError(f"chain() joins lists of equal length; these have {len(before)} and {len(after)}")
        for one, other in zip(before, after, strict=True):
            _draw(one, other)


def _draw(before: Any, after: Any) -> None:
    if isinstance(before, DependencyMixin):
        before.set_downstream(after)
    else:
        after.set_upstream(before)


def chain_linear(*elements: Any) -> None:
    """Draw edges from every task of each argument to every task of the next.

    Raises:
        ValueError: there is nothing to join, or a label.
    """
    if any(isinstance(element, EdgeModifier) for element in elements):
        raise ValueError("chain_linear() takes no labels")
    if not elements:
        raise ValueError("chain_linear() needs tasks")
    if len(elements) == 1:
        raise ValueError("chain_linear() found no edge to draw between fewer than two arguments")
    for before, after in itertools.pairwise(elements):
        for end in as_list(before):
            _draw(end, after)


def cross_downstream(from_tasks: Any, to_tasks: Any) -> None:
    """Draw edges from every task of the first list to every task of the second."""
    for task in as_list(from_tasks):
        task.set_downstream(to_tasks)
