"""Make Python values of the values of a record: what `Encoder` wrote, with the same types.

Nothing is imported and no code runs but that of the classes that the caller names.
"""

import base64
import builtins
import collections
import datetime as dt
import decimal
import functools
import itertools
import pathlib
import re
import sys
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dagserial.errors import UnsupportedValueError
from dagserial.model.object import STANDARD, field_names
from dagserial.model.scalar import dotted_name
from dagserial.model.value import Value

Fields = dict[str, Any]
DecodeTag = Callable[[Fields], Any]
"""How a tagged value is read: from its fields, read themselves."""

_OFFSET = re.compile(r"[+-]\d\d:\d\d(:\d\d)?(\.\d+)?")
_DURATION = re.compile(r"(-?)P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(-?)(\d+)(?:\.(\d+))?S)?")


class Decoder:
    """Read Values back as Python values."""

    def __init__(
        self, known: Iterable[Any] = (), *, tags: Mapping[str, DecodeTag] | None = None, root: str = ""
    ) -> None:
        """Prepare.

        Args:
            known: classes, functions and modules that records may name; of a module, all that it defines.
            tags: how tagged values are read that only the caller can give a value, such as `xcom` and `variable`, by
                tag: from the value's own fields.
            root: folder that `rooted` texts name.
        """
        self._known: dict[str, Any] = {dotted_name(thing): thing for thing in _BUILTIN_NAMES}
        self._modules = {"builtins": builtins}
        for thing in known:
            if isinstance(thing, types.ModuleType):
                self._modules[thing.__name__] = thing
            else:
                self._known[dotted_name(thing)] = thing
        self._root = root
        self._tags: dict[str, DecodeTag] = {**_TAGS, **self._own_tags(), **(tags or {})}

    def decode(self, value: Value) -> Any:
        """Return the Python value of a Value.

        Raises:
            UnsupportedValueError: the value names a class or function that is not known, or has a tag that stands for
                nothing in Python.
        """
        try:
            return self._decode(value)
        except RecursionError:
            raise UnsupportedValueError("the value is nested too deeply") from None

    def _decode(self, value: Value) -> Any:
        if isinstance(value, list):
            return [self._decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$" not in value:
            return {key: self._decode(item) for key, item in value.items()}
        tag = value["$"]
        read = self._tags.get(tag)
        if read is None:
            hint = "give Decoder(tags=...) a function for it"
            raise UnsupportedValueError(f"a value with the tag {tag!r} has no Python form of its own", hint=hint)
        return read({key: self._decode(item) for key, item in value.items() if key != "$"})

    def _own_tags(self) -> dict[str, DecodeTag]:
        return {
            "callable": lambda fields: self._named(fields["name"]),
            "class": lambda fields: self._named(fields["name"]),
            "enum": self._enum,
            "module": self._module,
            "object": self._object,
            "path": self._path,
            "relativedelta": self._relativedelta,
            "rooted": lambda fields: self._root.join(fields["parts"]),
            "timedelta": self._timedelta,
        }

    def _named(self, name: str) -> Any:
        """Return the class or function of a dotted name: a known one, or one in a known class or module."""
        found = self._known.get(name)
        if found is not None:
            return found
        home, _, rest = name.rpartition(".")
        inner = [rest]
        while home:
            owner = self._known.get(home, self._modules.get(home))
            if owner is not None:
                found = functools.reduce(lambda thing, step: getattr(thing, step, None), inner, owner)
                if found is not None and _is_called(found, name):
                    return found
            home, _, step = home.rpartition(".")
            inner.insert(0, step)
        hint = "name it, or its module, in Decoder(known=[...])"
        raise UnsupportedValueError(f"{name} is not known here", type_name=name, hint=hint)

    def _module(self, fields: Fields) -> Any:
        name = fields["name"]
        if name not in self._modules:
            hint = "name it in Decoder(known=[...])"
            raise UnsupportedValueError(f"the module {name} is not known here", hint=hint)
        return self._modules[name]

    def _enum(self, fields: Fields) -> Any:
        kind = self._named(fields["class"])
        return kind[fields["name"]] if fields["name"] in kind.__members__ else kind(fields["value"])

    def _path(self, fields: Fields) -> Any:
        return self._named(fields["class"])(fields["value"]) if "class" in fields else pathlib.Path(fields["value"])

    def _object(self, fields: Fields) -> Any:
        if make := _STANDARD.get(fields["class"]):
            return make(*fields["args"])
        kind = self._named(fields["class"])
        if not isinstance(kind, type):
            raise UnsupportedValueError(f"{fields['class']} is no class", type_name=fields["class"])
        if "state" in fields:
            return _restored(kind, fields["state"])
        kwargs = fields.get("kwargs", {})
        declared = next((names for base in kind.__mro__ if (names := field_names(base, kind)) is not None), None)
        if declared is None or "args" in fields or hasattr(kind, "openapi_types"):
            return kind(*fields.get("args", ()), **kwargs)
        if hasattr(kind, "model_construct"):
            return kind.model_construct(**kwargs)
        if issubclass(kind, tuple) or hasattr(kind, "__struct_fields__"):
            return kind(**kwargs)
        return _restored(kind, kwargs)

    def _relativedelta(self, fields: Fields) -> Any:
        kind = self._named("dateutil.relativedelta.relativedelta")
        if "weekday" in fields:
            day, number = fields["weekday"]
            fields = fields | {"weekday": sys.modules[kind.__module__].weekday(day, number)}
        return kind(**fields)

    def _timedelta(self, fields: Fields) -> dt.timedelta:
        found = _DURATION.fullmatch(fields["value"])
        if found is None:
            raise UnsupportedValueError(f"{fields['value']!r} is no duration")
        sign, years, months, days, minus, seconds, fraction = found.groups()
        clock = dt.timedelta(seconds=int(seconds or 0), microseconds=int((fraction or "0").ljust(6, "0")))
        size = dt.timedelta(days=int(days or 0)) + (-clock if minus else clock)
        if years or months:  # no timedelta holds these
            duration = self._named("pendulum.duration.Duration")
            parts = {"days": size.days, "seconds": size.seconds, "microseconds": size.microseconds}
            size = duration(years=int(years or 0), months=int(months or 0), **parts)
        return -size if sign else size


def _restored(kind: type, attributes: Fields) -> Any:
    """Return an object with these attributes, as unpickling makes it: without running its constructor."""
    made: Any = object.__new__(kind)
    for name, value in attributes.items():
        object.__setattr__(made, name, value)
    return made


def _is_called(found: Any, name: str) -> bool:
    """Tell whether a thing is at home under a name: what a module has only imported is not."""
    if isinstance(found, types.MethodDescriptorType | types.WrapperDescriptorType):
        return f"{dotted_name(found.__objclass__)}.{found.__name__}" == name
    owner = getattr(found, "__self__", None)
    if isinstance(found, types.BuiltinFunctionType) and isinstance(owner, type):
        return f"{dotted_name(owner)}.{found.__name__}" == name
    return dotted_name(found) == name


def _datetime(fields: Fields) -> dt.datetime:
    value = dt.datetime.fromisoformat(fields["value"]).replace(fold=fields.get("fold", 0))
    return value.replace(tzinfo=_zone(fields["zone"])) if "zone" in fields else value


def _time(fields: Fields) -> dt.time:
    value = dt.time.fromisoformat(fields["value"]).replace(fold=fields.get("fold", 0))
    return value.replace(tzinfo=_zone(fields["zone"])) if "zone" in fields else value


def _zone(name: str) -> dt.tzinfo:
    if name == "UTC":
        return dt.UTC
    if _OFFSET.fullmatch(name):
        return dt.datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo or dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise UnsupportedValueError(f"the time zone {name!r} is not known on this machine") from error


_TAGS: dict[str, DecodeTag] = {
    "bytes": lambda fields: base64.b64decode(fields["base64"]),
    "complex": lambda fields: complex(fields["real"], fields["imag"]),
    "date": lambda fields: dt.date.fromisoformat(fields["value"]),
    "datetime": _datetime,
    "decimal": lambda fields: decimal.Decimal(fields["value"]),
    "dict": lambda fields: dict(fields["items"]),
    "file": lambda fields: fields["path"],
    "float": lambda fields: float(fields["value"]),
    "frozenset": lambda fields: frozenset(fields["items"]),
    "int": lambda fields: int(decimal.Decimal(fields["value"])),  # int(str) stops at some thousand digits
    "method": lambda fields: getattr(fields["of"], fields["name"]),
    "partial": lambda fields: functools.partial(fields["function"], *fields["args"], **fields["kwargs"]),
    "range": lambda fields: range(fields["start"], fields["stop"], fields["step"]),
    "set": lambda fields: set(fields["items"]),
    "time": _time,
    "timezone": lambda fields: _zone(fields["zone"]),
    "tuple": lambda fields: tuple(fields["items"]),
    "uuid": lambda fields: uuid.UUID(fields["value"]),
}
"""How the tags are read that need nothing but the standard library."""

_STANDARD: dict[str, Callable[..., Any]] = {dotted_name(kind): kind for kind in STANDARD} | {
    "builtins.dict_items": lambda items: dict(items).items(),
    "builtins.dict_keys": lambda keys: dict.fromkeys(keys).keys(),
    "builtins.dict_values": lambda values: dict(zip(itertools.count(), values, strict=False)).values(),
    "re.Pattern": re.compile,
}
"""What makes an object of each class in `object.STANDARD`."""

_BUILTIN_NAMES: tuple[Any, ...] = (
    *(collections.OrderedDict, collections.Counter, collections.defaultdict, collections.deque),
    *(dt.date, dt.datetime, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID),
    *(pathlib.PurePath, pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.Path),
)
"""What every record may name, beside the built-in functions and classes."""
