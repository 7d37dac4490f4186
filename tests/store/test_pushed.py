"""Lengths of the XComs over which tasks are mapped."""

from collections import OrderedDict
from typing import Any

import pytest
from mapped_dags import dag_of, over, put, start, task, xcom
from sqlalchemy import select
from sqlalchemy.orm import Session

from dagserial.errors import MapLengthError, NotFoundError, UnmappableError
from dagserial.model import Dag, Group
from dagserial.record import Record
from dagserial.store import Instance, TaskMap, push_map, put_instances
from dagserial.store.tables import task_map


def mapped() -> Dag:
    """A DAG: `load` is mapped over what `extract` returns, and `check` over what `load` returns."""
    return dag_of(
        extract=task(),
        load=task("extract", mapping=over(rows=xcom("extract"))),
        check=task("load", mapping=over(x=xcom("load"))),
    )


@pytest.fixture
def run(session: Session) -> Session:
    """A session on a run of that DAG whose `extract` is running."""
    start(session, mapped())
    put(session, extract="running", check=None)
    return session


def kept(session: Session) -> list[Any]:
    columns = (task_map.c.task_id, task_map.c.map_index, task_map.c.kind, task_map.c.length, task_map.c["keys"])
    return [tuple(row) for row in session.execute(select(*columns).order_by(task_map.c.task_id))]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], TaskMap("list", 0)),
        (["secret", 2], TaskMap("list", 2)),
        ((1, 2, 3), TaskMap("list", 3)),
        (range(4), TaskMap("list", 4)),
        ({}, TaskMap("dict", 0, [])),
        ({"b": "secret", "a": 2}, TaskMap("dict", 2, ["b", "a"])),
        (OrderedDict([(3, 1)]), TaskMap("dict", 1, [3])),
    ],
)
def test_kind_length_and_keys_are_kept_and_nothing_else(run: Session, value: object, found: TaskMap) -> None:
    assert push_map(run, "etl", "r1", "extract", value) == found
    assert kept(run) == [("extract", -1, found.kind, found.length, found.keys)]


def test_pushing_again_replaces(run: Session) -> None:
    for value, row in ([1, 2], ("list", 2, None)), ({"a": 1}, ("dict", 1, ["a"])), ([], ("list", 0, None)):
        push_map(run, "etl", "r1", "extract", value)
        assert kept(run) == [("extract", -1, *row)]


@pytest.mark.parametrize("value", [None, 3, "abc", b"abc", {1, 2}, iter([1]), {(1, 2j): 1}, {float("nan"): 1}])
def test_what_cannot_be_mapped_over_is_refused_by_one_sentence(run: Session, value: object) -> None:
    with pytest.raises(UnmappableError, match=r"task 'extract' of run etl/r1: .*mapped over"):
        push_map(run, "etl", "r1", "extract", value)
    assert kept(run) == []


def test_length_is_guarded(run: Session) -> None:
    push_map(run, "etl", "r1", "extract", range(1024))
    with pytest.raises(
        MapLengthError, match="1025 instances of task 'extract', more than max_map_length, which is 1024"
    ):
        push_map(run, "etl", "r1", "extract", range(1025))
    with pytest.raises(MapLengthError, match="which is 2"):
        push_map(run, "etl", "r1", "extract", [1, 2, 3], max_map_length=2)
    assert kept(run) == [("extract", -1, "list", 1024, None)]


def test_nothing_is_kept_of_what_no_task_is_mapped_over(run: Session) -> None:
    assert push_map(run, "etl", "r1", "check", "any value") is None
    assert kept(run) == []


def test_instances_of_a_mapped_task_may_return_anything(run: Session) -> None:
    put_instances(run, "etl", "r1", [Instance(task_id="load", map_index=0, state="running")])
    assert push_map(run, "etl", "r1", "load", 3, map_index=0) is None
    assert kept(run) == []


def test_a_mapped_group_is_something_that_is_mapped(session: Session) -> None:
    start(session, dag_of(groups={"g": Group(mapping=over(x=xcom("a")))}, a=task(), b=task("a", group="g")))
    put(session, a="running")
    with pytest.raises(UnmappableError, match="not a NoneType"):
        push_map(session, "etl", "r1", "a", None)
    assert push_map(session, "etl", "r1", "a", [1]) == TaskMap("list", 1)


def test_items_of_a_literal_list_are_not_mapped_over(session: Session) -> None:
    start(session, dag_of(a=task(), b=task("a", mapping=over(x=[xcom("a"), 2]))))
    put(session, a="running")
    assert push_map(session, "etl", "r1", "a", 3) is None


@pytest.mark.parametrize(
    ("run_id", "task_id", "map_index"), [("r2", "extract", -1), ("r1", "no", -1), ("r1", "extract", 0)]
)
def test_an_instance_that_is_not_there_pushes_nothing(run: Session, run_id: str, task_id: str, map_index: int) -> None:
    with pytest.raises(NotFoundError, match=f"run etl/{run_id} has no instance {map_index} of task '{task_id}'"):
        push_map(run, "etl", run_id, task_id, [1], map_index=map_index)


def test_the_record_that_the_instance_ran_counts(run: Session) -> None:
    start(run, dag_of(extract=task()), run_id="r2")
    put_instances(run, "etl", "r2", [Instance(task_id="extract")])
    assert push_map(run, "etl", "r2", "extract", 3) is None
    put_instances(run, "etl", "r2", [Instance(task_id="extract", digest=Record.of_dag(mapped()).digest)])
    with pytest.raises(UnmappableError):
        push_map(run, "etl", "r2", "extract", 3)
