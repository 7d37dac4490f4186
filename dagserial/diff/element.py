"""Find the elements in which two JSON values differ; DeepDiff walks small ones, bytes decide."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from dagserial.canonical import settled_bytes
from dagserial.diff.alignment import aligned, is_reordered
from dagserial.diff.change import Operation
from dagserial.model import Value

Steps = tuple[str | int, ...]


class Difference(NamedTuple):
    """One place beneath a value where two sides differ.

    Attributes:
        steps: keys and indices from the value down; none for the value itself.
        before: UNSET if the old side has nothing there.
        after: UNSET if the new side has nothing there.
    """

    operation: Operation
    steps: Steps
    before: Value | UnsetType
    after: Value | UnsetType

    def under(self, step: str) -> "Difference":
        """Return the same difference as seen from the value that holds this one at `step`."""
        return self._replace(steps=(step, *self.steps))


def whole(before: Value | UnsetType, after: Value | UnsetType, steps: Steps = ()) -> Difference:
    """Return the difference of two values that are told apart as they stand."""
    operation: Operation = "added" if before is UNSET else "removed" if after is UNSET else "changed"
    return Difference(operation, steps, before, after)


def is_same(before: Value | UnsetType, after: Value | UnsetType) -> bool:
    """Tell whether a record would hold the same bytes for both: 1, 1.0 and True are three values."""
    if before is UNSET or after is UNSET:
        return before is after
    return settled_bytes(before) == settled_bytes(after)


def is_unknown(before: Value | UnsetType, after: Value | UnsetType) -> bool:
    """Tell whether one side kept no more than the class of what the other says in full: it may be the same."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    tags = before.get("$"), after.get("$")
    return tags.count("opaque") == 1 and "class" in before and before["class"] == after.get("class")


def element_differences(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Return where two values differ, down to the element; a tagged value is one element.

    Items of lists are aligned: one that was inserted is one difference. A list of the same items in another order
    moved. Swapping the sides swaps added with removed and before with after, and nothing else. What cannot be
    accounted for in full, as when the values are nested too deeply, is one difference of the whole.
    """
    if is_same(before, after):
        return []
    if _container(before) is None or _container(before) is not _container(after):
        return [whole(before, after)]
    try:
        is_large = max(len(settled_bytes(before)), len(settled_bytes(after))) > _LARGE
        is_ours = is_large or _container(before) is list
        found = list(descend(before, after) if is_ours else _walk(before, after))
        accounted = is_same(_rest(before, found, "before"), _rest(after, found, "after"))
    except RecursionError:
        accounted = False
    return found if accounted else [whole(before, after)]


_LARGE = 20_000
"""From so many bytes on, a value is not given to DeepDiff, which takes a third of a millisecond for each change."""


def descend(before: Value, after: Value, steps: Steps = ()) -> Iterator[Difference]:
    """Yield where two values differ, as DeepDiff does with `_ByBytes`."""
    kind = _container(before)
    if kind is None or kind is not _container(after):
        if not is_same(before, after):
            yield whole(before, after, steps)
    elif kind is list:
        yield from _list_differences(before, after, steps)
    else:
        for key in sorted(before.keys() | after.keys()):
            if key in before and key in after:
                yield from descend(before[key], after[key], (*steps, key))
            else:
                yield whole(before.get(key, UNSET), after.get(key, UNSET), (*steps, key))


def _list_differences(before: list[Value], after: list[Value], steps: Steps) -> Iterator[Difference]:
    pairs = aligned(before, after)
    if pairs and is_reordered(before, after):
        yield Difference("moved", steps, before, after)
        return
    for at, to in pairs:
        if at is not None and to is not None:
            yield from descend(before[at], after[to], (*steps, to))
        elif at is not None:
            yield whole(before[at], UNSET, (*steps, at))
        elif to is not None:
            yield whole(UNSET, after[to], (*steps, to))


def _walk(before: Value, after: Value) -> Iterator[Difference]:
    """Read DeepDiff's tree: levels that its own dict rules report, and those of `_ByBytes`."""
    # Imported here and not above: it takes half of the time in which a command starts, and most diffs do without.
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    def side(found: Any) -> Value | UnsetType:
        return UNSET if found is notpresent else found

    tree = DeepDiff(
        before,
        after,
        view="tree",
        custom_operators=[_ByBytes()],
        ignore_private_variables=False,  # else keys that start with two underscores are left out
        threshold_to_diff_deeper=0,  # else dicts with few common keys are one change
        zip_ordered_iterables=True,  # else lists are aligned by ==, and DeepDiff([0], [False]) is empty
    )
    for report, levels in tree.items():
        for level in levels:
            steps = tuple(level.path(output_format="list"))
            if report == _LIST:
                yield from _list_differences(level.t1, level.t2, steps)
            else:
                yield whole(side(level.t1), side(level.t2), steps)


_ATOM = "atom"
_LIST = "list"


class _ByBytes:
    """Decide for DeepDiff, at each level, what it would decide by `==` (DeepDiff 8 and 9, custom operators)."""

    def match(self, level: Any) -> bool:
        return True

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:
        kind = _container(level.t1)
        if kind is None or kind is not _container(level.t2):
            if not is_same(level.t1, level.t2):
                diff_instance.custom_report_result(_ATOM, level)
            return True
        if kind is list:
            diff_instance.custom_report_result(_LIST, level)
            return True
        return False


def _container(value: Any) -> type | None:
    """Return the type of a value that is looked into: list, or dict without a tag."""
    if isinstance(value, list):
        return list
    return dict if isinstance(value, dict) and "$" not in value else None


def _rest(value: Value, found: list[Difference], side: str) -> Value:
    """Return a value without the elements that were found on its side."""
    gone = {difference.steps for difference in found if getattr(difference, side) is not UNSET}

    def kept(value: Value, at: Steps) -> Value:
        if at in gone:
            return None
        if isinstance(value, list):
            return [kept(item, (*at, index)) for index, item in enumerate(value) if (*at, index) not in gone]
        if isinstance(value, dict):
            return {key: kept(item, (*at, key)) for key, item in value.items() if (*at, key) not in gone}
        return value

    return kept(value, ())
