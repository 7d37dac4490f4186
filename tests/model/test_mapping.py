"""Map indexes: the cross product in declared order, the last parameter fastest (AIP-42)."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagserial.errors import MapLengthError
from dagserial.model import MapItem, map_indexes, map_item, map_length

PARAMETERS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 5)), min_size=1, max_size=4, unique_by=lambda pair: pair[0]
)


def test_the_table_of_aip_42_holds() -> None:
    indexes = map_indexes([("x", 3), ("y", 5)])
    table = {0: (0, 0), 1: (0, 1), 4: (0, 4), 5: (1, 0), 6: (1, 1), 11: (2, 1), 14: (2, 4)}
    assert {index: tuple(indexes[index].values()) for index in table} == table
    assert len(indexes) == map_length([3, 5]) == 15


def test_the_order_of_parameters_decides() -> None:
    assert map_indexes([("x", 2), ("y", 3)])[1] == {"x": 0, "y": 1}
    assert map_indexes([("y", 3), ("x", 2)])[1] == {"y": 0, "x": 1}


@given(PARAMETERS)
def test_indexes_are_the_cross_product_and_have_an_inverse(parameters: list[tuple[str, int]]) -> None:
    indexes = map_indexes(parameters)
    product = itertools.product(*(range(length) for _, length in parameters))
    assert [tuple(positions.values()) for positions in indexes] == list(product)
    assert [indexes.index_of(**positions) for positions in indexes] == list(range(len(indexes)))


def test_a_million_million_indexes_take_no_room() -> None:
    indexes = map_indexes([("x", 10**6), ("y", 10**6)])
    assert indexes[-1] == {"x": 10**6 - 1, "y": 10**6 - 1}
    assert indexes[10**6 : 10**6 + 2] == [{"x": 1, "y": 0}, {"x": 1, "y": 1}]


def test_lengths_by_name_are_taken_in_their_own_order() -> None:
    assert map_indexes({"y": 3, "x": 2})[1] == map_indexes([("y", 3), ("x", 2)])[1] == {"y": 0, "x": 1}


def allocated(call: Callable[[], object]) -> int:
    """Return the largest number of bytes that a call holds at one time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_list_is_built_for_a_million_elements() -> None:
    items = dict.fromkeys(range(10**6))
    source = range(10**6)
    assert allocated(lambda: map_item(items, 999_999)) < 10_000
    assert allocated(lambda: map_item(source, 999_999)) < 10_000
    assert allocated(lambda: map_indexes({"x": 10**6, "y": 10**6})[10**12 - 1]) < 10_000


def test_an_empty_source_gives_no_instance() -> None:
    assert map_length([3, 0]) == 0
    assert list(map_indexes([("x", 3), ("y", 0)])) == []
    assert list(map_indexes([])) == []


def test_beyond_the_end_is_an_error() -> None:
    with pytest.raises(IndexError):
        map_indexes([("x", 3)])[3]
    with pytest.raises(IndexError):
        map_indexes([("x", 3)]).index_of(x=3)
    with pytest.raises(KeyError, match="x"):
        map_indexes([("x", 3)]).index_of(y=0)


def test_more_than_max_map_length_is_an_error_that_says_both() -> None:
    assert map_length([1024]) == 1024
    with pytest.raises(MapLengthError, match=r"1025 instances.*1024"):
        map_length([5, 205])
    assert map_length([5, 205], max_map_length=2000) == 1025


def test_an_item_has_key_and_value() -> None:
    assert map_item(["a", "b"], 1) == MapItem(1, "b")
    assert map_item({"b": 1, "a": 2}, 0) == MapItem("b", 1)
    assert map_item({"b": 1, "a": 2}, -1) == MapItem("a", 2)
    with pytest.raises(IndexError):
        map_item(["a"], 1)
    with pytest.raises(IndexError):
        map_item({"a": 1}, 1)
