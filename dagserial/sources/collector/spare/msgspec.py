"""Be msgspec as far as making records needs it, in an interpreter that has none.

Structs are not checked here: what they hold goes out as a record, and whoever reads that checks it in full.
"""

from __future__ import annotations

import decimal
import enum
import inspect
import json as _json
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class DecodeError(Exception):
    """Bytes are not what they should be."""


class ValidationError(DecodeError):
    """A value has another shape than asked for."""


class UnsetType(enum.Enum):
    """The type of UNSET."""

    UNSET = "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = UnsetType.UNSET
NODEFAULT = object()


class Raw(bytes):
    """Bytes that are JSON already."""


class Struct:
    """A class of fields: annotated names, some with defaults."""

    __struct_fields__: tuple[str, ...] = ()
    _defaults: dict[str, Any] = {}
    _omits_defaults = False

    def __init_subclass__(cls, omit_defaults: bool = False, **_options: Any) -> None:
        """Take note of the fields; options that only check or speed up say nothing here."""
        own = [name for name in inspect.get_annotations(cls) if not name.startswith("_")]
        cls.__struct_fields__ = tuple(dict.fromkeys((*cls.__struct_fields__, *own)))
        cls._defaults = {**cls._defaults, **{name: cls.__dict__[name] for name in own if name in cls.__dict__}}
        cls._omits_defaults = omit_defaults or cls._omits_defaults

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = dict(zip(self.__struct_fields__, args, strict=False)) | kwargs
        for name in self.__struct_fields__:
            if name not in given and name not in self._defaults:
                raise TypeError(f"Missing required argument {name!r}")
            default = self._defaults.get(name)
            given.setdefault(name, default.copy() if isinstance(default, dict | list) else default)
            setattr(self, name, given[name])
        if unknown := given.keys() - set(self.__struct_fields__):
            raise TypeError(f"Unexpected keyword argument {sorted(unknown)[0]!r}")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check what the class checks."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __lt__(self, other: Struct) -> bool:
        return tuple(vars(self).values()) < tuple(vars(other).values())


class FieldInfo(NamedTuple):
    """One field of a struct."""

    name: str
    type: Any
    default: Any
    default_factory: Any


def _fields(kind: Any) -> tuple[FieldInfo, ...]:
    """Return the fields of a struct class."""
    return tuple(
        FieldInfo(name, Any, kind._defaults.get(name, NODEFAULT), NODEFAULT) for name in kind.__struct_fields__
    )


def _written(value: Any) -> Iterator[str]:
    """Yield the text of a value whose numbers are settled, keys sorted by code point."""
    if value is None or value is True or value is False:
        yield {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, Raw):
        yield value.decode()
    elif isinstance(value, str):
        yield _json.dumps(str.__str__(value), ensure_ascii=False)
    elif isinstance(value, float):
        yield _number(value)
    elif isinstance(value, int):
        yield str(int(value))
    elif isinstance(value, list | tuple):
        yield "["
        for at, item in enumerate(value):
            yield "," if at else ""
            yield from _written(item)
        yield "]"
    else:
        yield "{"
        for at, (name, item) in enumerate(_entries(value)):
            yield ("," if at else "") + _json.dumps(str.__str__(name), ensure_ascii=False) + ":"
            yield from _written(item)
        yield "}"


def _entries(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return sorted(value.items(), key=lambda entry: entry[0])
    pairs = [(name, getattr(value, name)) for name in sorted(value.__struct_fields__)]
    if value._omits_defaults:
        pairs = [(name, item) for name, item in pairs if name not in value._defaults or item != value._defaults[name]]
    return [(name, item) for name, item in pairs if item is not UNSET]


def _number(value: float) -> str:
    """Return the shortest text of a float as ECMAScript lays it out, which Python's `repr` does but for small ones."""
    text = repr(value)
    if "e-" not in text:
        return text
    return format(decimal.Decimal(text), "f") if abs(value) >= 1e-6 else re.sub("e-0+", "e-", text)


class _Encoder:
    def __init__(self, *, order: str | None = None) -> None:
        self._order = order

    def encode(self, value: Any) -> bytes:
        """Return the JSON of a value."""
        return "".join(_written(value)).encode()


def _decode(body: bytes, type: Any = None) -> Any:
    """Return what JSON says; an object as a struct of a type, if one is named."""
    document = _json.loads(body)
    if type is None:
        return document
    return type(**{name: value for name, value in document.items() if name in type.__struct_fields__})


class _Decoder:
    """Reads plain JSON; where a module makes a decoder of structs, it stands there and is never used."""

    def __init__(self, type: Any = None, *, float_hook: Callable[[str], Any] | None = None) -> None:
        self.type = type
        self._float_hook = float_hook

    def decode(self, body: bytes) -> Any:
        """Return what JSON says, each float as the hook has it."""
        return _json.loads(body, parse_float=self._float_hook)

    @classmethod
    def __class_getitem__(cls, _item: Any) -> type:
        return cls


def _module(name: str, **contents: Callable[..., Any] | type) -> types.ModuleType:
    made = types.ModuleType(f"{__name__}.{name}")
    vars(made).update(contents)
    sys.modules[made.__name__] = made
    return made


json = _module("json", Encoder=_Encoder, Decoder=_Decoder, decode=_decode, encode=_Encoder().encode)
structs = _module("structs", fields=_fields)
