"""The blobs of real Airflows, and what they say, walked by hand and not by the reader that is tested."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

from support import ROOT

from dagserial.record import Record
from dagserial.sources import airflow_blob

FOLDER = ROOT / "fixtures/airflow_blobs"
VERSIONS = {
    "2.2.5": "1a",
    "2.3.4": "1b",
    "2.6.3": "1c",
    "2.9.2": "1d",
    "2.11.2": "1e",
    "3.0.6": "2b",
    "3.1.8": "3b",
    "3.3.2": "3d",
}
"""The Airflows of which there are blobs, with their form."""

OLD = ("2.2.5", "2.3.4", "2.6.3")


@functools.cache
def captured(version: str) -> dict[str, dict[str, Any]]:
    """Return `blob` and `dag_hash` of each DAG of one Airflow."""
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / f"{version}.json").read_text())["dags"]
    return found


BLOBS = [(version, dag_id) for version in VERSIONS for dag_id in captured(version)]
"""Every blob there is, by version and dag_id."""


def blob(version: str, dag_id: str) -> dict[str, Any]:
    """Return a copy of a blob."""
    copy: dict[str, Any] = json.loads(json.dumps(captured(version)[dag_id]["blob"]))
    return copy


def record_of(thing: object) -> Record:
    """Return the record of a blob's DAG."""
    return Record.of_dag(airflow_blob.read(thing)[0].dag)


def dag_of(blob: dict[str, Any]) -> dict[str, Any]:
    """Return what stands under `dag`."""
    found: dict[str, Any] = blob["dag"]
    return found


def tasks_of(blob: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of each task as they stand."""
    bare = [task.get("__var", task) for task in blob["dag"]["tasks"]]
    return {task["task_id"]: task for task in bare}


def edges_of(blob: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the edges that the tasks name."""
    names = ("downstream_task_ids", "_downstream_task_ids")
    return {(one, other) for one, task in tasks_of(blob).items() for name in names for other in task.get(name) or ()}


def group_tree(blob: dict[str, Any]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Return the parent of each group and the group of each task: by the keys that children stand under."""
    groups: dict[str, str | None] = {}
    places: dict[str, str | None] = {}

    def walk(group: dict[str, Any], group_id: str | None) -> None:
        for key, (kind, child) in group["children"].items():
            if kind == "operator":
                places[key] = group_id
            else:
                groups[key] = group_id
                walk(child, key)

    walk(dag_of(blob).get("task_group") or dag_of(blob)["_task_group"], None)
    return groups, places


def said_of_task(blob: dict[str, Any], task: dict[str, Any], name: str, default: Any) -> Any:
    """Return a plain argument: what the task says, else what `.partial()` was given, else configuration, else Airflow."""
    configured = (blob.get("client_defaults") or {}).get("tasks", {})
    for said in (task, task.get("partial_kwargs") or {}, configured):
        if said.get(name) is not None:
            return said[name]
    return default


def expand_of(task: dict[str, Any]) -> Any:
    """Return over what a task is mapped, as it stands; None if it is not."""
    for name in ("op_kwargs_expand_input", "expand_input"):
        if name in task and (name == task.get("_expand_input_attr", name)):
            return task[name]["type"], task[name]["value"]
    for name in ("mapped_op_kwargs", "mapped_kwargs"):
        if name in task:
            return "dict-of-lists", task[name]
    return None


def params_of(blob: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return names and defaults of the DAG's params in their order."""
    params = dag_of(blob).get("params") or []
    pairs = params.items() if isinstance(params, dict) else params
    return [(name, plain(param["default"])) for name, param in pairs]


def plain(value: Any) -> Any:
    """Return a value without the wrapping of dicts; None where a param has no default."""
    if isinstance(value, dict):
        inner = {} if value.get("__type") == "arg_not_set" else value.get("__var", value)
        return None if value.get("__type") == "arg_not_set" else {key: plain(item) for key, item in inner.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def schedule_of(blob: dict[str, Any]) -> Iterator[str]:
    """Yield every text and number of a schedule that must be in its record: expressions, URIs, seconds."""
    dag = dag_of(blob)
    left = [dag.get("schedule_interval"), dag.get("timetable"), dag.get("dataset_triggers")]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left += [value for key, value in item.items() if key not in ("__type", "timezone", "interval", "group")]
        elif isinstance(item, list):
            left += item
        elif isinstance(item, str):
            yield item
