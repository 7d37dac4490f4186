"""Understand DAG[.TASK[.FIELD]], where all three may hold dots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from dagserial.errors import NotFoundError
from dagserial.history import Entry, Snapshot


class Target(NamedTuple):
    """What a person named.

    Attributes:
        part: `dag`, `tasks` or `groups`; None for the DAG with all that is in it.
        id: of the task or group.
        field: as the record names it, `args.retries` for an argument; None for all.
    """

    entry: Entry
    part: str | None = None
    id: str | None = None
    field: str | None = None

    def has(self, part: str, id_: str, field: str) -> bool:
        """Tell whether a field is meant."""
        return (
            self.part in (None, part) and (self.part == "dag" or self.id in (None, id_)) and self.field in (None, field)
        )


def target(text: str, side: Snapshot) -> Target:
    """Return what is named: a DAG, a task or group of it, or a field of one of these.

    An argument goes by its name, with or without `args.`. Of two readings that the dots allow, that with the longest
    dag_id, and then with the longest task_id, holds.

    Raises:
        NotFoundError: there is no such DAG, task or field.
    """
    dag_ids = [entry.record.dag_id for entry in side.entries]
    close = sorted((one for one in dag_ids if f"{text}.".startswith(f"{one}.")), key=len, reverse=True)
    for dag_id in close:
        for found in _within(side.get(dag_id), text[len(dag_id) + 1 :]):
            return found
    entry = side.get(close[0] if close else text)
    raise NotFoundError(_unknown(entry, text[len(entry.record.dag_id) + 1 :]))


def _within(entry: Entry, rest: str) -> Iterator[Target]:
    """Yield what the rest of a name may mean in a DAG, the best reading first."""
    if not rest:
        yield Target(entry)
        return
    parts = _parts(entry)
    named = [(part, id_, fields) for part in ("tasks", "groups") for id_, fields in parts.get(part, {}).items()]
    for part, id_, fields in sorted(named, key=lambda one: len(one[1]), reverse=True):
        if rest == id_:
            yield Target(entry, part, id_)
        elif rest.startswith(f"{id_}."):
            for field in _field(fields, rest[len(id_) + 1 :]):
                yield Target(entry, part, id_, field)
    for field in _field(parts["dag"], rest):
        yield Target(entry, "dag", None, field)


def _field(fields: dict[str, Any], name: str) -> Iterator[str]:
    if name in fields and name != "args":
        yield name
    argument = name.removeprefix("args.")
    if argument in fields.get("args", {}):
        yield f"args.{argument}"


def _parts(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry.record.body)
    return found


def _unknown(entry: Entry, rest: str) -> str:
    parts = _parts(entry)
    names = [*parts.get("tasks", {}), *parts.get("groups", {}), *parts["dag"]]
    names += [f"{id_}.{field}" for id_, fields in parts.get("tasks", {}).items() for field in fields.get("args", {})]
    alike = " or ".join(map(repr, get_close_matches(rest, names, n=3)))
    hint = f"; did you mean {alike}?" if alike else ""
    return f"DAG {entry.record.dag_id!r} has neither task nor field {rest!r}{hint}"
