"""Digest the code of functions and classes, without its comments, docstrings and layout."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import os
import pathlib
import sys
import types
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dagserial.authoring.dependency import UnknownEnd
from dagserial.digest import Digest
from dagserial.model import Encoder, Value
from dagserial.model.names import canonical_name
from dagserial.model.scalar import callable_, class_
from dagserial.model.value import EncodeType
from dagserial.sources.names import Function, arguments, used
from dagserial.sources.references import References, Unit

_INSTALLED = (f"{os.path.dirname(os.__file__)}{os.sep}", f"{os.path.dirname(os.path.dirname(__file__))}{os.sep}")
"""Where the standard library and dagserial lie: what is there changes with their versions, not with the DAG."""
_PACKAGES = {"dist-packages", "site-packages"}
"""Folders in which other people's packages lie."""

_TAKEN = (
    *(str, int, float, bool, complex, bytes, tuple, list, dict, set, frozenset, types.NoneType),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo, decimal.Decimal, enum.Enum, pathlib.PurePath, uuid.UUID),
)
"""What is kept of what a function closes over."""
_RECORDS = ("__attrs_attrs__", "__dataclass_fields__", "__pydantic_fields__", "__struct_fields__", "_fields")
"""What classes have that declare fields."""


class Code:
    """Digests of the repository's code, as it is while this object lives.

    Each file is parsed once, and each function and class is digested once.
    """

    def __init__(self, root: str = "", *, is_wanted: bool = True) -> None:
        """Prepare.

        Args:
            root: folder of the tree; without one, the repository is what is not installed.
            is_wanted: without, nothing has a digest.
        """
        self._root = os.path.join(os.path.abspath(root), "") if root else ""
        self._is_wanted = is_wanted
        self._references = References(self._is_own, canonical_name)
        self._digests: dict[Any, Digest] = {}
        self._classes: dict[type, Digest | None] = {}
        self._bodies: dict[type, Digest | None] = {}
        self._functions: dict[types.FunctionType, tuple[dict[str, Value], dict[str, Any]]] = {}

    @property
    def encoders(self) -> dict[type, EncodeType]:
        """How callables and classes are written."""
        return {
            types.FunctionType: self.function_value,
            types.MethodType: self._method_value,
            type: self._class_value,
            staticmethod: lambda method, encode: encode(method.__func__),
            classmethod: lambda method, encode: encode(method.__func__),
        }

    def function_value(self, function: types.FunctionType, encode: Callable[[Any], Value]) -> Value:
        """Tag a function by its dotted name, the digest of its code, and the values that it took along.

        One in wrappers (`functools.wraps`) is named by what is wrapped; the repository's own wrappers count as its
        code and have values, too.
        """
        if function not in self._functions:
            self._functions[function] = self._function(function)
        tagged, values = self._functions[function]
        return tagged | ({"closure": encode(values)} if values else {})

    def _function(self, function: types.FunctionType) -> tuple[dict[str, Value], dict[str, Any]]:
        """Return the tag of a function and the values that it took along."""
        *wrappers, plain = _layers(function)
        own = [wrapper for wrapper in wrappers if self._is_own(_path(wrapper))]
        digests = [digest for layer in (*own, plain) if (digest := self.function_digest(layer)) is not None]
        values = self._taken_along(plain)
        for number, wrapper in enumerate(own):
            if more := self._taken_along(wrapper):
                inner = wrapper.__code__
                values[f"{number}:{getattr(inner, 'co_qualname', inner.co_name)}"] = more  # Python 3.10 has names alone
        return callable_(plain) | _coded(_joined(digests)), values

    def _method_value(self, method: types.MethodType, encode: Callable[[Any], Value]) -> Value:
        """Tag a bound method by its name, what it is bound to, and the digest of its code and of its object's class."""
        function, owner = method.__func__, method.__self__
        inner = encode(function)
        tagged = {"$": "method", "name": getattr(function, "__name__", type(function).__name__), "of": encode(owner)}
        if isinstance(inner, dict):
            tagged |= {key: inner[key] for key in ("closure", "code") if key in inner}
        kind = self.class_digest(owner if isinstance(owner, type) else type(owner))
        return tagged | _coded(_joined([Digest(tagged["code"]), kind]) if kind and "code" in tagged else None)

    def _class_value(self, kind: type, _encode: Callable[[Any], Value]) -> Value:
        return class_(kind) | _coded(self.class_digest(kind))

    def function_digest(self, function: Any) -> Digest | None:
        """Return the digest of a function's code and of what it uses by name.

        None if its source cannot be found, or is not the repository's.
        """
        unit = self._unit(function) if self._is_wanted else None
        return self._digest(unit) if unit else None

    def _unit(self, function: Any) -> Unit | None:
        path = _path(function)
        module = self._references.module(path) if path and self._is_own(path) else None
        node = module.function(function.__code__) if module else None
        return Unit(module, module.around[node], (node,)) if module and node else None

    def class_digest(self, kind: type) -> Digest | None:
        """Return the digest of a class of the repository: all of its body, its bases, and what they use by name.

        A class that no statement makes has the digest of the first of its bases that has one.
        """
        if not self._is_wanted:
            return None
        if kind not in self._classes:
            digests = (self._body_digest(base) for base in kind.__mro__[:-1])
            self._classes[kind] = next((digest for digest in digests if digest is not None), None)
        return self._classes[kind]

    def _body_digest(self, kind: type) -> Digest | None:
        if kind not in self._bodies:
            self._bodies[kind] = self._own_class_digest(kind)
        return self._bodies[kind]

    def of_operator(self, kind: type) -> str | None:
        """Return the digest of an operator's class as a task's `code` has it."""
        digest = self.class_digest(kind)
        return None if digest is None else str(digest)

    def _own_class_digest(self, kind: type) -> Digest | None:
        methods = [_layers(value)[-1] for value in vars(kind).values() if isinstance(value, types.FunctionType)]
        codes = [
            method.__code__ for method in methods if method.__qualname__ == f"{kind.__qualname__}.{method.__name__}"
        ]
        named = getattr(sys.modules.get(kind.__module__), "__file__", None)
        paths = [*(code.co_filename for code in codes), *([named] if isinstance(named, str) else [])]
        for path in dict.fromkeys(map(os.path.abspath, paths)):
            module = self._references.module(path) if self._is_own(path) else None
            node = module.class_(kind.__qualname__, [code.co_firstlineno for code in codes]) if module else None
            if module and node:
                return self._digest(Unit(module, module.around[node], (node,)))
        return None

    def _digest(self, unit: Unit) -> Digest:
        if unit not in self._digests:
            self._digests[unit] = Digest.of(self._references.text(unit))
        return self._digests[unit]

    def _taken_along(self, function: types.FunctionType) -> dict[str, Any]:
        """Return the values of a function's closure and of its computed defaults, by name.

        Other functions are among them where only running the code tells which: those passed to the function around.
        """
        unit = self._unit(function)
        node: Any = unit.nodes[0] if unit else None
        passed = arguments(unit.block) if unit and isinstance(unit.block, Function) else set()
        values = {}
        for name, value in _closed_over(function):
            is_passed = name in passed and isinstance(value, types.FunctionType) and not _goes_round(value)
            if is_passed or _is_taken(value):
                values[name] = value
        for name, value in _defaults(function, node) if node is not None else ():
            if _is_taken(value):
                values[name] = value
        return values

    def _is_own(self, path: str) -> bool:
        """Tell whether a file is the repository's: in the tree if that is known, and not installed."""
        if path.startswith(_INSTALLED) and _PACKAGES.isdisjoint(path.split(os.sep)):
            return False
        if self._root and not path.startswith(self._root):
            return False
        return _PACKAGES.isdisjoint(path[len(self._root) :].split(os.sep))


class CodedEncoder(Encoder):
    """Write objects of the repository's classes with the digest of the class.

    Not those that only declare fields (dataclasses and their kin), unless they can be called: they are what they hold.
    Nor does the repository's class `Dataset` pass for Airflow's: names are those of classes of Airflow and dagserial.
    """

    def __init__(self, code: Code, encoders: Mapping[type, EncodeType], **kwargs: Any) -> None:
        """Prepare for one DAG, as for an Encoder."""
        super().__init__({**code.encoders, **encoders}, **kwargs)
        self._code = code

    def _named(self, base: type) -> EncodeType | None:
        return super()._named(base) if is_declaring(base) else None

    def _find(self, kind: type) -> EncodeType:
        write = super()._find(kind)
        is_record = any(hasattr(kind, name) for name in _RECORDS)
        is_callable = any("__call__" in vars(base) for base in kind.__mro__[:-1])
        digest = self._code.class_digest(kind) if is_callable or not is_record else None
        return write if digest is None else functools.partial(_with_code, write, digest)


def is_declaring(base: type) -> bool:
    """Tell whether a class is one of those with which DAGs are declared: Airflow's, or dagserial's own."""
    return base.__module__.partition(".")[0] in ("airflow", "dagserial")


def _with_code(write: EncodeType, digest: Digest, value: Any, encode: Callable[[Any], Value]) -> Value:
    written = write(value, encode)
    is_object = isinstance(written, dict) and written.get("$") in ("object", "opaque")
    return written | _coded(digest) if is_object else written


def _coded(digest: Digest | None) -> dict[str, Value]:
    return {} if digest is None else {"code": str(digest)}


def _joined(digests: Sequence[Digest]) -> Digest | None:
    """Return one digest for several; of one, itself."""
    return Digest.of(",".join(digests).encode()) if len(digests) > 1 else next(iter(digests), None)


def _path(function: Any) -> str:
    """Return the file of a function; empty if it has no code."""
    code = getattr(function, "__code__", None)
    name = code.co_filename if code is not None else ""
    return name if name.startswith("<") or not name else os.path.abspath(name)


def _layers(function: types.FunctionType) -> list[types.FunctionType]:
    """Return a function and the functions that it wraps, the outermost first; at least itself."""
    seen: dict[int, Any] = {}
    layer: Any = function
    while layer is not None and id(layer) not in seen:
        seen[id(layer)] = layer
        layer = getattr(layer, "__wrapped__", None)
    return [layer for layer in seen.values() if isinstance(layer, types.FunctionType)]


def _closed_over(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # the name is bound later
            continue


def _is_taken(value: Any) -> bool:
    """Tell whether a value that a function took along is kept; an expression is if its sample would be."""
    return isinstance(getattr(value, "_sample", value) if isinstance(value, UnknownEnd) else value, _TAKEN)


def _goes_round(function: types.FunctionType) -> bool:
    """Tell whether a function closes over itself, or over one that does."""
    seen = {id(function)}
    rest = [function]
    while rest:
        for _, value in _closed_over(rest.pop()):
            if isinstance(value, types.FunctionType):
                if id(value) in seen:
                    return True
                seen.add(id(value))
                rest.append(value)
    return False


def _defaults(function: types.FunctionType, node: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over the arguments whose defaults are computed when the function is made: `lambda n=n: ...`."""
    given = function.__defaults__ or ()
    plain = [*node.args.posonlyargs, *node.args.args]
    parts = [*zip(plain[len(plain) - len(given) :], node.args.defaults, given, strict=False)]
    parts += [
        (argument, part, (function.__kwdefaults__ or {}).get(argument.arg))
        for argument, part in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if part is not None
    ]
    return ((argument.arg, value) for argument, part, value in parts if used([part]))
