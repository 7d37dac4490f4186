"""Say how types of the standard library are written as tagged values: times, paths, functions, containers."""

import enum
import functools
import os
import pathlib
import types
from collections.abc import Callable
from typing import Any

from dagserial.model.object import STANDARD, constructed
from dagserial.model.scalar import SCALARS, callable_, dotted_name, relativedelta_

Value = Any
Encode = Callable[[Any], Value]
EncodeType = Callable[[Any, Encode], Value]


def enum_member(value: enum.Enum, encode: Encode) -> Value:
    """Tag an enum member; one of Airflow's own is its value, as authors write either."""
    if type(value).__module__.partition(".")[0] == "airflow":
        return encode(value.value)
    return {"$": "enum", "class": dotted_name(type(value)), "name": value.name, "value": encode(value.value)}


def _path(value: os.PathLike[str], encode: Encode) -> Value:
    """Tag a path; one of another class than `pathlib.Path` with its class."""
    tagged = {"$": "path", "value": encode(os.fspath(value))}
    return tagged if isinstance(value, pathlib.Path) else tagged | {"class": dotted_name(type(value))}


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


def _scalar(write: Callable[[Any], Value]) -> EncodeType:
    return lambda value, _encode: write(value)


BUILTIN: dict[type, EncodeType] = {
    **{kind: _scalar(write) for kind, write in SCALARS.items()},
    **{kind: constructed(arguments) for kind, arguments in STANDARD.items()},
    os.PathLike: _path,
    pathlib.PurePath: _path,
    functools.partial: _partial,
    types.FunctionType: _scalar(callable_),
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin_method,
    types.MethodDescriptorType: _descriptor,
    types.MethodWrapperType: _builtin_method,
    types.WrapperDescriptorType: _descriptor,
    types.ModuleType: _scalar(lambda module: {"$": "module", "name": module.__name__}),
}
"""How each type is written; subclasses follow their nearest base."""

NAMED: dict[str, EncodeType] = {
    "_lru_cache_wrapper": lambda value, encode: encode(value.__wrapped__),
    "relativedelta": _scalar(relativedelta_),
}
"""The same by class name, for types that are known without importing them."""
