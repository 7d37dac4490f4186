"""Follow what a value says about other tasks and groups of its DAG: XComs, and tasks and groups as arguments."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dagserial.model import Value


class Names(NamedTuple):
    """Other ids for tasks and groups; a task and a group may have had the same one at different times."""

    tasks: Mapping[str, str]
    groups: Mapping[str, str] = {}


_REFERENCES = {"task": ("task", 0), "task_group": ("group", 1), "xcom": ("task", 0)}
"""The field of each tagged value that names something, and which of `Names` that is."""


def redirected(value: Value, names: Names) -> Value:
    """Return a value with the tasks and groups that it names under other names.

    Args:
        names: for an id, what stands in its place.
    """
    if isinstance(value, list):
        return [redirected(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: redirected(item, names) for key, item in value.items()}
    tag = value.get("$")
    if isinstance(tag, str) and tag in _REFERENCES:
        field, kind = _REFERENCES[tag]
        named = value.get(field)
        if isinstance(named, str):
            found[field] = names[kind].get(named, named)
    return found


def may_refer(piece: bytes) -> bool:
    """Tell whether the bytes of a task may hold a value that names another; most do not."""
    return b'"$":"xcom"' in piece or b'"$":"task' in piece


_COPY = re.compile(r"__\d+$")
"""What the id of a `@task` ends in that a DAG calls more than once."""


def unnamed(value: Value, task_id: str) -> Value:
    """Return a function without the last part of its name, if that is the task's id, as for `@task`."""
    if not isinstance(value, dict) or value.get("$") != "callable" or not isinstance(value.get("name"), str):
        return value
    place, _, name = value["name"].rpartition(".")
    return {**value, "name": place} if name == _COPY.sub("", task_id.rpartition(".")[2]) else value
