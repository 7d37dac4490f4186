"""Tell whether what Airflow's serialized form kept of a value may be the value that the other side says."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.diff.element import is_same
from dagserial.errors import UnsupportedValueError
from dagserial.model import Decoder, Value

_SYMBOLS = frozenset(
    {"call", "connection", "environment", "get", "item", "op", "opaque", "symbol", "unknown", "variable"}
)
"""Tags of what the other side does not know, either."""

_SEQUENCES = {"tuple": "items", "asset_all": "objects", "set": "items", "frozenset": "items"}
"""Tags of what may be kept as a list, and the field that holds its items."""

_TIMETABLES = {
    "CronDataIntervalTimetable": "expression",
    "CronTriggerTimetable": "expression",
    "DeltaDataIntervalTimetable": "delta",
    "DeltaTriggerTimetable": "delta",
}
"""Timetables that a bare value gives, too, and the argument that it is."""

_SORTED = ("event_dates",)
"""Arguments of timetables that Airflow sorts."""

_CLOCK = re.compile(r"(-?\d+ days?, )?\d+:\d\d:\d\d(\.\d+)?")
"""A duration as Python writes it; pendulum writes others."""

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Cron expressions that have a name (Airflow 2 and 3, cron_presets)."""


def may_be(kept: Value, said: Value) -> bool:
    """Tell whether a value that was kept in part may be one that the other side says.

    Args:
        kept: as read from Airflow's serialized form.
        said: the same, or in full.
    """
    if is_same(kept, said):
        return True
    tags = _tag(kept), _tag(said)
    if tags[0] == "unknown":
        return _fits(kept, said)
    if tags[1] in _SYMBOLS:
        return True
    if tags[0] is not None and tags[0] == tags[1]:
        return _same_tag(tags[0], kept, said)
    if tags[1] == "object" and (given := _bare(said)) is not None:
        return may_be(kept, given)
    if isinstance(kept, list) and tags[0] is None:
        return _list_may_be(kept, said)
    if isinstance(said, list) and len(said) == 1:
        return may_be(kept, said[0])
    if isinstance(kept, dict) and tags[0] is None:
        return _dict_may_be(kept, said)
    return _leaf_may_be(kept, said)


def _tag(value: Value) -> str | None:
    tag = value.get("$") if isinstance(value, dict) else None
    return tag if isinstance(tag, str) else None


def _fits(kept: Mapping[str, Any], said: Value) -> bool:
    """Tell whether what little is known of a value does not speak against another."""
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if "start" in kept and isinstance(said, str):
        return said.startswith(kept["start"])
    name = said.get("name") if _tag(said) == "callable" else None
    if "name" in kept and isinstance(name, str):
        return _same_function(kept["name"], name)
    kind = said.get("class") if _tag(said) in ("object", "opaque") else None
    if "class" in kept and isinstance(kind, str):
        return kind.rpartition(".")[2] == str(kept["class"]).rpartition(".")[2]
    return True


def _same_function(kept: str, name: str) -> bool:
    """Compare names of functions: the module may be lacking (3.1), or what lies between it and the name (3.0)."""
    module, _, last = kept.rpartition(".")
    ends = f".{name}".endswith(f".{kept}")
    return ends or (bool(module) and name.startswith(f"{module}.") and name.endswith(f".{last}"))


def _same_tag(tag: str, kept: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    if tag == "datetime":
        return _same_moment(kept, said)
    if tag == "object":
        return bool(kept.get("class") == said.get("class")) and _same_arguments(kept, said)
    names = (kept.keys() | said.keys()) - {"$", "code", "closure"}
    return all(name in kept and name in said and may_be(kept[name], said[name]) for name in names)


def _same_arguments(kept: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Compare the arguments that both sides have: one that is lacking may be the class's own default."""
    args = zip(kept.get("args", ()), said.get("args", ()), strict=False)
    both = [kept.get("kwargs", {}), said.get("kwargs", {})]
    common = [(name, both[0][name], both[1][name]) for name in both[0].keys() & both[1].keys()]
    return all(may_be(*pair) for pair in args) and all(
        _items_may_be(one, other) if name in _SORTED else may_be(one, other) for name, one, other in common
    )


def _items_may_be(kept: Value, said: Value) -> bool:
    """Compare lists of which the order was lost."""
    if not isinstance(kept, list) or not isinstance(said, list):
        return may_be(kept, said)
    return len(kept) == len(said) and all(any(may_be(one, other) for other in said) for one in kept)


def _same_moment(kept: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Compare two moments: the zone of one that was kept may be lost; a naive one is in the DAG's zone."""
    if "zone" not in said:
        return bool(kept["value"] == said["value"])
    moments = [_decoded(one) for one in (kept, said)]
    return any(not isinstance(one, dt.datetime) for one in moments) or bool(moments[0] == moments[1])


def _bare(said: Mapping[str, Any]) -> Value | None:
    """Return the value that gives the same timetable as an object does; None if none is known to."""
    name = _TIMETABLES.get(str(said.get("class")).rpartition(".")[2])
    if name is None:
        return None
    args = said.get("args") or [said.get("kwargs", {}).get(name)]
    return args[0]


def _list_may_be(kept: list[Value], said: Value) -> bool:
    tag = _tag(said)
    if tag in ("set", "frozenset"):
        return _items_may_be(kept, said["items"])
    items = said.get(_SEQUENCES[tag]) if tag in _SEQUENCES else said
    if isinstance(items, list):
        return len(kept) == len(items) and all(map(may_be, kept, items))
    return len(kept) == 1 and may_be(kept[0], said)


def _dict_may_be(kept: Mapping[str, Value], said: Value) -> bool:
    tag = _tag(said)
    if tag == "dict":
        pairs = {str(key if _tag(key) is None else _decoded(key)): item for key, item in said["items"]}
    elif tag is None and isinstance(said, dict):
        pairs = said
    else:
        return tag is not None
    return kept.keys() == pairs.keys() and all(may_be(kept[key], pairs[key]) for key in kept)


def _leaf_may_be(kept: Value, said: Value) -> bool:
    """Compare leaves: a text may be what Airflow wrote for a value; durations may be numbers of seconds."""
    if isinstance(kept, str) and isinstance(said, dict):
        read = _TEXTS.get(str(_tag(said)), _text_may_be)
        return read(kept, said)
    if isinstance(kept, str) and isinstance(said, str):
        return PRESETS.get(said, said) == PRESETS.get(kept, kept)
    if _tag(kept) == "timedelta" and type(said) in (int, float):
        found = _decoded(kept)
        return isinstance(found, dt.timedelta) and found.total_seconds() == said
    return _tag(said) == "enum" and is_same(kept, said.get("value"))


def _text_may_be(kept: str, said: Mapping[str, Any]) -> bool:
    """Compare a text with what a value is as one; where that is not known, it may be."""
    found = _decoded(said)
    if isinstance(found, dt.datetime):
        return _plain(kept) == _plain(str(found))
    if isinstance(found, dt.tzinfo):
        return str(found) in kept
    if isinstance(found, dt.timedelta) and not _CLOCK.fullmatch(kept):
        return True
    is_plain = isinstance(found, dt.date | dt.time | dt.timedelta | bytes | complex | int | float)
    return str(found) == kept if is_plain else True


def _plain(moment: str) -> str:
    return moment.replace("T", " ")


def _file_may_be(kept: str, said: Mapping[str, Any]) -> bool:
    """Compare a text with a file of the tree: Airflow keeps the content where the operator's class says so."""
    contents = (kept.encode("utf-8", "surrogatepass"), (kept + "\n").encode("utf-8", "surrogatepass"))
    digests = [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in contents]
    return bool(kept == said.get("path")) or said.get("digest") in digests


def _rooted_may_be(kept: str, said: Mapping[str, Any]) -> bool:
    parts = said.get("parts", [""])
    return kept.startswith(parts[0]) and kept.endswith(parts[-1])


def _xcom_may_be(kept: str, said: Mapping[str, Any]) -> bool:
    return str(said.get("task")) in kept


def _enum_may_be(kept: str, said: Mapping[str, Any]) -> bool:
    return kept in (said.get("value"), said.get("name")) or kept.endswith("." + str(said.get("name")))


_TEXTS: dict[str, Callable[[str, Mapping[str, Any]], bool]] = {
    "enum": _enum_may_be,
    "file": _file_may_be,
    "rooted": _rooted_may_be,
    "xcom": _xcom_may_be,
}
"""How a text is compared with a tagged value that has no text of its own."""


def _decoded(value: Value) -> Any:
    """Return the Python value of a plain tagged value; None if it has none here."""
    try:
        return Decoder().decode(value)
    except (UnsupportedValueError, ValueError, KeyError, TypeError, ArithmeticError):
        return None
