"""The same DAG files through five Airflows: their records differ only where the versions say different things."""

from __future__ import annotations

import json
from typing import Any

import pytest
from blob_fixtures import FOLDER, captured, record_of

from dagserial.diff import Diff, compare_all
from dagserial.diff.element import descend
from dagserial.record import Record, serialize_all

SHOP = ["2.9.2", "2.11.2", "3.0.6", "3.1.8", "3.3.2"]

DIFFERENCES = {
    ("2.9.2", "2.11.2"): {
        "args/skip_when_already_exists": "a new template field, which has its default",
    },
    ("2.11.2", "3.0.6"): {
        "dag/catchup": "the default changed from true to false, so the other one is left out",
        "dag/schedule": "3.0 keeps the expression of a preset alone; the default changed from a day to none",
        "dag/tags": "a set from 3.0 on, and sorted",
        "args/boxes": "infinity in an encoded value is a text from 3.0 on",
        "args/logical_date": "a new template field, which has its default",
        "args/python_callable": "3.0 says its name with its module",
    },
    ("3.0.6", "3.1.8"): {
        "dag/default_args": "callbacks have no source any more",
        "args/on_failure_callback": "callbacks have no source any more",
        "args/order": "a function in a template field is named, not addressed",
        "args/python_callable": "the name stands without its module; a mapped task's has no source any more",
    },
    ("3.1.8", "3.3.2"): {
        "args/bash_command": "a long text is cut some letters later",
        "args/order": "an object in a template field is named with its module",
    },
}
"""All that differs between the records of two versions, and why."""


def bodies(version: str) -> dict[str, Any]:
    """Return the records of one Airflow as JSON, without what absence says, which is each version's own."""
    found = {dag_id: json.loads(record_of(one["blob"]).body) for dag_id, one in captured(version).items()}
    assert all(body["dag"].pop("unsaid") for body in found.values())
    return found


def fields(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return in which fields two records differ."""
    steps = [difference.steps for difference in descend(before, after)]
    return {f"dag/{step[1]}" if step[0] == "dag" else "/".join(map(str, step[2:4])) for step in steps}


@pytest.mark.parametrize("pair", DIFFERENCES, ids="-".join)
def test_two_versions_say_the_same_but_for_this(pair: tuple[str, str]) -> None:
    old, new = map(bodies, pair)
    assert old.keys() == new.keys()
    found = set().union(*(fields(old[dag_id], new[dag_id]) for dag_id in old))
    assert found == DIFFERENCES[pair].keys()


def read_and_written(version: str) -> tuple[dict[str, Record], dict[str, Record]]:
    """Return the records of one Airflow's blobs, and those of the DAG files that these were made of."""
    blobs = {dag_id: record_of(one["blob"]) for dag_id, one in captured(version).items()}
    folder = FOLDER / ("dags" if version in SHOP else "old")
    return blobs, {record.dag_id: record for record in serialize_all(folder, strict=False)}


@pytest.mark.parametrize("version", [*SHOP, "2.6.3"])
def test_a_blob_and_its_dag_file_show_no_change(version: str) -> None:
    blobs, files = read_and_written(version)
    for sides in ((blobs, files), (files, blobs)):
        found = compare_all(*sides)
        assert (found.changes, found.old.keys()) == ((), files.keys())
        assert found.unknown > 0


@pytest.mark.parametrize("version", ["2.2.5", "2.3.4"])
def test_of_the_oldest_airflows_nothing_differs_but_what_they_did(version: str) -> None:
    found: Diff = compare_all(*read_and_written(version))
    edges = {change.object.id for change in found.changes if change.object.kind == "edge"}
    assert edges == {"fetch -> inside.check", "fetch -> inside.pack"}, "an edge with a label to a group went to its end"
    rest = {change.path for change in found.changes if change.object.kind != "edge"}
    mapped = {"/tasks/literal/args/retries"}  # in 2.3, default_args took what `.partial()` was given
    lacking = {"/tasks/literal", "/tasks/add/mapping", "/tasks/add/args/op_kwargs"}
    assert rest == (mapped if version == "2.3.4" else lacking)


def test_two_airflows_show_no_change() -> None:
    for old in SHOP:
        for new in SHOP:
            sides = ({dag_id: record_of(one["blob"]) for dag_id, one in captured(side).items()} for side in (old, new))
            assert [change.path for change in compare_all(*sides).changes] == []
