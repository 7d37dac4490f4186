"""Blocks of setups and teardowns (AIP-52). What holds was compared with Airflow 3.3.2."""

from __future__ import annotations

from contextlib import suppress

import pytest
from authoring_dags import Step, edges, steps, task_of

from dagserial.authoring import DAG, TaskGroup, chain, setup, task, teardown
from dagserial.authoring.scope import SCOPES, ContextWrapper


def pair(number: str = "") -> tuple[Step, Step]:
    """Make a setup and its teardown."""
    s, t = steps(f"s{number} t{number}")
    t.as_teardown(setups=s)
    return s, t


def test_as_teardown_marks_and_joins_its_setups() -> None:
    with DAG("d") as dag:
        a, b, t = steps("a b t")
        t.as_teardown(setups=[a, b], on_failure_fail_dagrun=True)
    assert edges(dag) == ["a>t", "b>t"]
    assert (a.is_setup, b.is_setup, t.is_teardown, t.on_failure_fail_dagrun) == (True, True, True, True)


def test_as_teardown_takes_xcoms() -> None:
    with DAG("d") as dag:
        start = task(lambda: 1, task_id="start")()
        stop = task(lambda: 1, task_id="stop")().as_teardown(setups=start)
        assert start.as_setup() is start
    assert edges(dag) == ["start>stop"]
    assert stop.is_teardown


def test_the_mark_can_be_set_as_an_attribute() -> None:
    with DAG("d") as dag:
        a, b = steps("a b")
        a.is_setup = True
        b.is_teardown = True
    assert task_of(dag, "a").setup
    assert task_of(dag, "b").teardown
    assert task_of(dag, "a").args == {}


def test_work_in_a_block_runs_between_setup_and_teardown() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        with s:
            a, b = steps("a b")
            a >> b
            steps("c")
    assert edges(dag) == ["a>b", "b>t", "c>t", "s>a", "s>c", "s>t"]


def test_a_block_opens_with_a_chain_of_xcoms() -> None:
    @setup
    def start() -> None: ...

    @teardown
    def stop() -> None: ...

    @task
    def work() -> None: ...

    with DAG("d") as dag, start() >> stop():
        work()
    assert edges(dag) == ["start>stop", "start>work", "work>stop"]


def test_a_block_opens_with_a_teardown() -> None:
    with DAG("d") as dag:
        _s, t = pair()
        with t:
            chain(*steps("a b"))
    assert edges(dag) == ["a>b", "b>t", "s>a", "s>t"]


def test_a_lone_setup_or_teardown_opens_a_block() -> None:
    with DAG("d") as dag:
        s, t = steps("s t")
        with s.as_setup():
            steps("a")
        with t.as_teardown():
            steps("b")
    assert edges(dag) == ["b>t", "s>a"]


def test_the_teardown_may_stand_behind_other_tasks() -> None:
    with DAG("d") as dag:
        s, m, t = steps("s m t")
        s.as_setup() >> m >> t.as_teardown()
        with s:
            steps("a")
    assert edges(dag) == ["a>t", "m>t", "s>a", "s>m"]


def test_every_teardown_of_the_setup_waits_for_the_work() -> None:
    with DAG("d") as dag:
        s, t = pair()
        (u,) = steps("u")
        u.as_teardown(setups=s)
        with s:
            steps("a")
    assert edges(dag) == ["a>t", "a>u", "s>a", "s>t", "s>u"]
    assert t.is_teardown


def test_work_with_edges_of_its_own_outside_keeps_them_alone() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        (z,) = steps("z")
        with s:
            a, _b = steps("a b")
            z >> a
    assert edges(dag) == ["a>t", "b>t", "s>b", "s>t", "z>a"]


def test_where_all_work_has_edges_outside_the_first_and_last_are_joined() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        y, z = steps("y z")
        with s:
            (a,) = steps("a")
            z >> a >> y
    assert edges(dag) == ["a>t", "a>y", "s>a", "s>t", "z>a"]


def test_an_empty_block_draws_nothing() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        with s:
            pass
    assert edges(dag) == ["s>t"]


def test_a_block_opens_twice() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        with s:
            steps("a")
        with s:
            steps("b")
    assert edges(dag) == ["a>t", "b>t", "s>a", "s>b", "s>t"]


def test_tasks_made_before_are_added() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        (a,) = steps("a")
        b = task(lambda: 1, task_id="b")()
        with s as scope:
            scope.add_task(a)
            scope.add_task(b)
            scope.add_task(b)
    assert edges(dag) == ["a>t", "b>t", "s>a", "s>b", "s>t"]


def test_groups_in_a_block_are_work() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        with s, TaskGroup("g"):
            a, b = steps("a b")
            a >> b
    assert edges(dag) == ["g.a>g.b", "g.b>t", "s>g.a", "s>t"]


def test_nested_blocks_are_joined_outer_setup_first_and_outer_teardown_last() -> None:
    with DAG("d") as dag:
        s, _t = pair()
        s2, _t2 = pair("2")
        with s:
            steps("a")
            with s2:
                steps("b")
    assert edges(dag) == ["a>t", "b>t2", "s2>b", "s2>t2", "s>a", "s>s2", "s>t", "t2>t"]


def test_three_nested_blocks_are_joined_one_by_one() -> None:
    with DAG("d") as dag:
        s, _ = pair()
        s2, _ = pair("2")
        s3, _ = pair("3")
        with s, s2, s3:
            steps("a")
    assert edges(dag) == ["a>t3", "s2>s3", "s2>t2", "s3>a", "s3>t3", "s>s2", "s>t", "t2>t", "t3>t2"]


def test_sibling_blocks_are_each_joined_to_the_outer_one() -> None:
    with DAG("d") as dag:
        s, _ = pair()
        s2, _ = pair("2")
        s3, _ = pair("3")
        with s:
            with s2:
                steps("a")
            with s3:
                steps("b")
    between = [edge for edge in edges(dag) if edge[0] != "a" and edge[0] != "b" and edge[-1] not in "ab"]
    assert between == ["s2>t2", "s3>t3", "s>s2", "s>s3", "s>t", "t2>t", "t3>t"]


def test_nested_blocks_open_with_teardowns() -> None:
    with DAG("d") as dag:
        _, t = pair()
        _, t2 = pair("2")
        with t:
            steps("a")
            with t2:
                steps("b")
    assert edges(dag) == ["a>t", "b>t2", "s2>b", "s2>t2", "s>a", "s>s2", "s>t", "t2>t"]


def test_behind_an_inner_block_tasks_are_not_counted_as_in_airflow() -> None:
    with DAG("d") as dag:
        s, _ = pair()
        s2, _ = pair("2")
        with s:
            with s2:
                steps("a")
            steps("late")
    assert [edge for edge in edges(dag) if "late" in edge] == []


def test_mapped_tasks_are_not_counted_as_in_airflow() -> None:
    @task
    def work(x: int) -> None: ...

    with DAG("d") as dag:
        s, _ = pair()
        with s:
            work.expand(x=[1])
            Step.partial(task_id="b").expand(x=[1])
    assert edges(dag) == ["s>t"]


def test_a_block_that_fails_is_closed() -> None:
    with DAG("d") as dag:
        s, _ = pair()
        with suppress(ZeroDivisionError), s:
            steps("a")
            1 / 0  # noqa: B018
        steps("b")
    assert SCOPES == []
    assert edges(dag) == ["a>t", "s>a", "s>t"]


def test_a_plain_task_opens_no_block() -> None:
    with DAG("d"):
        (a,) = steps("a")
        with pytest.raises(RuntimeError, match="only a setup or a teardown opens a block"), a:
            pass


class TestSeveral:
    def test_setups_open_a_block_together(self) -> None:
        with DAG("d") as dag:
            a, b, t = steps("a b t")
            t.as_teardown(setups=[a, b])
            with ContextWrapper([a, b]):
                steps("w")
        assert edges(dag) == ["a>t", "a>w", "b>t", "b>w", "w>t"]

    def test_teardowns_and_xcoms_open_a_block_together(self) -> None:
        @teardown
        def stop() -> None: ...

        with DAG("d") as dag:
            (s,) = steps("s")
            with ContextWrapper([stop().as_teardown(setups=s), stop().as_teardown(setups=s)]):
                steps("w")
        assert edges(dag) == ["s>stop", "s>stop__1", "s>w", "w>stop", "w>stop__1"]

    @pytest.mark.parametrize(
        "openers",
        [
            list,
            lambda: steps("a"),
            lambda: [steps("a")[0].as_setup(), *steps("b")],
            lambda: [steps("a")[0].as_setup(), steps("b")[0].as_teardown()],
        ],
    )
    def test_they_are_all_setups_or_all_teardowns(self, openers: object) -> None:
        with DAG("d"):
            wrapper = ContextWrapper(openers())  # type: ignore[operator]
            with pytest.raises(ValueError, match="either all setups or all teardowns"), wrapper:
                pass
