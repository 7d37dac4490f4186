"""Find the differences between the fields of two objects, by what each field means."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import UNSET, UnsetType

from dagserial.diff.alignment import shifted
from dagserial.diff.element import Difference, element_differences, is_same, whole
from dagserial.model import Value, semantics
from dagserial.model.semantics import Meaning, Shape

Comparer = Callable[[Value | UnsetType, Value | UnsetType], list[Difference]]
"""How two values of one field are compared; UNSET where an object lacks it."""


def field_differences(
    old: Mapping[str, Value], new: Mapping[str, Value], comparers: Mapping[str, Comparer]
) -> Iterator[Difference]:
    """Yield where two JSON objects differ, by field.

    Args:
        comparers: by field; a field without one is compared to the element. What a comparer finds no words for is a
            difference of the whole field.
    """
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, UNSET), new.get(name, UNSET)
        if is_same(before, after):
            continue
        found = comparers.get(name, element_differences)(before, after)
        for difference in found or [whole(before, after)]:
            yield difference.under(name)


def _names(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare objects whose absence says the same as having no entry."""
    return list(field_differences(_or(before, {}), _or(after, {}), {}))


def _arguments(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare constructor arguments by name, each by what it means; none is what absence says."""
    return list(field_differences(_or(before, {}), _or(after, {}), ARGUMENTS))


def _defaults(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare default_args as arguments where both are; they may be an expression, or absent, which is not empty."""
    if not all(isinstance(side, dict) and "$" not in side for side in (before, after)):
        return [whole(before, after)]
    return _arguments(before, after)


def _pairs(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare lists of (name, value) pairs by name; where names common to both changed order, the list moved."""
    old, new = _or(before, []), _or(after, [])
    old_names, new_names = [name for name, _ in old], [name for name, _ in new]
    if len(set(old_names)) < len(old_names) or len(set(new_names)) < len(new_names):
        return [whole(before, after)]
    found = list(field_differences(dict(old), dict(new), {}))
    common = set(old_names) & set(new_names)
    if [name for name in old_names if name in common] != [name for name in new_names if name in common]:
        found.append(Difference("moved", (), old_names, new_names))
    return found


def _mapping(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare mappings; where items of a literal source have another index, the ranges of these moved."""
    if before is UNSET or after is UNSET:
        return [whole(before, after)]
    found = list(field_differences(before, after, MAPPING))
    told = {difference.steps for difference in found}
    old, new = _sources(before), _sources(after)
    shifts = ((steps, shifted(old[steps], new[steps])) for steps in sorted(old.keys() & new.keys() - told))
    return found + [Difference("moved", steps, *indexes) for steps, indexes in shifts if indexes[0]]


def _sources(mapping: Mapping[str, Value]) -> dict[tuple[str, ...], list[Value]]:
    """Return the literal lists that a task is mapped over, by where they stand."""
    pairs = mapping.get("expand", ())
    found: dict[tuple[str, ...], Value] = {("expand", name): source for name, source in pairs}
    if len(found) < len(pairs):
        return {}
    found["expand_kwargs",] = mapping.get("expand_kwargs")
    return {steps: source for steps, source in found.items() if isinstance(source, list)}


def _moved(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare what an object lies in; it lies in something on either side, if only at the root."""
    return [Difference("moved", (), before, after)]


def _flag(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare booleans whose absence is false by format 2."""
    return [whole(_or(before, False), _or(after, False))]


def _ids(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare lists of ids as sets, each id being its own step."""
    old, new = _or(before, []), _or(after, [])
    gone = [whole(name, UNSET, (name,)) for name in old if name not in set(new)]
    return gone + [whole(UNSET, name, (name,)) for name in new if name not in set(old)]


def _or(value: Value | UnsetType, absent: Value) -> Value:
    return absent if value is UNSET else value


def _set(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    """Compare lists of strings whose order says nothing, each item being its own step; in another order, they moved."""
    if not _are_names(before) or not _are_names(after):
        return element_differences(before, after)
    return _ids(before, after) or [Difference("moved", (), before, after)]


def _are_names(value: Value | UnsetType) -> bool:
    return isinstance(value, list) and all(type(item) is str for item in value) and len(set(value)) == len(value)


def _opaque(before: Value | UnsetType, after: Value | UnsetType) -> list[Difference]:
    return [whole(before, after)]


_COMPARERS: dict[Shape, Comparer] = {
    "arguments": _arguments,
    "code": element_differences,
    "defaults": _defaults,
    "flag": _flag,
    "ids": _ids,
    "keyed": element_differences,
    "mapping": _mapping,
    "names": _names,
    "opaque": _opaque,
    "ordered": element_differences,
    "pairs": _pairs,
    "place": _moved,
    "set": _set,
    "template": _opaque,
    "text": _opaque,
}
"""How each shape of field is compared."""


def _comparers(meanings: Mapping[str, Meaning]) -> dict[str, Comparer]:
    return {name: _COMPARERS[meaning.shape] for name, meaning in meanings.items()}


DAG = _comparers(semantics.DAG)
GROUP = _comparers(semantics.GROUP)
MAPPING = _comparers(semantics.MAPPING)
TASK = _comparers(semantics.TASK)
ARGUMENTS = _comparers(semantics.ARGUMENTS)
"""How the fields of each object are compared; one that is not named is compared to the element."""
