"""Map tasks: `Operator.partial(...).expand(...)` (AIP-42)."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping, Sequence, Set, ValuesView
from enum import Enum
from typing import TYPE_CHECKING, Any

from dagserial.authoring.context import DECLARING
from dagserial.authoring.node import PLACING, AbstractOperator, merged_defaults, referenced
from dagserial.authoring.signature import (
    UNMAPPABLE,
    check_keywords,
    check_names,
    check_once,
    operator_arguments,
)
from dagserial.authoring.xcom import Reference

if TYPE_CHECKING:
    from dagserial.authoring.operator import BaseOperator


class DictOfListsExpandInput(Reference):
    """What `expand()` was given: a source for each parameter, in declared order."""

    EXPAND_INPUT_TYPE = "dict-of-lists"

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = dict(value)

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        for operator in referenced(self.value):
            yield operator, ""


class ListOfDictsExpandInput(DictOfListsExpandInput):
    """What `expand_kwargs()` was given: a list of dicts, or the XCom of one."""

    EXPAND_INPUT_TYPE = "list-of-dicts"

    def __init__(self, value: Any) -> None:
        self.value = value


class OperatorPartial:
    """An operator with the arguments that all its mapped instances share; `expand()` makes the task."""

    def __init__(self, operator_class: type[BaseOperator], kwargs: dict[str, Any]) -> None:
        """Check the arguments, and tell the DAG that a task is begun.

        Raises:
            TypeError: the operator does not take an argument.
        """
        self.operator_class = operator_class
        self.kwargs = kwargs
        self.is_expanded = False
        check_names(self._who("partial"), kwargs, operator_arguments(operator_class))
        if (dag := kwargs.get("dag") or DECLARING.dag()) is not None:
            dag.partials.append(self)

    def __repr__(self) -> str:
        return f"{self.operator_class.__name__}.partial(task_id={self.kwargs['task_id']!r})"

    def expand(self, *args: Any, **sources: Any) -> MappedOperator:
        """Map over lists, dicts and XComs: the cross product, the last parameter fastest.

        Raises:
            TypeError: a source by position, nothing to expand, or a parameter that the operator does not take, that
                is partial already, or that all instances share.
            ValueError: a source that is one value, or whose items have no order.
        """
        who = self._who("expand")
        check_keywords(who, args)
        check_names(who, sources, operator_arguments(self.operator_class))
        check_once(who, sources, self.kwargs, "which partial() got already")
        check_once(who, sources, UNMAPPABLE, "which all mapped instances share: pass it to partial()")
        check_sources(who, sources)
        return self._mapped(DictOfListsExpandInput(sources))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        """Map over a list of dicts, or the XCom of one.

        Raises:
            TypeError: neither of the two.
        """
        check_kwargs_source(self._who("expand_kwargs"), kwargs)
        return self._mapped(ListOfDictsExpandInput(kwargs))

    def _who(self, method: str) -> str:
        return f"{self.operator_class.__name__}.{method}() of task {self.kwargs['task_id']!r}"

    def _mapped(self, expand_input: DictOfListsExpandInput) -> MappedOperator:
        self.is_expanded = True
        return MappedOperator(self.operator_class, self.kwargs, expand_input)


class MappedOperator(AbstractOperator):
    """A task that becomes one instance for each item it is mapped over."""

    is_mapped = True

    def __init__(
        self,
        operator_class: type[BaseOperator],
        kwargs: dict[str, Any],
        expand_input: DictOfListsExpandInput,
        expand_input_attr: str = "expand_input",
    ) -> None:
        """Declare the task in the open DAG and group, or in `dag=` and `task_group=` of `kwargs`."""
        dag = kwargs.get("dag") or DECLARING.dag()
        group = kwargs.get("task_group") or DECLARING.group(dag)
        defaults = merged_defaults(dag, group, kwargs.get("default_args"))
        self.operator_class = operator_class
        self.partial_kwargs = defaults | {name: value for name, value in kwargs.items() if name not in PLACING}
        self._dagserial_declared = self.partial_kwargs
        self._expand_input_attr = expand_input_attr
        setattr(self, expand_input_attr, expand_input)
        self._place(kwargs["task_id"], dag, group)
        for operator in [*referenced(self.partial_kwargs), *(op for op, _key in expand_input.iter_references())]:
            self.set_upstream(operator)

    @property
    def task_type(self) -> str:
        """Name of the operator's class."""
        return self.operator_class.__name__


def check_sources(who: str, sources: Mapping[str, Any]) -> None:
    """Check what `expand()` was given.

    Raises:
        TypeError: nothing to expand.
        ValueError: a source that is one value, or whose items have no order.
    """
    if not sources:
        raise TypeError(f"{who} got no arguments to expand against")
    for name, source in sources.items():
        if not _is_mappable(source):
            kind = type(source).__name__
            raise ValueError(
                f"{who} got an unexpected type {kind!r} for keyword argument {name!r}: "
                "a list, a dict, an XCom, a param of the DagRun or a Variable can be mapped over"
            )


def check_kwargs_source(who: str, source: Any) -> None:
    """Check what `expand_kwargs()` was given.

    Raises:
        TypeError: neither a list of dicts nor an XCom.
    """
    if not _is_mappable(source) or isinstance(source, Mapping):
        raise TypeError(f"{who} expected XComArg or list[dict], not {type(source).__name__}")
    for at, item in enumerate(source if isinstance(source, list | tuple) else ()):
        if type(item) in (*_SINGLE, list, tuple) or not (isinstance(item, Mapping) or _is_mappable(item)):
            raise TypeError(f"{who} expected XComArg or list[dict]; item {at} of the list is a {type(item).__name__}")


def _is_mappable(source: Any) -> bool:
    """Tell whether a value may be a source: everything but what is known to be one value, or to have no order.

    An object of a class that is not Python's own may stand for what is not known yet.
    """
    if type(source) in _SINGLE or isinstance(source, Enum | Set | Iterator | ValuesView):
        return False
    is_own = type(source).__module__.partition(".")[0] in sys.stdlib_module_names
    return isinstance(source, Mapping | Sequence) or not is_own


_SINGLE = (str, bytes, bytearray, bool, int, float, complex, types.NoneType)
"""Types of one value each; a class that derives from one may stand for what is not known yet."""
