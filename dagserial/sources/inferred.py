"""Infer what a live Airflow object was declared with, where nobody watched its declaration.

An object of Airflow holds what its version made of the arguments, defaults filled in. What differs from an object that
was given nothing is taken for declared; so an argument that repeats a default is not seen.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dagserial.authoring.dag import DAG_ARGUMENTS
from dagserial.authoring.node import PLACING

WARNING = "what this object was declared with is inferred: arguments that repeat a default are not seen"

_UNSEEN = object()

_FILLED_IN = ("multiple_outputs", "op_args", "op_kwargs")
"""Arguments that Airflow itself passes to the operator of each decorated function."""

_STRUCTURE = ("is_setup", "is_teardown", "on_failure_fail_dagrun")


def declared(thing: Any) -> Mapping[str, Any]:
    """Return the arguments of a DAG, a task or a task group: as noted when it was declared, or inferred."""
    noted = getattr(thing, "_dagserial_declared", None)
    return _inferred(thing) if noted is None else noted


def is_inferred(dag: Any) -> bool:
    """Tell whether nobody noted what a DAG was declared with."""
    return getattr(dag, "_dagserial_declared", None) is None


def _inferred(thing: Any) -> Mapping[str, Any]:
    if hasattr(thing, "task_dict"):
        return _of_dag(thing)
    if hasattr(thing, "partial_kwargs"):
        return _of_mapped(thing)
    if hasattr(thing, "task_id"):
        return _of_task(thing)
    return _of_group(thing)


def _of_task(task: Any) -> dict[str, Any]:
    """Return what reached the constructors of an operator: what a class passes to its parent is among it."""
    given = {name: value for name, value in task._BaseOperator__init_kwargs.items() if name not in PLACING}
    if _is_decorated(task):
        given["op_args"] = list(given.get("op_args") or ())
        given = {name: value for name, value in given.items() if name not in _FILLED_IN or value}
        given.pop("kwargs_to_upstream", None)
    return _without_inherited_params(given, task)


def _of_mapped(task: Any) -> dict[str, Any]:
    """Return what `.partial()` was given, without what every mapped operator holds."""
    defaults = _defaults(task.operator_class, "BaseOperator")
    given = {
        name: value
        for name, value in task.partial_kwargs.items()
        if name not in (*PLACING, *_STRUCTURE)
        and value not in (None, [], {})
        and not _is_default(name, value, defaults)
    }
    function = {"python_callable": task.python_callable} if hasattr(task, "python_callable") else {}
    return _without_inherited_params(given | function, task)


def _without_inherited_params(arguments: dict[str, Any], task: Any) -> dict[str, Any]:
    """Leave params out that the DAG has: Airflow gives them to every task."""
    params = arguments.pop("params", None) or {}
    own = {name: param for name, param in params.items() if task.dag is None or name not in task.dag.params}
    return arguments | ({"params": own} if own else {})


def _of_dag(dag: Any) -> dict[str, Any]:
    blank = type(dag)(dag_id=dag.dag_id)
    found = {name: getattr(dag, name, _UNSEEN) for name in DAG_ARGUMENTS - {"schedule", "params"}}
    arguments: dict[str, Any] = {
        name: value
        for name, value in found.items()
        if value is not _UNSEEN and not _is_same(value, getattr(blank, name, _UNSEEN))
    }
    if "tags" in arguments:
        arguments["tags"] = sorted(arguments["tags"])
    if params := {name: dag.params.get_param(name) for name in dag.params}:
        arguments["params"] = params
    return arguments | {"schedule": dag.schedule if hasattr(dag, "schedule") else dag.schedule_interval}


def _of_group(group: Any) -> dict[str, Any]:
    defaults = _defaults(type(group), "TaskGroup")
    names = ("default_args", "doc_md", "group_display_name", "prefix_group_id", "tooltip", "ui_color", "ui_fgcolor")
    found = {name: getattr(group, name, None) for name in names}
    return {
        name: value
        for name, value in found.items()
        if value not in (None, "", {}) and not _is_default(name, value, defaults)
    }


def _is_decorated(task: Any) -> bool:
    return str(getattr(task, "custom_operator_name", "")).startswith("@")


def _defaults(kind: type, name: str) -> list[Mapping[str, inspect.Parameter]]:
    """Return the parameters of each base of that name: in some versions, one derives from another."""
    bases = [base for base in kind.__mro__ if base.__name__ == name]
    return [inspect.signature(base.__init__).parameters for base in bases]  # type: ignore[misc]


def _is_default(name: str, value: Any, defaults: list[Mapping[str, inspect.Parameter]]) -> bool:
    return any(name in parameters and _is_same(value, parameters[name].default) for parameters in defaults)


def _is_same(value: Any, other: Any) -> bool:
    try:
        return type(value) is type(other) and bool(value == other)
    except Exception:  # whatever the class makes of comparing
        return value is other
