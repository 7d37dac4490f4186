"""What a DAG must be to hold together; each error names what contradicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagserial.errors import InvalidDagError
from dagserial.model import Dag, DagFields, Group, Task


def dag(tasks: dict[str, Task] | None = None, groups: dict[str, Group] | None = None) -> Dag:
    return Dag(fields=DagFields(dag_id="d"), tasks=tasks or {}, groups=groups or {})


def after(*upstream: str, **fields: object) -> Task:
    return Task(operator="x.Y", upstream=upstream, **fields)  # type: ignore[arg-type]


CONTRADICTIONS: dict[str, tuple[Callable[[], Dag], str]] = {
    "an unknown neighbour": (lambda: dag({"a": after("b")}), "task 'a' of DAG 'd' follows 'b', which it lacks"),
    "a circle": (lambda: dag({"a": after("b"), "b": after("a")}), "run in a circle: (a -> b -> a|b -> a -> b)"),
    "a task after itself": (lambda: dag({"a": after("a")}), "run in a circle: a -> a"),
    "upstream unsorted": (lambda: dag({"a": after(), "b": after(), "c": after("b", "a")}), "'c' .* not sorted"),
    "upstream twice": (lambda: dag({"a": after(), "c": after("a", "a")}), "'c' .* not sorted and unique"),
    "an unknown group": (lambda: dag({"a": after(group="g")}), "task 'a' of DAG 'd' is in group 'g', which it lacks"),
    "an unknown parent": (lambda: dag(groups={"g": Group(parent="h")}), "group 'g' of 'd' is in group 'h'"),
    "groups in each other": (
        lambda: dag(groups={"g": Group(parent="h"), "h": Group(parent="g")}),
        "lie in each other: (g -> h -> g|h -> g -> h)",
    ),
    "one id twice": (lambda: dag({"a": after()}, {"a": Group()}), "'a' is the id of a task and of a group of DAG 'd'"),
    "a label of no edge": (
        lambda: dag({"a": after(), "b": after(labels={"a": "yes"})}),
        "task 'b' of DAG 'd' has a label from 'a', which it does not follow",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_contradiction_is_refused_by_name(case: str) -> None:
    make, message = CONTRADICTIONS[case]
    with pytest.raises(InvalidDagError, match=message):
        make()


def test_a_whole_dag_is_accepted() -> None:
    made = dag(
        {"a": after(), "g.b": after("a", group="g", labels={"a": "yes"})}, {"g": Group(), "g.h": Group(parent="g")}
    )
    assert made.dag_id == "d"


def test_tasks_may_be_declared_in_any_order() -> None:
    tasks = {"c": after("a", "b"), "b": after("a"), "a": after()}
    assert dag(tasks).tasks == dag(dict(reversed(tasks.items()))).tasks == tasks


def test_groups_nest_as_deep_as_they_like() -> None:
    groups = {f"g{at}": Group(parent=f"g{at - 1}" if at else None) for at in range(10_000)}
    assert len(dag(groups=groups).groups) == 10_000
