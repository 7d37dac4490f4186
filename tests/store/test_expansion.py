"""Instances that tasks get: the first ones, and those that mapping makes of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mapped_dags import dag_of, over, put, rows, start, task, xcom
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from store_cases import HOSTILE_IDS, NOON

from dagserial.authoring import DAG, task_group
from dagserial.authoring import task as task_function
from dagserial.errors import MapLengthError, NotFoundError, SettingsError, UnmappableError
from dagserial.model import Dag, Group, Mapping, Task
from dagserial.record import Record, serialize
from dagserial.store import Instance, RecordStore, expand, instances_of, push_map, put_instances, stamp
from dagserial.store.tables import task_map


def over_extract(source: Any, *upstream: str) -> Dag:
    """A DAG whose `load` is mapped over a source, behind `extract` and others."""
    others = {name: task() for name in upstream}
    return dag_of(extract=task(), load=task(*sorted({"extract", *upstream}), mapping=over(x=source)), **others)


def extracted(session: Session, value: object, **states: str | None) -> None:
    """Have `extract` return a value, and succeed."""
    put(session, extract="running", **states)
    push_map(session, "etl", "r1", "extract", value)
    put(session, extract="success")


def test_a_plain_task_gets_one_instance_and_a_literally_mapped_one_as_many_as_the_record_says(session: Session) -> None:
    start(session, dag_of(a=task(), b=task("a", mapping=over(x=[1, 2, 3], y=["p", "q"])), c=task(mapping=over(x=[]))))
    assert expand(session, "etl", "r1")
    assert rows(session) == {"a": {-1: None}, "b": dict.fromkeys(range(6)), "c": {-1: "skipped"}}


@pytest.mark.parametrize(
    ("source", "length"),
    [
        ([1, 2], 2),
        ({"$": "dict", "items": [["b", 1], ["a", 2]]}, 2),
        ({"$": "tuple", "items": [1, 2, 3]}, 3),
        ({"$": "range", "start": 0, "stop": 10, "step": 4}, 3),
    ],
)
def test_literal_sources_have_their_own_length(session: Session, source: Any, length: int) -> None:
    start(session, dag_of(b=task(mapping=over(x=source))))
    expand(session, "etl", "r1")
    assert rows(session) == {"b": dict.fromkeys(range(length))}


def test_literal_dicts_expand_kwargs(session: Session) -> None:
    start(session, dag_of(b=task(mapping=Mapping(expand_kwargs=[{"x": 1}, {"x": 2}]))))
    expand(session, "etl", "r1")
    assert rows(session) == {"b": {0: None, 1: None}}


@pytest.mark.parametrize(
    ("source", "length"),
    [
        (xcom("extract"), 3),
        ({"$": "xcom_map", "of": xcom("extract"), "callables": []}, 3),
        ({"$": "xcom_filter", "of": {"$": "xcom_map", "of": xcom("extract"), "callables": []}, "callables": []}, 3),
        ({"$": "xcom_zip", "args": [xcom("extract"), xcom("other")]}, 2),
        ({"$": "xcom_zip", "args": [xcom("extract"), xcom("other")], "fillvalue": None}, 3),
        ({"$": "xcom_concat", "args": [xcom("extract"), xcom("other"), xcom("other")]}, 7),
    ],
)
def test_xcoms_have_the_length_that_was_pushed(session: Session, source: Any, length: int) -> None:
    start(session, over_extract(source, "other"))
    assert expand(session, "etl", "r1")
    assert rows(session)["load"] == {-1: None}
    put(session, other="running")
    if "xcom_" in str(source) and "other" in str(source):
        push_map(session, "etl", "r1", "other", {"p": 1, "q": 2})
    extracted(session, [1, 2, 3])
    assert not expand(session, "etl", "r1")  # another task upstream is still running
    put(session, other="success")
    found = expand(session, "etl", "r1")
    assert rows(session)["load"] == dict.fromkeys(range(length))
    assert found.added == tuple(Instance(task_id="load", map_index=index) for index in range(length))
    assert found.dropped == (Instance(task_id="load"),)
    assert not expand(session, "etl", "r1")


def test_xcoms_and_literals_are_multiplied(session: Session) -> None:
    dag = dag_of(extract=task(), load=task("extract", mapping=over(x=xcom("extract"), y=["p", "q"])))
    start(session, dag)
    expand(session, "etl", "r1")
    extracted(session, [1, 2, 3])
    expand(session, "etl", "r1")
    assert sorted(rows(session)["load"]) == list(range(6))


def test_expand_kwargs_of_an_xcom(session: Session) -> None:
    start(session, dag_of(extract=task(), load=task("extract", mapping=Mapping(expand_kwargs=xcom("extract")))))
    expand(session, "etl", "r1")
    extracted(session, [{"x": 1}, {"x": 2}])
    expand(session, "etl", "r1")
    assert rows(session)["load"] == {0: None, 1: None}


@pytest.mark.parametrize("conf", [None, {"tables": ["a", "b", "c"]}, {"tables": {"$": "xcom", "task": "b", "c": 1}}])
def test_a_param_has_the_length_that_the_run_gives_it(session: Session, conf: Any) -> None:
    dag = dag_of(params=(("tables", {"$": "param", "default": ["a"]}),), b=task(mapping=over(x=DAG_PARAM)))
    start(session, dag, conf=conf)
    expand(session, "etl", "r1")
    assert rows(session) == {"b": dict.fromkeys(range(3 if conf else 1))}


DAG_PARAM: Any = {"$": "dag_param", "name": "tables"}


def test_a_variable_has_the_length_that_the_caller_says(session: Session) -> None:
    start(session, dag_of(b=task(mapping=over(x={"$": "variable", "key": "tables"}))))
    with pytest.raises(UnmappableError, match="'b' cannot be expanded: nothing here says how long"):
        expand(session, "etl", "r1")
    assert rows(session) == {}
    expand(session, "etl", "r1", variables={"tables": ["a", "b"]})
    assert rows(session) == {"b": {0: None, 1: None}}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (DAG_PARAM, "param 'tables' is 'abc', which is neither"),
        ({"$": "dag_param", "name": "other"}, "param 'other' is None, which is neither"),
        (xcom("extract", key="rows"), "the XCom 'rows' of 'extract'"),
        ({"$": "symbol", "name": "x.y"}, "nothing here says how long"),
    ],
)
def test_what_has_no_length_is_an_error_that_says_where(session: Session, source: Any, said: str) -> None:
    start(session, over_extract(source), conf={"tables": "abc"})
    expand(session, "etl", "r1")
    put(session, extract="success")
    with pytest.raises(UnmappableError, match=f"'load' cannot be expanded: .*{said}"):
        expand(session, "etl", "r1")


def test_a_task_is_mapped_over_as_many_as_succeeded_of_a_mapped_one(session: Session) -> None:
    start(session, dag_of(a=task(mapping=over(x=[1, 2, 3])), b=task("a", mapping=over(x=xcom("a")), rule="all_done")))
    expand(session, "etl", "r1")
    assert rows(session)["b"] == {-1: None}
    states = {0: "success", 1: "skipped", 2: "success"}
    put_instances(session, "etl", "r1", [Instance(task_id="a", map_index=at, state=s) for at, s in states.items()])
    expand(session, "etl", "r1")
    assert rows(session)["b"] == {0: None, 1: None}


def test_mapped_over_nothing_a_task_is_skipped(session: Session) -> None:
    start(session, over_extract(xcom("extract")))
    expand(session, "etl", "r1")
    extracted(session, [])
    found = expand(session, "etl", "r1")
    assert found.changed == (Instance(task_id="load", state="skipped"),)
    assert rows(session)["load"] == {-1: "skipped"}


def test_mapped_over_what_nobody_pushed_a_task_can_never_run(session: Session) -> None:
    start(session, over_extract(xcom("extract")))
    expand(session, "etl", "r1")
    put(session, extract="success")
    expand(session, "etl", "r1")
    assert rows(session)["load"] == {-1: "upstream_failed"}


def test_length_is_guarded_and_nothing_is_written_then(session: Session) -> None:
    start(session, dag_of(a=task(), b=task(mapping=over(x=[0] * 40, y=[0] * 40))))
    with pytest.raises(MapLengthError, match="1600 instances of task 'b', more than max_map_length, which is 1024"):
        expand(session, "etl", "r1")
    assert rows(session) == {}
    expand(session, "etl", "r1", max_map_length=1600)
    assert len(rows(session)["b"]) == 1600


def grown(session: Session, *lengths: int) -> None:
    """Have `load` expanded over what `extract` returns, each time longer or shorter, while nothing of it has run."""
    for length in lengths:
        extracted(session, range(length))
        expand(session, "etl", "r1")


@pytest.mark.parametrize(
    ("lengths", "found"),
    [
        ((2, 4), {0: None, 1: None, 2: None, 3: None}),
        ((4, 2), {0: None, 1: None, 2: "removed", 3: "removed"}),
        ((4, 2, 3), {0: None, 1: None, 2: None, 3: "removed"}),
        ((2, 0), {0: "removed", 1: "removed"}),
        ((2, 0, 1), {0: None, 1: "removed"}),
    ],
)
def test_a_task_grows_and_shrinks_at_its_end(session: Session, lengths: tuple[int, ...], found: Any) -> None:
    start(session, over_extract(xcom("extract")))
    expand(session, "etl", "r1")
    grown(session, *lengths)
    assert rows(session)["load"] == found
    assert not expand(session, "etl", "r1")


def test_a_task_that_has_run_neither_grows_nor_shrinks(session: Session) -> None:
    start(session, over_extract(xcom("extract")))
    expand(session, "etl", "r1")
    grown(session, 2)
    put_instances(session, "etl", "r1", [Instance(task_id="load", map_index=at, state="success") for at in (0, 1)])
    grown(session, 1, 3)
    assert rows(session)["load"] == {0: "success", 1: "success"}


def test_an_unexpanded_instance_beside_expanded_ones_goes(session: Session) -> None:
    start(session, over_extract(xcom("extract")))
    expand(session, "etl", "r1")
    grown(session, 2)
    put_instances(session, "etl", "r1", [Instance(task_id="load")])
    assert expand(session, "etl", "r1").dropped == (Instance(task_id="load"),)
    assert rows(session)["load"] == {0: None, 1: None}


def test_the_tasks_of_a_mapped_group_have_its_map_indexes(session: Session) -> None:
    groups = {"g": Group(mapping=over(x=xcom("extract"))), "g.plain": Group(parent="g")}
    dag = dag_of(groups, extract=task(), b=task("extract", group="g"), c=task("b", group="g.plain"), d=task("c"))
    start(session, dag)
    expand(session, "etl", "r1")
    assert rows(session) == {"extract": {-1: None}, "b": {-1: None}, "c": {-1: None}, "d": {-1: None}}
    extracted(session, ["a", "b"])
    expand(session, "etl", "r1")
    assert rows(session) == {
        "extract": {-1: "success"},
        "b": {0: None, 1: None},
        "c": {0: None, 1: None},  # at once: each instance waits for its own neighbour alone
        "d": {-1: None},
    }


def test_mapped_groups_nest_and_tasks_in_them_are_mapped_further(session: Session) -> None:
    groups = {"g": Group(mapping=over(x=[1, 2])), "h": Group(parent="g", mapping=over(y=[1, 2, 3]))}
    start(session, dag_of(groups, a=task(group="g"), b=task(group="h"), c=task(group="h", mapping=over(z=[1, 2]))))
    expand(session, "etl", "r1")
    assert {name: sorted(found) for name, found in rows(session).items()} == {
        "a": list(range(2)),
        "b": list(range(6)),
        "c": list(range(12)),
    }


def test_a_task_mapped_over_one_of_its_own_group_is_refused(session: Session) -> None:
    dag = dag_of(
        {"g": Group(mapping=over(x=[1, 2]))}, a=task(group="g"), b=task("a", group="g", mapping=over(y=xcom("a")))
    )
    start(session, dag)
    with pytest.raises(UnmappableError, match="'a', which is mapped with it in one group"):
        expand(session, "etl", "r1")


def test_what_is_kept_of_an_unexpanded_instance_goes_with_it(session: Session) -> None:
    start(session, dag_of(a=task(), b=task("a")))
    other = Record.of_dag(over_extract(xcom("extract")))
    RecordStore(session).put(other, created_at=NOON)
    expand(session, "etl", "r1")
    put_instances(session, "etl", "r1", [Instance(task_id="extract"), Instance(task_id="load", digest=other.digest)])
    put_instances(session, "etl", "r1", [Instance(task_id="extract", digest=other.digest, state="running")])
    push_map(session, "etl", "r1", "extract", [1, 2])
    put_instances(session, "etl", "r1", [Instance(task_id="extract", digest=other.digest, state="success")])
    expand(session, "etl", "r1")
    loaded = [one for one in instances_of(session, "etl", "r1") if one.task_id == "load"]
    assert loaded == [Instance(task_id="load", map_index=at, digest=other.digest) for at in (0, 1)]


def test_instances_of_a_task_that_the_record_lacks_are_removed(session: Session) -> None:
    start(session, dag_of(a=task()))
    put(session, gone="success", a=None)
    assert expand(session, "etl", "r1").changed == (Instance(task_id="gone", state="removed"),)
    assert rows(session) == {"a": {-1: None}, "gone": {-1: "removed"}}
    assert not expand(session, "etl", "r1")


def declared() -> Dag:
    """A DAG whose tasks are mapped over every source that can be declared."""
    from_python = DAG("etl", params={"tables": ["a", "b"]})
    with from_python:
        found = function("extract")()
        other = function("other")()
        sources = {
            "plain": found,
            "mapped": found.map(str),
            "filtered": found.filter(None),
            "zipped": found.zip(other),
            "filled": found.zip(other, fillvalue=0),
            "joined": found.concat(other, found),
            "param": from_python.param("tables"),
            "listed": [1, 2, 3, 4],
            "keyed": {"b": 1, "a": 2},
        }
        for name, source in sources.items():
            function(name).expand(value=source)
        function("each").partial(second=1).expand_kwargs(found)
        function("both").expand(value=found, second=[1, 2])
        task_group(group_id="group")(inside).expand(value=found)
    return serialize(from_python).dag()


def function(name: str) -> Any:
    def called(value: object = None, second: object = None) -> None: ...

    return task_function(task_id=name)(called)


def inside(value: object) -> None:
    function("in_group")(value)


def test_every_source_that_can_be_declared_has_a_length(session: Session) -> None:
    start(session, declared())
    expand(session, "etl", "r1")
    extracted(session, {"p": 1, "q": 2, "r": 3}, other="running")
    push_map(session, "etl", "r1", "other", [1])
    put(session, other="success")
    expand(session, "etl", "r1")
    lengths = {name: len(found) for name, found in rows(session).items() if -1 not in found}
    assert lengths == {
        "plain": 3,
        "mapped": 3,
        "filtered": 3,
        "zipped": 1,
        "filled": 3,
        "joined": 7,
        "param": 2,
        "listed": 4,
        "keyed": 2,
        "each": 3,
        "both": 6,
        "group.in_group": 3,
    }


def test_runs_do_not_mix(session: Session) -> None:
    start(session, over_extract(xcom("extract")))
    start(session, over_extract(xcom("extract")), run_id="r2")
    for run_id in ("r1", "r2"):
        expand(session, "etl", run_id)
    extracted(session, [1, 2])
    expand(session, "etl", "r1")
    assert rows(session, "r2") == {"extract": {-1: None}, "load": {-1: None}}
    assert not expand(session, "etl", "r2")
    assert session.scalars(select(task_map.c.run_id)).all() == ["r1"]


def test_hostile_ids_are_only_ids(session: Session) -> None:
    ids = [name for name in HOSTILE_IDS if name != "a"]
    tasks = {name: task("a", mapping=over(x=xcom("a"))) for name in ids}
    start(session, dag_of(a=task(), **tasks))
    expand(session, "etl", "r1")
    put(session, a="running")
    push_map(session, "etl", "r1", "a", [1, 2])
    put(session, a="success")
    expand(session, "etl", "r1")
    assert rows(session) == {"a": {-1: "success"}, **{name: {0: None, 1: None} for name in ids}}


def test_an_id_that_no_column_holds_is_refused(session: Session) -> None:
    start(session, dag_of(**{"x" * 251: task()}))
    with pytest.raises(SettingsError, match="task_id"):
        expand(session, "etl", "r1")
    assert rows(session) == {}


def test_a_run_without_a_stamp_is_not_expanded(session: Session) -> None:
    with pytest.raises(NotFoundError, match="run etl/r1 has no stamp"):
        expand(session, "etl", "r1")


def test_a_state_that_another_session_has_set_stays(session: Session) -> None:
    record = Record.of_dag(Dag(fields=over_extract([1]).fields, tasks={"a": Task(operator="x.Y")}))
    RecordStore(session).put(record, created_at=NOON)
    stamp(session, "etl", "r1", record, created_at=NOON)
    expand(session, "etl", "r1")
    put(session, a="running")
    assert not expand(session, "etl", "r1")
    assert rows(session) == {"a": {-1: "running"}}


def expand_in_steps(engine: Engine) -> None:
    """Expand a run as one of several do at once, each step committed."""
    for _ in range(5):
        with Session(engine) as session, session.begin():
            expand(session, "etl", "r1")


def test_several_sessions_expand_a_run_at_once(own_engine: Engine) -> None:
    with Session(own_engine) as session, session.begin():
        start(session, over_extract(xcom("extract")))
        expand(session, "etl", "r1")
        extracted(session, range(50))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(expand_in_steps, [own_engine] * 6))
    with Session(own_engine) as session:
        assert rows(session) == {"extract": {-1: "success"}, "load": dict.fromkeys(range(50))}


def test_an_unexpanded_instance_of_a_task_that_has_run_is_removed(session: Session) -> None:
    start(session, over_extract(xcom("extract")))
    expand(session, "etl", "r1")
    grown(session, 2)
    put_instances(session, "etl", "r1", [Instance(task_id="load", state="failed")])
    assert expand(session, "etl", "r1").changed == (Instance(task_id="load", state="removed"),)


def test_a_length_counts_only_once_all_of_its_sources_are_known(session: Session) -> None:
    both: Any = {"$": "xcom_concat", "args": [xcom("extract"), xcom("other")]}
    start(session, over_extract(both, "other"))
    expand(session, "etl", "r1")
    extracted(session, [1, 2], other="success")
    expand(session, "etl", "r1")
    assert rows(session)["load"] == {-1: "upstream_failed"}  # nobody pushed the other
