"""Take objects apart into their class and what makes them anew: arguments, fields or attributes."""

import collections
import dataclasses
import fractions
import ipaddress
import operator
import re
import types
from collections.abc import Callable, Iterable
from typing import Any

from dagserial.model.scalar import dotted_name

Value = Any
Encode = Callable[[Any], Value]
Arguments = Callable[[Any], tuple[Any, ...] | dict[str, Any]]
"""Returns the arguments with which an object's class makes it anew: positional ones, or keyword arguments by name."""

_HEAP_TYPE = 1 << 9
"""Flag of classes that Python code defines (CPython, Py_TPFLAGS_HEAPTYPE)."""

_KEPT_BY_OTHERS = ("__reduce__", "__reduce_ex__", "__getstate__")
"""Methods with which a class says that its attributes are not what makes it."""


def constructed(arguments: Arguments) -> Callable[[Any, Encode], Value]:
    """Return how an object is written whose class takes these arguments."""

    def write(value: Any, encode: Encode) -> Value:
        given: Any = arguments(value)
        if not isinstance(given, tuple | dict):
            message = f"the encoder of a {dotted_name(type(value))} returned a {dotted_name(type(given))}"
            raise TypeError(f"{message}; it may return a tuple of positional or a dict of keyword arguments")
        words = {"kwargs": encode(given)} if isinstance(given, dict) else {"args": encode(list(given))}
        return {"$": "object", "class": dotted_name(type(value))} | words

    return write


def record(value: Any, encode: Encode, *, fields: tuple[str, ...]) -> Value:
    """Tag an object that declares its fields: dataclass, attrs, msgspec, pydantic, namedtuple, Kubernetes."""
    kwargs = {name: getattr(value, name) for name in fields if hasattr(value, name)}
    if hasattr(type(value), "openapi_types"):  # None stands for what was not given
        kwargs = {name: item for name, item in kwargs.items() if item is not None}
        if not kwargs:  # made without arguments, as one whose package is absent
            return {"$": "object", "class": dotted_name(type(value))}
    return {"$": "object", "class": dotted_name(type(value)), "kwargs": encode(kwargs)}


def stateful(value: Any, encode: Encode) -> Value:
    """Tag an object of a plain class by its attributes."""
    return {"$": "object", "class": dotted_name(type(value)), "state": encode(state_of(value))}


def field_names(base: type, kind: type) -> tuple[str, ...] | None:
    """Return the fields that a class declares, in its own words; None if it is no class that declares fields.

    Args:
        base: the class of `kind`'s line that is looked at.
    """
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
    if "openapi_types" in own and "attribute_map" in own:  # OpenAPI generator: the Kubernetes client
        return tuple(kind.openapi_types)  # type: ignore[attr-defined]
    return None


def has_state(kind: type) -> bool:
    """Tell whether the attributes of an object of this class are all that makes it."""
    if not kind.__flags__ & _HEAP_TYPE or issubclass(kind, type):
        return False
    bases = kind.__mro__[:-1]
    return all(base.__flags__ & _HEAP_TYPE and not base.__dict__.keys() & {*_KEPT_BY_OTHERS} for base in bases)


def state_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, from its slots and its `__dict__`."""
    slots = {name: getattr(value, name) for name in _slots(type(value)) if hasattr(value, name)}
    return slots | getattr(value, "__dict__", {})


def _slots(kind: type) -> Iterable[str]:
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = name.startswith("__") and not name.endswith("__")
            if name not in ("__dict__", "__weakref__"):
                yield f"_{base.__name__.lstrip('_')}{name}" if mangled else name


PLAIN: dict[type, Arguments] = {
    str: lambda value: (str.__str__(value),),
    int: lambda value: (int.__int__(value),),
    float: lambda value: (float.__float__(value),),
    bytes: lambda value: (bytes.__getitem__(value, slice(None)),),
    list: lambda value: (list.copy(value),),
    dict: lambda value: (dict.copy(value),),
    tuple: lambda value: (tuple.__getitem__(value, slice(None)),),
    set: lambda value: (set(value),),
    frozenset: lambda value: (frozenset(value),),
}
"""What a class that derives from one of these is made of: the plain value in it."""

STANDARD: dict[type, Arguments] = {
    bytearray: lambda value: (bytes(value),),
    collections.Counter: lambda value: (dict(value),),
    collections.OrderedDict: lambda value: (list(value.items()),),
    collections.defaultdict: lambda value: (value.default_factory, dict(value)),
    collections.deque: lambda value: (list(value), *(() if value.maxlen is None else (value.maxlen,))),
    fractions.Fraction: lambda value: (value.numerator, value.denominator),
    ipaddress.IPv4Address: lambda value: (str(value),),
    ipaddress.IPv4Network: lambda value: (str(value),),
    ipaddress.IPv6Address: lambda value: (str(value),),
    ipaddress.IPv6Network: lambda value: (str(value),),
    operator.attrgetter: lambda value: value.__reduce__()[1],
    operator.itemgetter: lambda value: value.__reduce__()[1],
    re.Pattern: lambda value: (value.pattern, value.flags),
    slice: lambda value: (value.start, value.stop, value.step),
    types.MappingProxyType: lambda value: (dict(value),),
    type({}.items()): lambda value: (list(value),),
    type({}.keys()): lambda value: (list(value),),
    type({}.values()): lambda value: (list(value),),
}
"""Classes of the standard library, and the arguments that make an object of them anew."""
