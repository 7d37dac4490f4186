"""XComs before mapping: map, filter, zip, concat."""

from __future__ import annotations

from typing import Any

import pytest
from authoring_dags import edges, shown, task_of

from dagserial.authoring import DAG, XComArg, task
from dagserial.authoring.xcom import ConcatXComArg, PlainXComArg, ZipXComArg


@task
def load(x: Any = None) -> Any: ...


def double(item: int) -> int:
    return item * 2


def argument(made: Any) -> Any:
    """Return how an expression over two XComs `a` and `b` is written, and the edges it draws."""
    with DAG("d") as dag:
        a, b = load.override(task_id="a")(), load.override(task_id="b")()
        load(made(a, b))
    return task_of(dag, "load").args["op_args"][0], edges(dag)


A, B = {"$": "xcom", "task": "a"}, {"$": "xcom", "task": "b"}


@pytest.mark.parametrize(
    ("made", "expected", "drawn"),
    [
        (lambda a, b: a.zip(b), {"$": "xcom_zip", "args": [A, B]}, ["a>load", "b>load"]),
        (
            lambda a, b: a.zip(b, fillvalue=None),
            {"$": "xcom_zip", "args": [A, B], "fillvalue": None},
            ["a>load", "b>load"],
        ),
        (lambda a, b: a.concat(b), {"$": "xcom_concat", "args": [A, B]}, ["a>load", "b>load"]),
        (lambda a, b: a.filter(None), {"$": "xcom_filter", "callables": [None], "of": A}, ["a>load"]),
        (
            lambda a, b: a.concat(b).zip(a),
            {"$": "xcom_zip", "args": [{"$": "xcom_concat", "args": [A, B]}, A]},
            ["a>load", "b>load"],
        ),
    ],
)
def test_an_expression_is_kept_and_draws_its_edges(made: Any, expected: Any, drawn: list[str]) -> None:
    written, found = argument(made)
    assert shown(written) == shown(expected)
    assert found == drawn


def test_functions_of_map_add_up() -> None:
    written, drawn = argument(lambda a, b: a.map(double).map(str))
    assert [function["name"].rpartition(".")[2] for function in written["callables"]] == ["double", "str"]
    assert (written["$"], written["of"]) == ("xcom_map", A)
    assert drawn == ["a>load"]


def test_steps_are_taken_in_their_order() -> None:
    written, _ = argument(lambda a, b: a.filter(None).map(double).filter(None))
    assert [written["$"], written["of"]["$"], written["of"]["of"]["$"]] == ["xcom_filter", "xcom_map", "xcom_filter"]


def test_an_xcom_is_made_of_an_operator() -> None:
    with DAG("d"):
        operator = load().operator
    assert isinstance(XComArg(operator), PlainXComArg)
    assert XComArg(operator, "key") == operator.output["key"]


@pytest.mark.parametrize("kind", [ZipXComArg, ConcatXComArg])
def test_at_least_one_xcom_is_needed(kind: Any) -> None:
    with pytest.raises(ValueError, match="at least one XCom is needed"):
        kind([])
