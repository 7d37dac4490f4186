"""Say how many instances a mapped task of a run has, as far as that is known (AIP-42)."""

from __future__ import annotations

from collections.abc import Mapping as Mapping_
from typing import Any

import msgspec
from msgspec import UNSET

from dagserial.errors import MapLengthError, UnmappableError
from dagserial.model import Mapping, Value, map_length
from dagserial.model.mapping import MAX_MAP_LENGTH
from dagserial.store.decisions.states import States, is_finished
from dagserial.store.decisions.structure import Structure

RETURN_KEY = "return_value"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run beside its DAG.

    Attributes:
        states: of its task instances.
        lengths: of what tasks returned over which others are mapped, by task_id.
        conf: what the run was triggered with.
        variables: Variables of the deployment over which tasks are mapped, by key.
    """

    states: States
    lengths: Mapping_[str, int] = {}
    conf: Mapping_[str, Value] = {}
    variables: Mapping_[str, Value] = {}


class Lengths:
    """How many instances the tasks of a run have."""

    def __init__(self, structure: Structure, known: Known, max_map_length: int = MAX_MAP_LENGTH) -> None:
        self._structure = structure
        self._known = known
        self._limit = max_map_length
        self._found: dict[str, int | None] = {}
        self._as_of = known.states.changes

    def of_task(self, task_id: str) -> int | None:
        """Return how many instances an expanded task has: as many as each group around it, times its own.

        Returns:
            None while an XCom is not there over which it is mapped.

        Raises:
            UnmappableError: what it is mapped over has no length, or none that is known here.
            MapLengthError: these are more than allowed.
        """
        return self._once(task_id, self._structure.mapped_groups(task_id), self._structure.task(task_id).mapping)

    def of_group(self, group_id: str) -> int | None:
        """Return how many times a mapped group runs, as `of_task` does."""
        return self._once(group_id, (group_id, *self._structure.mapped_around(group_id)), None)

    def _once(self, name: str, groups: tuple[str, ...], mapping: Mapping | None) -> int | None:
        """Return the length of a task or a group, found once for all who ask until a state changes."""
        if self._as_of != self._known.states.changes:
            self._found.clear()
            self._as_of = self._known.states.changes
        if name not in self._found:
            self._found[name] = self._product(groups, mapping, name)
        return self._found[name]

    def _product(self, groups: tuple[str, ...], mapping: Mapping | None, name: str) -> int | None:
        mappings = [self._structure.group_mapping(one) for one in groups] + ([mapping] if mapping else [])
        lengths = []
        try:
            for one in mappings:
                if (length := self._of_mapping(one, name)) is None:
                    return None
                lengths.append(length)
            return map_length(lengths, self._limit)
        except MapLengthError as error:
            raise MapLengthError(error.length, error.limit, name) from error
        except UnmappableError as error:
            raise UnmappableError(f"{name!r} cannot be expanded: {error}") from error

    def _of_mapping(self, mapping: Mapping, name: str) -> int | None:
        if mapping.expand_kwargs is not UNSET:
            return self._of_source(mapping.expand_kwargs, name)
        found = [self._of_source(source, name) for _, source in mapping.expand]
        known = [length for length in found if length is not None]
        return map_length(known, self._limit) if len(known) == len(found) else None

    def _of_source(self, source: Any, name: str) -> int | None:
        if (length := literal_length(source)) is not None:
            return length
        match source:
            case {"$": "xcom", "task": str(task_id)}:
                return self._of_xcom(task_id, source.get("key", RETURN_KEY), name)
            case {"$": "xcom_map" | "xcom_filter", "of": inner}:
                # What a filter drops has an instance, too, which is skipped when it comes to run.
                return self._of_source(inner, name)
            case {"$": "xcom_zip" | "xcom_concat" as tag, "args": list(args)}:
                found = [self._of_source(one, name) for one in args]
                known = [length for length in found if length is not None]
                joined = sum if tag == "xcom_concat" else max if "fillvalue" in source else min
                return joined(known) if len(known) == len(found) else None
            case {"$": "dag_param", "name": str(param)}:
                return self._of_value(self._param(param), f"param {param!r}")
            case {"$": "variable", "key": str(key)} if key in self._known.variables:
                return self._of_value(self._known.variables[key], f"Variable {key!r}")
        raise UnmappableError(f"nothing here says how long this is over which it is mapped: {source!r:.100}")

    def _of_xcom(self, task_id: str, key: str, name: str) -> int | None:
        if key != RETURN_KEY:
            raise UnmappableError(
                f"it is mapped over the XCom {key!r} of {task_id!r}; lengths are kept of {RETURN_KEY!r}"
            )
        if not self._structure.is_expanded(task_id):
            return self._known.lengths.get(task_id)
        if self._structure.share_group(task_id, name):
            raise UnmappableError(f"it is mapped over {task_id!r}, which is mapped with it in one group")
        states = self._known.states.of(task_id)
        if not states or not all(map(is_finished, states.values())):
            return None
        return sum(state == "success" for map_index, state in states.items() if map_index >= 0)

    def _param(self, name: str) -> Value:
        declared = dict(self._structure.dag.fields.params)
        default: Any = declared.get(name)
        if isinstance(default, dict) and default.get("$") == "param":
            default = default.get("default")
        return self._known.conf.get(name, default)

    def _of_value(self, value: Value, what: str) -> int:
        if (length := literal_length(value)) is None:
            raise UnmappableError(f"{what} is {value!r:.100}, which is neither a list nor a dict")
        return length


def literal_length(source: Any) -> int | None:
    """Return the length of a source that stands in the record itself; None of any other.

    >>> literal_length([1, 2]), literal_length({"$": "dict", "items": [["b", 1]]}), literal_length({"$": "xcom"})
    (2, 1, None)
    """
    match source:
        case list():
            return len(source)
        case {"$": "dict" | "tuple", "items": list(items)}:
            return len(items)
        case {"$": "range", "start": int(start), "stop": int(stop), "step": int(step)}:
            return len(range(start, stop, step))
        case dict() if "$" not in source:
            return len(source)
    return None


def is_literal(mapping: Mapping) -> bool:
    """Tell whether the record alone says how long all sources of a mapping are."""
    sources = [source for _, source in mapping.expand] if mapping.expand_kwargs is UNSET else [mapping.expand_kwargs]
    return all(literal_length(source) is not None for source in sources)
