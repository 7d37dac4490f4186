"""Finding the elements in which two values differ."""

import copy
import time
from typing import Any

import deepdiff
import msgspec
import pytest
from diff_dags import values
from hypothesis import given, settings
from msgspec import UNSET

from dagserial.diff.element import Difference, Steps, descend, element_differences, is_same


def patched(before: Any, found: list[Difference]) -> Any:
    """Return `before` with its differences carried out: removals from the back, then additions from the front."""
    box = [copy.deepcopy(before)]
    removals = [difference for difference in found if difference.after is UNSET]
    others = [difference for difference in found if difference.after is not UNSET]
    for difference in sorted(removals, key=_order, reverse=True):
        parent, last = _parent(box, difference.steps)
        del parent[last]
    for difference in sorted(others, key=_order):
        parent, last = _parent(box, difference.steps)
        if difference.before is UNSET and isinstance(parent, list):
            parent.insert(last, difference.after)
        else:
            parent[last] = difference.after
    return box[0]


def _order(difference: Difference) -> list[tuple[bool, Any]]:
    return [(isinstance(step, str), step) for step in difference.steps]


def _parent(box: Any, steps: Steps) -> tuple[Any, Any]:
    *way, last = (0, *steps)
    for step in way:
        box = box[step]
    return box, last


@given(values, values)
@settings(deadline=None)
def test_differences_carried_out_on_the_old_value_give_the_new(before: Any, after: Any) -> None:
    assert is_same(patched(before, element_differences(before, after)), after)


@given(values, values)
@settings(deadline=None)
def test_swapped_sides_swap_the_differences(before: Any, after: Any) -> None:
    opposites: dict[str, Any] = {"added": "removed", "removed": "added", "changed": "changed", "moved": "moved"}
    forth, back = element_differences(before, after), element_differences(after, before)
    swapped = [Difference(opposites[one.operation], one.steps, one.after, one.before) for one in forth]
    assert sorted(map(_written, swapped)) == sorted(map(_written, back))


def _written(difference: Difference) -> bytes:
    """Return the bytes of a difference; an absent side is an empty list."""
    sides = [[] if side is UNSET else [side] for side in (difference.before, difference.after)]
    return msgspec.json.encode([difference.operation, difference.steps, *sides], order="deterministic")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("changed", ("a", "b"))]),
        ([1, 2, 3], [1, 9, 3], [("changed", (1,))]),
        (["a", "b", "c"], ["a", "x", "b", "c"], [("added", (1,))]),
        (["a", "x", "y", "b"], ["a", "b"], [("removed", (1,)), ("removed", (2,))]),
        (["a", "a"], ["a", "a", "a"], [("added", (2,))]),
        ([[1, 2], [3]], [[1, 2], [0, 3]], [("added", (1, 0))]),
        (["a", "b"], ["x", "b", "c"], [("added", (2,)), ("changed", (0,))]),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1}, [("removed", ("b",)), ("removed", ("c",)), ("removed", ("d",))]),
        ({"__private": 1}, {"__private": 2}, [("changed", ("__private",))]),
        ({"'\"]": {"[0]": 1}}, {"'\"]": {"[0]": 2}}, [("changed", ("'\"]", "[0]"))]),
        ({"a": []}, {"a": {}}, [("changed", ("a",))]),
        (["cp", "a", "b"], ["cp", "b", "a"], [("moved", ())]),
        ({"x": [1, {"y": [1, 2]}]}, {"x": [1, {"y": [2, 1]}]}, [("moved", ("x", 1, "y"))]),
        (["a", "b", "c", "d"], ["x", "a", "b", "y", "c", "d"], [("added", (0,)), ("added", (3,))]),
        (["a", "b", "c", {"n": 1}], ["b", "c", {"n": 2}], [("added", (2,)), ("removed", (0,)), ("removed", (3,))]),
        ([{"n": 1, "m": 1}, "a", "b"], [{"n": 2, "m": 1}, "b"], [("changed", (0, "n")), ("removed", (1,))]),
        ([0, 1, 1], [False, True, 1], [("changed", (0,)), ("changed", (1,))]),
        ({"a": {"$": "timedelta", "value": "P1D"}}, {"a": {"$": "timedelta", "value": "P2D"}}, [("changed", ("a",))]),
        ({"a": {"b": 1}}, {"a": {"$": "b", "b": 1}}, [("changed", ("a",))]),
        (1, 1, []),
        ([{"a": 1}], [{"a": 1}], []),
    ],
)
def test_elements_are_found_where_they_differ(before: Any, after: Any, expected: list[Any]) -> None:
    found = element_differences(before, after)
    assert sorted((difference.operation, difference.steps) for difference in found) == expected


def test_values_nested_too_deeply_for_deepdiff_are_one_difference() -> None:
    before, after = nested(600, 1), nested(600, 2)
    assert [found.steps for found in element_differences(before, after)] == [()]


def test_values_nested_as_deeply_as_people_nest_are_told_apart_at_the_bottom() -> None:
    (found,) = element_differences(nested(60, 1), nested(60, True))
    assert (len(found.steps), found.before, found.after) == (60, 1, True)


@given(values, values)
@settings(deadline=None)
def test_a_large_value_is_told_apart_as_deepdiff_does_a_small_one(before: Any, after: Any) -> None:
    found = element_differences([1, {"x": before}], [1, {"x": after}])
    assert sorted(map(_written, found)) == sorted(map(_written, descend([1, {"x": before}], [1, {"x": after}])))


def test_one_item_inserted_before_a_hundred_others_is_one_difference() -> None:
    items = [{"name": f"table_{number}"} for number in range(100)]
    assert element_differences(items, [{"name": "new"}, *items]) == [Difference("added", (0,), UNSET, {"name": "new"})]


@pytest.mark.parametrize("repeated", [1, 3000])
def test_long_lists_are_told_apart_in_bounded_time(repeated: int) -> None:
    before = [{"number": number % repeated} for number in range(20_000)]
    after = [{"number": item["number"] + 1_000_000} for item in before]
    start = time.thread_time()
    found = element_differences(before, after)
    assert time.thread_time() - start < 10
    assert len(found) == 20_000


@pytest.mark.parametrize("report", [{}, {"values_changed": []}])
def test_what_deepdiff_does_not_account_for_is_one_difference(
    monkeypatch: pytest.MonkeyPatch, report: dict[str, list[Any]]
) -> None:
    monkeypatch.setattr(deepdiff, "DeepDiff", lambda *_values, **_options: report)
    assert element_differences({"x": 0}, {"x": 1}) == [Difference("changed", (), {"x": 0}, {"x": 1})]


def test_absent_is_not_null() -> None:
    assert element_differences(UNSET, None) == [Difference("added", (), UNSET, None)]
    assert element_differences(UNSET, UNSET) == []


def nested(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = [leaf]
    return leaf
