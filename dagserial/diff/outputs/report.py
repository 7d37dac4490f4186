"""Hold what an output is written from: a diff, its two sides, and a look."""

from collections.abc import Callable

import msgspec

from dagserial.diff.change import Change, Diff
from dagserial.diff.document import Location, Side
from dagserial.diff.verdict import Level
from dagserial.model import Dag


class Look(msgspec.Struct, frozen=True):
    """How outputs look, each as far as it can look otherwise.

    Attributes:
        color: text holds ANSI colours.
        width: columns of text.
        nul: names end in NUL, not in a newline, and are not escaped.
        max_changes: how many changes text and JSON hold; None for all.
        ignore_table: name of the tables that ignore changes.
        fails_from: from which severity on a change has failed, for formats that know failure.
    """

    color: bool = False
    width: int = 100
    nul: bool = False
    max_changes: int | None = None
    ignore_table: str = "ignore"
    fails_from: Level = "breaking"


class Report(msgspec.Struct, frozen=True):
    """What an output is written from.

    Attributes:
        diff: judged.
    """

    diff: Diff
    base: Side
    head: Side
    look: Look = Look()

    def location(self, change: Change) -> Location | None:
        """Return where the DAG of a change is declared: by the head, else by the base; None if that is unknown."""
        dag_id = change.object.dag_id
        return self.head.locations.get(dag_id) or self.base.locations.get(self.diff.old_id(dag_id))

    def versions(self, dag_id: str) -> tuple[Dag | None, Dag | None]:
        """Return the old and the new version of a DAG that goes by its new id; None where there is none."""
        sides = self.base.records.get(self.diff.old_id(dag_id)), self.head.records.get(dag_id)
        old, new = (side.dag() if side else None for side in sides)
        return old, new


Renderer = Callable[[Report], str | bytes]
"""Writes a report in one format, to its last newline: the same for the same report."""
