"""Note what DAG files pass to Airflow's operators, mapped or not, and to decorated functions."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from dagserial.authoring.node import PLACING
from dagserial.authoring.operator import STRUCTURE
from dagserial.sources.collector.noted import Notes, by_name, calling_frames, found, is_airflow

DECLARED = Notes()
"""Arguments of tasks, DAGs and groups, by name, as the record has them."""
FRAMES = Notes()
"""Where they were declared."""
PARTIALS = Notes()
"""Arguments of `.partial()`, by what it returned."""
EXPLICIT = Notes()
"""Whether the author of a decorated function gave `multiple_outputs`, by decorator."""

_ASSET_ARGUMENT = "definition_name"
"""What Airflow 3's `@asset` tells its operator beside what the author said."""

_pending: list[dict[str, Any]] = []
"""What a decorated function's operator is about to be made with: what its caller passed, not what Airflow adds."""


def install() -> None:
    """Have Airflow's classes note what they are given, from now on."""
    meta = found("airflow.sdk.bases.operator:BaseOperatorMeta", "airflow.models.baseoperator:BaseOperatorMeta")
    operator = found("airflow.sdk.bases.operator:BaseOperator", "airflow.models.baseoperator:BaseOperator")
    _note_operators(meta, operator)
    descriptor = found(
        "airflow.sdk.bases.operator:_PartialDescriptor", "airflow.models.baseoperator:_PartialDescriptor"
    )
    mapped = "airflow.sdk.definitions.mappedoperator", "airflow.models.mappedoperator"
    _note_partials(descriptor, found(*(f"{module}:OperatorPartial" for module in mapped)))
    mapped_operator = found(*(f"{module}:MappedOperator" for module in mapped))
    DECLARED.show(mapped_operator, "_dagserial_declared")
    FRAMES.show(mapped_operator, "_dagserial_frames")
    _note_decorators(found("airflow.sdk.bases.decorator:_TaskDecorator", "airflow.decorators.base:_TaskDecorator"))


def declared_arguments(task: Any, explicit: dict[str, Any]) -> dict[str, Any]:
    """Return a task's arguments: the defaults of its DAG, of the groups around it and its own, then those passed."""
    dag, group = getattr(task, "dag", None), getattr(task, "task_group", None)
    defaults = dict((DECLARED.of(dag) or {}).get("default_args") or {})
    around = []
    while group is not None:
        around.append((DECLARED.of(group) or {}).get("default_args") or {})
        group = getattr(group, "parent_group", None)
    for own in [*reversed(around), explicit.get("default_args") or {}]:
        defaults |= own
    return defaults | {name: value for name, value in explicit.items() if name not in PLACING}


def _keep(task: Any, explicit: dict[str, Any]) -> None:
    DECLARED.keep(task, declared_arguments(task, explicit))
    FRAMES.keep(task, calling_frames())


def _note_operators(meta: Any, operator: Any) -> None:
    make = meta.__call__
    set_attribute = operator.__setattr__

    def call(cls: Any, *args: Any, **kwargs: Any) -> Any:
        explicit = _pending.pop() if _pending else by_name(cls.__init__, args, kwargs)
        made = make(cls, *args, **kwargs)
        if isinstance(made, operator):
            if explicit.pop(_ASSET_ARGUMENT, None) is not None and not explicit.get("inlets"):
                explicit.pop("inlets", None)
            _keep(made, explicit)
        return made

    def set_and_note(self: Any, name: str, value: Any) -> None:
        set_attribute(self, name, value)
        declared = DECLARED.of(self)
        if declared is None or name.startswith("_") or name in STRUCTURE or is_airflow(sys._getframe(1)):
            return
        declared[name] = value

    meta.__call__ = call
    operator.__setattr__ = set_and_note
    DECLARED.show(operator, "_dagserial_declared")
    FRAMES.show(operator, "_dagserial_frames")


def _note_partials(descriptor: Any, operator_partial: Any) -> None:
    get = descriptor.__get__
    expanding = _expanding(operator_partial)
    expand = getattr(operator_partial, expanding)

    def get_noting(self: Any, thing: Any, cls: Any = None) -> Any:
        partial = get(self, thing, cls)

        @functools.wraps(partial)
        def noting(**kwargs: Any) -> Any:
            made = partial(**kwargs)
            PARTIALS.keep(made, kwargs)
            return made

        return noting

    def expand_noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        task = expand(self, *args, **kwargs)
        _keep(task, PARTIALS.of(self) or {})
        return task

    descriptor.__get__ = get_noting
    setattr(operator_partial, expanding, expand_noting)


def _note_decorators(decorator: Any) -> None:
    init, call = decorator.__init__, decorator.__call__
    expanding = _expanding(decorator)
    expand = getattr(decorator, expanding)

    def init_noting(self: Any, *args: Any, **kwargs: Any) -> None:
        given = kwargs.get("multiple_outputs")
        is_sensor = (
            "Sensor" in kwargs["operator_class"].__name__
        )  # for which Airflow itself says that it has one output
        EXPLICIT.keep(self, given is not None and type(given).__name__ != "_Nothing" and not is_sensor)
        init(self, *args, **kwargs)

    def call_noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = self.kwargs.get("op_kwargs") or {}
        inputs: dict[str, Any] = {"op_args": list(args)} if args else {}
        inputs |= {"op_kwargs": {**bound, **kwargs}} if bound or kwargs else {}
        _pending.append(_own(self) | inputs)
        try:
            return call(self, *args, **kwargs)
        finally:
            _pending.clear()

    def expand_noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        explicit = _own(self)
        xcom = expand(self, *args, **kwargs)
        _keep(xcom.operator, explicit)
        return xcom

    decorator.__init__ = init_noting
    decorator.__call__ = call_noting
    setattr(decorator, expanding, expand_noting)
    for name in ("override", "partial"):
        setattr(decorator, name, _marked(getattr(decorator, name)))


def _expanding(kind: type) -> str:
    """Return the method that every way of mapping goes through; in Airflow 2.3, there is one way."""
    return "_expand" if hasattr(kind, "_expand") else "expand"


def _own(decorator: Any) -> dict[str, Any]:
    """Return what the author passed to a decorator, and the function."""
    own = dict(decorator.kwargs)
    if getattr(decorator, "is_teardown", False):
        own.pop("trigger_rule", None)  # Airflow's: an author's would be an error
    if EXPLICIT.of(decorator):
        own["multiple_outputs"] = decorator.multiple_outputs
    return own | {"python_callable": decorator.function}


def _marked(method: Callable[..., Any]) -> Callable[..., Any]:
    """Have a copy of a decorator know what the decorator knows: copying passes every field."""

    @functools.wraps(method)
    def marking(self: Any, **kwargs: Any) -> Any:
        made = method(self, **kwargs)
        EXPLICIT.keep(made, EXPLICIT.of(self))
        return made

    return marking
