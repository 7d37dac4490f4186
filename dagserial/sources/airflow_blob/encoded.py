"""Undo Airflow's encoding of values: `{"__type": ..., "__var": ...}`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.errors import BlobError
from dagserial.model.names import canonical_name
from dagserial.model.scalar import zone_name
from dagserial.sources.airflow_blob.tagged import NamedZone, Pairs, SetItems, Tagged, unknown, without_machine
from dagserial.sources.airflow_blob.text import NotPlainError, Texts, source

_SCALARS = frozenset({str, int, bool})
_FEW = 10
"""Items up to which a list of small lists and dicts is surely small enough for a record."""

_UNSET = "arg_not_set"
FUNCTIONS = frozenset(
    {
        "on_execute_callback",
        "on_failure_callback",
        "on_retry_callback",
        "on_skipped_callback",
        "on_success_callback",
        "sla_miss_callback",
        "post_execute",
        "pre_execute",
        "python_callable",
    }
)
"""Arguments that hold functions, in whose place Airflow writes their source (2.2 to 3.0)."""

_RELATIVE = ("years", "months", "days", "hours", "minutes", "seconds", "microseconds", "leapdays")
_ABSOLUTE = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class Values:
    """Reads the values of one DAG's blob.

    Attributes:
        texts: reads the texts in them.
    """

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._types: dict[str, Callable[[Any], Any]] = {
            "dict": self.arguments,
            "tuple": lambda var: Tagged("tuple", items=self._list(var)),
            "set": lambda var: SetItems(self._list(var)),
            "frozenset": lambda var: SetItems(self._list(var)),
            "datetime": moment,
            "timedelta": duration,
            "timezone": lambda var: Tagged("timezone", zone=zone(var)),
            "relativedelta": relative,
            "xcomref": self.xcom,
            "dataset": self.asset,
            "asset": self.asset,
            "asset_ref": self._asset_ref,
            "dataset_alias": self._asset_alias,
            "asset_alias": self._asset_alias,
            "dataset_all": lambda var: self._condition("asset_all", var),
            "asset_all": lambda var: self._condition("asset_all", var),
            "dataset_any": lambda var: self._condition("asset_any", var),
            "asset_any": lambda var: self._condition("asset_any", var),
            "mapped_argument": lambda var: Tagged("mapped_argument", name=_text(_field(var, "key"))),
            "param": self.param,
        }

    def read(self, value: Any) -> Any:
        """Return what an encoded value stands for."""
        kind = type(value)
        if kind is str:
            return self.texts.read(value)
        if kind is list:
            return self._list(value)
        if kind is not dict:
            return value
        self.texts.count()
        if "__type" in value:
            return self._typed(value)
        if "__class" in value and "default" in value:
            return self.param(value)
        return {key: self.read(item) for key, item in value.items()}

    def plain(self, value: Any, *, is_inner: bool = False) -> Any:
        """Return an encoded value as the record has it, if it is a scalar, a list or dict of these, or a list of those.

        Raises:
            NotPlainError: it is none, or so large that it has to be measured.
        """
        kind = type(value)
        if kind is dict and value.get("__type") == "dict":
            value = value.get("__var")
            if type(value) is dict and _SCALARS.issuperset(map(type, value.values())):
                return self.texts.plain(value)
        elif kind is list:
            if _SCALARS.issuperset(map(type, value)):
                return self.texts.plain(value)
            if len(value) <= _FEW and not is_inner:
                return [self.plain(item, is_inner=True) for item in value]
        elif kind in _SCALARS:
            return self.texts.plain(value)
        raise NotPlainError

    def arguments(self, var: Any) -> Any:
        """Return arguments by name, or any other dict with texts for keys; functions among them as what is known."""
        if type(var) is not dict:
            return unknown(value=self.read(var))
        self.texts.count()
        return {name: self.argument(name, value) for name, value in var.items()}

    def argument(self, name: str, value: Any) -> Any:
        """Return the value of an argument, of which Airflow wrote the source if it is a function."""
        if name in FUNCTIONS and value is not None:
            return [source(item) for item in value] if type(value) is list else source(value)
        return self.read(value)

    def pairs(self, var: Any) -> Any:
        """Return a dict that a task is mapped over: its order decides the map index."""
        return Pairs([key, self.read(item)] for key, item in var.items())

    def xcom(self, var: Any) -> Any:
        """Return an XCom, plain or put through functions, zipped or concatenated."""
        if type(var) is not dict:
            return unknown(value=self.read(var))
        self.texts.count()
        match var.get("type"):
            case "map" | "filter" as kind:
                callables = [source(text) for text in _list(var.get("callables", []))]
                return Tagged(f"xcom_{kind}", callables=callables, of=self.xcom(var.get("arg")))
            case "zip":
                fill = var.get("fillvalue")
                has_none = fill is None or (isinstance(fill, dict) and fill.get("__type") == _UNSET)
                rest = {} if has_none else {"fillvalue": self.read(fill)}
                return Tagged("xcom_zip", args=[self.xcom(arg) for arg in _list(var.get("args"))], **rest)
            case "concat":
                return Tagged("xcom_concat", args=[self.xcom(arg) for arg in _list(var.get("args"))])
        key = var.get("key", "return_value")
        return Tagged("xcom", task=_text(var.get("task_id")), **({} if key == "return_value" else {"key": _text(key)}))

    def param(self, var: Any) -> Any:
        """Return a declared param."""
        if type(var) is not dict:
            return unknown(value=self.read(var))
        default = var.get("default")
        is_unset = isinstance(default, dict) and default.get("__type") == _UNSET
        fields = {} if is_unset else {"default": self.read(default)}
        if var.get("description") is not None:
            fields["description"] = var["description"]
        if schema := self.read(var.get("schema")):
            fields["schema"] = schema
        return Tagged("param", **fields)

    def asset(self, var: Any) -> Any:
        """Return an asset; one that has no name of its own goes by its URI, as every dataset did."""
        if type(var) is not dict:
            return unknown(value=self.read(var))
        name, uri = var.get("name"), var.get("uri")
        fields = {"name": None if name == uri else name, "uri": uri, "group": _group(var), "extra": var.get("extra")}
        more = {name: self.read(item) for name, item in var.items() if name not in fields and item}
        return Tagged("asset", **{name: field for name, field in (fields | more).items() if field})

    def condition(self, value: Any) -> Any:
        """Return a condition over assets; where it stands in a schedule, Airflow writes it without `__var`."""
        return self.read(value)

    def _asset_alias(self, var: Any) -> Any:
        fields = {"name": _field(var, "name"), "group": _group(var)}
        return Tagged("asset_alias", **{name: field for name, field in fields.items() if field})

    def _asset_ref(self, var: Any) -> Any:
        fields = {name: _field(var, name) for name in ("name", "uri")}
        return Tagged("asset_ref", **{name: field for name, field in fields.items() if field})

    def _condition(self, tag: str, var: Any) -> Any:
        objects = var.get("objects") if type(var) is dict else var
        return Tagged(tag, objects=self._list(objects))

    def _typed(self, value: dict[str, Any]) -> Any:
        kind = value["__type"]
        var = value["__var"] if "__var" in value else {key: item for key, item in value.items() if key != "__type"}
        read = self._types.get(kind) if type(kind) is str else None
        if read is not None:
            return read(var)
        if type(kind) is str and "." in kind and kind != "k8s.V1Pod":
            return self._object(kind, var)
        name = "kubernetes.client.V1Pod" if kind == "k8s.V1Pod" else without_machine(str(kind))
        return unknown(**{"class": name}, **({} if kind == _UNSET else {"value": self.read(var)}))

    def _object(self, path: str, var: Any) -> Any:
        """Return an object of a class that writes itself: a timetable, what maps partitions, a strategy."""
        name = canonical_name(without_machine(path))
        if type(var) is not dict:
            return unknown(**{"class": name}, value=self.read(var))
        kwargs = {key: self.read(item) for key, item in var.items()}
        return Tagged("object", **{"class": name}, **({"kwargs": kwargs} if kwargs else {}))

    def _list(self, var: Any) -> list[Any]:
        self.texts.count()
        return [self.read(item) for item in _list(var)]


def moment(var: Any) -> dt.datetime:
    """Return a moment in UTC: its own zone is lost."""
    return in_zone(var, dt.UTC)


def in_zone(var: Any, zone: dt.tzinfo) -> dt.datetime:
    """Return a moment as a wall clock shows it."""
    seconds = _number(var)
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone(zone)
    except (OverflowError, OSError, ValueError) as error:
        raise BlobError(f"{var!r} is no moment") from error


def duration(var: Any) -> dt.timedelta:
    """Return a duration of seconds."""
    seconds = _number(var)
    try:
        return dt.timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise BlobError(f"{var!r} is no duration") from error


def relative(var: Any) -> Tagged:
    """Return a calendar difference, as the record has it."""
    if type(var) is not dict:
        raise BlobError(f"{var!r} is no calendar difference")
    fields = {name: var[name] for name in _RELATIVE if var.get(name)}
    fields |= {name: var[name] for name in _ABSOLUTE if var.get(name) is not None}
    if weekday := var.get("weekday"):
        fields["weekday"] = [*_list(weekday), None][:2]
    return Tagged("relativedelta", **fields)


def zone(var: Any) -> str:
    """Return the name of a zone that is given by name or by its offset in seconds."""
    if type(var) is str:
        return zone_name(NamedZone(var), None) if var else "UTC"
    offset = duration(var)
    try:
        return zone_name(dt.timezone(offset), None)
    except ValueError as error:
        raise BlobError(f"{var!r} is no time zone") from error


def _group(var: Any) -> Any:
    group = _field(var, "group")
    return None if group == "asset" else group


def _field(var: Any, name: str) -> Any:
    return var.get(name) if isinstance(var, Mapping) else None


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise BlobError(f"{str(value)[:80]!r} stands where a list is needed")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise BlobError(f"{str(value)[:80]!r} stands where a text is needed")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise BlobError(f"{str(value)[:80]!r} stands where a number is needed")
    number: float = value
    return number
