"""Declare tasks and groups by decorating functions: `@task`, `@task.<kind>`, `@setup`, `@teardown`, `@task_group`."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from dagserial.authoring.context import DECLARING
from dagserial.authoring.group import MappedTaskGroup, TaskGroup
from dagserial.authoring.key import next_free
from dagserial.authoring.mapped import (
    DictOfListsExpandInput,
    ListOfDictsExpandInput,
    MappedOperator,
    check_kwargs_source,
    check_sources,
)
from dagserial.authoring.operator import BaseOperator
from dagserial.authoring.signature import (
    CONTEXT_KEYS,
    check_call,
    check_keywords,
    check_names,
    check_once,
    function_arguments,
    function_parameters,
    is_unpacked,
)
from dagserial.authoring.xcom import MappedArgument, PlainXComArg, XComArg


class DecoratedOperator(BaseOperator):
    """A decorated function as a task; `custom_operator_name` says by which decorator."""

    def __init__(self, *, task_id: str, **kwargs: Any) -> None:
        """Declare the task; an id that is taken gets the next free suffix, as Airflow does for decorated functions."""
        super().__init__(task_id=unique_task_id(task_id, kwargs), **kwargs)


@functools.cache
def decorated_class(kind: str) -> type[DecoratedOperator]:
    """Return the operator class of `@task` or `@task.<kind>`."""
    name = f"@task.{kind}" if kind else "@task"
    return type("DecoratedOperator", (DecoratedOperator,), {"custom_operator_name": name, "__module__": __name__})


class TaskFunction:
    """A function decorated with `@task`; calling it declares a task and returns its XCom."""

    is_setup = False
    is_teardown = False
    on_failure_fail_dagrun = False

    def __init__(self, function: Callable[..., Any], kind: str, kwargs: dict[str, Any]) -> None:
        self.function = function
        self.kind = kind
        self.kwargs = kwargs
        self.operator_class = decorated_class(kind)
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> XComArg:
        """Declare the task with these arguments for the function.

        Raises:
            TypeError: an argument is unknown, given twice, or missing.
        """
        whole = not self.kind and not is_unpacked(sys._getframe(1))  # what is unpacked may be unknown
        given = self.kwargs.get("op_kwargs", {}) | kwargs
        check_call(f"{self._task_id()}() of task {self._given_id()!r}", self.function, args, given, whole=whole)
        inputs: dict[str, Any] = {"op_args": list(args)} if args else {}
        inputs |= {"op_kwargs": kwargs} if kwargs else {}
        bound = self.kwargs.get("op_kwargs", {})
        if bound:
            inputs["op_kwargs"] = {**bound, **kwargs}
        declared = {"task_id": self._given_id(), **self.kwargs, "python_callable": self.function, **inputs}
        return self._finished(self.operator_class(**declared))

    def _given_id(self) -> Any:
        return self.kwargs.get("task_id", self._task_id())

    def _who(self, method: str) -> str:
        return f"{method}() of task {self._given_id()!r}"

    def _task_id(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    def _finished(self, operator: Any) -> XComArg:
        if self.is_setup:
            operator.as_setup()
        if self.is_teardown:
            operator.as_teardown(on_failure_fail_dagrun=self.on_failure_fail_dagrun)
        return PlainXComArg(operator)

    def override(self, **kwargs: Any) -> TaskFunction:
        """Return the function with other arguments for the task itself."""
        return self._with(self.kwargs | kwargs)

    def partial(self, *args: Any, **kwargs: Any) -> TaskFunction:
        """Return the function with arguments that all mapped instances share.

        Raises:
            TypeError: an argument by position, or one that the function does not take, or has got already.
            ValueError: an argument that the run fills in.
        """
        who = self._who("partial")
        self._check_names(who, args, kwargs)
        bound = self.kwargs.get("op_kwargs", {})
        check_once(who, kwargs, bound, "which partial() got already")
        return self._with(self.kwargs | {"op_kwargs": {**bound, **kwargs}})

    def expand(self, *args: Any, **sources: Any) -> XComArg:
        """Map over lists, dicts and XComs: the cross product, the last parameter fastest.

        Raises:
            TypeError: a source by position, nothing to expand, or an argument that the function does not take or has
                got already.
            ValueError: a source that is one value, or whose items have no order, or an argument that the run fills in.
        """
        who = self._who("expand")
        self._check_names(who, args, sources)
        check_once(who, sources, self.kwargs.get("op_kwargs", {}), "which partial() got already")
        check_sources(who, sources)
        return self._mapped(DictOfListsExpandInput(sources))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        """Map over a list of dicts, or the XCom of one.

        Raises:
            TypeError: neither of the two.
        """
        check_kwargs_source(self._who("expand_kwargs"), kwargs)
        return self._mapped(ListOfDictsExpandInput(kwargs))

    def _mapped(self, expand_input: DictOfListsExpandInput) -> XComArg:
        kwargs = self.kwargs | {"python_callable": self.function}
        kwargs["task_id"] = unique_task_id(self._given_id(), kwargs)
        return self._finished(MappedOperator(self.operator_class, kwargs, expand_input, "op_kwargs_expand_input"))

    def _with(self, kwargs: dict[str, Any]) -> TaskFunction:
        other = TaskFunction(self.function, self.kind, kwargs)
        other.is_setup, other.is_teardown = self.is_setup, self.is_teardown
        other.on_failure_fail_dagrun = self.on_failure_fail_dagrun
        return other

    def _check_names(self, who: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        check_keywords(who, args)
        known = function_arguments(self.function)
        check_names(who, kwargs, known)
        if known is not None and (filled := sorted(kwargs.keys() & _FILLED_IN)):
            raise ValueError(f"{who} got the task context variable {', '.join(map(repr, filled))}")


class TaskDecorators:
    """`@task`, and `@task.<kind>` for every kind that a provider may bring."""

    def __init__(self, kind: str = "") -> None:
        self._kind = kind

    def __call__(self, function: Any = None, **kwargs: Any) -> Any:
        """Decorate a function, at once or after arguments were given."""
        if function is None:
            return functools.partial(self.__call__, **kwargs)
        if isinstance(function, TaskFunction):
            return function.override(**kwargs)
        return TaskFunction(function, self._kind, kwargs)

    def __getattr__(self, kind: str) -> Any:
        """Return the decorator of another kind; `@task.python` is `@task`."""
        if kind.startswith("_"):
            raise AttributeError(kind)
        if kind in ("run_if", "skip_if"):
            return functools.partial(_conditional, kind)
        path = f"{self._kind}.{kind}" if self._kind else kind
        return TaskDecorators("" if path == "python" else path)


def _conditional(kind: str, condition: Any, skip_message: str | None = None) -> Callable[[TaskFunction], TaskFunction]:
    """Attach a condition that decides at run time whether the task is skipped (Airflow 2.10, `@task.run_if`)."""
    given = {kind: condition} | ({"skip_message": skip_message} if skip_message is not None else {})
    return lambda function: function.override(**given)


task = TaskDecorators()


def setup(function: Any) -> TaskFunction:
    """Decorate a function as a setup task.

    Raises:
        TypeError: it is a task group.
    """
    decorated = _as_task(function)
    decorated.is_setup = True
    return decorated


def teardown(function: Any = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """Decorate a function as a teardown task.

    Raises:
        TypeError: it is a task group.
    """
    if function is None:
        return functools.partial(teardown, on_failure_fail_dagrun=on_failure_fail_dagrun)
    decorated = _as_task(function)
    decorated.is_teardown = True
    decorated.on_failure_fail_dagrun = on_failure_fail_dagrun
    return decorated


def _as_task(function: Any) -> TaskFunction:
    if isinstance(function, TaskGroupFunction):
        raise TypeError("a task group is neither a setup nor a teardown; its tasks may be")
    return function if isinstance(function, TaskFunction) else TaskFunction(function, "", {})


class TaskGroupFunction:
    """A function decorated with `@task_group`; calling it declares the group and what is in it."""

    def __init__(
        self, function: Callable[..., Any], group_kwargs: dict[str, Any], partial_kwargs: dict[str, Any] | None = None
    ) -> None:
        self.function = function
        self.group_kwargs = {"group_id": function.__name__} | group_kwargs
        self.partial_kwargs = partial_kwargs or {}
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Declare the group; returns what the function returns, or the group if it returns nothing."""
        group = TaskGroup(add_suffix_on_collision=True, **self.group_kwargs)
        return self._filled(group, args, self.partial_kwargs | kwargs)

    def _filled(self, group: TaskGroup, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with group:
            returned = self.function(*args, **kwargs)
        return group if returned is None else returned

    def override(self, **kwargs: Any) -> TaskGroupFunction:
        """Return the function with other arguments for the group itself."""
        return TaskGroupFunction(self.function, self.group_kwargs | kwargs, self.partial_kwargs)

    def partial(self, *args: Any, **kwargs: Any) -> TaskGroupFunction:
        """Return the function with arguments that all expansions share.

        Raises:
            TypeError: an argument by position, or one that the function does not take, or has got already.
        """
        who = self._who("partial")
        check_keywords(who, args)
        check_names(who, kwargs, function_arguments(self.function))
        check_once(who, kwargs, self.partial_kwargs, "which partial() got already")
        return TaskGroupFunction(self.function, self.group_kwargs, self.partial_kwargs | kwargs)

    def expand(self, *args: Any, **sources: Any) -> Any:
        """Map the group over lists, dicts and XComs.

        Raises:
            TypeError: a source by position, nothing to expand, or an argument that the function does not take or has
                got already.
            ValueError: a source that is one value, or whose items have no order.
        """
        who = self._who("expand")
        check_keywords(who, args)
        check_names(who, sources, function_arguments(self.function))
        check_once(who, sources, self.partial_kwargs, "which partial() got already")
        check_sources(who, sources)
        return self._mapped(DictOfListsExpandInput(sources), list(sources))

    def expand_kwargs(self, kwargs: Any) -> Any:
        """Map the group over a list of dicts, or the XCom of one.

        Raises:
            TypeError: neither of the two, or a function of which nobody can know what it takes.
        """
        who = self._who("expand_kwargs")
        check_kwargs_source(who, kwargs)
        parameters = function_parameters(self.function)
        if parameters is None or any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
            raise TypeError(f"{who} needs a function whose parameters have names, without * and **")
        names = [parameter.name for parameter in parameters if parameter.name not in self.partial_kwargs]
        return self._mapped(ListOfDictsExpandInput(kwargs), names)

    def _who(self, method: str) -> str:
        return f"{method}() of task group {self.group_kwargs['group_id']!r}"

    def _mapped(self, expand_input: DictOfListsExpandInput, names: list[str]) -> Any:
        group = MappedTaskGroup(expand_input=expand_input, add_suffix_on_collision=True, **self.group_kwargs)
        group.partial_kwargs = self.partial_kwargs
        stubs = {name: MappedArgument(expand_input, name) for name in names}
        return self._filled(group, (), self.partial_kwargs | stubs)


def task_group(function: Any = None, **kwargs: Any) -> Any:
    """Decorate a function as a task group, at once or after arguments were given."""
    if isinstance(function, str):
        return functools.partial(task_group, group_id=function, **kwargs)
    if function is None:
        return functools.partial(task_group, **kwargs)
    return TaskGroupFunction(function, kwargs)


def unique_task_id(task_id: str, kwargs: dict[str, Any]) -> str:
    """Return `task_id`, or the next free `task_id__N` if the DAG holds it already (Airflow, get_unique_task_id)."""
    dag = kwargs.get("dag") or DECLARING.dag()
    if dag is None:
        return task_id
    group = kwargs.get("task_group") or DECLARING.group(dag)
    prefix = group.child_id("") if group else ""
    return next_free(task_id, prefix, [dag.task_suffixes]) if prefix + task_id in dag.task_dict else task_id


_FILLED_IN = CONTEXT_KEYS & {
    *("conn", "dag", "dag_run", "ds", "ds_nodash", "macros", "params", "run_id", "task", "task_instance", "ti"),
    *("ts", "ts_nodash", "var"),
}
"""What the run fills in, in every Airflow version that maps tasks: no arguments to map over."""
