"""Make classes for names of absent packages: operators, exceptions, and bases to derive from."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from dagserial.authoring import BaseOperator as _BaseOperator
from dagserial.authoring import TaskGroup
from dagserial.authoring.operator import OperatorMeta
from dagserial.model import Value
from dagserial.model.scalar import dotted_name
from dagserial.standin.notes import NOTES
from dagserial.standin.symbol import Provide, Symbol, is_class_name, text

_OPERATOR = re.compile(r"(Operator|Sensor)(Async)?$")
_SENSOR = re.compile(r"Sensor(Async)?$")
_EXCEPTION = re.compile(r"(Exception|Error)$")


class StandinMeta(OperatorMeta):
    """Answer for class attributes that only the absent package could give."""

    _provide: Provide

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Symbol(("name", f"{dotted_name(cls)}.{name}"), cls._provide)

    def __subclasscheck__(cls, subclass: type) -> bool:
        """Hold a class for one of all that it stands for: each operator is a BaseOperator."""
        stands_for = cls.__dict__.get("_stands_for")
        return stands_for in subclass.__mro__ or super().__subclasscheck__(subclass)


class Fields(tuple[str, ...]):
    """Template fields of an operator whose own are unknown: repositories add lists and tuples to them alike."""

    __slots__ = ()

    def __add__(self, other: Any) -> Fields:
        return Fields((*self, *other))

    def __radd__(self, other: Any) -> Fields:
        return Fields((*other, *self))


class Operator(_BaseOperator, metaclass=StandinMeta):
    """An operator or sensor as DAG files see it: takes every argument, answers for every attribute."""

    template_fields = Fields()
    template_ext = Fields()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Symbol(("get", self, name), type(self)._provide)


class Sensor(Operator):
    """A sensor as DAG files see it."""


class SymbolicBase(metaclass=StandinMeta):
    """An object of an absent package's class, or of a class of the repository that derives from one."""

    _dagserial_name = ""
    _dagserial_args: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def __new__(cls, *args: Any, **kwargs: Any) -> SymbolicBase:
        made = super().__new__(cls)
        object.__setattr__(made, "_dagserial_args", (args, kwargs))
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        mro = type(self).__mro__
        following = mro[mro.index(SymbolicBase) + 1]
        if following is object:
            super().__init__()
        else:  # a mixin before an operator hands the arguments on
            super().__init__(*args, **kwargs)

    def __init_subclass__(cls, **_kwargs: Any) -> None:
        """Take what the absent class would take: `class Model(BaseModel, extra="forbid")`."""
        super().__init_subclass__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Symbol(("get", self, name), type(self)._provide)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return Symbol(("call", self, args, kwargs), type(self)._provide)


def fields_value(fields: Fields, encode: Callable[[Any], Value]) -> Value:
    """Write template fields as the tuple that they are elsewhere."""
    return encode(tuple.__getitem__(fields, slice(None)))


def symbolic_base_value(made: SymbolicBase, encode: Callable[[Any], Value]) -> Value:
    """Write an object by its class and what its constructor was given."""
    args, kwargs = made._dagserial_args
    tagged: dict[str, Value] = {"$": "object", "class": dotted_name(type(made))}
    tagged |= {"args": encode(list(args))} if args else {}
    return tagged | ({"kwargs": encode(kwargs)} if kwargs else {})


def unknown_group(of: Symbol, group_id: str, *args: Any, **kwargs: Any) -> TaskGroup:
    """Declare a task group of an absent package's class: what it was given is known, the tasks in it are not."""
    NOTES.add(f"the tasks of a group made by {text(of)} are unknown: the group is empty")
    placing = {name: kwargs[name] for name in ("dag", "parent_group", "tooltip", "prefix_group_id") if name in kwargs}
    group = TaskGroup(group_id, **placing)
    group.partial_kwargs = {"group": Symbol(("call", of, args, kwargs), of._provide)}
    return group


def is_operator(path: str) -> bool:
    """Tell whether a dotted path ends like an operator or a sensor."""
    return is_class_name(path) and bool(_OPERATOR.search(path))


def is_exception(path: str) -> bool:
    """Tell whether a dotted path ends like an exception, or lies in a module of exceptions."""
    parent = path.rpartition(".")[0].rpartition(".")[2]
    return is_class_name(path) and (bool(_EXCEPTION.search(path)) or parent in ("exceptions", "errors"))


@functools.cache
def operator_class(path: str, provide: Provide) -> type:
    """Return the operator class of a dotted path, the same one each time."""
    return _derived(path, Sensor if _SENSOR.search(path) else Operator, {}, provide)


@functools.cache
def exception_class(path: str) -> type:
    """Return an exception class for a dotted path, the same one each time."""
    module, _, name = path.rpartition(".")
    return type(name, (Exception,), {"__module__": module})


@functools.cache
def base_class(path: str, provide: Provide) -> type:
    """Return a class to derive from for a dotted path, the same one each time."""
    return _derived(path, SymbolicBase, {"_dagserial_name": path}, provide)


def _derived(path: str, base: type, namespace: dict[str, Any], provide: Provide) -> type:
    module, _, name = path.rpartition(".")
    made: type = StandinMeta(
        name, (base,), namespace | {"__module__": module, "_dagserial_absent": True, "_provide": staticmethod(provide)}
    )
    return made
