"""Find the changes that may be none, as one side was read from a form that leaves out much of what was declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.diff.change import Change
from dagserial.diff.element import is_unknown
from dagserial.diff.match import Match
from dagserial.diff.partial import may_be
from dagserial.diff.subject import steps_of
from dagserial.formats.pieces import Pieces
from dagserial.model import Value

_FROM_CODE = {"task": ("multiple_outputs",), "group": ("tooltip",), "dag": ()}
"""What Airflow takes from annotations and docstrings, if the author passed nothing."""

_FROM_DOCSTRING = "doc_md"
"""What Airflow takes from the docstring of a decorated function."""


class Unsaid:
    """Tells which changes of one DAG may be none.

    Args:
        pieces: both sides.
        match: its tasks and groups.
    """

    def __init__(self, pieces: tuple[Pieces, Pieces], match: Match) -> None:
        self.is_partial = any(b'"unsaid":{' in bytes(side.dag) for side in pieces)
        self._dags: tuple[dict[str, Any], ...] = ({}, {})
        if self.is_partial:
            self._dags = tuple(msgspec.json.decode(side.dag) for side in pieces)
        self._match = match
        self._found: dict[tuple[str, ...], bool] = {}

    def is_unknown(self, change: Change) -> bool:
        """Tell whether a change may be none."""
        if is_unknown(change.before, change.after):
            return True
        if not self.is_partial or change.is_whole or change.operation == "renamed" or change.object.kind == "edge":
            return False
        place = self._place(change)
        if place is None:
            return False
        if place not in self._found:
            sides = self._values(change, place)
            self._found[place] = self._is_alike(change, place, sides)
        return self._found[place]

    def _place(self, change: Change) -> tuple[str, ...] | None:
        """Return the field or argument that a change is in: kind, id, field, name."""
        steps = steps_of(change.path)
        kind = change.object.kind
        field, below = (steps[1], steps[2:]) if kind == "dag" else (steps[2], steps[3:])
        if field in ("params", "extra") and kind == "dag":
            return (kind, "", field, *below[:1]) if below else None
        if field == "args":
            return (kind, change.object.id, field, *below[:1])
        return (kind, change.object.id, field)

    def _values(self, change: Change, place: tuple[str, ...]) -> tuple[Value | UnsetType, Value | UnsetType]:
        """Return all that both sides say at a place."""
        kind, _, field, *name = place
        if kind == "dag":
            entries: tuple[Mapping[str, Any], ...] = self._dags
        else:
            held = self._match.tasks if kind == "task" else self._match.groups
            entries = held.old[change.was.id], held.new[change.object.id]
        before, after = (entry.get(field, UNSET) for entry in entries)
        if not name:
            return before, after
        return _under(before, name[0]), _under(after, name[0])

    def _is_alike(
        self, change: Change, place: tuple[str, ...], sides: tuple[Value | UnsetType, Value | UnsetType]
    ) -> bool:
        kind, _, field, *name = place
        if (kind, field) == ("dag", "unsaid"):
            return True
        partial = [side for side in (0, 1) if "unsaid" in self._dags[side]]
        if sides[0] is not UNSET and sides[1] is not UNSET:
            is_set = (kind, field) == ("dag", "tags") and _names(sides[0]) == _names(sides[1]) is not None
            return is_set or any(may_be(sides[side], sides[1 - side]) for side in partial)
        lacking = 0 if sides[0] is UNSET else 1
        said = sides[1 - lacking]
        known = name[0] if field == "args" and name else field
        if lacking in partial and self._may_be_absent(kind, known, said, self._dags[lacking]["unsaid"]):
            return True
        return 1 - lacking in partial and self._may_be_filled_in(change, kind, known, said, 1 - lacking)

    @staticmethod
    def _may_be_absent(kind: str, name: str, said: Value | UnsetType, table: Mapping[str, Any]) -> bool:
        """Tell whether the side that lacks a value may have it: it is what absence says there, or nothing is known."""
        if kind == "task" and name in ("mapping", "on_failure_fail_dagrun", "setup", "teardown"):
            return False
        if kind == "dag" and name == "params":
            return False
        defaults = table.get(kind, {})
        if name not in defaults:
            return True
        default = defaults[name]
        return may_be(default, said) or (not default and not said)

    def _may_be_filled_in(self, change: Change, kind: str, name: str, said: Value | UnsetType, side: int) -> bool:
        """Tell whether Airflow itself may have filled in what a partial side says: then nobody declared it."""
        table = self._dags[side]["unsaid"]
        if name in _FROM_CODE.get(kind, ()):
            return True
        if kind != "task":
            return name in table.get(kind, {}) and may_be(table[kind][name], said)
        task = (self._match.tasks.old[change.was.id], self._match.tasks.new[change.object.id])[side]
        if name == _FROM_DOCSTRING:
            return str(task["operator"]).startswith("@")
        if name in table.get("task", {}):
            return may_be(table["task"][name], said)
        return "mapping" not in task


def known(changes: Iterable[Change], pieces: tuple[Pieces, Pieces], match: Match) -> tuple[tuple[Change, ...], int]:
    """Return the changes that are none for sure, and how many may be none."""
    unsaid = Unsaid(pieces, match)
    every = tuple(changes)
    found = tuple(change for change in every if not unsaid.is_unknown(change))
    return found, len(every) - len(found)


def _under(value: Value | UnsetType, name: str) -> Value | UnsetType:
    """Return what stands under a name in an object, or in pairs."""
    if isinstance(value, list):
        return next((item for key, item in value if key == name), UNSET)
    return UNSET if value is UNSET else value.get(name, UNSET)


def _names(value: Value) -> list[str] | None:
    return sorted(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else None
