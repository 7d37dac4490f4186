"""Writing a diff as JSON."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from diff_dags import dags, near_pairs, task_dag
from hypothesis import given, settings

from dagserial.canonical import canonical_bytes
from dagserial.diff import Side, UnreadFile, compare_all, diff_document
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record

SCHEMA = json.loads((Path(__file__).parents[2] / "schema" / "diff.v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BASE = Side("main", "a" * 40)
HEAD = Side("@worktree")


def document(old: dict[str, Dag], new: dict[str, Dag], base: Side = BASE, head: Side = HEAD) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(diff_document(compare_all(old, new), base, head))
    return written


@given(near_pairs(), dags("other"))
@settings(deadline=None, max_examples=40)
def test_documents_are_canonical_and_valid(pair: tuple[Dag, Dag], other: Dag) -> None:
    body = diff_document(compare_all({"etl": pair[0], "b": other}, {"etl": pair[1], "c": other}), BASE, HEAD)
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
            }
        ],
        "summary": {
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
        {"operation": "added", "after": 1, "object": {"dag_id": "etl", "kind": "param", "id": "x"}},
    ],
)
def test_the_schema_refuses_a_change_that_contradicts_itself(wrong: dict[str, Any]) -> None:
    target = {"dag_id": "etl", "kind": "task", "id": "a"}
    refused = document({}, {}) | {"changes": [{"object": target, "path": "/tasks/a", **wrong}]}
    assert not VALIDATOR.is_valid(refused)


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
    written = json.loads(diff_document(compare_all({"etl": old}, {"etl": new}), BASE, HEAD, max_changes=4))
    VALIDATOR.validate(written)
    assert (len(written["changes"]), written["truncated"], written["summary"]["changes"]["changed"]) == (4, True, 9)


def test_a_rename_is_written_with_what_it_was_and_why() -> None:
    old, new = (task_dag("etl", **{name: Task(operator="o", args={"x": "a b c"})}) for name in ("s", "t"))
    written = document({"etl": old}, {"etl": new})
    VALIDATOR.validate(written)
    assert written["changes"] == [
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
