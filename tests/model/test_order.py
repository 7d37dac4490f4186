"""Ids in an order in which each stands behind its predecessors."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagserial.model.order import upstream_first

IDS = "abcdefg"
graphs = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(IDS), max_size=3, unique=True).map(tuple) for name in IDS}
)
dags = st.permutations(IDS).flatmap(
    lambda order: st.permutations(order).flatmap(
        lambda shuffled: st.fixed_dictionaries(
            {
                name: st.lists(st.sampled_from(["", *order[: order.index(name)]]), unique=True).map(
                    lambda names: tuple(name for name in names if name)
                )
                for name in shuffled
            }
        )
    )
)


@given(dags)
def test_each_id_comes_once_and_behind_its_predecessors(before: dict[str, tuple[str, ...]]) -> None:
    order = upstream_first(before)
    assert sorted(order) == sorted(before)
    for at, name in enumerate(order):
        assert set(before[name]) <= set(order[:at])


@given(graphs)
def test_a_circle_is_found_exactly_where_the_standard_library_finds_one(before: dict[str, tuple[str, ...]]) -> None:
    circle = named_circle(before)
    if circle is None:
        assert len(upstream_first(before)) == len(before)
        return
    with pytest.raises(CycleError) as caught:
        upstream_first(before)
    assert caught.value.args[1] == circle


def named_circle(before: dict[str, tuple[str, ...]]) -> list[str] | None:
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def test_an_id_before_itself_is_a_circle() -> None:
    with pytest.raises(CycleError):
        upstream_first({"a": ("a",)})


def test_a_chain_of_50_000_is_put_in_order_from_either_end() -> None:
    chain = {str(at): (str(at - 1),) if at else () for at in range(50_000)}
    assert upstream_first(chain) == list(chain) == upstream_first(dict(reversed(chain.items())))
