"""A record of a blob says what the blob says: each fixture is walked beside it."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from blob_fixtures import (
    BLOBS,
    VERSIONS,
    blob,
    captured,
    edges_of,
    expand_of,
    group_tree,
    params_of,
    record_of,
    said_of_task,
    schedule_of,
    tasks_of,
)

from dagserial.errors import BlobError
from dagserial.model import Dag
from dagserial.record import Record
from dagserial.sources import airflow_blob

EVERY = pytest.mark.parametrize(("version", "dag_id"), BLOBS, ids=[f"{version}-{dag_id}" for version, dag_id in BLOBS])


def read(version: str, dag_id: str) -> Dag:
    return record_of(blob(version, dag_id)).dag()


def argument(dag: Dag, task_id: str, name: str, default: Any) -> Any:
    """Return an argument of a task; where it is absent, what absence says."""
    assert isinstance(dag.fields.unsaid, dict)
    return dag.tasks[task_id].args.get(name, dag.fields.unsaid["task"].get(name, default))


@EVERY
def test_tasks_and_edges_are_those_of_the_blob(version: str, dag_id: str) -> None:
    found, source = read(version, dag_id), blob(version, dag_id)
    assert found.dag_id == dag_id
    assert found.tasks.keys() == tasks_of(source).keys()
    assert {(before, one) for one, task in found.tasks.items() for before in task.upstream} == edges_of(source)


@EVERY
def test_groups_are_those_of_the_blob(version: str, dag_id: str) -> None:
    found, (groups, places) = read(version, dag_id), group_tree(blob(version, dag_id))
    assert {one: group.parent for one, group in found.groups.items()} == groups
    assert {one: task.group for one, task in found.tasks.items()} == places


@EVERY
def test_trigger_rules_and_retries_are_those_of_the_blob(version: str, dag_id: str) -> None:
    found, source = read(version, dag_id), blob(version, dag_id)
    for task_id, task in tasks_of(source).items():
        rule = said_of_task(source, task, "trigger_rule", "all_success")
        if not found.tasks[task_id].teardown:  # Airflow itself gives teardowns theirs
            assert argument(found, task_id, "trigger_rule", None) == rule
        assert argument(found, task_id, "retries", None) == said_of_task(source, task, "retries", 0)
        assert argument(found, task_id, "pool", None) == said_of_task(source, task, "pool", "default_pool")


@EVERY
def test_mapped_tasks_are_mapped_over_what_the_blob_says(version: str, dag_id: str) -> None:
    found = read(version, dag_id)
    for task_id, task in tasks_of(blob(version, dag_id)).items():
        mapping, said = found.tasks[task_id].mapping, expand_of(task)
        assert (mapping is None) == (said is None)
        if mapping is None:
            continue
        kind, value = said
        assert (mapping.expand == ()) == (kind == "list-of-dicts")
        for name, source in value["__var"].items() if kind == "dict-of-lists" else ():
            written = dict(mapping.expand)[name]
            if isinstance(source, list) and all(isinstance(item, str | int) for item in source):
                assert written == source
            elif isinstance(source, dict) and source["__type"] == "xcomref" and "type" not in source["__var"]:
                assert written["task"] == source["__var"]["task_id"]
        assert [name for name, _ in mapping.expand] == (list(value["__var"]) if kind == "dict-of-lists" else [])


@EVERY
def test_params_and_schedule_are_those_of_the_blob(version: str, dag_id: str) -> None:
    found, source = read(version, dag_id), blob(version, dag_id)
    assert [(name, param.get("default")) for name, param in found.fields.params] == params_of(source)
    text = json.dumps(json.loads(record_of(source).body)["dag"].get("schedule"), ensure_ascii=False)
    assert [said for said in schedule_of(source) if said not in text] == []


@EVERY
def test_reading_again_gives_the_same_record(version: str, dag_id: str) -> None:
    source = blob(version, dag_id)
    before = json.dumps(source)
    record = record_of(source)
    assert record_of(json.dumps(source)).body == record_of(json.dumps(source).encode()).body == record.body
    assert json.dumps(source) == before, "what is read stays as it is"
    assert Record.of(record.body).dag() == record.dag()


@EVERY
def test_what_the_machine_put_in_moves_no_digest(version: str, dag_id: str) -> None:
    source = blob(version, dag_id)
    text = json.dumps(shuffled(source, random.Random(7)))
    text = re.sub(r"0x[0-9a-f]+", "0x1234", text)
    text = re.sub(r"unusual_prefix_[0-9a-f]{40}", "unusual_prefix_" + "0f" * 20, text)
    moved = json.loads(text.replace("/tmp/dagserial-capture", "/elsewhere/airflow"))
    assert moved["dag"]["fileloc"] != source["dag"]["fileloc"]
    assert record_of(moved).digest == record_of(source).digest


def shuffled(value: Any, chance: random.Random, key: str = "") -> Any:
    """Return JSON with the keys of its objects in another order, but of those whose order counts."""
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    items = [(name, shuffled(item, chance, name)) for name, item in value.items()]
    if not any(name.endswith("expand_input") or name.startswith("mapped_") for name in (key, *value)) and key not in (
        "value",
        "__var",
        "params",
        "children",
        "order",
    ):
        chance.shuffle(items)
    return dict(items)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_form_of_each_version_is_told_by_its_marks(version: str) -> None:
    forms = {airflow_blob.form_of(one["blob"]) for one in captured(version).values()}
    assert forms == {VERSIONS[version]}


@EVERY
def test_the_hash_of_airflow_is_computed_as_airflow_does(version: str, dag_id: str) -> None:
    assert airflow_blob.airflow_hash(blob(version, dag_id)) == captured(version)[dag_id]["dag_hash"]


def test_earlier_releases_of_3_0_hash_the_path_too() -> None:
    source = blob("3.0.6", "shop_cron")
    later, earlier = airflow_blob.airflow_hashes(source)
    source["dag"]["fileloc"] = "/elsewhere.py"
    moved = airflow_blob.airflow_hashes(source)
    assert (moved[0], moved[1] == earlier) == (later, False)


def test_a_hash_is_that_of_a_blob() -> None:
    with pytest.raises(BlobError, match="no serialized DAG"):
        airflow_blob.airflow_hash({"dag": {}})


@EVERY
def test_upgrading_leaves_what_it_is_given_alone_and_gives_the_newest_form(version: str, dag_id: str) -> None:
    source = blob(version, dag_id)
    newest = airflow_blob.upgrade(source)
    assert source == blob(version, dag_id) or "NaN" in json.dumps(source)
    assert newest["__version"] == 3
    assert airflow_blob.upgrade(newest)["dag"].keys() == newest["dag"].keys()
