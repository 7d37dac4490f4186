"""Which instances may run now, which never will, and runs that go from begin to end on that."""

from __future__ import annotations

import pytest
from mapped_dags import dag_of, over, put, rows, start, task, xcom
from sqlalchemy.orm import Session
from store_cases import NOON

from dagserial.errors import InvalidDagError, NotFoundError
from dagserial.model import Group
from dagserial.record import Record
from dagserial.store import Instance, Ready, RecordStore, expand, put_instances, ready


def names(instances: tuple[Instance, ...]) -> list[tuple[str, int, str | None]]:
    return [(one.task_id, one.map_index, one.state) for one in instances]


def put_mapped(session: Session, task_id: str, *states: str | None) -> None:
    instances = [Instance(task_id=task_id, map_index=at, state=state) for at, state in enumerate(states)]
    put_instances(session, "etl", "r1", instances)


def test_what_has_nothing_upstream_may_run_at_once(session: Session) -> None:
    start(session, dag_of(a=task(), b=task("a"), c=task(rule="all_failed")))
    expand(session, "etl", "r1")
    found = ready(session, "etl", "r1")
    assert names(found.instances) == [("a", -1, None), ("c", -1, None)]
    assert not found.settled
    assert ready(session, "etl", "r1") == found  # nothing was written


@pytest.mark.parametrize("state", ["queued", "scheduled", "running", "deferred", "success", "failed", "removed"])
def test_what_has_begun_or_ended_is_not_told_to_run(session: Session, state: str) -> None:
    start(session, dag_of(a=task()))
    put(session, a=state)
    assert not ready(session, "etl", "r1")


@pytest.mark.parametrize("state", ["up_for_retry", "up_for_reschedule"])
def test_what_is_to_run_again_comes_with_its_state(session: Session, state: str) -> None:
    start(session, dag_of(a=task()))
    put(session, a=state)
    assert names(ready(session, "etl", "r1").instances) == [("a", -1, state)]


def test_what_ends_without_running_takes_along_what_stands_behind_it(session: Session) -> None:
    chain = {f"t{at:03}": task(f"t{at - 1:03}") if at else task() for at in range(200)}
    start(session, dag_of(**chain, last=task("t199", rule="all_done")))
    expand(session, "etl", "r1")
    put(session, t000="failed")
    found = ready(session, "etl", "r1")
    assert names(found.settled) == [(f"t{at:03}", -1, "upstream_failed") for at in range(1, 200)]
    assert names(found.instances) == [("last", -1, None)]


@pytest.mark.parametrize(("state", "settled"), [("failed", "upstream_failed"), ("skipped", "skipped")])
def test_a_setup_decides_over_all_up_to_its_teardown(session: Session, state: str, settled: str) -> None:
    dag = dag_of(
        make=task(setup=True),
        a=task("make"),
        b=task("a", rule="all_done"),
        clean=task("b", "make", teardown=True, rule="all_success"),
        after=task("clean", rule="all_done"),
    )
    start(session, dag)
    expand(session, "etl", "r1")
    put(session, make=state)
    found = ready(session, "etl", "r1")
    assert names(found.settled) == [("a", -1, settled), ("b", -1, settled), ("clean", -1, settled)]
    assert names(found.instances) == [("after", -1, None)]


def test_a_teardown_runs_once_all_before_it_is_done_if_its_setup_was_well(session: Session) -> None:
    dag = dag_of(
        make=task(setup=True), a=task("make"), b=task("a"), side=task("make"), clean=task("b", "make", teardown=True)
    )
    start(session, dag)
    expand(session, "etl", "r1")
    put(session, make="success", a="running", b="failed", side="running")
    assert not ready(session, "etl", "r1")
    put(session, a="failed")
    assert names(ready(session, "etl", "r1").instances) == [("clean", -1, None)]


def test_instances_of_a_mapped_group_wait_for_their_own_neighbours_alone(session: Session) -> None:
    dag = dag_of({"g": Group(mapping=over(x=[1, 2, 3]))}, a=task(group="g"), b=task("a", group="g"), c=task("b"))
    start(session, dag)
    expand(session, "etl", "r1")
    put_mapped(session, "a", "success", "failed", "running")
    found = ready(session, "etl", "r1")
    assert names(found.instances) == [("b", 0, None)]
    assert names(found.settled) == [("b", 1, "upstream_failed"), ("c", -1, "upstream_failed")]


def test_of_a_group_in_a_group_all_of_the_same_turn_count(session: Session) -> None:
    groups = {"g": Group(mapping=over(x=[1, 2])), "h": Group(parent="g", mapping=over(y=[1, 2, 3]))}
    start(session, dag_of(groups, a=task(group="h"), b=task("a", group="g"), c=task("b", group="h")))
    expand(session, "etl", "r1")
    put_mapped(session, "a", *["success"] * 5, "failed")
    found = ready(session, "etl", "r1")
    assert names(found.instances) == [("b", 0, None)]
    assert names(found.settled) == [("b", 1, "upstream_failed"), *[("c", at, "upstream_failed") for at in (3, 4, 5)]]


def test_an_unexpanded_task_is_to_be_expanded_first(session: Session) -> None:
    start(session, dag_of(a=task(), b=task("a", mapping=over(x=xcom("a")))))
    expand(session, "etl", "r1")
    assert ready(session, "etl", "r1").unexpanded == ()
    put(session, a="success")
    assert ready(session, "etl", "r1") == Ready(unexpanded=(Instance(task_id="b"),))


@pytest.mark.parametrize(("state", "settled"), [("failed", "upstream_failed"), ("skipped", "skipped")])
def test_mapped_over_what_did_not_succeed_nothing_runs_whatever_the_rule(
    session: Session, state: str, settled: str
) -> None:
    start(session, dag_of(a=task(), b=task("a", mapping=over(x=xcom("a")), rule="all_done")))
    expand(session, "etl", "r1")
    put(session, a=state)
    assert names(ready(session, "etl", "r1").settled) == [("b", -1, settled)]


def test_an_instance_is_decided_over_by_the_record_that_it_runs(session: Session) -> None:
    start(session, dag_of(a=task(), b=task("a"), c=task("a")))
    other = Record.of_dag(dag_of(a=task(), b=task("a", rule="all_failed"), c=task("a", rule="all_failed")))
    RecordStore(session).put(other, created_at=NOON)
    put(session, a="failed", c=None)
    put_instances(session, "etl", "r1", [Instance(task_id="b", digest=other.digest)])
    found = ready(session, "etl", "r1")
    assert [one.task_id for one in found.instances] == ["b"]
    assert names(found.settled) == [("c", -1, "upstream_failed")]


def test_a_task_that_the_record_lacks_is_left_alone(session: Session) -> None:
    start(session, dag_of(a=task()))
    put(session, gone=None, a="success")
    assert not ready(session, "etl", "r1")


@pytest.mark.parametrize("rule", ["sometimes", "Always", {"$": "symbol", "name": "x"}])
def test_a_rule_that_is_none_is_refused(session: Session, rule: object) -> None:
    dag = dag_of(a=task(), b=task("a"))
    dag.tasks["b"].args["trigger_rule"] = rule  # type: ignore[assignment]
    start(session, dag)
    put(session, a="success", b=None)
    with pytest.raises(InvalidDagError, match="task 'b' has the trigger rule"):
        ready(session, "etl", "r1")


@pytest.mark.parametrize(
    ("former", "state", "is_ready"),
    [("dummy", None, True), ("none_failed_or_skipped", "success", True), ("none_failed_or_skipped", "skipped", False)],
)
def test_what_airflow_2_called_a_rule_is_read(session: Session, former: str, state: str, is_ready: bool) -> None:
    start(session, dag_of(a=task(), b=task("a", rule=former)))
    put(session, a=state, b=None)
    assert ("b" in [one.task_id for one in ready(session, "etl", "r1").instances]) is is_ready


def test_a_run_without_a_stamp_has_nothing_ready(session: Session) -> None:
    with pytest.raises(NotFoundError, match="run etl/r1 has no stamp"):
        ready(session, "etl", "r1")


def test_a_loop_takes_a_run_to_its_end(session: Session) -> None:
    dag = dag_of(
        {"g": Group(mapping=over(x=[1, 2]))},
        a=task(mapping=over(x=[1, 2, 3])),
        b=task("a", mapping=over(x=xcom("a"))),
        c=task(group="g"),
        d=task("c", group="g", rule="one_failed"),
        e=task("b", "d", rule="none_failed"),
    )
    start(session, dag)
    while expand(session, "etl", "r1") or (found := ready(session, "etl", "r1")):
        found = ready(session, "etl", "r1")
        done = [Instance(task_id=one.task_id, map_index=one.map_index, state="success") for one in found.instances]
        put_instances(session, "etl", "r1", [*done, *found.settled])
    assert rows(session) == {
        "a": dict.fromkeys(range(3), "success"),
        "b": dict.fromkeys(range(3), "success"),
        "c": dict.fromkeys(range(2), "success"),
        "d": dict.fromkeys(range(2), "skipped"),
        "e": {-1: "success"},
    }
