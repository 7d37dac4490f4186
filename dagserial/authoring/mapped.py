"""Map tasks: `Operator.partial(...).expand(...)` (AIP-42)."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Set, ValuesView
from typing import TYPE_CHECKING, Any

from dagserial.authoring.context import DECLARING
from dagserial.authoring.node import PLACING, AbstractOperator, merged_defaults, referenced
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
        self.operator_class = operator_class
        self.kwargs = kwargs

    def expand(self, **sources: Any) -> MappedOperator:
        """Map over lists, dicts and XComs: the cross product, the last parameter fastest.

        Raises:
            TypeError: nothing to expand, or a parameter that is partial already.
            ValueError: a source that is one value, or whose items have no order.
        """
        check_sources(sources, self.kwargs)
        return self._mapped(DictOfListsExpandInput(sources))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        """Map over a list of dicts, or the XCom of one.

        Raises:
            TypeError: neither of the two.
        """
        check_kwargs_source(kwargs)
        return self._mapped(ListOfDictsExpandInput(kwargs))

    def _mapped(self, expand_input: DictOfListsExpandInput) -> MappedOperator:
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


def check_sources(sources: Mapping[str, Any], partial: Mapping[str, Any]) -> None:
    """Check what `expand()` was given.

    Raises:
        TypeError: nothing to expand, or a parameter that is partial already.
        ValueError: a source that is one value, or whose items have no order.
    """
    if not sources:
        raise TypeError("no arguments to expand against")
    if both := sorted(sources.keys() & partial.keys()):
        raise TypeError(f"expand() got {', '.join(map(repr, both))}, which partial() got already")
    for name, source in sources.items():
        if type(source) in _SINGLE or isinstance(source, Set | Iterator | ValuesView):
            kind = type(source).__name__
            raise ValueError(f"expand() got an unexpected type {kind!r} for keyword argument {name!r}")


def check_kwargs_source(source: Any) -> None:
    """Check what `expand_kwargs()` was given.

    Raises:
        TypeError: neither a list of dicts nor an XCom.
    """
    items = source if isinstance(source, list | tuple) else ()
    wrong = type(source) in _SINGLE or isinstance(source, Mapping | Set | Iterator | ValuesView)
    if wrong or any(type(item) in (*_SINGLE, list, tuple) for item in items):
        raise TypeError(f"expected XComArg or list[dict], not {type(source).__name__}")


_SINGLE = (str, bytes, bytearray, bool, int, float, complex, types.NoneType)
"""Types of one value each; a class that derives from one may stand for what is not known yet."""
