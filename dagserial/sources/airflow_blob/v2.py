"""Read `__version` 2, Airflow 3.0: upgraded to `__version` 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagserial.sources.airflow_blob.load import Blob


def upgrade(blob: Blob) -> Blob:
    """Return a blob of `__version` 2 as 3.1.8 writes it; the one that is given stays as it is.

    3.0 -> 3.1 leaves out more defaults; those that 3.0 wrote say the same.
    """
    return {**blob, "__version": 3}


def with_bare_callbacks(blob: Blob) -> Blob:
    """Return a blob of 3.0 with callbacks as 2.x has them: a single one stands bare, of which 3.0 makes a list."""
    dag = blob["dag"]
    return {**blob, "dag": {**dag, "tasks": [_bare(task) for task in dag["tasks"]]}}


def _bare(wrapped: Any) -> Any:
    task = wrapped.get("__var") if isinstance(wrapped, dict) else None
    if not isinstance(task, dict):
        return wrapped
    found = _bare_in(task)
    if isinstance(partial := found.get("partial_kwargs"), dict):
        found["partial_kwargs"] = _bare_in(partial)
    return {**wrapped, "__var": found}


def _bare_in(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value[0] if _is_single(name, value) else value for name, value in fields.items()}


def _is_single(name: str, value: Any) -> bool:
    return name.startswith("on_") and name.endswith("_callback") and isinstance(value, list) and len(value) == 1
