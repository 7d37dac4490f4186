"""Read what the instances of a mapped task returned, page by page, from wherever a host keeps it (AIP-42, reduce)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dagserial.errors import NotFoundError
from dagserial.store.decisions.trigger_rules import trigger_rule_of
from dagserial.store.limits import LARGEST_INTEGER
from dagserial.store.run_facts import read_run
from dagserial.store.tables import task_instance

T = TypeVar("T")

PAGE_SIZE = 256
"""Values that are held at a time, unless told otherwise."""

ReadPage = Callable[[Sequence[int]], Mapping[int, T]]
"""Reads the values of some map indexes, by map_index."""


class LazySequence(Sequence[T]):
    """Values by map_index, of which one page at a time is read and held.

    >>> read = lambda page: {map_index: f"value {map_index}" for map_index in page}
    >>> values = LazySequence([0, 1, 5], read, page_size=2)
    >>> len(values), values[-1], values[:2], list(values)
    (3, 'value 5', ['value 0', 'value 1'], ['value 0', 'value 1', 'value 5'])
    """

    def __init__(self, map_indexes: Sequence[int], read_page: ReadPage[T], *, page_size: int = PAGE_SIZE) -> None:
        """Prepare; nothing is read yet.

        Args:
            map_indexes: of the instances that returned a value, in order.
        """
        self._map_indexes = map_indexes
        self._read_page = read_page
        self._page_size = page_size
        self._at = -1
        self._page: list[T] = []

    def __len__(self) -> int:
        return len(self._map_indexes)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        position = range(len(self))[index]  # negative and too large ones as in any sequence
        page, at = divmod(position, self._page_size)
        if page != self._at:
            self._page = self._read(page)
            self._at = page
        return self._page[at]

    def __iter__(self) -> Iterator[T]:
        """Iterate with a page of its own, so that several may go on at once."""
        for page in range(-(-len(self) // self._page_size)):
            yield from self._read(page)

    def _read(self, page: int) -> list[T]:
        asked = self._map_indexes[page * self._page_size : (page + 1) * self._page_size]
        found = self._read_page(asked)
        if missing := [map_index for map_index in asked if map_index not in found]:
            raise NotFoundError(f"there is no value of map_index {missing[0]}, whose instance succeeded")
        return [found[map_index] for map_index in asked]


def values_of(
    session: Session,
    dag_id: str,
    run_id: str,
    task_id: str,
    read: ReadPage[Any] | Select[Any],
    *,
    within: range | None = None,
    page_size: int = PAGE_SIZE,
) -> LazySequence[Any]:
    """Return what the instances of a mapped task returned that succeeded, by map_index; the store keeps none of it.

    Args:
        read: how the host reads values: a function of some map indexes, or a SELECT of map_index and value, in that
            order, of all instances of the task.
        within: the only map indexes that count, as `upstream_indexes` says them.
    """
    columns = task_instance.c
    is_ours = (columns.dag_id == dag_id) & (columns.run_id == run_id) & (columns.task_id == task_id)
    statement = select(columns.map_index).where(is_ours, columns.map_index >= 0, columns.state == "success")
    if within is not None:
        statement = statement.where(columns.map_index >= within.start, columns.map_index < within.stop)
    map_indexes = session.scalars(statement.order_by(columns.map_index)).all()
    read_page = _reader(session, read) if isinstance(read, Select) else read
    return LazySequence(map_indexes, read_page, page_size=page_size)


def upstream_indexes(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int, upstream_id: str
) -> range | None:
    """Return the map indexes of an upstream task that an instance belongs to; None if that is all of them.

    Tasks of one mapped group belong together turn by turn: `map_index` to `map_index`, unless one is mapped further.

    Raises:
        NotFoundError: the run has no stamp, or its record no such task.
    """
    verdicts = read_run(session, dag_id, run_id, max_map_length=LARGEST_INTEGER).verdicts_of(task_id, map_index)
    for one in (task_id, upstream_id):
        if one not in verdicts.structure.dag.tasks:
            raise NotFoundError(f"DAG {dag_id!r} has no task {one!r}")
    rule = trigger_rule_of(task_id, verdicts.structure.task(task_id))
    return verdicts.relevant(task_id, map_index, rule, upstream_id)


def _reader(session: Session, statement: Select[Any]) -> ReadPage[Any]:
    map_index, _value = statement.selected_columns

    def read(page: Sequence[int]) -> dict[int, Any]:
        return dict(map(tuple, session.execute(statement.where(map_index.in_(page)))))

    return read
