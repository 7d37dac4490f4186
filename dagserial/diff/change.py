"""Say what a change is, and what a comparison of two sets of DAGs found."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.diff.flight import InFlight
from dagserial.diff.impact import Impact
from dagserial.diff.verdict import SEVERITIES, Ignore, Severity, Verdict
from dagserial.digest import Digest
from dagserial.model import Value

Operation = Literal["added", "removed", "changed", "moved", "renamed"]
Kind = Literal["dag", "task", "group", "edge"]

KINDS: tuple[Kind, ...] = ("dag", "task", "group", "edge")
"""The kinds of object, in the order in which their changes are listed."""


class Target(msgspec.Struct, frozen=True):
    """The object that a change is about.

    Attributes:
        dag_id: of the new DAG; of the old one where there is no new one.
        id: within the DAG; of an edge `upstream -> downstream`, of a DAG its dag_id.
    """

    dag_id: str
    kind: Kind
    id: str


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference between two DAGs, at the place where it is.

    Attributes:
        path: JSON pointer (RFC 6901) into the record, but that pairs are named by their first item, upstream tasks
            by their id and items of a set (tags) by themselves, not by index. In a list, an added item has its index
            in the new list, a removed one its index in the old. Empty for a DAG as a whole.
        before: as the old record says it; UNSET if it says nothing there, which is not `None`. Of what was renamed,
            its old id; of items of a mapped list that have another index, the ranges of these.
        after: the same of the new record.
        previous: the object as the old side calls it; UNSET if that calls it the same.
        likeness: percent that the two sides of what was renamed have in common.
        declared: the rename is one that the settings declare.
        cause: of a task's argument, the path of the change of the DAG's default_args that it follows.
        verdict: what is held of it; UNSET until `judged` has set it.
        in_flight: what it meets; UNSET until `with_flights` has set it, and of a change that reaches no run under way.
    """

    operation: Operation
    object: Target
    path: str
    before: Value | UnsetType = UNSET
    after: Value | UnsetType = UNSET
    previous: Target | UnsetType = UNSET
    likeness: int | UnsetType = UNSET
    declared: bool | UnsetType = UNSET
    cause: str | UnsetType = UNSET
    verdict: Verdict | UnsetType = UNSET
    in_flight: InFlight | UnsetType = UNSET

    @property
    def was(self) -> Target:
        """The object as the old side calls it."""
        return self.object if self.previous is UNSET else self.previous

    @property
    def targets(self) -> tuple[Target, ...]:
        """The object as the new side calls it and, if that calls it otherwise, the old one."""
        return (self.object,) if self.previous is UNSET else (self.object, self.previous)

    @property
    def is_whole(self) -> bool:
        """The object as a whole was added, removed or changed, not something in it."""
        steps = self.path.split("/")[1:]
        if self.object.kind == "dag":
            return not steps
        return steps[2] == "upstream" if self.object.kind == "edge" else len(steps) == 2


class DagCounts(msgspec.Struct, frozen=True):
    """How many DAGs differ by their digests; one that is on one side only is added or removed, or was renamed."""

    added: int
    removed: int
    changed: int
    renamed: int


class ChangeCounts(msgspec.Struct, frozen=True):
    """How many changes there are of each operation."""

    added: int
    removed: int
    changed: int
    moved: int
    renamed: int


class SeverityCounts(msgspec.Struct, frozen=True):
    """How many changes there are of each severity."""

    breaking: int
    behavioural: int
    cosmetic: int


class Summary(msgspec.Struct, frozen=True):
    """A diff in numbers.

    Attributes:
        max_severity: of the gravest change; None if there is no change.
        ignored: how many changes the settings leave out; they are in none of the other counts but that of DAGs.
        unknown: differences that may be none, as one side does not know what the other says.
    """

    dags: DagCounts
    changes: ChangeCounts
    by_severity: SeverityCounts
    max_severity: Severity | None
    ignored: int
    unknown: int = 0


class Ignored(msgspec.Struct, frozen=True):
    """A change that the settings leave out, and by what."""

    change: Change
    ignore: Ignore


class Diff(msgspec.Struct, frozen=True):
    """What differs between two sets of DAGs.

    Attributes:
        changes: by dag_id; within one by kind as in `KINDS`, id and path.
        old: digest of each DAG of the old side, by dag_id; of those that are the same, too.
        new: the same of the new side.
        renamed: new dag_id -> old dag_id.
        unknown: how many differences are none of `changes`, as one side does not know what the other says.
        ignored: what the settings leave out of `changes`, in the same order.
        impacts: whom the changes reach, by dag_id, until `with_impacts` has set it empty.
    """

    changes: tuple[Change, ...] = ()
    old: dict[str, Digest] = {}
    new: dict[str, Digest] = {}
    renamed: dict[str, str] = {}
    unknown: int = 0
    ignored: tuple[Ignored, ...] = ()
    impacts: dict[str, Impact] = {}

    def old_id(self, dag_id: str) -> str:
        """Return what the old side calls a DAG that goes by a new id."""
        return self.renamed.get(dag_id, dag_id)

    def fate(self, dag_id: str) -> Operation:
        """Return what became of a DAG that has changes: added, removed, changed or renamed."""
        if dag_id in self.renamed:
            return "renamed"
        if (dag_id in self.old) == (dag_id in self.new):
            return "changed"
        return "added" if dag_id in self.new else "removed"

    def summary(self) -> Summary:
        """Return how many DAGs and changes there are of each sort."""
        both = self.old.keys() & self.new.keys()
        dags = DagCounts(
            added=len(self.new) - len(both) - len(self.renamed),
            removed=len(self.old) - len(both) - len(self.renamed),
            changed=sum(self.old[dag_id] != self.new[dag_id] for dag_id in both),
            renamed=len(self.renamed),
        )
        counts = Counter(change.operation for change in self.changes)
        changes = ChangeCounts(
            counts["added"], counts["removed"], counts["changed"], counts["moved"], counts["renamed"]
        )
        severities = Counter(change.verdict.severity for change in self.changes if change.verdict is not UNSET)
        by_severity = SeverityCounts(severities["breaking"], severities["behavioural"], severities["cosmetic"])
        gravest = max(severities, key=SEVERITIES.index, default=None)
        return Summary(dags, changes, by_severity, gravest, len(self.ignored), self.unknown)


def by_dag(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Yield changes that are in the order of `Diff.changes` by dag_id."""
    for dag_id, found in groupby(changes, key=lambda change: change.object.dag_id):
        yield dag_id, list(found)


def renamed_tasks(changes: Iterable[Change]) -> dict[str, str]:
    """Return the new ids of renamed tasks by their old ones."""
    return {
        change.was.id: change.object.id
        for change in changes
        if change.operation == "renamed" and change.object.kind == "task"
    }


def place(change: Change) -> tuple[str, int, str, str]:
    """Return the key that sorts changes: dag_id, kind, id, path."""
    return change.object.dag_id, KINDS.index(change.object.kind), change.object.id, change.path


def pointer(*steps: str) -> str:
    """Return the JSON pointer of some steps (RFC 6901, 3).

    >>> pointer("tasks", "a/b", "args", "sql")
    '/tasks/a~1b/args/sql'
    """
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
