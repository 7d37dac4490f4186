"""What rules that depend on values make of values that are not as usual."""

from typing import Any

import pytest
from diff_dags import task_dag

from dagserial.diff import compare_all, judged
from dagserial.diff.param import is_default_changed, is_narrowed, is_required, is_widened
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.record import Record

XCOM = {"$": "xcom", "task": "a"}
ASSETS = [{"$": "asset", "uri": f"s3://{name}"} for name in "abc"]


def rules(old: Dag, new: Dag) -> list[tuple[str, str]]:
    """Return rule and severity of each change."""
    sides = {old.dag_id: old}, {new.dag_id: new}
    diff = judged(compare_all(*sides), *sides)
    records = [{dag_id: Record.of_dag(dag) for dag_id, dag in side.items()} for side in sides]
    assert judged(compare_all(*sides), *records) == diff, "a record that is read in part is judged as a DAG is"
    return [(change.verdict.rule, change.verdict.severity) for change in diff.changes]


def of_dag(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    return rules(*(Dag(fields=DagFields(dag_id="etl", **fields)) for fields in (before, after)))


def of_task(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    a, old, new = Task(operator="o"), *(Task(operator="o", **fields) for fields in (before, after))
    return rules(task_dag(a=a, t=old), task_dag(a=a, t=new))


def param(**said: Any) -> dict[str, Any]:
    schema = {name: value for name, value in said.items() if name not in ("default", "description")}
    return {"$": "param", **{name: said[name] for name in said if name not in schema}, "schema": schema}


@pytest.mark.parametrize(
    ("one", "required"),
    [
        (5, False),
        (None, False),
        (param(default=5), False),
        (param(type="string"), True),
        (param(default=None, type="string"), True),
        (param(default=None, type=["null", "string"]), False),
        (param(default=None), False),
    ],
)
def test_a_param_is_required_if_a_run_cannot_start_without_it(one: Any, required: bool) -> None:
    assert is_required(one) is required


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (5, param(default=5, type="integer")),
        (param(default=5), param(default=5, minimum=1)),
        (param(default=5, minimum=1), param(default=5, minimum=2)),
        (param(default=5, maxLength=2), param(default=5, maxLength=1)),
        (param(default=5, type=["integer", "null"]), param(default=5, type="integer")),
        (param(default=5, type="number"), param(default=5, type="integer")),
        (param(default=5, enum=[1, 5, True]), param(default=5, enum=[1, 5])),
        (param(default=5), param()),
    ],
)
def test_narrower_is_the_opposite_of_wider(wide: Any, narrow: Any) -> None:
    assert (is_narrowed(wide, narrow), is_widened(wide, narrow)) == (True, False)
    assert (is_narrowed(narrow, wide), is_widened(narrow, wide)) == (False, True)


def test_what_cannot_be_compared_is_held_to_be_narrower() -> None:
    one, other = param(default="a", pattern="a+"), param(default="a", pattern="a*")
    assert is_narrowed(one, other)
    assert is_narrowed(other, one)


def test_words_of_the_form_are_neither_narrower_nor_wider_nor_another_default() -> None:
    one, other = param(default=5, title="a"), param(default=5, title="b", description="c")
    assert not any(tell(one, other) for tell in (is_narrowed, is_widened, is_default_changed))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ({"start_date": {"$": "call", "function": 1}}, {"start_date": {"$": "datetime", "value": "2026-01-01T00:00:00"}}, "dag-start-date-changed"),
        ({"start_date": {"$": "datetime", "value": "never"}}, {"start_date": {"$": "datetime", "value": "2026-01-01T00:00:00"}}, "dag-start-date-changed"),
        ({"start_date": {"$": "date", "value": "2026-01-01"}}, {"start_date": {"$": "date", "value": "2025-01-01"}}, "dag-start-date-earlier"),
        ({"start_date": {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"}}, {"start_date": {"$": "datetime", "value": "2025-01-01T00:00:00", "zone": "Asia/Tokyo"}}, "dag-timezone-changed"),
        ({"schedule": {"$": "object", "class": "T", "args": [1], "kwargs": {"timezone": "UTC"}}}, {"schedule": {"$": "object", "class": "T", "args": [2], "kwargs": {"timezone": "Asia/Tokyo"}}}, "dag-schedule-changed"),
        ({"params": (("x", {"a": 1}),)}, {"params": (("x", {"a": 2}),)}, "dag-param-default-changed"),
        ({"params": (("x", {"a": 1}),)}, {"params": (("x", {"a": 1, "b": 2}),)}, "dag-param-default-changed"),
    ],
)  # fmt: skip
def test_a_field_of_a_dag(before: dict[str, Any], after: dict[str, Any], rule: str) -> None:
    assert [found for found, _ in of_dag(before, after)] == [rule]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"args": {"x": [1, [2, 3]]}}, {"args": {"x": [1, [3, 2]]}}, [("task-argument-order-changed", "behavioural")]),
        ({"args": {"x": [1, True]}}, {"args": {"x": [True, 1]}}, [("task-argument-order-changed", "behavioural")]),
        ({"args": {"x": [1, 2]}}, {"args": {"x": [2, 3]}}, [("task-argument-changed", "behavioural")] * 2),
        ({"args": {"x": {"a": [1, 2]}}}, {"args": {"x": {"a": [2, 1]}}}, [("task-argument-order-changed", "behavioural")]),
        ({"args": {"x": {"$": "file", "path": "q.sql", "digest": "1"}}}, {"args": {"x": {"$": "file", "path": "q.sql", "digest": "2"}}}, [("task-code-changed", "behavioural")]),
        ({"args": {"x": {"$": "file", "path": "q.sql", "digest": "1"}}}, {"args": {"x": {"$": "file", "path": "r.sql", "digest": "2"}}}, [("task-argument-changed", "behavioural")]),
        ({"args": {"outlets": ASSETS[:2]}}, {"args": {"outlets": [ASSETS[2], ASSETS[0]]}}, [("task-outlet-added", "behavioural"), ("task-outlet-removed", "breaking")]),
        ({"mapping": Mapping(expand=(("x", [1, 2]),))}, {"mapping": Mapping(expand=(("x", [2, 3]),))}, [("task-mapping-source-changed", "behavioural")] * 3),
        ({"mapping": Mapping(expand=(("x", [1, 2]),))}, {"mapping": Mapping(expand=(("x", [2, 1]),))}, [("task-mapping-source-changed", "behavioural")]),
        ({"mapping": Mapping(expand=(("x", [1, 2]), ("y", XCOM)))}, {"mapping": Mapping(expand=(("x", [2]), ("y", XCOM)))}, [("task-mapping-source-changed", "behavioural"), ("task-mapping-length-shrunk", "breaking")]),
        ({"mapping": Mapping(expand=(("x", [1, 2]),))}, {"mapping": Mapping(expand=(("x", XCOM),))}, [("task-mapping-source-changed", "behavioural")]),
        ({"mapping": Mapping(expand=(("x", {"$": "dict", "items": [["a", 1], ["b", 2]]}),))}, {"mapping": Mapping(expand=(("x", {"$": "dict", "items": [["a", 1]]}),))}, [("task-mapping-length-shrunk", "breaking")]),
        ({"mapping": Mapping(expand_kwargs=[{"x": 1}, {"x": 2}])}, {"mapping": Mapping(expand_kwargs=[{"x": 1}])}, [("task-mapping-length-shrunk", "breaking")]),
        ({"mapping": Mapping(expand_kwargs=[{"x": 1}])}, {"mapping": Mapping(expand_kwargs=[{"x": 1, "y": 2}])}, [("task-mapping-source-changed", "behavioural")]),
        ({"mapping": Mapping(expand=(("x", [1, 2]),))}, {"mapping": Mapping(expand_kwargs=[{"x": 1}])}, [("task-mapping-keys-changed", "breaking")] * 2),
        ({"mapping": Mapping(expand=(("x", XCOM),))}, {"mapping": Mapping(expand=(("x", XCOM), ("y", [1])))}, [("task-mapping-keys-changed", "behavioural")]),
    ],
)  # fmt: skip
def test_a_field_of_a_task(before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert of_task(before, after) == expected


def test_catchup_that_is_not_said_is_off() -> None:
    assert of_dag({"schedule": "@daily"}, {"schedule": "@hourly"}) == [("dag-schedule-changed", "behavioural")]
    assert of_dag({"schedule": "@daily", "catchup": 1}, {"schedule": "@hourly", "catchup": 1}) == [
        ("dag-schedule-changed", "behavioural")
    ]


@pytest.mark.parametrize(
    "reader",
    [{"args": {"x": [XCOM]}}, {"mapping": Mapping(expand=(("x", XCOM),))}, {"args": {"x": "{{ ti.xcom_pull('a') }}"}}],
)
def test_a_task_reads_what_another_returns_by_an_argument_a_mapping_or_a_template(reader: dict[str, Any]) -> None:
    t = Task(operator="o", upstream=("a",), **reader)
    old = task_dag(a=Task(operator="o"), t=t)
    assert rules(old, task_dag(a=Task(operator="o"), t=Task(operator="o", **reader))) == [
        ("task-upstream-removed", "breaking")
    ]
    quiet = task_dag(a=Task(operator="o", args={"do_xcom_push": False}), t=t)
    assert rules(old, quiet) == [("task-xcom-disabled", "breaking")]


def test_a_mapped_group_reads_too() -> None:
    groups = {"g": Group(mapping=Mapping(expand_kwargs=XCOM))}
    sides = (
        Dag(fields=DagFields(dag_id="etl"), groups=groups, tasks={"a": Task(operator="o", args=args)})
        for args in ({}, {"do_xcom_push": False})
    )
    assert rules(*sides) == [("task-xcom-disabled", "breaking")]


def test_from_one_mapped_group_into_another_over_the_same_is_a_move() -> None:
    mapping = Mapping(expand=(("x", [1]),))

    def dag(place: str, other: Mapping | None = mapping) -> Dag:
        groups = {"g": Group(mapping=mapping), "h": Group(mapping=other), "inner": Group(parent="h")}
        return Dag(fields=DagFields(dag_id="etl"), groups=groups, tasks={"t": Task(operator="o", group=place)})

    assert rules(dag("g"), dag("inner")) == [("task-group-moved", "cosmetic")]
    assert rules(dag("g", None), dag("inner", None)) == [("task-mapped-group-moved", "breaking")]


def starting(zone: str | None = None, **fields: Any) -> dict[str, Any]:
    moment = {"$": "datetime", "value": "2026-01-01T00:00:00"} | ({"zone": zone} if zone else {})
    return {"default_args": {"start_date": moment}, **fields}


OWN_START = {"start_date": {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"}}


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (starting("UTC"), starting("America/Chicago"), ("dag-timezone-changed", "behavioural")),
        (starting(), starting("America/Chicago"), ("dag-timezone-changed", "behavioural")),
        (starting("UTC", catchup=True), starting("Asia/Tokyo", catchup=True), ("dag-timezone-changed", "breaking")),
        (
            starting("UTC", **OWN_START),
            starting("America/Chicago", **OWN_START),
            ("dag-default-args-changed", "cosmetic"),
        ),
    ],
    ids=["another zone", "a zone", "with catchup", "the DAG has a start of its own"],
)
def test_the_zone_of_a_dag_may_be_that_of_its_default_args(
    before: dict[str, Any], after: dict[str, Any], rule: tuple[str, str]
) -> None:
    assert of_dag(before, after) == [rule]
    assert of_dag(after, before) == [rule]


@pytest.mark.parametrize("name", ["execution_delta", "execution_date_fn", "external_dag_id"])
def test_which_run_a_sensor_waits_for_is_a_dependency(name: str) -> None:
    found = of_task({"args": {name: "a"}}, {"args": {name: "b"}})
    assert found == [("task-external-dependency-changed", "behavioural")]
