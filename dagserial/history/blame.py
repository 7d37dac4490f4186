"""Tell for each field of a DAG which commit last changed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.diff import Matching, compare_records
from dagserial.history.commits import Commit
from dagserial.history.log import Event
from dagserial.record import Record

_PARTS = {"task": "tasks", "group": "groups"}

Records = Callable[[Event], tuple[Record | None, Record | None]]
"""Returns the records before and after an event."""


class BlamedField(msgspec.Struct, frozen=True):
    """A field of a DAG, and who last changed it.

    Attributes:
        part: `dag`, `tasks` or `groups`.
        id: of the task or group; of the DAG itself, its dag_id.
        field: as the record names it, `args.retries` for an argument.
        value: canonical JSON of the value.
        commit: None if the change lies before all that the history has.
    """

    part: str
    id: str
    field: str
    value: bytes
    commit: Commit | None


class _Key(msgspec.Struct, frozen=True):
    """Names a field at one time."""

    part: str
    id: str
    field: str


_Values = dict[_Key, bytes]
_AS_ALIKE = Matching()


def _everything(_part: str, _id: str, _field: str) -> bool:
    return True


def blame(
    record: Record,
    events: Iterable[Event],
    records: Records,
    *,
    is_wanted: Callable[[str, str, str], bool] = _everything,
    matching: Matching = _AS_ALIKE,
) -> list[BlamedField]:
    """Return the fields of a DAG in the order of its record, each with the commit that last changed it.

    A field of a task that was renamed and kept its value stays with the older commit.

    Args:
        record: the DAG as it is in the end.
        events: what happened to the DAG, the newest first; read as far as need be.
        is_wanted: tells by part, id and field of what to look for the commit.
        matching: how renamed tasks are found.
    """
    values = {key: value for key, value in _values(record).items() if is_wanted(key.part, key.id, key.field)}
    blamed: dict[_Key, Commit] = {}
    left = {key: key for key in values}  # each with what it is called where the way back has come to
    for commit, old, new in _steps(events, records):
        if old is None:
            blamed |= dict.fromkeys(left, commit)
            break
        before, after, former = _values(old), _values(new), _former_ids(old, new, matching)
        for key, called in list(left.items()):
            was = msgspec.structs.replace(called, id=former.get((called.part, called.id), called.id))
            left[key] = was
            if before.get(was) != after.get(called):
                blamed[key] = commit
                del left[key]
        if not left:
            break
    return [BlamedField(key.part, key.id, key.field, value, blamed.get(key)) for key, value in values.items()]


def _steps(events: Iterable[Event], records: Records) -> Iterator[tuple[Commit, Record | None, Record]]:
    """Iterate over the changes of a DAG, the newest first; while it could not be read, it was as before.

    What was before the first step is None.
    """
    again: tuple[Commit, Record] | None = None
    for event in events:
        old, new = records(event)
        if event.operation == "readable" and new:
            again = event.commit, new
        elif event.operation == "unreadable" and again:
            yield again[0], old, again[1]
            again = None
        elif new:
            yield event.commit, old, new
    if again:
        yield again[0], None, again[1]


def _former_ids(old: Record, new: Record, matching: Matching) -> dict[tuple[str, str], str]:
    """Return the older ids of tasks and groups that were renamed, by part and newer id; of the DAG, likewise."""
    found = {("dag", new.dag_id): old.dag_id}
    for change in compare_records(old, new, matching):
        if change.operation == "renamed" and change.object.kind in _PARTS:
            found[_PARTS[change.object.kind], change.object.id] = change.was.id
    return found


def _values(record: Record) -> _Values:
    """Return the fields of a DAG, its tasks and its groups, each with its canonical JSON."""
    document: dict[str, Any] = json.loads(record.body)
    found = dict(_fields("dag", record.dag_id, document["dag"]))
    for part in ("groups", "tasks"):
        for id_, fields in document.get(part, {}).items():
            found |= _fields(part, id_, fields)
    return found


def _fields(part: str, id_: str, fields: dict[str, Any]) -> Iterator[tuple[_Key, bytes]]:
    for name, value in fields.items():
        if name == "args":
            yield from ((_Key(part, id_, f"args.{arg}"), canonical_bytes(one)) for arg, one in value.items())
        else:
            yield _Key(part, id_, name), canonical_bytes(value)
