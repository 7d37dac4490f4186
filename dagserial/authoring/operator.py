"""Declare tasks: what every operator shares."""

from __future__ import annotations

import functools
import inspect
import logging
from abc import ABCMeta
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dagserial.authoring.context import DECLARING
from dagserial.authoring.mapped import OperatorPartial
from dagserial.authoring.node import PLACING, AbstractOperator, merged_defaults, referenced
from dagserial.authoring.signature import check_keywords, missing_arguments

if TYPE_CHECKING:
    from dagserial.authoring.dag import DAG
    from dagserial.authoring.group import TaskGroup


def _with_defaults(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap a constructor so that arguments which are not passed come from default_args."""
    parameters = inspect.signature(init).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    named -= {"self", "task_id", "dag", "task_group", "default_args"}

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        defaults = self.__dict__.get("_dagserial_defaults", {})
        missing = {name: defaults[name] for name in named & defaults.keys() if name not in kwargs}
        given = {**({} if args else missing), **kwargs}
        if not args and (lacking := missing_arguments(init, given)):
            names = ", ".join(map(repr, lacking))
            task = f" of task {kwargs['task_id']!r}" if "task_id" in kwargs else ""
            raise TypeError(f"{type(self).__name__}(){task}: missing keyword argument{'s'[: len(lacking) > 1]} {names}")
        init(self, *args, **given)

    return wrapped


class OperatorMeta(ABCMeta):
    """Keep what the caller of an operator's constructor passed; give `default_args` to every constructor on the way.

    Airflow 2.x and 3.x, `BaseOperatorMeta`: each `__init__` takes from default_args what its signature names.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> OperatorMeta:
        if "__init__" in namespace and inspect.isfunction(namespace["__init__"]):
            namespace["__init__"] = _with_defaults(namespace["__init__"])
        return super().__new__(mcs, name, bases, namespace, **kwargs)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if not issubclass(cls, BaseOperator):
            return super().__call__(*args, **kwargs)
        explicit = _named(cls, args, kwargs)
        dag = explicit.get("dag") or DECLARING.dag()
        group = explicit.get("task_group") or DECLARING.group(dag)
        defaults = merged_defaults(dag, group, explicit.get("default_args"))
        task = cls.__new__(cls)
        object.__setattr__(task, "_dagserial_defaults", defaults)
        object.__setattr__(task, "_dagserial_settled", False)
        task.__init__(**explicit)  # type: ignore[misc]
        declared = defaults | {name: value for name, value in explicit.items() if name not in PLACING}
        object.__setattr__(task, "_dagserial_declared", declared)
        object.__setattr__(task, "_dagserial_settled", True)
        task._draw_xcom_edges([declared, _public(task)])
        return task


class BaseOperator(AbstractOperator, metaclass=OperatorMeta):
    """Base of every operator; takes any keyword argument and keeps it as an attribute."""

    template_fields: Sequence[str] = ()
    template_ext: Sequence[str] = ()
    custom_operator_name: str = ""
    owner: Any = "airflow"
    retries: Any = 0
    params: Any = {}
    start_date: Any = None
    end_date: Any = None
    pool: Any = "default_pool"
    queue: Any = "default"
    trigger_rule: Any = "all_success"
    depends_on_past: Any = False
    _dagserial_declared: dict[str, Any]
    _dagserial_defaults: dict[str, Any]
    _dagserial_settled = False

    def __init__(
        self, task_id: Any = None, *, dag: DAG | None = None, task_group: TaskGroup | None = None, **kwargs: Any
    ) -> None:
        """Declare the task in the open DAG and group, or in `dag=` and `task_group=`."""
        if task_id is None:
            raise TypeError(f"{type(self).__name__}: missing keyword argument 'task_id'")
        kwargs.pop("default_args", None)
        for name, value in {**self._dagserial_defaults, **kwargs}.items():
            if not isinstance(getattr(type(self), name, None), property):
                object.__setattr__(self, name, value)
        dag = dag or DECLARING.dag()
        self._place(task_id, dag, task_group or DECLARING.group(dag))

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep what is set on a finished task as if it had been passed: `task.doc_md = ...` declares it."""
        if name == "dag":
            if value is not None and self.dag is not value:
                value.add_task(self)
            return
        object.__setattr__(self, name, value)
        if self._dagserial_settled and not name.startswith("_") and name not in STRUCTURE:
            self._dagserial_declared[name] = value
            self._draw_xcom_edges(value)

    def _draw_xcom_edges(self, values: Any) -> None:
        for operator in referenced(values):
            if operator is not self:
                self.set_upstream(operator)

    @property
    def task_type(self) -> str:
        """Name of the operator's class."""
        return type(self).__name__

    @property
    def log(self) -> logging.Logger:
        """A logger, as operators of every Airflow version have."""
        return logging.getLogger(type(self).__module__)

    @classmethod
    def partial(cls, *args: Any, **kwargs: Any) -> OperatorPartial:
        """Take the arguments that all mapped instances share (AIP-42).

        Raises:
            TypeError: an argument by position, no task_id, or an argument that the operator does not take.
        """
        check_keywords(f"{cls.__name__}.partial()", args)
        if "task_id" not in kwargs:
            raise TypeError(f"{cls.__name__}.partial(): missing keyword argument 'task_id'")
        return OperatorPartial(cls, kwargs)


class BaseSensorOperator(BaseOperator):
    """Base of every sensor."""


STRUCTURE = ("task_id", "dag", "task_group", "is_setup", "is_teardown", "on_failure_fail_dagrun")


def _named(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments by name; positional ones by the signature of the class's own constructor."""
    if not args:
        return dict(kwargs)
    own = inspect.signature(cls.__init__)  # type: ignore[misc]
    names = [
        name
        for name, parameter in own.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ][1:]
    if len(args) > len(names):
        raise TypeError(f"{cls.__name__}: use keyword arguments when initializing operators")
    return dict(zip(names, args, strict=False)) | kwargs


def _public(task: BaseOperator) -> list[Any]:
    return [value for name, value in vars(task).items() if not name.startswith("_") and name not in STRUCTURE]
