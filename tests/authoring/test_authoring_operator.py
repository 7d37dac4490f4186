"""Operators: what a task declares, default_args, positional arguments, assignments."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from authoring_dags import Step, edges, shown, steps, task_of

from dagserial.authoring import DAG, BaseOperator, BaseSensorOperator, TaskGroup, task
from dagserial.authoring.group import DuplicateTaskIdFound


class Query(Step):
    """An operator with a signature of its own."""

    def __init__(self, sql: str, table: str = "t", *, retries: int = 9, **kwargs: Any) -> None:
        super().__init__(retries=retries, **kwargs)
        self.sql = sql
        self.target = f"{table}!"


class Deeper(Query):
    """An operator that decides for its parent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(sql="fixed", **kwargs)


def args(dag: DAG, task_id: str = "a") -> str:
    return shown(task_of(dag, task_id).args)


def test_a_task_declares_what_its_caller_passed() -> None:
    with DAG("d") as dag:
        Query(task_id="a", sql="select")
    assert args(dag) == shown({"sql": "select"})
    assert task_of(dag, "a").operator.endswith("test_authoring_operator.Query")


def test_arguments_that_say_where_a_task_stands_are_not_arguments_of_the_record() -> None:
    dag = DAG("d")
    group = TaskGroup("g", dag=dag)
    Step(task_id="a", dag=dag, task_group=group, default_args={"retries": 1})
    assert args(dag, "g.a") == shown({"retries": 1})


def test_any_argument_is_an_attribute() -> None:
    with DAG("d"):
        (a,) = steps("a", anything=[1], owner="me")
    assert (a.anything, a.owner, a.queue, a.task_type) == ([1], "me", "default", "Step")


@pytest.mark.parametrize(
    ("dag_defaults", "outer", "inner", "own", "explicit", "expected"),
    [
        ({"retries": 1}, {}, {}, {}, {}, 1),
        ({"retries": 1}, {"retries": 2}, {}, {}, {}, 2),
        ({"retries": 1}, {"retries": 2}, {"retries": 3}, {}, {}, 3),
        ({"retries": 1}, {"retries": 2}, {"retries": 3}, {"retries": 4}, {}, 4),
        ({"retries": 1}, {"retries": 2}, {"retries": 3}, {"retries": 4}, {"retries": 5}, 5),
        ({"retries": 1}, {}, {}, {}, {"retries": None}, None),
    ],
)
def test_the_nearest_default_wins(
    dag_defaults: Any, outer: Any, inner: Any, own: Any, explicit: Any, expected: Any
) -> None:
    with (
        DAG("d", default_args=dag_defaults) as dag,
        TaskGroup("g", default_args=outer),
        TaskGroup("h", default_args=inner),
    ):
        (a,) = steps("a", default_args=own, **explicit)
    assert args(dag, "g.h.a") == shown({"retries": expected})
    assert a.retries == expected


def test_defaults_of_all_levels_are_united() -> None:
    with DAG("d", default_args={"owner": "me"}) as dag, TaskGroup("g", default_args={"pool": "p"}):
        steps("a", queue="q")
        task(lambda: 1, task_id="b", retries=2)()
    assert args(dag, "g.a") == shown({"owner": "me", "pool": "p", "queue": "q"})
    assert sorted(task_of(dag, "g.b").args) == ["owner", "pool", "python_callable", "retries"]


def test_defaults_reach_the_signature_of_an_operators_own_constructor() -> None:
    with DAG("d", default_args={"table": "from_default", "sql": "from_default", "retries": 3}) as dag:
        a = Query(task_id="a")
        b = Query(task_id="b", table="own")
    assert (a.target, a.sql, a.retries) == ("from_default!", "from_default", 3)
    assert b.target == "own!"
    assert args(dag, "b") == shown({"table": "own", "sql": "from_default", "retries": 3})


def test_defaults_reach_constructors_further_up() -> None:
    with DAG("d", default_args={"table": "from_default"}):
        deeper = Deeper(task_id="a")
    assert (deeper.target, deeper.sql) == ("from_default!", "fixed")


def test_defaults_are_read_when_the_task_is_made() -> None:
    defaults = {"retries": 1, "params": {"x": 1}}
    with DAG("d", default_args=defaults) as dag:
        steps("a")
        defaults["retries"] = 2
        defaults["params"]["x"] = 2  # type: ignore[index]
        dag.default_args["retries"] = 3
        steps("b")
    assert task_of(dag, "a").args["retries"] == 1
    assert task_of(dag, "b").args["retries"] == 3


def test_an_assignment_to_a_finished_task_is_declared() -> None:
    with DAG("d") as dag:
        (a,) = steps("a", retries=1)
        a.doc_md = "docs"
        a.retries = 2
        a._private = 3
    assert args(dag) == shown({"doc_md": "docs", "retries": 2})


def test_an_assignment_within_the_constructor_is_not_declared() -> None:
    with DAG("d") as dag:
        Query(task_id="a", sql="x")
    assert "target" not in task_of(dag, "a").args


def test_an_xcom_that_is_assigned_draws_an_edge() -> None:
    with DAG("d") as dag:
        a, b = steps("a b")
        b.env = {"A": [a.output]}
    assert edges(dag) == ["a>b"]


def test_an_xcom_that_the_constructor_keeps_draws_an_edge() -> None:
    class Keeping(Step):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.kept = {"k": [before.output]}

    with DAG("d") as dag:
        (before,) = steps("a")
        Keeping(task_id="b")
    assert edges(dag) == ["a>b"]


def test_positional_arguments_are_named_by_the_signature() -> None:
    with DAG("d") as dag:
        Query("select", "tt", task_id="a")
        Step("b")
    assert args(dag) == shown({"sql": "select", "table": "tt"})
    assert list(dag.task_dict) == ["a", "b"]


def test_too_many_positional_arguments_are_refused() -> None:
    with DAG("d"), pytest.raises(TypeError, match="Query: use keyword arguments when initializing operators"):
        Query("select", "t", "too many", task_id="a")


@pytest.mark.parametrize(
    ("given", "message"),
    [({}, "Step: missing keyword argument 'task_id'"), ({"task_id": 3}, "task_id must be a string, not int: 3")],
)
def test_a_task_has_a_task_id_of_text(given: Any, message: str) -> None:
    with DAG("d"), pytest.raises(TypeError, match=message):
        Step(**given)


def test_a_task_joins_a_dag_by_assignment() -> None:
    dag = DAG("d")
    a = Step(task_id="a")
    a.dag = dag
    a.dag = dag
    assert dag.tasks == [a]
    assert (a.dag_id, Step(task_id="b").dag_id) == ("d", "")


def test_the_dag_argument_wins_over_the_open_block() -> None:
    other = DAG("other")
    with DAG("d") as dag, TaskGroup("g"):
        Step(task_id="a", dag=other)
    assert (list(other.task_dict), dag.tasks) == (["a"], [])


def test_nested_blocks_of_dags_hold_their_own_tasks() -> None:
    with DAG("outer") as outer, TaskGroup("g"):
        steps("a")
        with DAG("inner") as inner:
            steps("b")
        steps("c")
    assert list(outer.task_dict) == ["g.a", "g.c"]
    assert list(inner.task_dict) == ["b"]


def test_neighbours_are_listed_by_id() -> None:
    with DAG("d"):
        a, b, c = steps("a b c")
        c >> a
        b >> a
    assert a.upstream_list == [b, c]
    assert a.get_direct_relatives(upstream=True) == [b, c]
    assert c.downstream_list == [a]
    assert c.get_direct_relatives() == [a]
    assert Step(task_id="x").upstream_list == []


def test_a_sensor_is_an_operator_with_a_logger() -> None:
    with DAG("d"):
        sensor = BaseSensorOperator(task_id="a")
    assert isinstance(sensor, BaseOperator)
    assert isinstance(sensor.log, logging.Logger)
    assert sensor.node_id == "a"


def test_a_second_task_of_an_id_is_refused() -> None:
    with DAG("d"):
        steps("a")
        with pytest.raises(DuplicateTaskIdFound, match="task_id 'a' has already been added"):
            steps("a")
