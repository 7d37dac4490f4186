"""Find the changes of tasks that follow from one of the DAG's default_args, and put them behind it."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from dagserial.diff.change import Change
from dagserial.diff.element import is_same

_DEFAULTS = "/dag/default_args/"


def with_causes(changes: Iterable[Change]) -> list[Change]:
    """Return the changes of one DAG; those of arguments that are as the one of a default say which that is."""
    found = list(changes)
    defaults = {change.path: change for change in found if change.path.startswith(_DEFAULTS)}
    return [_with_cause(change, defaults) for change in found] if defaults else found


def _with_cause(change: Change, defaults: dict[str, Change]) -> Change:
    steps = change.path.split("/")
    if steps[1:2] != ["tasks"] or steps[3:4] != ["args"]:
        return change
    cause = defaults.get(_DEFAULTS + "/".join(steps[4:]))
    if cause is None or cause.operation != change.operation:
        return change
    is_it = is_same(cause.before, change.before) and is_same(cause.after, change.after)
    return msgspec.structs.replace(change, cause=cause.path) if is_it else change


class Told(NamedTuple):
    """A change, and those that follow from it and need no words of their own."""

    change: Change
    followers: tuple[Change, ...] = ()

    @property
    def all(self) -> tuple[Change, ...]:
        """The change and those behind it."""
        return (self.change, *self.followers)


def folded(changes: Iterable[Change]) -> list[Told]:
    """Return the changes of one DAG in their order, those with a cause among them behind it.

    One that meets runs under way is told by itself: it meets those of its own task.
    """
    found = list(changes)
    paths = {change.path for change in found}
    behind: dict[str, list[Change]] = {}
    alone = []
    for change in found:
        if change.cause is not UNSET and change.cause in paths and change.in_flight is UNSET:
            behind.setdefault(change.cause, []).append(change)
        else:
            alone.append(change)
    return [Told(change, tuple(behind.get(change.path, ()))) for change in alone]
