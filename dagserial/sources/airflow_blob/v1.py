"""Read `__version` 1, Airflow 2.2 to 2.11: five forms, each upgraded to the next, the last to `__version` 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dagserial.sources.airflow_blob.load import Blob

_DAG_NAMES = {
    "_access_control": "access_control",
    "_concurrency": "max_active_tasks",
    "_dag_display_property_value": "dag_display_name",
    "_dag_id": "dag_id",
    "_default_view": "default_view",
    "_description": "description",
    "_max_active_tasks": "max_active_tasks",
    "_task_group": "task_group",
    "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast",
}
"""What Airflow 3.0 renamed: fields of a DAG, old to new."""

_TASK_NAMES = {"_task_display_property_value": "_task_display_name", "_task_type": "task_type"}
"""The same of a task."""

_BEFORE_2_3 = {"_downstream_task_ids": "downstream_task_ids", "_upstream_task_ids": "upstream_task_ids"}
_BEFORE_2_4 = {"_inlets": "inlets", "_outlets": "outlets"}
_BEFORE_2_7 = {
    "_is_setup": "is_setup",
    "_is_teardown": "is_teardown",
    "_on_failure_fail_dagrun": "on_failure_fail_dagrun",
}
_MAPPED = ("mapped_kwargs", "mapped_op_kwargs")

_ELIDED = {"catchup": True}
"""What 2.x left out where it was the default, which 3.0 changed."""

Step = Callable[[Blob], Blob]


def upgrade(blob: Blob, form: str) -> Blob:
    """Return a blob of any form of `__version` 1 as one of `__version` 2; the one that is given stays as it is."""
    for name, step in _STEPS.items():
        if form <= name:
            blob = step(blob)
    return blob


def _from_1a(blob: Blob) -> Blob:
    """2.2 -> 2.3: neighbours lose their underscore."""
    return _with_tasks(blob, lambda task: _renamed(task, _BEFORE_2_3))


def _from_1b(blob: Blob) -> Blob:
    """2.3 -> 2.4: what a task is mapped over says its type; inlets and outlets lose their underscore."""
    return _with_tasks(blob, _typed_mapping)


def _typed_mapping(task: Mapping[str, Any]) -> dict[str, Any]:
    found = _renamed(task, _BEFORE_2_4)
    for name in _MAPPED:
        if name in found:
            found["expand_input"] = {"type": "dict-of-lists", "value": found.pop(name)}
            found["_expand_input_attr"] = "expand_input"
    found.pop("_expansion_kwargs_attr", None)
    return found


def _from_1c(blob: Blob) -> Blob:
    """2.6 -> 2.7: setups and teardowns lose their underscore; the datasets of a schedule are a condition."""
    found = _with_tasks(blob, lambda task: _renamed(task, _BEFORE_2_7))
    triggers = found["dag"].get("dataset_triggers")
    if isinstance(triggers, list):
        found["dag"]["dataset_triggers"] = {"__type": "dataset_all", "__var": triggers}
    return found


def _from_1d(blob: Blob) -> Blob:
    """2.9 -> 2.10: tasks are wrapped, params are pairs, the condition stands in the timetable."""
    found = _with_tasks(blob, _with_pairs)
    dag = found["dag"]
    dag["tasks"] = [{"__type": "operator", "__var": task} for task in dag["tasks"]]
    if isinstance(dag.get("params"), dict):
        dag["params"] = _pairs(dag["params"])
    triggers = dag.pop("dataset_triggers", None)
    timetable = dag.get("timetable")
    if isinstance(triggers, dict) and triggers.get("__var") and isinstance(timetable, dict):
        var = timetable.get("__var")
        inner = var if isinstance(var, dict) else {}
        dag["timetable"] = {**timetable, "__var": {**inner, "dataset_condition": triggers}}
    return found


def _from_1e(blob: Blob) -> Blob:
    """2.11 -> 3.0: `__version` 2; fields lose their underscore."""
    found = _with_tasks(blob, lambda task: _renamed(task, _TASK_NAMES))
    return {**found, "__version": 2, "dag": _ELIDED | _renamed(found["dag"], _DAG_NAMES)}


_STEPS: dict[str, Step] = {"1a": _from_1a, "1b": _from_1b, "1c": _from_1c, "1d": _from_1d, "1e": _from_1e}


def _with_tasks(blob: Blob, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Blob:
    """Return a blob with each task changed; what is no task is left for the reader to refuse."""
    dag = blob["dag"]
    return {**blob, "dag": {**dag, "tasks": [_changed(task, change) for task in dag["tasks"]]}}


def _changed(task: Any, change: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    if not isinstance(task, dict):
        return task
    inner = task.get("__var")
    if task.get("__type") == "operator" and isinstance(inner, dict):
        return {**task, "__var": change(inner)}
    return change(task)


def _renamed(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return fields under their new names; one that is there under both keeps the value of the new."""
    found = {names.get(name, name): value for name, value in fields.items() if name in names}
    return found | {name: value for name, value in fields.items() if name not in names}


def _with_pairs(task: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(task)
    if isinstance(found.get("params"), dict):
        found["params"] = _pairs(found["params"])
    return found


def _pairs(params: Mapping[str, Any]) -> list[Any]:
    return [[name, param] for name, param in params.items()]
