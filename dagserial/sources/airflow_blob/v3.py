"""Read `__version` 3, Airflow 3.1 to 3.3: four forms, each upgraded to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagserial.sources.airflow_blob.load import Blob

_ELIDED = {
    "catchup": False,
    "disable_bundle_versioning": False,
    "max_active_runs": 16,
    "max_active_tasks": 16,
    "max_consecutive_failed_dag_runs": 0,
}
"""What 3.0 and 3.1 left out where it was the default; 3.2 always writes it."""


def upgrade(blob: Blob, form: str) -> Blob:
    """Return a blob of any form of `__version` 3 as 3.3 writes it; the one that is given stays as it is."""
    for name, step in _STEPS.items():
        if form <= name:
            blob = step(blob)
    return blob


def _from_3a(blob: Blob) -> Blob:
    """3.1.0 -> 3.1.8: `client_defaults` stand only where configuration sets them; as they are, they say the same."""
    return blob


def _from_3b(blob: Blob) -> Blob:
    """3.1.8 -> 3.2: limits are always written; deadlines stand bare."""
    dag = _ELIDED | blob["dag"]
    deadlines = dag.get("deadline")
    if isinstance(deadlines, list):
        dag["deadline"] = [_unwrapped(deadline) for deadline in deadlines]
    return {**blob, "dag": dag}


def _unwrapped(deadline: Any) -> Any:
    if isinstance(deadline, dict) and deadline.get("__type") == "deadline_alert":
        return deadline.get("__var")
    return deadline


def _from_3c(blob: Blob) -> Blob:
    """3.2 -> 3.3: a deadline's interval says that it is a duration."""
    deadlines = blob["dag"].get("deadline")
    if not isinstance(deadlines, list):
        return blob
    return {**blob, "dag": {**blob["dag"], "deadline": [_with_interval(deadline) for deadline in deadlines]}}


def _with_interval(deadline: Any) -> Any:
    if not isinstance(deadline, dict) or type(deadline.get("interval")) not in (int, float):
        return deadline
    interval = {"__classname__": "datetime.timedelta", "__version__": 2, "__data__": deadline["interval"]}
    return {**deadline, "interval": interval}


_STEPS: dict[str, Callable[[Blob], Blob]] = {"3a": _from_3a, "3b": _from_3b, "3c": _from_3c}
