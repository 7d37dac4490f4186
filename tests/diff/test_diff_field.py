"""Comparing fields by what they mean."""

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from dagserial.diff import field
from dagserial.diff.element import Difference
from dagserial.diff.field import Comparer, field_differences
from dagserial.model import DagFields, Group, Task


def found(name: str, before: Any, after: Any, comparers: dict[str, Comparer] = field.TASK) -> list[Difference]:
    old, new = ({} if side is UNSET else {name: side} for side in (before, after))
    return list(field_differences(old, new, comparers))


@pytest.mark.parametrize(
    ("comparers", "struct"),
    [(field.DAG, DagFields), (field.GROUP, Group), (field.TASK, Task)],
    ids=["dag", "group", "task"],
)
def test_comparers_are_for_fields_that_there_are(comparers: dict[str, Comparer], struct: type[msgspec.Struct]) -> None:
    assert comparers.keys() <= set(struct.__struct_fields__)


def test_every_flag_of_a_task_has_a_comparer() -> None:
    flags = {one.name for one in msgspec.structs.fields(Task) if isinstance(one.default, bool)}
    assert {name for name, comparer in field.TASK.items() if comparer is field._flag} == flags


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
