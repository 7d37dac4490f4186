"""Mapped tasks and groups (AIP-42). What holds was compared with Airflow 3.3.2."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from authoring_dags import Step, edges, model, shown, steps, task_of

from dagserial.authoring import DAG, TaskGroup, task, task_group
from dagserial.model import Mapping


@task
def load(x: Any = None, y: Any = None) -> Any: ...


def mapping(dag: DAG, task_id: str) -> Mapping:
    found = task_of(dag, task_id).mapping
    assert found is not None
    return found


def expand(dag: DAG, task_id: str) -> str:
    return shown(msgspec.to_builtins(mapping(dag, task_id).expand))


class TestOperator:
    def test_partial_and_expand_make_one_mapped_task(self) -> None:
        with DAG("d") as dag:
            mapped = Step.partial(task_id="a", env={"A": "1"}).expand(command=["x", "y"])
        assert dag.task_dict == {"a": mapped}
        assert (mapped.is_mapped, mapped.task_type) == (True, "Step")
        assert task_of(dag, "a").operator.endswith("authoring_dags.Step")
        assert shown(task_of(dag, "a").args) == shown({"env": {"A": "1"}})
        assert expand(dag, "a") == shown([["command", ["x", "y"]]])

    def test_partial_alone_makes_no_task(self) -> None:
        with DAG("d") as dag:
            Step.partial(task_id="a")
        assert dag.tasks == []

    def test_the_order_of_parameters_is_kept(self) -> None:
        with DAG("d") as dag:
            Step.partial(task_id="a").expand(z=[1], a=[2], m=[3])
        assert [name for name, _ in mapping(dag, "a").expand] == ["z", "a", "m"]

    def test_the_order_of_a_dict_is_kept(self) -> None:
        with DAG("d") as dag:
            Step.partial(task_id="a").expand(x={"z": 1, "a": 2})
        assert expand(dag, "a") == shown([["x", {"$": "dict", "items": [["z", 1], ["a", 2]]}]])

    def test_expand_kwargs_takes_a_list_of_dicts(self) -> None:
        with DAG("d") as dag:
            Step.partial(task_id="a").expand_kwargs([{"x": 1}, {"x": 2, "y": 3}])
        assert shown(mapping(dag, "a").expand_kwargs) == shown([{"x": 1}, {"x": 2, "y": 3}])
        assert mapping(dag, "a").expand == ()

    def test_default_args_are_part_of_partial(self) -> None:
        with DAG("d", default_args={"retries": 1, "owner": "me"}) as dag, TaskGroup("g", default_args={"retries": 2}):
            Step.partial(task_id="a", owner="you", default_args={"pool": "p"}).expand(x=[1])
        assert shown(task_of(dag, "g.a").args) == shown({"retries": 2, "owner": "you", "pool": "p"})

    def test_dag_and_task_group_are_arguments_of_partial(self) -> None:
        dag = DAG("d")
        group = TaskGroup("g", dag=dag)
        Step.partial(task_id="a", dag=dag, task_group=group).expand(x=[1])
        assert list(dag.task_dict) == ["g.a"]
        assert task_of(dag, "g.a").group == "g"

    def test_edges_run_to_and_from_a_mapped_task(self) -> None:
        with DAG("d") as dag:
            a, z = steps("a z")
            mapped = Step.partial(task_id="m", env=load()).expand(x=load())
            a >> mapped >> z
            Step(task_id="out", value=mapped.output)
        assert edges(dag) == ["a>m", "load>m", "load__1>m", "m>out", "m>z"]

    @pytest.mark.parametrize(
        ("kwargs", "expected"),
        [
            (lambda: load(), {"$": "xcom", "task": "load"}),
            (lambda: [load(), {"x": 1}], [{"$": "xcom", "task": "load"}, {"x": 1}]),
            (lambda: [{"x": load()}], [{"x": {"$": "xcom", "task": "load"}}]),
        ],
    )
    def test_expand_kwargs_takes_xcoms_and_follows_them(self, kwargs: Any, expected: Any) -> None:
        with DAG("d") as dag:
            Step.partial(task_id="m").expand_kwargs(kwargs())
        assert edges(dag) == ["load>m"]
        assert shown(mapping(dag, "m").expand_kwargs) == shown(expected)


class TestFunction:
    def test_expand_maps_over_lists_and_xcoms(self) -> None:
        with DAG("d") as dag:
            load.expand(x=[1, 2], y=load())
        assert expand(dag, "load__1") == shown([["x", [1, 2]], ["y", {"$": "xcom", "task": "load"}]])
        assert edges(dag) == ["load>load__1"]

    def test_partial_arguments_are_op_kwargs(self) -> None:
        with DAG("d") as dag:
            load.partial(y=load()).expand(x=[1])
        assert shown(task_of(dag, "load__1").args["op_kwargs"]) == shown({"y": {"$": "xcom", "task": "load"}})
        assert edges(dag) == ["load>load__1"]

    def test_partial_adds_up_and_leaves_the_function(self) -> None:
        with DAG("d") as dag:
            load.partial(x=1).partial(y=2).override(retries=1)()
            load()
        assert shown(task_of(dag, "load").args["op_kwargs"]) == shown({"x": 1, "y": 2})
        assert "op_kwargs" not in task_of(dag, "load__1").args

    def test_expand_kwargs_takes_an_xcom(self) -> None:
        with DAG("d") as dag:
            load.expand_kwargs(load(), strict=False)
        assert shown(mapping(dag, "load__1").expand_kwargs) == shown({"$": "xcom", "task": "load"})

    def test_a_mapped_result_maps_on(self) -> None:
        with DAG("d") as dag:
            load.expand(x=load.expand(x=[1]))
        assert edges(dag) == ["load>load__1"]

    def test_mapped_calls_get_the_next_free_id(self) -> None:
        with DAG("d") as dag, TaskGroup("g"):
            load.expand(x=[1])
            load.expand(x=[1])
            load()
        assert list(dag.task_dict) == ["g.load", "g.load__1", "g.load__2"]

    def test_a_kind_can_be_mapped(self) -> None:
        with DAG("d") as dag:
            task.bash(lambda x: x, task_id="a").expand(x=[1])
        assert task_of(dag, "a").operator == "@task.bash"

    def test_a_range_is_a_source(self) -> None:
        with DAG("d") as dag:
            load.expand(x=range(3))
        assert expand(dag, "load") == shown([["x", {"$": "range", "start": 0, "stop": 3, "step": 1}]])


@task_group
def grouped(x: Any, y: Any = None) -> None:
    steps("free")
    load(x)


MISUSES: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing to expand": (lambda: load.expand(), TypeError, "no arguments to expand against"),
    "nothing to expand, operator": (lambda: Step.partial(task_id="a").expand(), TypeError, "no arguments"),
    "nothing to expand, group": (lambda: grouped.expand(), TypeError, "no arguments"),
    "a parameter twice": (lambda: load.partial(x=1).expand(x=[1]), TypeError, "'x', which partial.. got already"),
    "a parameter twice, operator": (lambda: Step.partial(task_id="a", x=1).expand(x=[1]), TypeError, "got already"),
    "a parameter twice, group": (lambda: grouped.partial(x=1).expand(x=[1]), TypeError, "got already"),
    "partial twice": (lambda: load.partial(x=1).partial(x=2), TypeError, "got the keyword argument 'x', which partial"),
    "partial twice, group": (
        lambda: grouped.partial(x=1).partial(x=2),
        TypeError,
        "got the keyword argument 'x', which partial",
    ),
    "an unknown parameter": (lambda: load.expand(z=[1]), TypeError, "unexpected keyword argument 'z'"),
    "an unknown parameter of partial": (lambda: load.partial(z=1), TypeError, "unexpected keyword argument 'z'"),
    "an unknown parameter, group": (lambda: grouped.expand(x=[1], z=[1]), TypeError, "unexpected keyword argument"),
    "a missing argument, group": (lambda: grouped.expand(y=[1]), TypeError, "missing 1 required positional"),
    "a string": (lambda: load.expand(x="abc"), ValueError, "unexpected type 'str' for keyword argument 'x'"),
    "a number": (lambda: load.expand(x=3), ValueError, "unexpected type 'int'"),
    "None": (lambda: Step.partial(task_id="a").expand(x=None), ValueError, "unexpected type 'NoneType'"),
    "a set": (lambda: load.expand(x={1, 2}), ValueError, "unexpected type 'set'"),
    "a generator": (lambda: grouped.expand(x=(i for i in [1])), ValueError, "unexpected type 'generator'"),
    "kwargs from a string": (lambda: load.expand_kwargs("abc"), TypeError, "not str"),
    "kwargs from a dict": (lambda: Step.partial(task_id="a").expand_kwargs({"x": 1}), TypeError, "not dict"),
    "kwargs from numbers": (lambda: grouped.expand_kwargs([1]), TypeError, "item 0 of the list is a int"),
    "kwargs from a generator": (lambda: load.expand_kwargs(d for d in [{}]), TypeError, "not generator"),
    "an item of an argument": (
        lambda: task_group(lambda x: x["k"], group_id="g").expand(x=[{"k": 1}]),
        TypeError,
        "has no items before the run",
    ),
}


@pytest.mark.parametrize("case", MISUSES)
def test_what_cannot_be_mapped_is_refused(case: str) -> None:
    misuse, error, message = MISUSES[case]
    with DAG("d"), pytest.raises(error, match=message):
        misuse()


def test_a_function_of_any_keyword_takes_any() -> None:
    @task
    def anything(**kwargs: Any) -> None: ...

    with DAG("d") as dag:
        anything.partial(a=1).expand(b=[2])
    assert expand(dag, "anything") == shown([["b", [2]]])


class TestGroup:
    def test_a_mapped_group_follows_what_it_is_mapped_over(self) -> None:
        with DAG("d") as dag:
            grouped.expand(x=load())
        assert edges(dag) == ["load>grouped.free", "load>grouped.load"]

    def test_only_tasks_that_use_the_argument_or_start_the_group_follow(self) -> None:
        @task_group
        def late(x: Any) -> None:
            steps("a")[0] >> steps("b")[0] >> load(x)

        with DAG("d") as dag:
            late.expand(x=load())
        assert edges(dag) == ["late.a>late.b", "late.b>late.load", "load>late.a", "load>late.load"]

    def test_its_mapping_and_arguments_are_kept(self) -> None:
        with DAG("d") as dag:
            grouped.partial(y=load()).expand(x=[1, {"a": 2}])
        group = model(dag).groups["grouped"]
        assert shown(group.args) == shown({"y": {"$": "xcom", "task": "load"}})
        assert group.mapping is not None
        assert shown(msgspec.to_builtins(group.mapping.expand)) == shown([["x", [1, {"a": 2}]]])
        assert shown(task_of(dag, "grouped.load").args["op_args"]) == shown([{"$": "mapped_argument", "name": "x"}])
        assert edges(dag) == []

    def test_expand_kwargs_names_every_parameter_that_is_not_partial(self) -> None:
        @task_group
        def both(x: Any, y: Any = 2, z: Any = 3) -> None:
            load(x, y)
            load(z)

        with DAG("d") as dag:
            both.partial(z=9).expand_kwargs(load())
        assert shown(task_of(dag, "both.load").args["op_args"]) == shown(
            [{"$": "mapped_argument", "name": "x"}, {"$": "mapped_argument", "name": "y"}]
        )
        assert shown(task_of(dag, "both.load__1").args["op_args"]) == shown([9])
        assert edges(dag) == ["load>both.load", "load>both.load__1"]

    def test_its_result_is_used_behind_it(self) -> None:
        @task_group
        def returning(x: Any) -> Any:
            return load(x)

        with DAG("d") as dag:
            load(returning.expand(x=[1]))
        assert edges(dag) == ["returning.load>load"]

    def test_mapped_groups_get_the_next_free_id(self) -> None:
        with DAG("d") as dag:
            grouped.expand(x=[1]) >> grouped.override(tooltip="t").expand(x=[2])
        assert list(model(dag).groups) == ["grouped", "grouped__1"]
        assert "grouped.free>grouped__1.free" in edges(dag)
