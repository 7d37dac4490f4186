"""What the instances of a mapped task returned, read page by page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapped_dags import dag_of, over, start, task
from sqlalchemy import select
from sqlalchemy.orm import Session

from dagserial.errors import NotFoundError
from dagserial.model import Group
from dagserial.store import Instance, LazySequence, expand, put_instances, upstream_indexes, values_of
from dagserial.store.tables import task_instance


class Reader:
    """A host's way to read values, which counts."""

    def __init__(self) -> None:
        self.pages: list[list[int]] = []

    def __call__(self, page: Sequence[int]) -> dict[int, str]:
        self.pages.append(list(page))
        return {at: f"v{at}" for at in reversed(page)}


@given(st.lists(st.integers(0, 99), unique=True).map(sorted), st.integers(1, 7), st.data())
def test_it_is_the_sequence_of_the_values(map_indexes: list[int], page_size: int, data: st.DataObject) -> None:
    values = LazySequence(map_indexes, Reader(), page_size=page_size)
    plain = [f"v{at}" for at in map_indexes]
    assert len(values) == len(plain)
    assert list(values) == plain
    assert list(reversed(values)) == plain[::-1]
    cut = data.draw(st.slices(len(plain)))
    assert values[cut] == plain[cut]
    for at in range(-len(plain), len(plain)):
        assert values[at] == plain[at]
    for at in (len(plain), -len(plain) - 1):
        with pytest.raises(IndexError):
            values[at]


def test_a_page_at_a_time_is_read_and_nothing_before_it_is_asked() -> None:
    read = Reader()
    values = LazySequence(range(10), read, page_size=4)
    assert len(values) == 10
    assert read.pages == []
    assert values[5] == "v5"
    assert values[4:8] == ["v4", "v5", "v6", "v7"]
    assert read.pages == [[4, 5, 6, 7]]
    iterator = iter(values)
    assert [next(iterator) for _ in range(5)] == ["v0", "v1", "v2", "v3", "v4"]
    assert read.pages[1:] == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_value_that_is_not_there_is_named() -> None:
    values: LazySequence[int] = LazySequence([0, 3], lambda page: {0: 1}, page_size=8)
    with pytest.raises(NotFoundError, match="no value of map_index 3"):
        values[0]


@pytest.fixture
def run(session: Session) -> Session:
    """A run with five instances of `a`, of which number 2 was skipped."""
    groups = {"g": Group(mapping=over(x=[1, 2])), "h": Group(parent="g", mapping=over(y=[1, 2, 3]))}
    tasks = {"b": task(group="g"), "c": task("b", group="h"), "d": task("c", group="g"), "e": task("d")}
    start(session, dag_of(groups, a=task(mapping=over(x=[0] * 5)), **tasks))
    expand(session, "etl", "r1")
    states = ["success", "success", "skipped", "success", "success"]
    done = [Instance(task_id="a", map_index=at, state=state) for at, state in enumerate(states)]
    done += [Instance(task_id="c", map_index=at, state="success") for at in range(6)]
    put_instances(session, "etl", "r1", done)
    return session


def test_a_select_is_read_in_pages_by_map_index(run: Session) -> None:
    rows = task_instance.c  # any table of a host's own will do
    statement = select(rows.map_index, (rows.map_index * 10).label("value")).where(rows.task_id == "a")
    values = values_of(run, "etl", "r1", "a", statement.order_by(rows.map_index.desc()), page_size=3)
    assert len(values) == 4
    assert list(values) == [0, 10, 30, 40]
    assert values[2:] == [30, 40]


def test_a_function_is_given_the_map_indexes_of_a_page(run: Session) -> None:
    read = Reader()
    assert list(values_of(run, "etl", "r1", "a", read, page_size=3)) == ["v0", "v1", "v3", "v4"]
    assert read.pages == [[0, 1, 3], [4]]


def test_of_a_mapped_group_only_the_same_turn_counts(run: Session) -> None:
    assert upstream_indexes(run, "etl", "r1", "c", 4, "b") == range(1, 2)
    within = upstream_indexes(run, "etl", "r1", "d", 1, "c")
    assert within == range(3, 6)
    assert list(values_of(run, "etl", "r1", "c", Reader(), within=within)) == ["v3", "v4", "v5"]
    assert upstream_indexes(run, "etl", "r1", "e", -1, "d") is None


def test_indexes_of_a_task_that_is_not_there_are_refused(run: Session) -> None:
    with pytest.raises(NotFoundError, match="has no task 'z'"):
        upstream_indexes(run, "etl", "r1", "e", -1, "z")


def test_of_an_unknown_task_there_are_no_values(run: Session) -> None:
    assert list(values_of(run, "etl", "r1", "z", Reader())) == []
