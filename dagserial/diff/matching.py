"""Say by which rules the objects of two sides are matched, and which were declared to have moved."""

from collections.abc import Mapping, Set

import msgspec

from dagserial.diff.likeness import alone

LIKENESS = 50
"""Percent from which on two tasks are one that was renamed and edited."""


class Matching(msgspec.Struct, frozen=True):
    """How the objects of two sides that have no id in common are matched.

    Attributes:
        likeness: percent that a pair must have in common; 100 matches nothing but equal definitions.
        detect: look for renames that were not declared.
        moved: old id -> new id: of a DAG its dag_id, of a task or a group `dag_id.task_id`. It holds in both
            directions, and over several steps.
    """

    likeness: int = LIKENESS
    detect: bool = True
    moved: dict[str, str] = {}

    def is_declared(self, old: str, new: str) -> bool:
        """Tell whether it is declared that the one id became the other, or the other the one."""
        return (old, new) in declared_pairs({old}, {new}, self.moved)

    def moved_within(self, *dag_ids: str) -> dict[str, str]:
        """Return the declared moves of tasks and groups within a DAG, by their ids there.

        Args:
            dag_ids: the ids of the DAG, if it was renamed itself.
        """
        prefixes = tuple(f"{dag_id}." for dag_id in dag_ids)
        return {
            old.removeprefix(before): new.removeprefix(after)
            for old, new in self.moved.items()
            for before in prefixes
            for after in prefixes
            if old.startswith(before) and new.startswith(after)
        }


class Rename(msgspec.Struct, frozen=True):
    """An object that has another id on each side.

    Attributes:
        likeness: percent that the two have in common; 100 if their definitions are equal.
        declared: the settings say so.
    """

    old: str
    new: str
    likeness: int
    declared: bool = False


def declared_pairs(gone: Set[str], come: Set[str], moved: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (old, new) of what was declared to have moved, forth or back; none that two declarations claim."""
    forth = ((old, _destination(old, come, moved)) for old in gone)
    back = ((_destination(new, gone, moved), new) for new in come)
    return alone(
        sorted((old, new) for pairs in (forth, back) for old, new in pairs if old is not None and new is not None)
    )


def _destination(start: str, goals: Set[str], moved: Mapping[str, str]) -> str | None:
    """Follow the declared moves of an id until one of the goals; each step once, as they may form a circle."""
    seen: set[str] = set()
    at = start
    while at in moved and at not in seen:
        seen.add(at)
        at = moved[at]
        if at in goals:
            return at
    return None
