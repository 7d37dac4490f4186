"""What a serialized DAG does not say is unknown; what it says is compared."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import ROOT

from dagserial.diff import compare, compare_all
from dagserial.diff.partial import may_be
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.record import Record, serialize_all
from dagserial.sources import airflow_blob

FIXTURES = ROOT / "fixtures/airflow_blobs"
CODE = "sha256:" + "0" * 64


def blob(*tasks: dict[str, Any], **dag: Any) -> Dag:
    """Return the DAG of a blob of Airflow 3.3."""
    wrapped = [
        {"__type": "operator", "__var": {"task_type": "Load", "template_fields": ["sql"], **task}} for task in tasks
    ]
    newest = {"has_retry_policy": False, "retry_delay": 300.0}
    for one in wrapped:
        one["__var"] = newest | one["__var"]
    fields = {"dag_id": "etl", "timezone": "UTC", "catchup": False, "tasks": wrapped, **dag}
    return airflow_blob.read({"__version": 3, "dag": fields})[0].dag


def full(fields: dict[str, Any] | None = None, **args: Any) -> Dag:
    """Return the DAG of a DAG file with one task."""
    return Dag(fields=DagFields(dag_id="etl", **(fields or {})), tasks={"load": Task(operator="Load", args=args)})


LOAD = {"task_id": "load", "retries": 2, "sql": "select 1"}


def paths(old: Dag, new: Dag) -> list[str]:
    found = [change.path for change in compare(old, new)]
    assert [change.path for change in compare(new, old)] == found, "the mirror shows the same places"
    return found


@pytest.mark.parametrize(
    "args",
    [
        {"retries": 2, "sql": "select 1"},
        {"retries": 2, "sql": "select 1", "pool": "default_pool", "retry_delay": {"$": "timedelta", "value": "PT300S"}},
        {"retries": 2, "sql": "select 1", "retry_delay": 300},
        {"retries": 2, "sql": "select 1", "dropped": [1, 2], "python_callable": {"$": "callable", "name": "etl.load"}},
        {"retries": 2, "sql": {"$": "variable", "key": "sql"}},
        {"retries": {"$": "environment", "name": "RETRIES"}, "sql": "select 1"},
        {"retries": 2},
    ],
    ids=["same", "defaults", "seconds", "dropped", "variable", "environment", "filled-in"],
)
def test_what_may_be_the_same_is_no_change(args: dict[str, Any]) -> None:
    assert paths(blob(LOAD), full(**args)) == []


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ({"retries": 3, "sql": "select 1"}, "retries"),
        ({"sql": "select 1"}, "retries"),
        ({"retries": 2, "sql": "select 2"}, "sql"),
        ({"retries": 2, "sql": "select 1", "pool": "net"}, "pool"),
        ({"retries": 2, "sql": "select 1", "retry_delay": {"$": "timedelta", "value": "PT60S"}}, "retry_delay"),
        (
            {"retries": 2, "sql": "select 1", "on_failure_callback": {"$": "callable", "name": "a.b"}},
            "on_failure_callback",
        ),
        ({"retries": 2, "sql": {"$": "date", "value": "2026-01-01"}}, "sql"),
    ],
    ids=["other", "gone", "text", "no-default", "other-duration", "new-callback", "other-type"],
)
def test_what_cannot_be_the_same_is_a_change(args: dict[str, Any], path: str) -> None:
    assert paths(blob(LOAD), full(**args)) == [f"/tasks/load/args/{path}"]


def test_differences_that_may_be_none_are_counted() -> None:
    found = compare_all({"etl": blob(LOAD)}, {"etl": full(retries=2, sql="select 1", dropped=1, other=2)})
    assert (found.changes, found.unknown) == ((), 3), "two arguments, and what absence says"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"catchup": False, "max_active_runs": 16, "user_defined_macros": {"f": 1}, "auto_register": False}, []),
        ({"catchup": True}, ["/dag/catchup"]),
        ({"tags": ["a"]}, ["/dag/tags"]),
        ({"description": "new"}, ["/dag/description"]),
        ({"schedule": "@daily"}, ["/dag/schedule"]),
        ({"params": (("p", {"$": "param", "default": 1}),)}, ["/dag/params/p"]),
    ],
)
def test_fields_of_the_dag_are_compared_as_far_as_they_are_said(fields: dict[str, Any], expected: list[str]) -> None:
    assert paths(blob(LOAD), full(fields, retries=2, sql="select 1")) == expected


def test_a_preset_is_its_expression_and_no_other() -> None:
    timetable = {
        "__type": "airflow.timetables.trigger.CronTriggerTimetable",
        "__var": {"expression": "0 0 * * *", "timezone": "UTC", "interval": 0.0, "run_immediately": False},
    }
    daily = blob(LOAD, timetable=timetable)
    args = {"retries": 2, "sql": "select 1"}
    assert paths(daily, full({"schedule": "@daily"}, **args)) == []
    assert paths(daily, full({"schedule": "@hourly"}, **args)) == ["/dag/schedule"]
    bare = {"$": "object", "class": "airflow.sdk.CronTriggerTimetable", "args": ["0 0 * * *"]}
    assert paths(daily, full({"schedule": bare}, **args)) == []


def test_a_mapped_task_says_all_that_partial_was_given() -> None:
    mapped = {
        "task_id": "load",
        "_is_mapped": True,
        "partial_kwargs": {"sql": "a", "limit": 1},
        "expand_input": {"type": "dict-of-lists", "value": {"__type": "dict", "__var": {"x": [1, 2]}}},
    }
    over = Mapping(expand=(("x", [1, 2]),))
    same = Dag(
        fields=DagFields(dag_id="etl"),
        tasks={"load": Task(operator="Load", args={"sql": "a", "limit": 1}, mapping=over)},
    )
    assert paths(blob(mapped), same) == []
    less = msgspec.structs.replace(same.tasks["load"], args={"sql": "a"})
    assert paths(blob(mapped), Dag(fields=same.fields, tasks={"load": less})) == ["/tasks/load/args/limit"]
    other = msgspec.structs.replace(same.tasks["load"], mapping=Mapping(expand=(("x", [2, 1]),)))
    assert paths(blob(mapped), Dag(fields=same.fields, tasks={"load": other})) != []


def test_groups_hide_their_default_args_and_nothing_else() -> None:
    tree = {"children": {"g": ["taskgroup", {"_group_id": "g", "children": {}}]}}
    bare = blob(task_group=tree)
    assert paths(bare, Dag(fields=DagFields(dag_id="etl"), groups={"g": Group(default_args={"retries": 1})})) == []
    coloured = Dag(fields=DagFields(dag_id="etl"), groups={"g": Group(ui_color="red")})
    assert paths(bare, coloured) == ["/groups/g/ui_color"]


def test_a_docstring_that_airflow_took_is_no_change() -> None:
    said = {"task_id": "load", "_operator_name": "@task", "doc_md": "Loads.", "multiple_outputs": True}
    other = Dag(fields=DagFields(dag_id="etl"), tasks={"load": Task(operator="@task")})
    assert paths(blob(said), other) == []
    assert paths(blob({"task_id": "load", "doc_md": "Loads."}), full()) == ["/tasks/load/args/doc_md"]


FUNCTION = {"$": "callable", "code": CODE, "name": "etl.work.<locals>.load"}


@pytest.mark.parametrize(
    ("kept", "said", "holds"),
    [
        ({"$": "unknown"}, FUNCTION, True),
        ({"$": "unknown", "name": "work.<locals>.load"}, FUNCTION, True),
        ({"$": "unknown", "name": "etl.load"}, FUNCTION, True),
        ({"$": "unknown", "name": "load"}, [FUNCTION], True),
        ({"$": "unknown", "name": "send"}, FUNCTION, False),
        ({"$": "unknown", "name": "other.load"}, FUNCTION, False),
        ({"$": "unknown", "start": "select 1"}, "select 1 from t", True),
        ({"$": "unknown", "start": "select 1"}, "select 2 from t", False),
        ({"$": "unknown", "class": "a.Pod"}, {"$": "object", "class": "b.Pod"}, True),
        ({"$": "unknown", "class": "a.Pod"}, {"$": "object", "class": "b.Job"}, False),
        ("1 day, 0:00:02", {"$": "timedelta", "value": "P1DT2S"}, True),
        ("1 day, 0:00:03", {"$": "timedelta", "value": "P1DT2S"}, False),
        ("2026-01-01 00:00:00+00:00", {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"}, True),
        ("2026-01-02 00:00:00+00:00", {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"}, False),
        ("b'ab'", {"$": "bytes", "base64": "YWI="}, True),
        ("b'ac'", {"$": "bytes", "base64": "YWI="}, False),
        ("Colour.RED", {"$": "enum", "class": "c.Colour", "name": "RED", "value": 1}, True),
        ("Colour.BLUE", {"$": "enum", "class": "c.Colour", "name": "RED", "value": 1}, False),
        (1, {"$": "enum", "class": "c.Colour", "name": "RED", "value": 1}, True),
        ([1, [2]], {"$": "tuple", "items": [1, {"$": "tuple", "items": [2]}]}, True),
        ([1, 3], {"$": "tuple", "items": [1, 2]}, False),
        ([1, 2], {"$": "set", "items": [2, 1]}, True),
        ([1], {"$": "set", "items": [2, 1]}, False),
        ({"1": "a"}, {"$": "dict", "items": [[1, "a"]]}, True),
        ({"1": "a"}, {"$": "dict", "items": [[1, "b"]]}, False),
        ({"a": [1]}, {"a": {"$": "tuple", "items": [1]}}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (
            "select 1",
            {
                "$": "file",
                "path": "load.sql",
                "digest": "sha256:822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f",
            },
            True,
        ),
        (
            "select 2",
            {
                "$": "file",
                "path": "load.sql",
                "digest": "sha256:822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f",
            },
            False,
        ),
        ("load.sql", {"$": "file", "path": "load.sql", "digest": "sha256:00"}, True),
        ("/srv/x/load.sql", {"$": "rooted", "parts": ["", "/load.sql"]}, True),
        ("/srv/x/send.sql", {"$": "rooted", "parts": ["", "/load.sql"]}, False),
        ("{{ task_instance.xcom_pull(task_ids='a') }}", {"$": "xcom", "task": "a"}, True),
        ("{{ task_instance.xcom_pull(task_ids='a') }}", {"$": "xcom", "task": "b"}, False),
        (
            {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"},
            {"$": "datetime", "value": "2026-01-01T00:00:00"},
            True,
        ),
        (
            {"$": "datetime", "value": "2025-12-31T23:00:00", "zone": "UTC"},
            {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "Europe/Paris"},
            True,
        ),
        (
            {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"},
            {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "Europe/Paris"},
            False,
        ),
        (1, True, False),
        (1, 1.5, False),
        ("a", 1, False),
    ],
)
def test_what_was_kept_may_be_what_is_said(kept: Any, said: Any, holds: bool) -> None:
    assert may_be(kept, said) is holds


@pytest.mark.parametrize("version", ["2.9.2", "2.11.2", "3.0.6", "3.1.8", "3.3.2"])
def test_an_edit_of_the_dag_file_shows_and_nothing_else(version: str, tmp_path: Path) -> None:
    text = (FIXTURES / "dags/shop.py").read_text()
    edits = {
        ('trigger_rule="none_failed",', 'trigger_rule="all_done",'): "/tasks/check/args/trigger_rule",
        ('bash_command="fetch {{ ds }}"', 'bash_command="fetch"'): "/tasks/fetch/args/bash_command",
        ("max_active_runs=2", "max_active_runs=3"): "/dag/max_active_runs",
        (
            "python_callable=clean,\n        op_args=[[3, 1, 2]]",
            "python_callable=page,\n        op_args=[[3, 2, 1]]",
        ): "/tasks/check/args/op_args/0",
        ("check >> long", "check >> EmptyOperator(task_id='new') >> long"): "/tasks/new",
    }
    blobs = json.loads((FIXTURES / f"{version}.json").read_text())["dags"]["shop_plain"]["blob"]
    deployed = {"shop_plain": Record.of_dag(airflow_blob.read(blobs)[0].dag)}
    for (old, new), path in edits.items():
        assert old in text
        (tmp_path / "shop.py").write_text(text.replace(old, new, 1))
        found = {record.dag_id: record for record in serialize_all(tmp_path / "shop.py", strict=False)}
        changes = compare_all(deployed, {"shop_plain": found["shop_plain"]}).changes
        assert path in {change.path for change in changes}
        assert len(changes) <= 3


def test_a_comparison_of_deeply_nested_values_ends() -> None:
    value: Any = 1
    for _ in range(150):
        value = [value]
    other = copy.deepcopy(value)
    assert sys.getrecursionlimit() >= 1000
    assert paths(blob({**LOAD, "sql": value}), full(retries=2, sql=other)) == []
