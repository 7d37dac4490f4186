"""Note what DAG files pass to Airflow's DAGs and task groups."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from dagserial.authoring.dag import DAG_ARGUMENTS, RENAMED
from dagserial.authoring.group import PLACING
from dagserial.authoring.node import copied
from dagserial.sources.collector.noted import Notes, by_name, calling_frames, found, is_airflow
from dagserial.sources.collector.operators import DECLARED, FRAMES

PARTIAL_KWARGS = Notes()
"""What `.partial()` gave a mapped group's function, by group."""

_given: list[dict[str, Any]] = []
"""What the author of an `@dag` function passed: Airflow 2 passes on every argument there is."""
_partial: list[dict[str, Any]] = []
"""What `.partial()` gave the group that is about to be made."""


def install() -> None:
    """Have Airflow's classes note what they are given, from now on."""
    kinds = found("airflow.sdk.definitions.dag:DAG"), found("airflow.models.dag:DAG")
    for dag in dict.fromkeys(kind for kind in kinds if kind is not None):
        _note_dags(dag)
    _note_dag_functions()
    _note_params(found("airflow.sdk.definitions.param:DagParam", "airflow.models.param:DagParam"))
    modules = "airflow.sdk.definitions.taskgroup", "airflow.utils.task_group"
    for name in ("TaskGroup", "MappedTaskGroup"):
        group = found(*(f"{module}:{name}" for module in modules))
        if group is not None:
            _note_groups(group)
    factory = found(
        "airflow.sdk.definitions.decorators.task_group:_TaskGroupFactory",
        "airflow.decorators.task_group:_TaskGroupFactory",
    )
    if hasattr(factory, "_create_task_group"):  # else groups cannot be mapped (Airflow 2.4 and before)
        _note_group_functions(factory)


def _note_dags(dag: Any) -> None:
    init, set_attribute = dag.__init__, dag.__setattr__

    def init_noting(self: Any, *args: Any, **kwargs: Any) -> None:
        if self not in DECLARED:
            explicit = _given.pop() if _given else _unfilled(by_name(init, args, kwargs))
            DECLARED.keep(self, _dag_arguments(explicit))
            FRAMES.keep(self, calling_frames())
        init(self, *args, **kwargs)

    def set_and_note(self: Any, name: str, value: Any) -> None:
        set_attribute(self, name, value)
        caller = sys._getframe(1)
        is_docstring = name == "doc_md" and caller.f_code.co_name == "factory"
        if is_docstring or not is_airflow(caller):
            name = RENAMED.get(name, name)
            if name in DAG_ARGUMENTS:
                DECLARED.of(self)[name] = value

    dag.__init__ = functools.wraps(init)(init_noting)
    if "__setattr__" in dag.__dict__ or dag.__mro__[1] is object or not _is_dag(dag.__mro__[1]):
        dag.__setattr__ = set_and_note
    DECLARED.show(dag, "_dagserial_declared")
    FRAMES.show(dag, "_dagserial_frames", ())


def _unfilled(explicit: dict[str, Any]) -> dict[str, Any]:
    """Return what a DAG is given without what Airflow 3's `@asset` fills in."""
    if "definitions.asset" not in sys._getframe(2).f_globals.get("__name__", ""):
        return explicit
    dag_id = explicit.get("dag_id")
    told = {name: value for name, value in explicit.items() if value and name not in ("auto_register", "catchup")}
    if told.get("dag_display_name") == dag_id:
        del told["dag_display_name"]
    return told | {"schedule": explicit.get("schedule")}


def _is_dag(kind: type) -> bool:
    return kind.__name__ == "DAG"


def _dag_arguments(explicit: Mapping[str, Any]) -> dict[str, Any]:
    declared = {RENAMED.get(name, name): value for name, value in explicit.items()}
    for name in ("dag_id", "full_filepath"):
        declared.pop(name, None)
    if "default_args" in declared:
        declared["default_args"] = copied(declared["default_args"])
    if isinstance(declared.get("params"), Mapping):
        declared["params"] = {**declared["params"], **((declared.get("default_args") or {}).get("params") or {})}
    return declared


def _note_dag_functions() -> None:
    """Note the arguments of `@dag` where it is a function of many (Airflow 2)."""
    original = found("airflow.models.dag:dag")
    if original is None or "description" not in inspect.signature(original).parameters:
        return

    @functools.wraps(original)
    def noting(*args: Any, **kwargs: Any) -> Any:
        decorate = original(*args, **kwargs)
        explicit = by_name(original, args, kwargs)
        if callable(explicit.get("dag_id")):  # `@dag` without parentheses
            return _giving(decorate, {})
        return lambda function: _giving(decorate(function), explicit)

    for module in ("airflow.models.dag", "airflow.decorators"):
        sys.modules[module].dag = noting  # type: ignore[attr-defined]


def _giving(factory: Callable[..., Any], explicit: dict[str, Any]) -> Callable[..., Any]:
    @functools.wraps(factory)
    def giving(*args: Any, **kwargs: Any) -> Any:
        _given.append(explicit)
        try:
            return factory(*args, **kwargs)
        finally:
            _given.clear()

    return giving


def _note_params(dag_param: Any) -> None:
    """Note the params that `dag.param(name, default)` and the arguments of `@dag` functions declare."""
    init = dag_param.__init__

    def init_noting(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        given = by_name(init, args, kwargs)
        declared = DECLARED.of(given.get("current_dag"))
        if declared is not None and "default" in given and type(given["default"]).__name__ != "ArgNotSet":
            declared["params"] = {**(declared.get("params") or {}), given["name"]: given["default"]}

    dag_param.__init__ = functools.wraps(init)(init_noting)


def _note_groups(group: Any) -> None:
    init = group.__init__

    def init_noting(self: Any, *args: Any, **kwargs: Any) -> None:
        if self not in DECLARED:
            explicit = by_name(init, args, kwargs)
            if "default_args" in explicit:
                explicit["default_args"] = copied(explicit["default_args"])
            if explicit.get("prefix_group_id") is True:
                del explicit["prefix_group_id"]
            DECLARED.keep(self, {name: value for name, value in explicit.items() if name not in PLACING})
            PARTIAL_KWARGS.keep(self, _partial.pop() if _partial else {})
        init(self, *args, **kwargs)

    group.__init__ = functools.wraps(init)(init_noting)
    DECLARED.show(group, "_dagserial_declared")
    PARTIAL_KWARGS.show(group, "partial_kwargs")


def _note_group_functions(factory: Any) -> None:
    create = factory._create_task_group

    def create_noting(self: Any, tg_factory: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(tg_factory, functools.partial):  # of a mapped group
            _partial.append(self.partial_kwargs)
        return create(self, tg_factory, *args, **kwargs)

    factory._create_task_group = create_noting
