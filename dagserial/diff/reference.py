"""Follow what a value says about tasks, groups and DAGs: XComs, and tasks, groups and DAGs as arguments."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dagserial.model import Value


class Names(NamedTuple):
    """Other ids for tasks, groups and DAGs; a task and a group may have had the same one at different times."""

    tasks: Mapping[str, str]
    groups: Mapping[str, str] = {}
    dags: Mapping[str, str] = {}


_REFERENCES = {"task": ("task", 0), "task_group": ("group", 1), "xcom": ("task", 0), "dag": ("dag_id", 2)}
"""The field of each tagged value that names something, and which of `Names` that is."""
_PULLED = re.compile(r"""\b(?P<field>task_ids|dag_id)=(?P<quote>['"])(?P<named>[^'"]*)(?P=quote)""")
"""What a text says that pulls an XCom, as Airflow writes an XCom into other text."""


def redirected(value: Value, names: Names) -> Value:
    """Return a value with the tasks, groups and DAGs that it names under other names.

    Args:
        names: for an id, what stands in its place.
    """
    if isinstance(value, list):
        return [redirected(item, names) for item in value]
    if isinstance(value, str) and "xcom_pull" in value:
        return _PULLED.sub(lambda found: _repulled(found, names), value)
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


def _repulled(found: re.Match[str], names: Names) -> str:
    known = names.dags if found["field"] == "dag_id" else names.tasks
    named = known.get(found["named"], found["named"])
    return f"{found['field']}={found['quote']}{named}{found['quote']}"


def may_refer(piece: bytes) -> bool:
    """Tell whether the bytes of a task may hold a value that names another; most do not."""
    return b'"$":"xcom"' in piece or b'"$":"task' in piece or b"xcom_pull" in piece


_COPY = re.compile(r"__\d+$")
"""What the id of a `@task` ends in that a DAG calls more than once."""


def unnamed(value: Value, task_id: str) -> Value:
    """Return a function without the last part of its name, if that is the task's id, as for `@task`."""
    if not isinstance(value, dict) or value.get("$") != "callable" or not isinstance(value.get("name"), str):
        return value
    place, _, name = value["name"].rpartition(".")
    return {**value, "name": place} if name == _COPY.sub("", task_id.rpartition(".")[2]) else value
