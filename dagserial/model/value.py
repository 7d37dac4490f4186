"""Write Python values as JSON with tagged values: `{"$": "<tag>", ...}`.

Plain JSON is what JSON keeps exactly: None, bool, str, list, dict of str keys, ints within 2**53 - 1 and floats that
read back as floats. Everything else is tagged, so that no two values of different type are written alike. Sets are
sorted by their canonical bytes, lists never. Nothing is written from `repr()` or `str()` of an unknown object.
"""

import dataclasses
import enum
import functools
import os
import types
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.errors import CanonicalError, UnsupportedValueError
from dagserial.model.scalar import SCALARS, callable_, dotted_name, relativedelta_

Value = Any
"""The JSON domain, with tagged values in it."""

Encode = Callable[[Any], Value]
EncodeType = Callable[[Any, Encode], Value]
"""How a type is written: the object, and a function that writes what is inside it."""


class ValueWarning(msgspec.Struct, frozen=True, order=True):
    """Something about a value that its reader should know.

    Attributes:
        path: JSON pointer into the record, or `file:line`.
    """

    path: str
    message: str


class Encoder:
    """Write Python values as Values; collects warnings with the JSON pointer of what they are about.

    Attributes:
        warnings: what was written without full knowledge, in the order met.
    """

    def __init__(
        self,
        encoders: Mapping[type, EncodeType] | None = None,
        *,
        named: Mapping[str, EncodeType] | None = None,
        root: str = "",
        strict: bool = False,
    ) -> None:
        """Prepare for one DAG.

        Args:
            encoders: how the caller's types are written; asked before the built-in forms.
            named: the same by class name, for types that are read by duck typing.
            root: folder of the tree that is read; where a text names it, the text is tagged `rooted`, so that the
                record does not depend on where the tree lies.
            strict: refuse what has no deterministic form, instead of writing it as `opaque` with a warning.
        """
        self._by_type = dict(encoders or {})
        self._by_name = dict(named or {})
        self._found: dict[type, EncodeType] = {}
        self._root = root
        self._strict = strict
        self._steps: list[str] = []
        self._open: set[int] = set()
        self.warnings: list[ValueWarning] = []

    def encode(self, value: Any, *steps: str) -> Value:
        """Return `value` as JSON with tagged values.

        Args:
            steps: where the value stands in the record, for messages: `("tasks", "load", "args", "sql")`.

        Raises:
            UnsupportedValueError: the value holds itself, nests too deeply, holds a lone surrogate, or, if strict,
                has no deterministic form.
        """
        self._steps = list(steps)
        self._open.clear()
        try:
            return self._encode(value)
        except (RecursionError, CanonicalError):  # what is written is canonical, if it is not nested too deeply
            raise UnsupportedValueError("the value is nested too deeply", self._pointer()) from None

    def _encode(self, value: Any) -> Value:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if value is None or kind is bool:
            return value
        if kind is list:
            return self._items(value)
        if kind is dict:
            return self._mapping(value)
        write = self._found.get(kind)
        if write is None:
            write = self._found[kind] = self._find(kind)
        return self._enclosed(value, write)

    def _enclosed(self, value: Any, write: EncodeType) -> Value:
        """Write a value that may hold others, and refuse one that holds itself."""
        if id(value) in self._open:
            raise UnsupportedValueError("the value holds itself", self._pointer(), dotted_name(type(value)))
        self._open.add(id(value))
        try:
            return write(value, self._encode)
        finally:
            self._open.discard(id(value))

    def _find(self, kind: type) -> EncodeType:
        """Return how `kind` is written: by the nearest base with a form of its own.

        For members of enumerations, that is the caller's form of any base, or else a tag; never that of `int` or `str`.
        """
        is_enum = issubclass(kind, enum.Enum)
        for base in kind.__mro__[:-1]:
            if write := self._by_type.get(base) or self._by_name.get(base.__name__):
                return write
            if is_enum:
                continue
            if write := _BUILTIN.get(base) or _NAMED.get(base.__name__):
                return write
            if (fields := _field_names(base, kind)) is not None:
                return functools.partial(_record, fields=fields)
            if base in _CONTAINERS:
                return functools.partial(_CONTAINERS[base], self)
        return _enum if is_enum else self._opaque

    def _text(self, text: str) -> Value:
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise UnsupportedValueError(f"the string {text!r} holds a lone surrogate", self._pointer()) from None
        if self._root and self._root in text:
            return {"$": "rooted", "parts": text.split(self._root)}
        return text

    def _items(self, value: Any, _encode: Encode | None = None) -> list[Value]:
        return self._enclosed(value, lambda items, _: [self._at(str(at), item) for at, item in enumerate(items)])  # type: ignore[no-any-return]

    def _at(self, step: str, value: Any) -> Value:
        self._steps.append(step)
        written = self._encode(value)
        self._steps.pop()
        return written

    def _mapping(self, value: Mapping[Any, Any], _encode: Encode | None = None) -> Value:
        return self._enclosed(value, self._write_mapping)

    def _write_mapping(self, value: Mapping[Any, Any], _encode: Encode) -> Value:
        plain = "$" not in value and all(type(key) is str and not self._is_rooted(key) for key in value)
        if plain:
            return {self._text(key): self._at(key, item) for key, item in value.items()}
        pairs = [[self._encode(key), self._at(_step(key), item)] for key, item in value.items()]
        return {"$": "dict", "items": sorted(pairs, key=canonical_bytes)}

    def _is_rooted(self, text: str) -> bool:
        return bool(self._root) and self._root in text

    def _opaque(self, value: Any, _encode: Encode) -> Value:
        name = dotted_name(type(value))
        if self._strict:
            hint = "pass an encoder for its type, or a plain value"
            raise UnsupportedValueError(f"a {name} has no deterministic form: {hint}", self._pointer(), name)
        message = f"a {name} has no deterministic form; only its class is kept"
        self.warnings.append(ValueWarning(self._pointer(), message))
        return {"$": "opaque", "class": name}

    def _pointer(self) -> str:
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self._steps)


def _step(key: Any) -> str:
    """Return the step to what stands under a key, as a text that is the same in every process."""
    return str(key) if type(key) in (bool, float, int, str) else dotted_name(type(key))


def _enum(value: enum.Enum, encode: Encode) -> Value:
    """Tag an enum member; one of Airflow's own is its value, as authors write either."""
    if type(value).__module__.partition(".")[0] == "airflow":
        return encode(value.value)
    return {"$": "enum", "class": dotted_name(type(value)), "name": value.name, "value": encode(value.value)}


def _subtext(value: str, encode: Encode) -> Value:
    return encode(str.__str__(value))


def _path(value: os.PathLike[str], encode: Encode) -> Value:
    return {"$": "path", "value": encode(os.fspath(value))}


def _partial(value: functools.partial[Any], encode: Encode) -> Value:
    tagged = {"$": "partial", "args": encode(list(value.args)), "function": encode(value.func)}
    return tagged | {"kwargs": encode(dict(value.keywords))}


def _method(value: types.MethodType, encode: Encode) -> Value:
    function = encode(value.__func__)
    source = {key: function[key] for key in ("closure", "code") if isinstance(function, dict) and key in function}
    name = getattr(value.__func__, "__name__", type(value.__func__).__name__)
    return {"$": "method", "name": name, "of": encode(value.__self__)} | source


def _builtin_method(value: types.BuiltinFunctionType, encode: Encode) -> Value:
    owner = value.__self__
    if isinstance(owner, type):
        return {"$": "callable", "name": f"{dotted_name(owner)}.{value.__name__}"}
    if owner is None or isinstance(owner, types.ModuleType):
        return callable_(value)
    return {"$": "method", "name": value.__name__, "of": encode(owner)}


def _descriptor(value: types.MethodDescriptorType, _encode: Encode) -> Value:
    """Tag a method of a built-in class that is not bound, such as `str.upper`."""
    return {"$": "callable", "name": f"{dotted_name(value.__objclass__)}.{value.__name__}"}


def _record(value: Any, encode: Encode, *, fields: tuple[str, ...]) -> Value:
    """Tag an object that declares its fields: dataclass, attrs, msgspec, pydantic, namedtuple."""
    kwargs = {name: getattr(value, name) for name in fields if hasattr(value, name)}
    return {"$": "object", "class": dotted_name(type(value)), "kwargs": encode(kwargs)}


def _field_names(base: type, kind: type) -> tuple[str, ...] | None:
    """Return the fields that a class declares, in its own words; None if it is no class that declares fields."""
    own = base.__dict__
    if "__dataclass_fields__" in own:
        return tuple(field.name for field in dataclasses.fields(kind))
    if "__attrs_attrs__" in own:
        return tuple(field.name for field in kind.__attrs_attrs__)  # type: ignore[attr-defined]
    if issubclass(base, tuple) and "_fields" in own:
        return tuple(kind._fields)  # type: ignore[attr-defined]
    for declared in ("__struct_fields__", "__pydantic_fields__"):
        if declared in own:
            return tuple(getattr(kind, declared))
    return None


def _sequence(tag: str, encoder: Encoder, value: Any, _encode: Encode) -> Value:
    items = [encoder._at(str(index), item) for index, item in enumerate(value)]
    return {"$": tag, "items": items}


def _unordered(tag: str, encoder: Encoder, value: Any, _encode: Encode) -> Value:
    items = [encoder._encode(item) for item in value]
    return {"$": tag, "items": sorted(items, key=canonical_bytes)}


def _scalar(write: Callable[[Any], Value]) -> EncodeType:
    return lambda value, _encode: write(value)


_BUILTIN: dict[type, EncodeType] = {
    **{kind: _scalar(write) for kind, write in SCALARS.items()},
    str: _subtext,
    os.PathLike: _path,
    functools.partial: _partial,
    types.FunctionType: _scalar(callable_),
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin_method,
    types.MethodDescriptorType: _descriptor,
    types.MethodWrapperType: _builtin_method,
    types.WrapperDescriptorType: _descriptor,
    types.ModuleType: _scalar(lambda module: {"$": "module", "name": module.__name__}),
}
_NAMED: dict[str, EncodeType] = {
    "PurePath": _path,
    "_lru_cache_wrapper": lambda value, encode: encode(value.__wrapped__),
    "relativedelta": _scalar(relativedelta_),
}
_CONTAINERS: dict[type, Callable[[Encoder, Any, Encode], Value]] = {
    list: lambda encoder, value, _: [encoder._at(str(at), item) for at, item in enumerate(value)],
    dict: lambda encoder, value, encode: encoder._write_mapping(value, encode),
    types.MappingProxyType: lambda encoder, value, encode: encoder._write_mapping(value, encode),
    tuple: functools.partial(_sequence, "tuple"),
    set: functools.partial(_unordered, "set"),
    frozenset: functools.partial(_unordered, "frozenset"),
}
