"""Say over what a task or a task group is mapped, and which map index means what (AIP-42)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Mapping_
from typing import Any, overload

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.errors import MapLengthError
from dagserial.model.value import Value

MAX_MAP_LENGTH = 1024
"""Instances that one mapped task may have unless told otherwise (Airflow, `[core] max_map_length`)."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What `expand()` or `expand_kwargs()` was given.

    Attributes:
        expand: (parameter, source) pairs in declared order, which decides the map index: the cross product runs with
            the last parameter fastest. A literal dict is a source whose own order counts: a `dict` tag.
        expand_kwargs: the list of dicts, or the XCom of one.
    """

    expand: tuple[tuple[str, Value], ...] = ()
    expand_kwargs: Value | UnsetType = UNSET


def map_length(lengths: Iterable[int], max_map_length: int = MAX_MAP_LENGTH) -> int:
    """Return how many instances a task has that is mapped over sources of these lengths; none if one is empty.

    >>> map_length([3, 5])
    15

    Raises:
        MapLengthError: there would be more than `max_map_length`.
    """
    length = math.prod(lengths)
    if length > max_map_length:
        raise MapLengthError(length, max_map_length)
    return length


class MapIndexes(Sequence[dict[str, int]]):
    """What `map_indexes` returns: for each map index, the position in the source of each parameter.

    A million indexes take no room.

    >>> indexes = map_indexes({"x": 3, "y": 5})
    >>> indexes[0], indexes[1], indexes[5], indexes[11]
    ({'x': 0, 'y': 0}, {'x': 0, 'y': 1}, {'x': 1, 'y': 0}, {'x': 2, 'y': 1})
    """

    def __init__(self, parameters: Iterable[tuple[str, int]]) -> None:
        """Prepare.

        Args:
            parameters: (parameter, length of its source) in declared order.
        """
        self._parameters = tuple(parameters)
        self._length = math.prod(length for _, length in self._parameters) if self._parameters else 0

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> dict[str, int]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, int]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, int] | list[dict[str, int]]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._length))]
        rest = range(self._length)[index]  # negative and too large ones as in any sequence
        positions: dict[str, int] = {}
        for name, length in reversed(self._parameters):
            rest, positions[name] = divmod(rest, length)
        return {name: positions[name] for name, _ in self._parameters}

    def index_of(self, **positions: int) -> int:
        """Return the map index at which each parameter has this position; the inverse of indexing.

        Raises:
            KeyError: a parameter is missing or unknown.
            IndexError: a position is beyond its source.
        """
        if positions.keys() != {name for name, _ in self._parameters}:
            raise KeyError(f"positions are needed of {', '.join(name for name, _ in self._parameters)}")
        found = 0
        for name, length in self._parameters:
            found = found * length + range(length)[positions[name]]
        return found


def map_indexes(lengths: Mapping_[str, int] | Iterable[tuple[str, int]]) -> MapIndexes:
    """Return what each map index stands for: index -> {parameter: position}; nothing is computed before it is asked.

    >>> map_indexes({"x": 3, "y": 5})[6]
    {'x': 1, 'y': 1}

    Args:
        lengths: length of the source of each parameter, in declared order.
    """
    return MapIndexes(lengths.items() if isinstance(lengths, Mapping_) else lengths)


class MapItem(msgspec.Struct, frozen=True):
    """One item of a source as a mapped task sees it: `{mapping.key, mapping.value}` of AIP-42.

    Attributes:
        key: position in a list, key of a dict.
    """

    key: Any
    value: Any


def map_item(source: Sequence[Any] | dict[Any, Any], position: int) -> MapItem:
    """Return the item of a list or a dict at a position; a dict is taken in its own order.

    >>> map_item({"b": 1, "a": 2}, 1)
    MapItem(key='a', value=2)

    Raises:
        IndexError: the position is beyond the source.
    """
    if isinstance(source, dict):
        at = range(len(source))[position]
        return MapItem(*next(itertools.islice(source.items(), at, None)))
    return MapItem(range(len(source))[position], source[position])
