"""Say what changed in the tasks and groups of a DAG, once it is known which of them are the same."""

from collections.abc import Iterator

from msgspec import UNSET

from dagserial.diff import field
from dagserial.diff.change import Change, Kind, Target, pointer
from dagserial.diff.element import Difference, is_same, whole
from dagserial.diff.entries import Sides
from dagserial.diff.match import Match
from dagserial.diff.matching import Rename
from dagserial.diff.reference import redirected, unnamed
from dagserial.model import Value, semantics

_PLACES = ("group", "parent")
"""The fields of tasks and groups that say in which group they lie."""


def entry_changes(dag_ids: tuple[str, str], match: Match) -> Iterator[Change]:
    """Yield the changes of all tasks and groups of a DAG, in no order.

    What differs only in the names of tasks and groups that were renamed is no change but theirs.

    Args:
        dag_ids: the old and the new one.
    """
    for kind, rename in match.told():
        yield renamed(dag_ids, kind, rename, f"{kind}s", rename.new)
    yield from _changes(dag_ids, "task", match, match.tasks, match.task_renames)
    yield from _changes(dag_ids, "group", match, match.groups, match.group_renames)


def renamed(dag_ids: tuple[str, str], kind: Kind, rename: Rename, *path: str) -> Change:
    """Return the change of an object that was renamed."""
    target, previous = Target(dag_ids[1], kind, rename.new), Target(dag_ids[0], kind, rename.old)
    return Change("renamed", target, pointer(*path), rename.old, rename.new, previous, rename.likeness, rename.declared)


def change_of(dag_ids: tuple[str, str], kind: Kind, ids: tuple[str, str], difference: Difference, *path: str) -> Change:
    """Return a difference as the change of an object, by its old and new id, under a path."""
    target, previous = Target(dag_ids[1], kind, ids[1]), Target(dag_ids[0], kind, ids[0])
    return Change(
        difference.operation,
        target,
        pointer(*path, *map(str, difference.steps)),
        difference.before,
        difference.after,
        UNSET if target == previous else previous,
    )


def is_by_renames(difference: Difference, match: Match) -> bool:
    """Tell whether two values differ in nothing but the names of what was renamed."""
    before, after = difference.before, difference.after
    if not any(match.names) or before is UNSET or after is UNSET:
        return False
    return is_same(redirected(before, match.names), after) and is_same(before, redirected(after, match.old_names))


def _changes(
    dag_ids: tuple[str, str], kind: Kind, match: Match, sides: Sides, renames: dict[str, Rename]
) -> Iterator[Change]:
    """Yield the changes of the tasks or of the groups of a DAG."""
    olds = {rename.old for rename in renames.values()}
    for one in sides.gone - olds:
        yield change_of(dag_ids, kind, (one, one), whole(sides.old[one], UNSET), f"{kind}s", one)
    for one in sides.come - renames.keys():
        yield change_of(dag_ids, kind, (one, one), whole(UNSET, sides.new[one]), f"{kind}s", one)
    pairs = [*((one, one) for one in sides.differing), *((rename.old, rename.new) for rename in renames.values())]
    for ids in pairs:
        if sides.old.pieces[ids[0]] != sides.new.pieces[ids[1]]:
            yield from _pair_changes(dag_ids, kind, ids, match, sides)


def _pair_changes(
    dag_ids: tuple[str, str], kind: Kind, ids: tuple[str, str], match: Match, sides: Sides
) -> Iterator[Change]:
    before, after = _under_new_names(sides.old[ids[0]], match), sides.new[ids[1]]
    for found in field.field_differences(before, after, field.TASK if kind == "task" else field.GROUP):
        if found.steps[0] in _PLACES:
            if found.before is not UNSET and match.names.groups.get(found.before) == found.after:
                continue
        elif is_by_renames(found, match) or (kind == "task" and _is_renamed_function(found, ids)):
            continue
        elif kind == "task" and found.steps[0] in semantics.EDGES and len(found.steps) == 2:
            yield _edge_change(dag_ids, ids, found, match)
            continue
        yield change_of(dag_ids, kind, ids, found, f"{kind}s", ids[1])


def _is_renamed_function(found: Difference, ids: tuple[str, str]) -> bool:
    """Tell whether two functions differ in nothing but the name, which says the task's id once more."""
    if found.before is UNSET or found.after is UNSET:
        return False
    sides = [unnamed(side, one) for side, one in zip((found.before, found.after), ids, strict=True)]
    return sides[0] is not found.before and sides[1] is not found.after and is_same(*sides)


def _under_new_names(entry: dict[str, Value], match: Match) -> dict[str, Value]:
    """Return an old task with its upstream tasks by the ids that they have now."""
    names = match.names.tasks
    if not names or "upstream" not in entry:
        return entry
    found = entry | {"upstream": sorted(names.get(one, one) for one in entry["upstream"])}
    if "labels" in entry:
        found["labels"] = {names.get(one, one): label for one, label in entry["labels"].items()}
    return found


def _edge_change(dag_ids: tuple[str, str], ids: tuple[str, str], found: Difference, match: Match) -> Change:
    """Return the change of an edge, each side of which goes by its own ids."""
    upstream = str(found.steps[1])
    old = match.old_names.tasks.get(upstream, upstream)
    if found.steps[0] == "upstream" and found.before is not UNSET:
        found = found._replace(before=old)
    edges = f"{old} -> {ids[0]}", f"{upstream} -> {ids[1]}"
    return change_of(dag_ids, "edge", edges, found, "tasks", ids[1])
