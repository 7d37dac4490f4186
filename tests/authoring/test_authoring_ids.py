"""Ids are checked when they are given, and nothing is too long to declare."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from authoring_dags import Step, model, steps

from dagserial.authoring import DAG, TaskGroup, chain, task
from dagserial.authoring.key import DuplicateTaskIdFound
from dagserial.errors import InvalidDagError
from dagserial.formats import v2
from dagserial.sources import live

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a task twice": (lambda: steps("a a"), DuplicateTaskIdFound, "task_id 'a' .* DAG 'd', as a task$"),
    "a group twice": (
        lambda: [TaskGroup("g"), TaskGroup("g")],
        DuplicateTaskIdFound,
        "group_id 'g' .*, as a task group$",
    ),
    "a task like a group": (
        lambda: [TaskGroup("g"), *steps("g")],
        DuplicateTaskIdFound,
        "task_id 'g' .* a task group$",
    ),
    "a group like a task": (lambda: [steps("g"), TaskGroup("g")], DuplicateTaskIdFound, "group_id 'g' .*, as a task$"),
    "a space in a task_id": (lambda: steps("a").append(Step(task_id="a b")), ValueError, "task_id 'a b' may hold"),
    "an empty task_id": (lambda: Step(task_id=""), ValueError, "task_id '' may hold"),
    "a long task_id": (lambda: Step(task_id="a" * 251), ValueError, "task_id 'a+' has 251 characters; 250 are allowed"),
    "a task_id that its group makes long": (
        lambda: Step(task_id="a" * 100, task_group=TaskGroup("g" * 150)),
        ValueError,
        "has 251 characters",
    ),
    "a number as task_id": (lambda: Step(task_id=1), TypeError, "task_id must be a string, not int"),
    "a dot in a group_id": (lambda: TaskGroup("a.b"), ValueError, "group_id 'a.b' may hold"),
    "a long group_id": (lambda: TaskGroup("g" * 201), ValueError, "has 201 characters; 200 are allowed"),
    "a space in a dag_id": (lambda: DAG("a b"), ValueError, "dag_id 'a b' may hold"),
    "a long dag_id": (lambda: DAG("d" * 251), ValueError, "dag_id .* has 251 characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_id_is_refused_when_it_is_given(case: str) -> None:
    make, error, message = REFUSED[case]
    with DAG("d"), pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("group_id", ["a.b", "copy of 3.5"])
def test_a_group_whose_id_is_no_prefix_may_have_any(group_id: str) -> None:
    with DAG("d") as dag, TaskGroup(group_id, prefix_group_id=False):
        steps("a")
    assert model(dag).tasks["a"].group == group_id


@pytest.mark.parametrize("key", ["a.b-c_d", "übung", "a" * 250, "{{ var.value.region }}_load", "${os.environ['X']}_a"])
def test_an_id_that_airflow_takes_or_nobody_knows_is_taken(key: str) -> None:
    with DAG(key) as dag:
        Step(task_id=key)
    assert list(model(dag).tasks) == [key]


def test_a_circle_is_named() -> None:
    with DAG("d") as dag:
        a, b = steps("a b")
        a >> b >> a
    with pytest.raises(InvalidDagError, match=r"circle: (a -> b -> a|b -> a -> b)"):
        model(dag)


def _chained(ends: list[Step]) -> None:
    chain(*ends)


def _shifted(ends: list[Step]) -> None:
    for before, after in itertools.pairwise(ends):
        before >> after


@pytest.mark.parametrize("draw", [_chained, _shifted])
def test_a_chain_of_50_000_tasks_is_declared_written_and_read(draw: Callable[[list[Step]], None]) -> None:
    start = time.process_time()
    with DAG("d") as dag:
        draw([Step(task_id=f"t{number}") for number in range(50_000)])
    written = v2.encode(live.read(dag)[0])
    found = v2.decode(written)
    assert (len(found.tasks), found.tasks["t49999"].upstream) == (50_000, ("t49998",))
    assert v2.encode(found) == written
    assert time.process_time() - start < 30


def test_10_000_calls_of_one_function_get_ids_in_no_time() -> None:
    @task
    def load() -> None: ...

    start = time.process_time()
    with DAG("d") as dag:
        for _ in range(10_000):
            load()
    assert dag.task_ids[-1] == "load__9999"
    assert time.process_time() - start < 15


@pytest.mark.parametrize("prefix", [True, False])
def test_groups_nest_1_000_deep(prefix: bool) -> None:
    with DAG("d") as dag:
        group = None
        for number in range(1_000):
            group = TaskGroup(f"g{number}", prefix_group_id=prefix, parent_group=group)
        last = Step(task_id="a", task_group=group) if not prefix else None
        before = Step(task_id="first")
        before >> dag.task_group.children["g0"]
    found = v2.decode(v2.encode(model(dag)))
    assert len(found.groups) == 1_000
    if last is not None:
        assert (found.tasks["a"].group, found.tasks["a"].upstream) == ("g999", ("first",))


def test_an_argument_nested_deeply_is_searched_for_xcoms() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    with DAG("d") as dag:
        Step(task_id="a", value=deep)
    assert dag.task_ids == ["a"]
