"""Find the elements in which two JSON values differ; DeepDiff walks them, bytes decide."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NamedTuple

from deepdiff import DeepDiff
from deepdiff.helper import notpresent
from msgspec import UNSET, UnsetType

from dagserial.canonical import settled_bytes
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


def element_differences(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Return where two values differ, down to the element; a tagged value is one element.

    Swapping the sides swaps added with removed and before with after, and nothing else. What DeepDiff cannot account
    for in full, as when the values are nested too deeply for it, is one difference of the whole.
    """
    if is_same(before, after):
        return []
    if _container(before) is None or _container(before) is not _container(after):
        return [whole(before, after)]
    try:
        found = list(_walk(before, after))
        accounted = is_same(_rest(before, found, "before"), _rest(after, found, "after"))
    except RecursionError:
        accounted = False
    return found if accounted else [whole(before, after)]


def _walk(before: Value, after: Value) -> Iterator[Difference]:
    """Read DeepDiff's tree: levels that its own list and dict rules report, and those of `_ByBytes`."""
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
            if report == _RUN:
                yield from _run_items(level.t1, level.t2, steps)
            else:
                yield whole(_side(level.t1), _side(level.t2), steps)


def _side(found: Any) -> Value | UnsetType:
    return UNSET if found is notpresent else found


_ATOM = "atom"
_RUN = "run"


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
        if kind is list and _run_start(level.t1, level.t2) is not None:
            diff_instance.custom_report_result(_RUN, level)
            return True
        return False


def _container(value: Any) -> type | None:
    """Return the type of a value that is looked into: list, or dict without a tag."""
    if isinstance(value, list):
        return list
    return dict if isinstance(value, dict) and "$" not in value else None


def _run_start(before: list[Value], after: list[Value]) -> int | None:
    """Return where one list has a run of items more than the other, None if that is not all that differs.

    Only this case is aligned: it reads the same from both sides, which `difflib` does not promise.
    """
    if len(before) == len(after):
        return None
    old, new = [settled_bytes(item) for item in before], [settled_bytes(item) for item in after]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return start if start + end == min(len(old), len(new)) else None


def _common(old: list[bytes], new: list[bytes]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _run_items(before: list[Value], after: list[Value], steps: Steps) -> Iterator[Difference]:
    start = _run_start(before, after) or 0
    for index in range(start, start + abs(len(before) - len(after))):
        is_added = len(before) < len(after)
        yield whole(UNSET if is_added else before[index], after[index] if is_added else UNSET, (*steps, index))


def _rest(value: Value, found: list[Difference], side: str) -> Value:
    """Return a value without the elements that were found on its side."""
    gone = {difference.steps for difference in found if getattr(difference, side) is not UNSET}

    def kept(value: Value, at: Steps) -> Value:
        if isinstance(value, list):
            return [kept(item, (*at, index)) for index, item in enumerate(value) if (*at, index) not in gone]
        if isinstance(value, dict):
            return {key: kept(item, (*at, key)) for key, item in value.items() if (*at, key) not in gone}
        return value

    return kept(value, ())
