"""Compute Airflow's own `dag_hash` of a blob, so that a blob can be held against its row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.sources.airflow_blob.load import load
from dagserial.sources.airflow_blob.marks import form_of

_BEFORE_3_2 = ("2a", "2b", "3a", "3b")
"""Forms of releases that did not sort within tuples: the entries of a group's children, lists once they are JSON."""


def airflow_hash(thing: object) -> str:
    """Return the `dag_hash` that Airflow stores beside a blob: MD5, 32 hex.

    Of a blob of `__version` 2, that of 3.0.6; earlier releases of 3.0 write the same and hash `fileloc` too:
    `airflow_hashes` has both.

    Raises:
        BlobError: the thing is no blob.
    """
    return airflow_hashes(thing)[0]


def airflow_hashes(thing: object) -> tuple[str, ...]:
    """Return every `dag_hash` that an Airflow stores beside a blob, the newest release's first.

    Raises:
        BlobError: the thing is no blob.
    """
    blob = load(thing)
    form = form_of(blob)
    try:
        if form.startswith("1"):
            return (_md5(blob),)
        found = _in_order(blob, sort_children=form not in _BEFORE_3_2)
        without = {**found, "dag": {name: value for name, value in found["dag"].items() if name != "fileloc"}}
        return (_md5(without), _md5(found)) if form.startswith("2") else (_md5(without),)
    except RecursionError:
        raise BlobError("the blob is nested too deeply") from None
    except (TypeError, ValueError) as error:  # of a dict that JSON cannot hold
        raise BlobError(f"the blob is not JSON: {error}") from error


def _md5(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _in_order(blob: Mapping[str, Any], *, sort_children: bool) -> dict[str, Any]:
    """Return a blob in the order in which Airflow 3 hashes it (Airflow 3.0 to 3.3, SerializedDagModel.hash)."""
    found = {key: _sorted(item) for key, item in blob.items()}
    group = blob["dag"].get("task_group")
    if not sort_children and isinstance(group, dict) and "children" in group:
        found["dag"]["task_group"]["children"] = group["children"]
    return found


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if all(isinstance(item, str) for item in value):
        return sorted(value)
    items = [_sorted(item) for item in value]
    if all(isinstance(item, dict) and "task_id" in _inner(item) for item in value):
        return sorted(items, key=lambda item: str(item["__var"]["task_id"]))
    return items


def _inner(item: Mapping[str, Any]) -> Any:
    inner = item.get("__var")
    return inner if isinstance(inner, dict) else ()
