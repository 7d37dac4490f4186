"""Say how a param of the DagRun changed for those who pass it."""

from collections.abc import Mapping
from typing import Any

from dagserial.diff.element import is_same
from dagserial.model import Value

_WORDS = frozenset({"description", "description_md", "examples", "section", "title", "values_display"})
"""Keys of a param's JSON Schema that the trigger form shows and no value is checked against."""
_LEAST = frozenset({"exclusiveMinimum", "minItems", "minLength", "minProperties", "minimum"})
_MOST = frozenset({"exclusiveMaximum", "maxItems", "maxLength", "maxProperties", "maximum"})


def is_required(param: Value) -> bool:
    """Tell whether a run cannot start without a value: there is no default, or it is a None that the schema refuses."""
    if not _is_param(param):
        return False
    if "default" not in param:
        return True
    kinds = _kinds(schema(param).get("type"))
    return param["default"] is None and kinds is not None and "null" not in kinds


def is_narrowed(before: Value, after: Value) -> bool:
    """Tell whether values that were taken, or leaving it out, may be refused now; if it cannot be told, they may."""
    if is_required(after) and not is_required(before):
        return True
    old, new = schema(before), schema(after)
    return any(not _takes_all(name, old.get(name), new[name]) for name in new.keys() - _WORDS)


def is_widened(before: Value, after: Value) -> bool:
    """Tell whether more is taken than was, and nothing less."""
    if is_narrowed(before, after):
        return False
    old, new = ({name: one for name, one in schema(side).items() if name not in _WORDS} for side in (before, after))
    return not is_same(old, new) or is_required(before) > is_required(after)


def is_default_changed(before: Value, after: Value) -> bool:
    """Tell whether both have a default, and not the same."""
    defaults = [side.get("default") if _is_param(side) else side for side in (before, after)]
    return not (is_required(before) or is_required(after) or is_same(*defaults))


def schema(param: Value) -> Mapping[str, Any]:
    """Return what values of a param are checked against; nothing for one that was declared by its default alone."""
    found = param.get("schema") if _is_param(param) else None
    return found if isinstance(found, dict) and "$" not in found else {} if found is None else {"$": found}


def _is_param(value: Value) -> bool:
    return isinstance(value, dict) and value.get("$") == "param"


def _takes_all(name: str, old: Value, new: Value) -> bool:
    """Tell whether a keyword of a schema takes every value that it took; None where it was not there."""
    if is_same(old, new):
        return True
    if name == "type":
        before, after = _kinds(old), _kinds(new)
        return before is not None and after is not None and before <= after
    if name == "enum" and isinstance(old, list) and isinstance(new, list):
        return all(any(is_same(one, other) for other in new) for one in old)
    if name in _LEAST | _MOST and _is_number(old) and _is_number(new):
        return bool(new <= old if name in _LEAST else new >= old)
    return False


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kinds(value: Value) -> frozenset[str] | None:
    """Return the types that a schema names, `number` with the integers in it; None if it names none."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(names) | ({"integer"} if "number" in names else frozenset())
