"""Follow what a value says about other tasks and groups of its DAG: XComs, and tasks and groups as arguments."""

from collections.abc import Mapping

from dagserial.model import Value

_REFERENCES = {"task": "task", "task_group": "group", "xcom": "task"}
"""The field of each tagged value that names a task or a group."""


def redirected(value: Value, names: Mapping[str, str]) -> Value:
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
    field = _REFERENCES.get(tag) if isinstance(tag, str) else None
    named = value.get(field) if field else None
    if field and isinstance(named, str) and named in names:
        found[field] = names[named]
    return found


def may_refer(piece: bytes) -> bool:
    """Tell whether the bytes of a task may hold such a value; most do not."""
    return b'"$":"xcom"' in piece or b'"$":"task' in piece
