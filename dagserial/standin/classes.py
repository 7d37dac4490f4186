"""Make classes for names of absent packages: operators, exceptions, and bases to derive from."""

from __future__ import annotations

import functools
import itertools
import re
import sys
from collections.abc import Callable
from typing import Any

from dagserial.authoring import DAG, TaskGroup
from dagserial.authoring import BaseOperator as _BaseOperator
from dagserial.authoring.context import DECLARING
from dagserial.authoring.operator import OperatorMeta
from dagserial.model import Value
from dagserial.model.scalar import dotted_name
from dagserial.standin.instruction import reads_attribute
from dagserial.standin.notes import NOTES
from dagserial.standin.symbol import Provide, Symbol, is_class_name, text

_OPERATOR = re.compile(r"(Operator|Sensor)(Async)?$")
_SENSOR = re.compile(r"Sensor(Async)?$")
_FIRST_ARGUMENTS = {
    "BashOperator": ("bash_command",),
    "BranchPythonOperator": ("python_callable",),
    "PythonOperator": ("python_callable",),
    "ShortCircuitOperator": ("python_callable",),
    "SimpleHttpOperator": ("endpoint",),
    "SubDagOperator": ("subdag",),
    "TriggerDagRunOperator": ("trigger_dag_id",),
}
"""What the first positional argument of operators was (Airflow 1.10.15)."""
_EXCEPTION = re.compile(r"(Exception|Error)$")


class StandinMeta(OperatorMeta):
    """Answer for class attributes that only the absent package could give."""

    _provide: Provide

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Symbol(("name", f"{dotted_name(cls)}.{name}"), cls._provide)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make an object; an operator whose constructor is unknown gets all arguments by name."""
        if issubclass(cls, Operator) and cls.__init__ is Operator.__init__:
            kwargs, args = _by_name(cls, args, kwargs), ()
        return super().__call__(*args, **kwargs)

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Declare the task; positional arguments of an unknown constructor, but for a task_id, are nameless."""
        super().__init__(**({"task_id": args[0]} if args and "task_id" not in kwargs else {}) | kwargs)

    def __getattr__(self, name: str) -> Any:
        if _is_refused(name):
            raise AttributeError(name)
        return Symbol(("get", self, name), type(self)._provide)


def _is_refused(name: str) -> bool:
    """Tell whether an object has no attribute of that name, as far as its caller's caller is to know.

    Private ones are there for code of the tree that reads them outright, which its absent base is to have set.
    """
    if not name.startswith("_"):
        return False
    return name.startswith("__") or not (NOTES.is_asked_by_tree(2) and reads_attribute(sys._getframe(2), name))


def _by_name(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of an operator whose constructor is unknown by name, its task_id among them.

    Airflow 2 and 3 refuse positional arguments; Airflow 1.10 took them in the order of each constructor.
    """
    named = dict(kwargs)
    rest = list(args)
    for name in _FIRST_ARGUMENTS.get(cls.__name__, () if "task_id" in kwargs else ("task_id",)):
        if rest and name not in named:
            named[name] = rest.pop(0)
    if rest:
        NOTES.add(f"the names of positional arguments of {cls.__name__} are unknown: kept as args")
        named["args"] = rest
    if "task_id" not in named and not cls.__module__.startswith("airflow."):
        named["task_id"] = _free_task_id(cls.__name__, named.get("dag") or DECLARING.dag())
        NOTES.add(f"the task_id that {cls.__name__} gives itself is unknown: taken as {named['task_id']}")
    return named


def _free_task_id(name: str, dag: Any) -> str:
    taken = {task.task_id for task in dag.tasks} if isinstance(dag, DAG) else set()
    names = itertools.chain([name], (f"{name}__{number}" for number in itertools.count(1)))
    return next(name for name in names if name not in taken)


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
        if _is_refused(name):
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
def exception_class(path: str, provide: Provide) -> type:
    """Return an exception class for a dotted path, the same one each time."""
    module, _, name = path.rpartition(".")

    class ExceptionMeta(type):
        """Answer for class attributes: a class named as an exception may be a table, `airflow.models.ImportError`."""

        def __getattr__(cls, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return Symbol(("name", f"{path}.{name}"), provide)

    return ExceptionMeta(name, (Exception,), {"__module__": module})


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
