"""Misuse of mapping: refused at declaration time, naming the task and the parameter (AIP-42)."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from typing import Any

import pytest
from authoring_dags import Step, shown, task_of

from dagserial.authoring import DAG, BaseOperator, task, task_group
from dagserial.sources import live


class Load(BaseOperator):
    """An operator with a signature of its own."""

    def __init__(self, *, table: str, mode: str = "append", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.mode = mode


class LoadAll(Load):
    """An operator whose constructor hands most arguments on."""

    def __init__(self, *, schema: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema


class Color(enum.StrEnum):
    RED = "red"


@task
def add(x: Any, y: Any = None) -> Any: ...


@task_group
def grouped(x: Any, y: Any = None) -> None:
    add(x)


partial = Load.partial

MISUSES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    # positional arguments
    "a source by position": (lambda: partial(task_id="a").expand([1]), TypeError, r"Load.*'a' takes keyword.*1 by pos"),
    "a source by position, function": (lambda: add.expand([1]), TypeError, r"expand\(\) of task 'add' takes keyword"),
    "a source by position, group": (
        lambda: grouped.expand([1]),
        TypeError,
        r"expand\(\) of task group 'grouped' takes",
    ),
    "partial by position": (
        lambda: Load.partial("a", task_id="b"),
        TypeError,
        r"Load.partial\(\) takes keyword.*\(str\)",
    ),
    "partial by position, function": (lambda: add.partial(1), TypeError, r"partial\(\) of task 'add' takes keyword"),
    "partial by position, group": (lambda: grouped.partial(1), TypeError, r"partial\(\) of task group 'grouped' takes"),
    # unknown parameters
    "unknown in partial": (
        lambda: partial(task_id="a", tabel=1),
        TypeError,
        r"Load.partial\(\) of task 'a'.*unexpected keyword argument 'tabel'",
    ),
    "unknown in expand": (
        lambda: partial(task_id="a").expand(tabel=[1]),
        TypeError,
        r"Load.expand\(\) of task 'a'.*unexpected keyword argument 'tabel'",
    ),
    "two unknown": (lambda: LoadAll.partial(task_id="a", q=1, p=1), TypeError, "unexpected keyword arguments 'p', 'q'"),
    "unknown in expand, function": (lambda: add.expand(z=[1]), TypeError, r"expand\(\) of task 'add'.*'z'"),
    "unknown in a call": (lambda: add(1, z=2), TypeError, r"of task 'add'.*unexpected keyword argument 'z'"),
    "unknown in partial, group": (lambda: grouped.partial(z=1), TypeError, r"group 'grouped'.*unexpected.*'z'"),
    "too many in a call": (lambda: add(1, 2, 3), TypeError, "of task 'add'.*too many positional"),
    # parameters given twice
    "partial and expanded": (
        lambda: partial(task_id="a", table=1).expand(table=[1]),
        TypeError,
        r"task 'a'.*'table', which partial",
    ),
    "partial twice": (
        lambda: add.partial(x=1).partial(x=2),
        TypeError,
        r"partial\(\) of task 'add'.*'x', which partial",
    ),
    "a positional argument again by name": (lambda: add(1, x=2), TypeError, "of task 'add'.*multiple values.*'x'"),
    # nothing
    "nothing": (lambda: partial(task_id="a").expand(), TypeError, "task 'a' got no arguments to expand against"),
    "nothing, function": (lambda: add.expand(), TypeError, "task 'add' got no arguments to expand against"),
    "nothing, group": (lambda: grouped.expand(), TypeError, "group 'grouped' got no arguments to expand against"),
    # one value
    "a string": (lambda: partial(task_id="a").expand(table="abc"), ValueError, r"Load.*'a'.*type 'str'.*'table'"),
    "a Jinja string": (lambda: add.expand(x="{{ params.n }}"), ValueError, "'add'.*type 'str'.*'x'"),
    "bytes": (lambda: grouped.expand(x=b"abc"), ValueError, "'grouped'.*type 'bytes'.*'x'"),
    "a moment": (lambda: add.expand(x=dt.date(2026, 1, 1)), ValueError, "type 'date'"),
    "an enum": (lambda: add.expand(x=Color.RED), ValueError, "type 'Color'"),
    "kwargs from a Jinja string": (
        lambda: add.expand_kwargs("{{ x }}"),
        TypeError,
        "'add' expected XComArg or list.dict., not str",
    ),
    "kwargs from strings": (
        lambda: partial(task_id="a").expand_kwargs(["x"]),
        TypeError,
        "'a' expected.*item 0 of the list is a str",
    ),
    "kwargs from lists": (lambda: grouped.expand_kwargs([{"x": 1}, [1]]), TypeError, "item 1 of the list is a list"),
    # a bare operator
    "missing": (lambda: Load(task_id="a"), TypeError, r"Load\(\) of task 'a': missing keyword argument 'table'"),
    "missing task_id": (
        lambda: Load.partial(table="t"),
        TypeError,
        r"Load.partial\(\): missing keyword argument 'task_id'",
    ),
    "missing in a call": (lambda: add(), TypeError, "of task 'add' is missing the argument 'x'"),
    # what all instances share
    **{
        f"{name} expanded": (
            lambda name=name: partial(task_id="a").expand(**{name: [1]}),
            TypeError,
            f"'{name}', which ",
        )
        for name in ("task_id", "retries", "trigger_rule", "queue", "owner", "outlets", "dag", "weight_rule")
    },
    "the context expanded": (
        lambda: task(lambda ti: ti, task_id="a").expand(ti=[1]),
        ValueError,
        "context variable 'ti'",
    ),
    # twice
    "expand twice": (
        lambda: [p.expand(table=[1]) for p in [partial(task_id="a")] * 2],
        ValueError,
        "'a' has already been",
    ),
    "kwargs of a group with **": (
        lambda: task_group(lambda **kw: None, group_id="g").expand_kwargs([{}]),
        TypeError,
        r"group 'g' needs a function",
    ),
}


@pytest.mark.parametrize("case", MISUSES)
def test_a_misuse_is_refused_in_a_sentence_that_names_it(case: str) -> None:
    misuse, error, message = MISUSES[case]
    with DAG("d"), pytest.raises(error, match=message):
        misuse()


def test_arguments_of_every_constructor_on_the_way_are_known() -> None:
    with DAG("d") as dag:
        LoadAll.partial(task_id="a", schema="s", table="t", pool="p", max_active_tis_per_dag=2).expand(mode=["a", "b"])
    assert shown(task_of(dag, "a").args) == shown(
        {"schema": "s", "table": "t", "pool": "p", "max_active_tis_per_dag": 2}
    )


def test_a_class_without_a_signature_takes_any_argument() -> None:
    with DAG("d") as dag:
        Step.partial(task_id="a", anything=1).expand(other=[2])
    assert shown(task_of(dag, "a").args) == shown({"anything": 1})


def test_what_the_run_fills_in_may_be_missing() -> None:
    @task
    def work(x: int, ti: Any, ds: str) -> None: ...

    with DAG("d") as dag:
        work(1)
    assert dag.task_ids == ["work"]


def test_a_task_that_is_begun_and_never_mapped_is_a_warning() -> None:
    with DAG("d") as dag:
        Load.partial(task_id="a")
        Load.partial(task_id="b").expand(table=[1])
    found, warnings = live.read(dag)
    assert list(found.tasks) == ["b"]
    assert [(warning.path, warning.message) for warning in warnings] == [
        ("/tasks/a", "Load.partial(task_id='a') was never mapped: call expand() or expand_kwargs() on it")
    ]
