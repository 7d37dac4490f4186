"""Comparing fields by what they mean."""

from typing import Any, get_args

import pytest
from msgspec import UNSET

from dagserial.diff import field
from dagserial.diff.element import Difference, element_differences
from dagserial.diff.field import Comparer, field_differences
from dagserial.model.semantics import Shape


def found(name: str, before: Any, after: Any, comparers: dict[str, Comparer] = field.TASK) -> list[Difference]:
    old, new = ({} if side is UNSET else {name: side} for side in (before, after))
    return list(field_differences(old, new, comparers))


def test_every_shape_of_field_has_a_comparer() -> None:
    assert field._COMPARERS.keys() == set(get_args(Shape))


def test_a_flag_that_is_absent_is_false() -> None:
    assert found("setup", UNSET, True) == [Difference("changed", ("setup",), False, True)]


def test_pairs_are_told_apart_by_name() -> None:
    before, after = [["a", 1], ["b", {"x": 1}]], [["c", 3], ["b", {"x": 2}]]
    assert sorted((one.operation, one.steps) for one in found("params", before, after, field.DAG)) == [
        ("added", ("params", "c")),
        ("changed", ("params", "b", "x")),
        ("removed", ("params", "a")),
    ]


def test_pairs_in_another_order_moved() -> None:
    (change,) = found("params", [["a", 1], ["b", 2]], [["b", 2], ["a", 1]], field.DAG)
    assert change == Difference("moved", ("params",), ["a", "b"], ["b", "a"])


def test_a_pair_added_in_the_middle_moves_none() -> None:
    (change,) = found("params", [["a", 1], ["b", 2]], [["a", 1], ["x", 9], ["b", 2]], field.DAG)
    assert change == Difference("added", ("params", "x"), UNSET, 9)


def test_pairs_that_repeat_a_name_are_one_value() -> None:
    before, after = [["a", 1], ["a", 2]], [["a", 2], ["a", 1]]
    assert found("params", before, after, field.DAG) == [Difference("changed", ("params",), before, after)]


@pytest.mark.parametrize("name", ["args", "labels", "upstream"])
def test_a_difference_that_has_no_words_is_one_of_the_whole_field(name: str) -> None:
    empty: Any = [] if name == "upstream" else {}
    assert found(name, empty, UNSET) == [Difference("removed", (name,), empty, UNSET)]


def test_a_field_without_a_comparer_is_compared_to_the_element() -> None:
    assert found("not_invented_yet", {"a": [1]}, {"a": [2]}) == [
        Difference("changed", ("not_invented_yet", "a", 0), 1, 2),
    ]


def test_an_argument_named_like_a_tag_is_an_argument() -> None:
    assert found("args", {"$": "xcom"}, {"$": "dict"}) == [Difference("changed", ("args", "$"), "xcom", "dict")]


def test_a_set_is_told_apart_by_item() -> None:
    assert found("tags", ["b", "a"], ["c", "b"], field.DAG) == [
        Difference("removed", ("tags", "a"), "a", UNSET),
        Difference("added", ("tags", "c"), UNSET, "c"),
    ]


def test_a_set_in_another_order_moved() -> None:
    assert found("tags", ["b", "a"], ["a", "b"], field.DAG) == [Difference("moved", ("tags",), ["b", "a"], ["a", "b"])]


@pytest.mark.parametrize("after", [["a", "a"], [1], {"$": "set", "items": ["a"]}, UNSET], ids=str)
def test_what_is_no_list_of_names_is_compared_to_the_element(after: Any) -> None:
    expected = [one.under("tags") for one in element_differences(["a"], after)]
    assert found("tags", ["a"], after, field.DAG) == expected


def test_default_args_are_compared_as_arguments() -> None:
    before, after = {"doc_md": "a", "retries": [1]}, {"doc_md": "b", "retries": [2]}
    assert found("default_args", before, after, field.DAG) == [
        Difference("changed", ("default_args", "doc_md"), "a", "b"),
        Difference("changed", ("default_args", "retries"), [1], [2]),
    ]


@pytest.mark.parametrize("after", [{"$": "symbol", "name": "a.b"}, UNSET, None, {}], ids=str)
def test_default_args_that_are_no_arguments_are_one_value(after: Any) -> None:
    before = {"$": "symbol", "name": "a.c"}
    (change,) = found("default_args", before, after, field.DAG)
    assert (change.steps, change.before, change.after) == (("default_args",), before, after)


def test_an_opaque_argument_is_one_value() -> None:
    assert found("args", {"pool": [1]}, {"pool": [2]}) == [Difference("changed", ("args", "pool"), [1], [2])]
    assert found("args", {"not_invented_yet": [1]}, {"not_invented_yet": [2]}) == [
        Difference("changed", ("args", "not_invented_yet", 0), 1, 2),
    ]
