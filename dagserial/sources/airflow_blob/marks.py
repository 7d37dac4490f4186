"""Tell which form a blob has: `__version` is not enough, as eleven forms share three numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.sources.airflow_blob.load import Blob

VERSIONS = (1, 2, 3)
"""Every `__version` that Airflow has written, 2.2 to 3.3."""

_MAPPED_KWARGS = ("mapped_kwargs", "mapped_op_kwargs")


def form_of(blob: Blob) -> str:
    """Return the form of a blob, by its marks: `1a` to `1e`, `2a`, `2b`, `3a` to `3d`.

    Where a DAG shows no mark that tells two forms apart, the two read it alike, and the newer one is named.

    Raises:
        BlobError: `__version` is none that Airflow has written, or there is no DAG with tasks.
    """
    version = blob.get("__version")
    if type(version) is not int or version not in VERSIONS:
        raise BlobError(f"`__version` {version!r} is unknown; this version reads 1, 2, 3", found=version)
    dag = blob.get("dag")
    if not isinstance(dag, dict) or not isinstance(dag.get("tasks"), list):
        raise BlobError("the blob has no `dag` with a list of `tasks`")
    if version == 1:
        return _form_of_1(dag)
    return _form_of_2(dag) if version == 2 else _form_of_3(blob, dag)


def is_wrapped(task: object) -> bool:
    """Tell whether a task stands as `{"__type": "operator", "__var": {...}}`, as from Airflow 2.10 on."""
    return isinstance(task, dict) and task.get("__type") == "operator" and isinstance(task.get("__var"), dict)


def _form_of_1(dag: Mapping[str, Any]) -> str:
    tasks = dag["tasks"]
    if any(map(is_wrapped, tasks)) or (not tasks and isinstance(dag.get("params"), list)):
        return "1e"
    keys = _keys(tasks)
    if keys & {"_downstream_task_ids", "_is_dummy"} and not keys & {"_is_empty", "downstream_task_ids"}:
        return "1a"
    if keys & {*_MAPPED_KWARGS, "_inlets", "_outlets", "_expansion_kwargs_attr"}:
        return "1b"
    if "is_setup" in keys or isinstance(dag.get("dataset_triggers"), dict):
        return "1d"
    if keys & {"_is_setup", "expand_input", "op_kwargs_expand_input"} or "_processor_dags_folder" in dag:
        return "1c"
    return "1b" if tasks else "1d"


def _form_of_2(dag: Mapping[str, Any]) -> str:
    """Airflow 3.0.0 and 3.0.6 write the same, but the hash of the latter leaves `fileloc` out."""
    return "2b"


def _form_of_3(blob: Blob, dag: Mapping[str, Any]) -> str:
    if any("has_retry_policy" in task["__var"] for task in dag["tasks"] if is_wrapped(task)):
        return "3d"
    if "allowed_run_types" in dag:
        return "3c" if dag["tasks"] else "3d"
    return "3a" if "client_defaults" in blob else "3b"


def _keys(tasks: Iterable[object]) -> set[str]:
    """Return the fields that any of the tasks has."""
    found: set[str] = set()
    for task in tasks:
        if isinstance(task, dict):
            found |= task.keys()
    return found
