"""TaskFlow: `@task` and its kinds, and the edges that XComs draw. What holds was compared with Airflow 3.3.2."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from authoring_dags import Step, edges, model, shown, steps, task_of

from dagserial.authoring import DAG, TaskGroup, XComArg, setup, task, teardown
from dagserial.authoring.group import DuplicateTaskIdFound


@task
def load(*args: Any, **kwargs: Any) -> Any: ...


def test_a_decorated_function_is_a_task_when_it_is_called() -> None:
    with DAG("d") as dag:
        assert dag.tasks == []
        load()
    assert task_of(dag, "load").operator == "@task"
    assert task_of(dag, "load").args["python_callable"]["name"].endswith("test_authoring_taskflow.load")


def test_the_decorator_takes_arguments_of_the_task() -> None:
    @task(task_id="named", retries=3)
    def anything() -> None: ...

    @task()
    def plain() -> None: ...

    with DAG("d") as dag:
        anything()
        plain()
    assert list(model(dag).tasks) == ["named", "plain"]
    assert task_of(dag, "named").args["retries"] == 3


@pytest.mark.parametrize(
    "kind",
    ["bash", "branch", "short_circuit", "sensor", "virtualenv", "docker", "kubernetes", "llm", "branch.external"],
)
def test_every_kind_of_task_is_known_by_its_decorator(kind: str) -> None:
    decorator = functools.reduce(getattr, kind.split("."), task)
    with DAG("d") as dag:
        decorator(lambda: None, task_id="a")()
    assert task_of(dag, "a").operator == f"@task.{kind}"


def test_task_python_is_task() -> None:
    with DAG("d") as dag:
        task.python(lambda: None, task_id="a")()
    assert task_of(dag, "a").operator == "@task"


def test_a_decorator_of_a_private_name_does_not_exist() -> None:
    with pytest.raises(AttributeError):
        task._kind_of_mine  # noqa: B018


def test_decorating_twice_is_overriding() -> None:
    with DAG("d") as dag:
        task(load, task_id="again")()
    assert list(dag.task_dict) == ["again"]


def test_conditions_are_arguments_of_the_task() -> None:
    with DAG("d") as dag:
        task.skip_if(lambda context: True, "why")(load)()
    assert sorted(task_of(dag, "load").args) == ["python_callable", "skip_if", "skip_message"]


def test_override_makes_another_function_and_leaves_the_first() -> None:
    with DAG("d") as dag:
        load.override(task_id="other", retries=1)()
        load()
    assert list(dag.task_dict) == ["other", "load"]
    assert "retries" not in task_of(dag, "load").args


def test_a_decorated_function_keeps_its_name_and_docstring() -> None:
    @task
    def named() -> None:
        """Say it."""

    assert (named.__name__, named.__doc__) == ("named", "Say it.")
    assert named.function is named.__wrapped__


def test_arguments_of_the_call_are_op_args_and_op_kwargs() -> None:
    with DAG("d") as dag:
        load(1, "x", key={"a": [2]})
        load.override(task_id="bare")()
    assert shown(task_of(dag, "load").args["op_args"]) == shown([1, "x"])
    assert shown(task_of(dag, "load").args["op_kwargs"]) == shown({"key": {"a": [2]}})
    assert list(task_of(dag, "bare").args) == ["python_callable"]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: load(x),
        lambda x: load(value=x),
        lambda x: load([x]),
        lambda x: load((1, [x])),
        lambda x: load({"k": {"l": [x]}}),
        lambda x: load({x}),
        lambda x: load(x["key"]),
        lambda x: load(x.map(str)),
        lambda x: load(DAG("other").param("p"), x),
        lambda x: Step(task_id="load", command=x),
        lambda x: Step(task_id="load", env={"A": [x]}),
        lambda x: Step(task_id="load", command=x.operator.output),
        lambda x: Step(task_id="load", command=XComArg(x.operator, "key")),
        lambda x: Step(task_id="load", default_args={"command": x}),
    ],
)
def test_an_xcom_in_an_argument_draws_an_edge(call: Any) -> None:
    with DAG("d") as dag:
        call(load.override(task_id="before")())
    assert edges(dag) == ["before>load"]


def test_an_xcom_in_text_is_a_template_and_draws_no_edge() -> None:
    with DAG("d") as dag:
        first = load()
        Step(task_id="a", command=f"echo {first} {first['key']}")
    assert edges(dag) == []
    pull = "task_instance.xcom_pull(task_ids='load', dag_id='d', key="
    assert task_of(dag, "a").args["command"] == f"echo {{{{ {pull}'return_value') }}}} {{{{ {pull}'key') }}}}"


def test_an_xcom_is_written_by_its_task_and_key() -> None:
    with DAG("d") as dag:
        first = load()
        load(first, first["key"])
    assert shown(task_of(dag, "load__1").args["op_args"]) == shown(
        [{"$": "xcom", "task": "load"}, {"$": "xcom", "task": "load", "key": "key"}]
    )


def test_calls_of_one_function_get_the_next_free_id() -> None:
    with DAG("d") as dag:
        for _ in range(3):
            load()
        steps("load__7")
        load()
    assert list(dag.task_dict) == ["load", "load__1", "load__2", "load__7", "load__8"]


def test_a_function_named_like_a_suffixed_one_counts_on() -> None:
    with DAG("d") as dag:
        load()
        load()
        task(lambda: None, task_id="load__1")()
    assert list(dag.task_dict) == ["load", "load__1", "load__2"]


def test_ids_are_counted_in_each_group_for_itself() -> None:
    with DAG("d") as dag:
        load()
        with TaskGroup("g"):
            load()
            load()
        load()
    assert list(dag.task_dict) == ["load", "g.load", "g.load__1", "load__1"]


def test_a_task_without_a_dag_joins_the_dag_of_its_neighbour() -> None:
    dag = DAG("d")
    load() >> Step(task_id="a", dag=dag)
    assert edges(dag) == ["load>a"]


def test_an_operator_does_not_get_a_suffix() -> None:
    with DAG("d"):
        load()
        with pytest.raises(DuplicateTaskIdFound, match="'load'"):
            steps("load")


@pytest.mark.parametrize("misuse", [lambda x: list(x), lambda x: [*x], lambda x: x.map(str).__iter__()])
def test_an_xcom_cannot_be_iterated(misuse: Any) -> None:
    with DAG("d"):
        first = load()
        with pytest.raises(TypeError, match="not iterable: its length is known only when the task runs"):
            misuse(first)


def test_an_xcom_has_keys_of_text_alone() -> None:
    with DAG("d"):
        first = load()
        with pytest.raises(ValueError, match="an XCom's key is a string, not int: 0"):
            first[0]


def test_an_xcom_has_few_attributes() -> None:
    with DAG("d") as dag:
        first = load()
        assert (first.task_id, first.dag) == ("load", dag)
        with pytest.raises(AttributeError, match="'result'; the value is known only when the task runs"):
            first.result  # noqa: B018


def test_xcoms_of_the_same_task_and_key_are_equal() -> None:
    with DAG("d"):
        first, second = load(), load()
    assert first == first.operator.output
    assert first != first["key"]
    assert first != second
    assert len({first, first.operator.output, second}) == 2


class TestOfADag:
    def test_its_tasks_belong_to_it_whichever_block_is_open(self) -> None:
        dag = DAG("d")

        @dag.task
        def bare() -> None: ...

        @dag.task(task_id="named")
        def with_arguments() -> None: ...

        with DAG("open") as other:
            bare() >> with_arguments()
        assert edges(dag) == ["bare>named"]
        assert other.tasks == []


class TestSetupAndTeardown:
    def test_a_bare_function_is_a_task_too(self) -> None:
        @setup
        def start() -> None: ...

        @teardown
        def stop() -> None: ...

        with DAG("d") as dag:
            start() >> stop()
        assert [(t.setup, t.teardown) for t in model(dag).tasks.values()] == [(True, False), (False, True)]

    def test_they_decorate_tasks_and_keep_their_kind(self) -> None:
        @setup
        @task.bash(task_id="begin")
        def start() -> str:
            return "x"

        @teardown(on_failure_fail_dagrun=True)
        @task(retries=2)
        def stop() -> None: ...

        with DAG("d") as dag:
            start() >> stop()
        begin, end = task_of(dag, "begin"), task_of(dag, "stop")
        assert (begin.setup, begin.operator) == (True, "@task.bash")
        assert (end.teardown, end.on_failure_fail_dagrun, end.args["retries"]) == (True, True, 2)

    def test_override_keeps_the_mark(self) -> None:
        @teardown(on_failure_fail_dagrun=True)
        def stop() -> None: ...

        with DAG("d") as dag:
            stop.override(task_id="other")()
        assert task_of(dag, "other").teardown
        assert task_of(dag, "other").on_failure_fail_dagrun

    def test_mapped_tasks_can_be_marked(self) -> None:
        @setup
        def start(x: int) -> None: ...

        with DAG("d") as dag:
            start.expand(x=[1, 2])
        assert task_of(dag, "start").setup

    def test_the_mark_can_be_set_on_the_xcom(self) -> None:
        with DAG("d") as dag:
            stop = load()
            stop.is_teardown = True
            stop.on_failure_fail_dagrun = True
            start = load()
            start.is_setup = True
        assert (stop.is_teardown, stop.on_failure_fail_dagrun, start.is_setup) == (True, True, True)
        assert (task_of(dag, "load").teardown, task_of(dag, "load").on_failure_fail_dagrun) == (True, True)
        assert task_of(dag, "load__1").setup

    def test_a_task_group_is_neither(self) -> None:
        from dagserial.authoring import task_group

        @task_group
        def group() -> None: ...

        for decorator in (setup, teardown):
            with pytest.raises(TypeError, match="a task group is neither a setup nor a teardown"):
                decorator(group)
