"""Take out of a report what looks like a secret, and leave its digest."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.canonical import settled_bytes
from dagserial.diff.change import Change, pointer
from dagserial.diff.document import Side, UnreadFile
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.secret import is_secret_step, is_secret_text
from dagserial.diff.subject import steps_of
from dagserial.digest import Digest
from dagserial.model import Value

_DIGITS = 16
"""Of a digest: enough to tell values apart, and few enough that both sides fit in a line."""

_NAMES = ("group", "labels", "operator", "parent", "upstream")
"""Fields of a task or a group that hold ids, and words at edges."""


def redacted(report: Report) -> Report:
    """Return a report in which `<redacted sha256:…>` stands for each value that looks like a secret.

    The digest is that of the value's canonical JSON: two values that differ still do. What counts is the name of a
    value, of what holds it and of what stands beside it, and the text itself; what is unknown in a connection counts as
    secret. Fingerprints stay.
    """
    bodies = _Bodies(report)
    diff = msgspec.structs.replace(
        report.diff,
        changes=tuple(_change(change, bodies) for change in report.diff.changes),
        ignored=tuple(msgspec.structs.replace(one, change=_change(one.change, bodies)) for one in report.diff.ignored),
    )
    return msgspec.structs.replace(report, diff=diff, base=_side(report.base), head=_side(report.head))


class _Bodies:
    """The records of both sides as JSON, each parsed once and only where it is looked into."""

    def __init__(self, report: Report) -> None:
        self._records = report.base.records, report.head.records
        self._diff = report.diff
        self._parsed: dict[tuple[int, str], Any] = {}

    def of(self, dag_id: str, side: int) -> Any:
        """Return the body of a DAG on the old side (0) or the new (1); None if it is not known."""
        dag_id = self._diff.old_id(dag_id) if side == 0 else dag_id
        if (side, dag_id) not in self._parsed:
            record = self._records[side].get(dag_id)
            self._parsed[side, dag_id] = msgspec.json.decode(record.body) if record else None
        return self._parsed[side, dag_id]


def _change(change: Change, bodies: _Bodies) -> Change:
    if change.operation == "renamed" or (change.object.kind in ("dag", "edge") and change.is_whole):
        return change  # names and digests
    sides = [
        value if value is UNSET else _value(value, change, _steps(change, side), bodies.of(change.object.dag_id, side))
        for side, value in enumerate((change.before, change.after))
    ]
    path = pointer(*map(_key, steps_of(change.path)))
    cause = change.cause if change.cause is UNSET else pointer(*map(_key, steps_of(change.cause)))
    return msgspec.structs.replace(change, before=sides[0], after=sides[1], path=path, cause=cause)


def _steps(change: Change, side: int) -> list[str]:
    """Return the steps to a change by the names of one side."""
    steps = steps_of(change.path)
    if side == 0 and change.previous is not UNSET and change.object.kind in ("task", "group"):
        steps[1] = change.previous.id
    return steps


def _value(value: Value | UnsetType, change: Change, steps: list[str], body: Any) -> Value:
    if change.object.kind == "edge" or steps[1:2] == ["tags"]:
        return _walked(value)  # the steps name tasks or tags
    top = 1 if change.object.kind == "dag" else 2
    holder, name = body, ""
    for step in steps[:top]:
        holder = _below(holder, step)
    for step in steps[top:]:
        at: str | int = int(step) if isinstance(holder, list) and step.isdigit() else step
        if _is_hideable(value) and is_secret_step(holder, at, name):
            return marker(value)
        holder, name = _below(holder, step), step
    if isinstance(value, dict) and change.is_whole:
        return _part(value)
    return _walked(value, name)


def _below(holder: Any, step: str) -> Any:
    """Return what stands at a step; None if that is not known. Pairs are named by their first item."""
    if isinstance(holder, dict):
        return holder.get(step)
    if not isinstance(holder, list):
        return None
    if step.isdigit():
        return holder[int(step)] if int(step) < len(holder) else None
    return next((pair[1] for pair in holder if isinstance(pair, list) and pair[:1] == [step]), None)


def _walked(value: Value, name: str = "") -> Value:
    """Return a value without the secrets in it.

    Args:
        name: what it goes by.
    """
    if isinstance(value, str):
        return marker(value) if is_secret_text(value) else value
    if isinstance(value, list):
        return [_held(value, at, item, name) for at, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {_key(key): _held(value, key, item, name) for key, item in value.items()}
    return value


def _held(holder: Value, step: str | int, item: Value, name: str) -> Value:
    if _is_hideable(item) and is_secret_step(holder, step, name):
        return marker(item)
    return _walked(item, step if isinstance(step, str) else "")


def _key(key: str) -> str:
    return marker(key) if is_secret_text(key) else key


def _is_hideable(value: Value) -> bool:
    """Tell whether a value says anything: none, true, false and empty text do not."""
    return value is not None and not isinstance(value, bool) and value != ""


def marker(value: Value) -> str:
    """Return what stands for a value.

    >>> marker("hunter2")
    '<redacted sha256:4ddbb67bf993867e>'
    """
    return f"<redacted sha256:{Digest.of(settled_bytes(value)).hex[:_DIGITS]}>"


def _side(side: Side) -> Side:
    """Return a side whose errors hold no secrets: exceptions may quote what they were given."""
    errors = tuple(UnreadFile(one.file, one.line, _walked(one.error)) for one in side.errors)
    return msgspec.structs.replace(side, errors=errors)


def redacted_value(value: Value) -> Value:
    """Return a value that stands alone, as the conf of a run does, without what looks like a secret."""
    return _walked(value)


def redacted_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says without what looks like a secret; ids and names stay."""
    dag = {key: item if key == "dag_id" else _held(body["dag"], key, item, "") for key, item in body["dag"].items()}
    parts = {name: {key: _part(one) for key, one in body[name].items()} for name in ("groups", "tasks") if name in body}
    return {**body, "dag": dag, **parts}


def _part(one: Mapping[str, Value]) -> dict[str, Value]:
    """Return a task or a group as a change of the whole shows it."""
    return {field: item if field in _NAMES else _walked(item, field) for field, item in one.items()}
