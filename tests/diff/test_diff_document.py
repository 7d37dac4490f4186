"""Writing a diff as JSON."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from diff_dags import dags, near_pairs, task_dag
from hypothesis import given, settings

from dagserial.canonical import canonical_bytes
from dagserial.diff import (
    Diff,
    Ignore,
    Policy,
    Side,
    UnreadFile,
    applied,
    compare_all,
    diff_document,
    judged,
    with_impacts,
)
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record

SCHEMA = json.loads((Path(__file__).parents[2] / "schema" / "diff.v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BASE = Side("main", "a" * 40)
HEAD = Side("@worktree")
VERDICT = ("affects", "category", "fingerprint", "reason", "rule", "severity")


def document(old: dict[str, Dag], new: dict[str, Dag], base: Side = BASE, head: Side = HEAD) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(diff_document(judged(compare_all(old, new), old, new), base, head))
    return written


@given(near_pairs(), dags("other"))
@settings(deadline=None, max_examples=40)
def test_documents_are_canonical_and_valid(pair: tuple[Dag, Dag], other: Dag) -> None:
    old, new = {"etl": pair[0], "b": other}, {"etl": pair[1], "c": other}
    policy = Policy({"task-operator-changed": "cosmetic"}, (Ignore("as agreed", rule="task-argument-changed"),))
    records = [{dag_id: Record.of_dag(one) for dag_id, one in side.items()} for side in (old, new)]
    diff = with_impacts(applied(judged(compare_all(old, new), old, new), policy, date(2026, 1, 1)).diff, *records)
    body = diff_document(diff, BASE, HEAD)
    parsed = json.loads(body)
    VALIDATOR.validate(parsed)
    assert canonical_bytes(parsed) == body


def test_a_document_says_what_was_compared_and_what_differs() -> None:
    old, new = task_dag(a=Task(operator="o")), task_dag(a=Task(operator="p"))
    errors = (UnreadFile("dags/b.py", None, "Timeout: 30 s"), UnreadFile("dags/a.py", 3, "KeyError: 'x'"))
    assert document({"etl": old}, {"etl": new}, head=Side("@worktree", None, errors)) == {
        "format": "dagserial.diff/1",
        "base": {"ref": "main", "commit": "a" * 40, "dags": {"etl": Record.of_dag(old).digest}},
        "head": {"ref": "@worktree", "commit": None, "dags": {"etl": Record.of_dag(new).digest}},
        "changes": [
            {
                "operation": "changed",
                "object": {"dag_id": "etl", "kind": "task", "id": "a"},
                "path": "/tasks/a/operator",
                "before": "o",
                "after": "p",
                "rule": "task-operator-changed",
                "category": "task",
                "severity": "behavioural",
                "affects": ["future_runs", "in_flight_unpinned"],
                "reason": "Another operator runs.",
                "fingerprint": FINGERPRINT,
            }
        ],
        "ignored": [],
        "impacts": {},
        "summary": {
            "by_severity": {"breaking": 0, "behavioural": 1, "cosmetic": 0},
            "max_severity": "behavioural",
            "ignored": 0,
            "dags": {"added": 0, "removed": 0, "changed": 1, "renamed": 0},
            "changes": {"added": 0, "removed": 0, "changed": 1, "moved": 0, "renamed": 0},
            "unknown": 0,
        },
        "truncated": False,
        "errors": [
            {"side": "head", "file": "dags/a.py", "line": 3, "error": "KeyError: 'x'"},
            {"side": "head", "file": "dags/b.py", "line": None, "error": "Timeout: 30 s"},
        ],
    }


FINGERPRINT = sha256(
    canonical_bytes(
        [
            "task-operator-changed",
            "etl",
            "task",
            "a",
            "/tasks/a/operator",
            "sha256:" + sha256(b'"o"').hexdigest(),
            "sha256:" + sha256(b'"p"').hexdigest(),
        ]
    )
).hexdigest()


def test_what_is_ignored_stands_apart_with_the_reason() -> None:
    old, new = {"etl": task_dag(a=Task(operator="o"))}, {"etl": task_dag(a=Task(operator="p"))}
    ignore = Ignore("as agreed", fingerprint=FINGERPRINT[:8], expires=date(2026, 1, 1))
    diff = applied(judged(compare_all(old, new), old, new), Policy(ignore=(ignore,)), date(2026, 1, 1)).diff
    written = json.loads(diff_document(diff, BASE, HEAD))
    VALIDATOR.validate(written)
    assert written["changes"] == []
    assert written["summary"]["ignored"] == 1
    ((one,)) = written["ignored"]
    assert one["change"]["fingerprint"] == FINGERPRINT
    assert one["ignore"] == {"reason": "as agreed", "fingerprint": FINGERPRINT[:8], "expires": "2026-01-01"}


def test_a_side_that_says_nothing_has_no_key() -> None:
    old, new = Dag(fields=DagFields(dag_id="etl")), Dag(fields=DagFields(dag_id="etl", schedule=None))
    (change,) = document({"etl": old}, {"etl": new})["changes"]
    assert "before" not in change
    assert change["after"] is None


def test_documents_of_nothing_are_valid() -> None:
    VALIDATOR.validate(document({}, {}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "added", "after": 1, "before": None},
        {"operation": "removed", "after": 1},
        {"operation": "changed", "after": 1},
        {"operation": "moved"},
        {"operation": "renamed", "before": 1, "after": 2},
        {"operation": "added", "after": 1, "path": "tasks"},
        {"operation": "added", "after": 1, "path": "/~2"},
        {"operation": "added", "after": 1, "note": "x"},
        {"operation": "added", "after": 1, "severity": "grave"},
        {"operation": "added", "after": 1, "rule": "Task Removed"},
        {"operation": "added", "after": 1, "affects": ["everyone"]},
        {"operation": "added", "after": 1, "fingerprint": "9c41"},
        {"operation": "added", "after": 1, "object": {"dag_id": "etl", "kind": "param", "id": "x"}},
    ],
)
def test_the_schema_refuses_a_change_that_contradicts_itself(wrong: dict[str, Any]) -> None:
    (right,) = document({"etl": task_dag(a=Task(operator="o"))}, {"etl": task_dag(a=Task(operator="p"))})["changes"]
    kept = {name: value for name, value in right.items() if name not in ("operation", "before", "after")}
    refused = document({}, {}) | {"changes": [{**kept, "path": "/tasks/a", **wrong}]}
    assert not VALIDATOR.is_valid(refused)
    VALIDATOR.validate(refused | {"changes": [right]})


def test_the_schema_is_a_schema_in_which_everything_is_described() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    bare = [path for path, one in _described(SCHEMA, "#") if not {"title", "description"} <= one.keys()]
    assert bare == []


def _described(schema: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Return every definition and property below a schema, but for those that are a reference alone."""
    found = []
    for group in ("properties", "$defs"):
        for name, one in schema.get(group, {}).items():
            found += [(f"{path}/{name}", one)] if one.keys() != {"$ref"} else []
            found += _described(one, f"{path}/{name}")
    return found


def test_a_document_says_that_it_is_truncated_and_counts_all() -> None:
    old, new = (task_dag("etl", **{f"t{n}": Task(operator=side) for n in range(9)}) for side in "op")
    written = json.loads(
        diff_document(
            judged(compare_all({"etl": old}, {"etl": new}), {"etl": old}, {"etl": new}), BASE, HEAD, max_changes=4
        )
    )
    VALIDATOR.validate(written)
    assert (len(written["changes"]), written["truncated"], written["summary"]["changes"]["changed"]) == (4, True, 9)


def test_what_is_kept_of_a_truncated_document_is_the_gravest() -> None:
    old = task_dag("etl", a=Task(operator="o", args={"x": 1}), b=Task(operator="o", args={"doc": "1"}))
    old = msgspec.structs.replace(
        old, tasks=old.tasks | {"c": Task(operator="o", args={"y": 2}), "d": Task(operator="p")}
    )
    new = task_dag(
        "etl", a=Task(operator="o", args={"x": 2}), b=Task(operator="o", args={"doc": "2"}), c=old.tasks["c"]
    )
    diff = judged(compare_all({"etl": old}, {"etl": new}), {"etl": old}, {"etl": new})
    severities = {most: [one["severity"] for one in cut_document(diff, most)["changes"]] for most in (1, 2, 3)}
    assert severities == {1: ["breaking"], 2: ["behavioural", "breaking"], 3: ["behavioural", "cosmetic", "breaking"]}


def cut_document(diff: Diff, most: int) -> Any:
    return json.loads(diff_document(diff, BASE, HEAD, max_changes=most))


def test_a_rename_is_written_with_what_it_was_and_why() -> None:
    old, new = (task_dag("etl", **{name: Task(operator="o", args={"x": "a b c"})}) for name in ("s", "t"))
    written = document({"etl": old}, {"etl": new})
    VALIDATOR.validate(written)
    (change,) = written["changes"]
    assert (change["rule"], change["severity"]) == ("task-renamed", "breaking")
    assert [{name: change[name] for name in change if name not in VERDICT}] == [
        {
            "operation": "renamed",
            "object": {"dag_id": "etl", "kind": "task", "id": "t"},
            "previous": {"dag_id": "etl", "kind": "task", "id": "s"},
            "path": "/tasks/t",
            "before": "s",
            "after": "t",
            "likeness": 100,
            "declared": False,
        }
    ]
