"""Whom a change reaches: tasks behind it, by data or by order, and other DAGs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dagserial.diff import Impact, OtherDag, Reached, compare_all, judged, with_impacts
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.record import Record

SALES = {"$": "asset", "name": "sales", "uri": "s3://lake/sales"}


def xcom(task_id: str) -> dict[str, Any]:
    return {"$": "xcom", "task": task_id}


def task(*upstream: str, operator: str = "o.O", **more: Any) -> Task:
    fields = {name: more.pop(name) for name in ("group", "mapping") if name in more}
    return Task(operator=operator, upstream=tuple(sorted(upstream)), args=more, **fields)


def dag(dag_id: str, tasks: dict[str, Task], groups: dict[str, Group] | None = None, **fields: Any) -> Dag:
    return Dag(fields=DagFields(dag_id=dag_id, **fields), tasks=tasks, groups=groups or {})


ETL = dag("etl", {"get": task(), "clean": task("get", rows=xcom("get")), "load": task("clean"), "report": task("load")})


def with_task(before: Dag, task_id: str, changed: Task) -> Dag:
    return msgspec.structs.replace(before, tasks=before.tasks | {task_id: changed})


def renamed(before: Dag, names: dict[str, str], **changed: Task) -> Dag:
    tasks = {names.get(task_id, task_id): task for task_id, task in before.tasks.items()}
    return msgspec.structs.replace(before, tasks=tasks | changed)


def found(old: list[Dag], new: list[Dag]) -> dict[str, Impact]:
    olds, news = ({one.dag_id: Record.of_dag(one) for one in side} for side in (old, new))
    return with_impacts(judged(compare_all(olds, news), olds, news), olds, news).impacts


def reached(old: Dag, new: Dag) -> dict[str, tuple[tuple[str, ...], str]]:
    impact = found([old], [new]).get("etl", Impact())
    return {one.id: (one.via, one.edge) for one in impact.indirect}


def test_nothing_that_changed_reaches_nobody() -> None:
    assert found([ETL], [ETL]) == {}


def test_an_argument_goes_on_along_data_only() -> None:
    changed = with_task(ETL, "get", task(sql="SELECT 2"))
    assert found([ETL], [changed]) == {"etl": Impact(("get",), (Reached("clean", ("get",), 1, "data"),), ())}


def test_data_goes_on_through_templates_and_from_task_to_task() -> None:
    pulled = with_task(ETL, "load", task("clean", sql="{{ ti.xcom_pull(task_ids='clean') }}"))
    changed = with_task(pulled, "get", task(sql="SELECT 2"))
    assert reached(pulled, changed) == {"clean": (("get",), "data"), "load": (("get", "clean"), "data")}


@pytest.mark.parametrize(
    ("task_id", "changed"),
    [("get", task(trigger_rule="all_done")), ("get", task(start_date={"$": "date", "value": "2026-01-01"}))],
    ids=["trigger rule", "start date"],
)
def test_what_decides_whether_a_task_runs_goes_on_along_every_edge(task_id: str, changed: Task) -> None:
    assert reached(ETL, with_task(ETL, task_id, changed)) == {
        "clean": (("get",), "data"),
        "load": (("get", "clean"), "order"),
        "report": (("get", "clean", "load"), "order"),
    }


@pytest.mark.parametrize(
    "more", [{"retries": 3}, {"pool": "p"}, {"on_failure_callback": {"$": "callable", "name": "m.f"}}], ids=repr
)
def test_how_a_task_is_run_reaches_no_other(more: dict[str, Any]) -> None:
    assert found([ETL], [with_task(ETL, "get", task(**more))]) == {"etl": Impact(("get",))}


@pytest.mark.parametrize("more", [{"doc_md": "x"}, {"owner": "x"}], ids=repr)
def test_what_is_cosmetic_reaches_nobody(more: dict[str, Any]) -> None:
    assert found([ETL], [with_task(ETL, "get", task(**more))]) == {}


def test_a_removed_task_reaches_those_that_were_behind_it() -> None:
    new = dag("etl", {"get": ETL.tasks["get"], "clean": ETL.tasks["clean"], "report": task()})
    impact = found([ETL], [new])["etl"]
    assert impact.direct == ("load", "report")
    assert found([new], [ETL])["etl"].direct == ("load", "report")


def test_a_task_behind_two_changes_has_the_shorter_way() -> None:
    changed = with_task(with_task(ETL, "get", task(trigger_rule="all_done")), "load", task("clean", operator="o.P"))
    once = with_task(changed, "load", task("clean", operator="o.P", trigger_rule="one_done"))
    assert reached(ETL, once)["report"] == (("load",), "order")


def test_a_renamed_task_reaches_nobody_but_what_it_brings_along_does() -> None:
    new = renamed(ETL, {"get": "fetch"}, clean=task("fetch", rows=xcom("fetch")))
    assert reached(ETL, new) == {}


def test_a_change_of_a_group_is_one_of_every_task_in_it() -> None:
    groups = {"g": Group(mapping=Mapping(expand=(("x", [1, 2]),))), "g.h": Group(parent="g"), "k": Group()}
    tasks = {"g.a": task(group="g"), "g.h.b": task("g.a", group="g.h"), "k.c": task("g.h.b", group="k")}
    old = dag("etl", tasks, groups)
    new = dag("etl", tasks, groups | {"g": Group(mapping=Mapping(expand=(("x", xcom("k.c")),)))})
    impact = found([old], [new])["etl"]
    assert impact.direct == ("g.a", "g.h.b")


def test_what_a_mapped_group_reads_its_tasks_read() -> None:
    groups = {"g": Group(mapping=Mapping(expand=(("x", xcom("get")),)))}
    old = dag("etl", {"get": task(), "g.a": task(group="g")}, groups)
    assert reached(old, with_task(old, "get", task(sql="2"))) == {"g.a": (("get",), "data")}


def test_an_asset_hands_data_on_within_a_dag() -> None:
    old = dag("etl", {"get": task(outlets=[SALES]), "sum": task(inlets=[SALES])})
    assert reached(old, with_task(old, "get", task(outlets=[SALES], sql="2"))) == {"sum": (("get",), "data")}


REPORT = dag(
    "report", {"a": task(), "b": task("a", trigger_dag_id="mail")}, schedule={"$": "asset_any", "objects": [SALES]}
)
MAIL = dag("mail", {"send": task()})
WAITER = dag(
    "waiter", {"wait": task(external_dag_id="etl", external_task_id="load"), "then": task("wait"), "own": task()}
)
CALLER = dag("caller", {"call": task(trigger_dag_id="etl")})
OTHERS = [REPORT, MAIL, WAITER, CALLER]
LAKE = with_task(ETL, "load", task("clean", outlets=[SALES]))


def others(old: Dag, new: Dag) -> tuple[OtherDag, ...]:
    return found([old, *OTHERS], [new, *OTHERS])[new.dag_id].other_dags


def test_other_dags_are_reached_through_assets_triggers_and_sensors() -> None:
    changed = with_task(LAKE, "load", task("clean", outlets=[SALES], sql="2"))
    assert others(LAKE, changed) == (
        OtherDag("report", "asset", "s3://lake/sales", ("etl",), ("a", "b")),
        OtherDag("waiter", "sensor", "wait", ("etl",), ("then", "wait")),
        OtherDag("mail", "trigger", "b", ("etl", "report"), ("send",)),
    )


def test_a_change_that_goes_no_further_reaches_no_other_dag() -> None:
    assert others(LAKE, with_task(LAKE, "load", task("clean", outlets=[SALES], retries=2))) == ()
    assert others(LAKE, with_task(LAKE, "report", task("load", sql="2"))) == ()


def test_an_asset_that_is_no_longer_updated_reaches_who_waits_for_it() -> None:
    (report, *_) = others(LAKE, ETL)
    assert (report.dag_id, report.link) == ("report", "asset")


def test_who_waits_for_a_renamed_task_is_reached_and_who_uses_its_assets_is_not() -> None:
    new = renamed(LAKE, {"load": "store"}, report=task("store"))
    assert [(one.dag_id, one.link) for one in others(LAKE, new)] == [("waiter", "sensor")]


def test_who_starts_a_dag_is_reached_by_what_it_must_pass() -> None:
    needs = dag("etl", dict(ETL.tasks), params=(("day", {"$": "param", "schema": {"type": "string"}}),))
    assert others(ETL, needs) == (OtherDag("caller", "caller", "call", ("etl",), ("call",)),)


def test_who_starts_or_awaits_a_dag_is_reached_when_it_goes() -> None:
    gone = found([ETL, *OTHERS], OTHERS)["etl"].other_dags
    assert [(one.dag_id, one.link) for one in gone] == [("caller", "caller"), ("waiter", "sensor")]


def test_dags_that_start_each_other_are_each_reached_once() -> None:
    ping, pong = (dag(one, {"go": task(trigger_dag_id=other)}) for one, other in (("ping", "pong"), ("pong", "ping")))
    changed = with_task(ping, "go", task(trigger_dag_id="pong", conf={"a": 1}))
    impact = found([ping, pong], [changed, pong])["ping"]
    assert [one.dag_id for one in impact.other_dags] == ["pong"]


def test_a_long_chain_keeps_the_end_of_each_way() -> None:
    count = 20_000
    tasks = {f"t{number:05}": task(*([f"t{number - 1:05}"] if number else [])) for number in range(count)}
    old = dag("etl", tasks)
    new = with_task(old, "t00000", task(trigger_rule="all_done"))
    impact = found([old], [new])["etl"]
    assert len(impact.indirect) == count - 1
    last = impact.indirect[-1]
    assert (last.id, last.steps, len(last.via), last.via[-1]) == ("t19999", count - 1, 8, "t19998")
