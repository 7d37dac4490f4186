"""Edges: operators, lists, labels, chain and its sisters. What holds was compared with Airflow 3.3.2."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from authoring_dags import Step, edges, labels, model, steps

from dagserial.authoring import DAG, EdgeModifier, Label, TaskGroup, chain, chain_linear, cross_downstream, task
from dagserial.authoring.dependency import UnknownEnd
from dagserial.errors import InvalidDagError

Draw = Callable[[Step, Step, Step, Step], object]

CASES: dict[str, tuple[Draw, list[str]]] = {
    "rshift reads left to right": (lambda a, b, c, d: a >> b >> c, ["a>b", "b>c"]),
    "lshift reads right to left": (lambda a, b, c, d: c << b << a, ["a>b", "b>c"]),
    "a list stands in the middle": (lambda a, b, c, d: a >> [b, c] >> d, ["a>b", "a>c", "b>d", "c>d"]),
    "a list stands first": (lambda a, b, c, d: [a, b] >> c, ["a>c", "b>c"]),
    "a list stands first, leftwards": (lambda a, b, c, d: [a, b] << c, ["c>a", "c>b"]),
    "a tuple is a list": (lambda a, b, c, d: a >> (b, c), ["a>b", "a>c"]),
    "nested lists are one": (lambda a, b, c, d: a >> [[b], [c, d]], ["a>b", "a>c", "a>d"]),
    "an edge drawn twice is one": (lambda a, b, c, d: (a >> b, b << a), ["a>b"]),
    "set_downstream takes a list": (lambda a, b, c, d: a.set_downstream([b, c]), ["a>b", "a>c"]),
    "set_upstream takes a task": (lambda a, b, c, d: d.set_upstream(a), ["a>d"]),
    "chain joins neighbours": (lambda a, b, c, d: chain(a, b, c), ["a>b", "b>c"]),
    "chain spreads to a list": (lambda a, b, c, d: chain(a, [b, c], d), ["a>b", "a>c", "b>d", "c>d"]),
    "chain joins lists pair by pair": (lambda a, b, c, d: chain([a, b], [c, d]), ["a>c", "b>d"]),
    "chain of one draws nothing": (lambda a, b, c, d: chain(a), []),
    "chain_linear joins all to all": (lambda a, b, c, d: chain_linear([a, b], [c, d]), ["a>c", "a>d", "b>c", "b>d"]),
    "chain_linear runs through tasks": (lambda a, b, c, d: chain_linear(a, [b, c], d), ["a>b", "a>c", "b>d", "c>d"]),
    "cross_downstream joins all to all": (
        lambda a, b, c, d: cross_downstream([a, b], [c, d]),
        ["a>c", "a>d", "b>c", "b>d"],
    ),
    "cross_downstream takes one task": (lambda a, b, c, d: cross_downstream([a, b], c), ["a>c", "b>c"]),
    "a label does not hinder": (lambda a, b, c, d: a >> Label("x") >> b, ["a>b"]),
}


@pytest.mark.parametrize("case", CASES)
def test_edges_run_where_they_are_drawn(case: str) -> None:
    draw, expected = CASES[case]
    with DAG("d") as dag:
        draw(*steps("a b c d"))
    assert edges(dag) == expected


def test_an_operator_returns_its_right_side() -> None:
    with DAG("d"):
        a, b, c = steps("a b c")
        targets = [b, c]
        assert (a >> targets) is targets
        assert (a << b) is b
        assert (targets >> a) is a  # type: ignore[operator]


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda a, b: a >> 3, TypeError, "this is a int: 3"),
        (lambda a, b: a >> None, TypeError, "this is a NoneType: None"),
        (lambda a, b: [a] >> [b], TypeError, "unsupported operand"),
        (lambda a, b: chain([a], [a, b]), ValueError, "these have 1 and 2"),
        (lambda a, b: chain_linear(), ValueError, "needs tasks"),
        (lambda a, b: chain_linear(a), ValueError, "no edge to draw"),
        (lambda a, b: chain_linear(a, Label("x"), b), ValueError, "takes no labels"),
    ],
)
def test_what_is_no_edge_is_refused(draw: Callable[..., object], error: type[Exception], message: str) -> None:
    with DAG("d"):
        a, b = steps("a b")
        with pytest.raises(error, match=message):
            draw(a, b)


def test_a_circle_is_found_when_the_dag_is_read() -> None:
    with DAG("d") as dag:
        a, b = steps("a b")
        a >> b >> a
    with pytest.raises(InvalidDagError, match=r"run in a circle: (a -> b -> a|b -> a -> b)"):
        model(dag)


def test_an_edge_between_two_dags_is_refused() -> None:
    one, other = Step(task_id="a", dag=DAG("one")), Step(task_id="b", dag=DAG("other"))
    with pytest.raises(RuntimeError, match="these are of one, other"):
        one >> other


def test_an_edge_puts_a_task_without_a_dag_into_the_others() -> None:
    dag = DAG("d")
    a, b, c = Step(task_id="a"), Step(task_id="b", dag=dag), Step(task_id="c")
    assert not a.has_dag()
    a >> b >> c
    assert edges(dag) == ["a>b", "b>c"]
    assert a.dag is dag


def test_an_edge_between_tasks_without_a_dag_is_refused() -> None:
    with pytest.raises(ValueError, match="set the DAG of one of these tasks first: a, b"):
        Step(task_id="a") >> Step(task_id="b")


def test_an_edge_to_what_nobody_knows_is_left_out() -> None:
    class Unknown(UnknownEnd):
        left_out = 0

        def leave_out_edge(self) -> None:
            super().leave_out_edge()
            self.left_out += 1

    unknown = Unknown()
    with DAG("d") as dag:
        a, b = steps("a b")
        a >> unknown
        a >> [unknown, b]
        chain(a, unknown, b)
    assert edges(dag) == ["a>b"]
    assert unknown.left_out == 4


def test_a_label_knows_its_ends() -> None:
    with DAG("d"):
        a, b = steps("a b")
        label = Label("x")
        a >> label >> b
    assert (label.leaves, label.roots) == ([a], [b])


LABELLED: dict[str, tuple[Draw, dict[str, str]]] = {
    "rightwards": (lambda a, b, c, d: a >> Label("x") >> b, {"a>b": "x"}),
    "leftwards": (lambda a, b, c, d: a << Label("x") << b, {"b>a": "x"}),
    "only on its own edge": (lambda a, b, c, d: a >> Label("x") >> b >> c, {"a>b": "x"}),
    "to a list": (lambda a, b, c, d: a >> Label("x") >> [b, c], {"a>b": "x", "a>c": "x"}),
    "from a list": (lambda a, b, c, d: [b, c] >> Label("x") >> d, {"b>d": "x", "c>d": "x"}),
    "one a branch in a chain": (
        lambda a, b, c, d: chain(a, [Label("x"), Label("y")], [b, c], d),
        {"a>b": "x", "a>c": "y"},
    ),
    "as an argument": (lambda a, b, c, d: a.set_downstream(b, edge_modifier=EdgeModifier("x")), {"a>b": "x"}),
    "as an argument upwards": (lambda a, b, c, d: a.set_upstream([b], edge_modifier=Label("x")), {"b>a": "x"}),
    "the last one said": (lambda a, b, c, d: (a >> Label("x") >> b, a >> Label("y") >> b), {"a>b": "y"}),
    "nowhere, if it is empty": (lambda a, b, c, d: a >> EdgeModifier() >> b, {}),
}


@pytest.mark.parametrize("case", LABELLED)
def test_a_label_stands_on_its_edges(case: str) -> None:
    draw, expected = LABELLED[case]
    with DAG("d") as dag:
        draw(*steps("a b c d"))
    assert labels(dag) == expected


def test_a_label_to_a_group_stands_on_the_edges_to_its_roots() -> None:
    with DAG("d") as dag:
        (start,) = steps("start")
        with TaskGroup("g") as group:
            a, _, c = steps("a b c")
            a >> c
        start >> Label("in") >> group >> Label("out") >> Step(task_id="end")
    assert labels(dag) == {"start>g.a": "in", "start>g.b": "in", "g.b>end": "out", "g.c>end": "out"}


def test_a_label_stands_between_xcoms() -> None:
    with DAG("d") as dag:
        first = task(lambda: 1).override(task_id="first")()
        second = task(lambda: 1).override(task_id="second")()
        first >> Label("x") >> second
    assert labels(dag) == {"first>second": "x"}
