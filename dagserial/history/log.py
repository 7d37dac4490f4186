"""Tell at which commits DAGs came, went, or changed what they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from dagserial.diff.dag_match import match_dags
from dagserial.diff.matching import Matching
from dagserial.digest import Digest
from dagserial.formats.pieces import cut
from dagserial.history.commits import Commit
from dagserial.history.readings import Contents

Operation = Literal["added", "removed", "changed", "renamed", "unreadable", "readable"]


class Event(msgspec.Struct, frozen=True):
    """What a commit did to the meaning of one DAG.

    Attributes:
        operation: `unreadable` where the file that declared the DAG can no longer be read, `readable` where it can be
            again.
        dag_id: the DAG; its older id if it was removed.
        old: digest of its record before the commit; None if there was none.
        new: digest of its record after it; None if there is none.
        file: where it is declared, or was; with the line, from 1.
        previous_id: what it was called before, if it was renamed.
        error: why the file cannot be read.
    """

    commit: Commit
    operation: Operation
    dag_id: str
    old: Digest | None
    new: Digest | None
    file: str
    line: int
    previous_id: str | None = None
    error: str | None = None


Bodies = Callable[[str, Collection[str]], Mapping[str, bytes]]
"""Returns the records of DAGs of a tree, by dag_id."""

_NO_DAGS = Contents({}, {}, ())


class Side(msgspec.Struct, frozen=True):
    """A tree and what it declares; the empty tree has no id."""

    tree: str | None
    contents: Contents


def log(
    commits: Sequence[Commit],
    parents: Mapping[str, Sequence[str]],
    contents: Iterator[Contents],
    bodies: Bodies,
    matching: Matching,
) -> Iterator[Event]:
    """Iterate over what each commit did, in the order of the commits, and by dag_id.

    A merge did what none of its parents has: what differs from all of them, told against the first one.

    Args:
        parents: for a commit's id, the trees of those that it is told against: none for the first commit of all, and
            no entry for one whose parents are not there, of which nothing can be told.
        contents: what declares the tree of each commit and, after it, what the trees of its parents do.
    """
    for commit in commits:
        new = Side(commit.tree, next(contents))
        olds = [Side(tree, next(contents)) for tree in parents.get(commit.id, ())]
        if commit.id not in parents:
            continue
        found = list(events(commit, olds[0] if olds else Side(None, _NO_DAGS), new, bodies, matching))
        for other in olds[1:]:
            differing = {event.dag_id for event in events(commit, other, new, bodies, matching)}
            found = [event for event in found if event.dag_id in differing]
        yield from found


def follow(found: Iterator[Event], is_wanted: Callable[[str], bool]) -> Iterator[Event]:
    """Iterate over the events of the DAGs that are wanted, the newest first, also from when they had other ids.

    That a DAG was renamed is told by either id.
    """
    former: set[str] = set()
    for event in found:
        names = [name for name in (event.dag_id, event.previous_id) if name is not None]
        if any(is_wanted(name) or name in former for name in names):
            former.update(names[1:])
            yield event


def events(commit: Commit, old: Side, new: Side, bodies: Bodies, matching: Matching) -> Iterator[Event]:
    """Iterate over what a commit did, by dag_id.

    Args:
        bodies: is asked for the DAGs that one side alone has, to see which were renamed.
    """
    before, after = old.contents.declared, new.contents.declared
    failed = ({error.file: error.error for error in side.contents.errors} for side in (old, new))
    unread_before, unread_after = failed
    gone = {one for one in before.keys() - after.keys() if before[one].file not in unread_after}
    come = {one for one in after.keys() - before.keys() if after[one].file not in unread_before}
    renames = _renames(old, new, gone, come, bodies, matching)
    gone -= set(renames.values())
    for dag_id in sorted(before.keys() | after.keys()):
        one, other = before.get(dag_id), after.get(dag_id)
        if one and other and one.digest != other.digest:
            yield Event(commit, "changed", dag_id, Digest(one.digest), Digest(other.digest), other.file, other.line)
        elif dag_id in renames and other:
            was = before[renames[dag_id]]
            yield Event(
                commit, "renamed", dag_id, Digest(was.digest), Digest(other.digest), other.file, other.line, was.dag_id
            )
        elif other and not one:
            operation: Operation = "added" if dag_id in come else "readable"
            yield Event(commit, operation, dag_id, None, Digest(other.digest), other.file, other.line)
        elif one and not other and dag_id in gone:
            yield Event(commit, "removed", dag_id, Digest(one.digest), None, one.file, one.line)
        elif one and not other and one.file in unread_after:
            yield Event(
                commit, "unreadable", dag_id, Digest(one.digest), None, one.file, one.line, error=unread_after[one.file]
            )


def _renames(
    old: Side, new: Side, gone: set[str], come: set[str], bodies: Bodies, matching: Matching
) -> dict[str, str]:
    """Return the older id of each DAG that was renamed."""
    if not (gone and come and old.tree and new.tree):
        return {}
    befores, afters = (
        {dag_id: cut(body) for dag_id, body in bodies(side.tree, sorted(ids)).items()}
        for side, ids in ((old, gone), (new, come))
        if side.tree
    )
    files = tuple({one.dag_id: one.file for one in side.contents.declared.values()} for side in (old, new))
    return {rename.new: rename.old for rename in match_dags(befores, afters, (files[0], files[1]), matching)}
