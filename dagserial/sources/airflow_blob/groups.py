"""Read the tree of task groups of a blob."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.model import Encoder, Group
from dagserial.sources.airflow_blob.encoded import Values
from dagserial.sources.airflow_blob.mapping import read_mapping
from dagserial.sources.airflow_blob.said import GROUP

MAX_DEPTH = 100
"""Levels that task groups may nest; one that holds itself has ever longer ids."""

MAX_GROUPS = 20_000
"""Task groups that a DAG may have."""

_SHOWN = ("doc_md", "group_display_name", "prefix_group_id", "tooltip", "ui_color", "ui_fgcolor")


def read_groups(dag: Mapping[str, Any], values: Values, encoder: Encoder) -> tuple[dict[str, Group], dict[str, str]]:
    """Return the groups by id, outer ones first, and the group that each task lies in.

    Raises:
        BlobError: the tree is none.
    """
    groups: dict[str, Group] = {}
    places: dict[str, str] = {}
    left: list[tuple[Any, str | None, int]] = [(dag.get("task_group"), None, 0)]
    while left:
        group, group_id, depth = left.pop()
        if len(groups) > MAX_GROUPS or depth > MAX_DEPTH:
            limits = f"more than {MAX_GROUPS} task groups, or {MAX_DEPTH} in each other"
            raise BlobError(f"there are {limits}", "/dag/task_group")
        if group is None and group_id is None:
            break
        children = group.get("children") if isinstance(group, dict) else None
        if not isinstance(children, dict):
            raise BlobError("a task group has no `children`", "/dag/task_group")
        inner: list[tuple[Any, str | None, int]] = []
        for label, child in children.items():
            kind, held = child if isinstance(child, list) and len(child) == 2 else (None, None)
            if kind == "operator" and isinstance(held, str):
                if group_id is not None:
                    places[held] = group_id
            elif kind == "taskgroup" and isinstance(held, dict):
                inner.append((held, _add(groups, held, group_id, values, encoder), depth + 1))
            else:
                raise BlobError(f"{label!r} is neither a task nor a group", "/dag/task_group")
        left += reversed(inner)
    return groups, places


def _add(
    groups: dict[str, Group], held: Mapping[str, Any], parent: str | None, values: Values, encoder: Encoder
) -> str:
    """Keep a group, and return its id: its own, behind that of the group around it unless that has none to give."""
    own = held.get("_group_id")
    if not isinstance(own, str) or not own:
        raise BlobError(f"the id of a task group is {str(own)[:80]!r}", "/dag/task_group")
    has_prefix = parent is not None and groups[parent].prefix_group_id is not False
    group_id = f"{parent}.{own}" if has_prefix else own
    if group_id in groups:
        raise BlobError(f"two task groups have the id {group_id!r}", "/dag/task_group")
    said = {name: held[name] for name in _SHOWN if name in held and not _is_default(name, held[name])}
    expand_input = held.get("expand_input")
    path = ("groups", group_id)
    mapping = None if expand_input is None else read_mapping(expand_input, values, encoder, path)
    groups[group_id] = Group(mapping=mapping, parent=parent, **encoder.encode_each(said, *path))
    return group_id


def _is_default(name: str, value: Any) -> bool:
    return value is None or (type(value) is type(GROUP[name]) and value == GROUP[name])
