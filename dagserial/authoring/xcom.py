"""Refer to what another task pushed: XComs and what is done with them before mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dagserial.authoring.dependency import DependencyMixin
from dagserial.authoring.scope import SCOPES, Scope

if TYPE_CHECKING:
    from dagserial.authoring.node import AbstractOperator

RETURN_KEY = "return_value"


class Reference:
    """A value that is known only when the run is: it names the tasks whose XComs it needs."""

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        """Iterate over (operator, key) of every XCom in this."""
        raise NotImplementedError


class XComArg(Reference, DependencyMixin):
    """A value that another task will push; `XComArg(operator)` is its return value."""

    def __new__(cls, *args: Any, **kwargs: Any) -> XComArg:
        return object.__new__(PlainXComArg if cls is XComArg else cls)

    @property
    def roots(self) -> Sequence[AbstractOperator]:
        return [operator for operator, _key in self.iter_references()]

    @property
    def leaves(self) -> Sequence[AbstractOperator]:
        return self.roots

    def map(self, function: Callable[[Any], Any]) -> MapXComArg:
        """Apply a function to each item, when the task runs."""
        return MapXComArg(self, [function])

    def filter(self, function: Callable[[Any], Any] | None) -> FilterXComArg:
        """Keep the items for which a function is true, when the task runs."""
        return FilterXComArg(self, [function])

    def zip(self, *others: XComArg, **fillvalue: Any) -> ZipXComArg:
        """Pair items with those of other XComs; `fillvalue=` makes the longest decide."""
        return ZipXComArg([self, *others], **fillvalue)

    def concat(self, *others: XComArg) -> ConcatXComArg:
        """Put the items of other XComs behind these."""
        return ConcatXComArg([self, *others])

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{type(self).__name__!r} object is not iterable: its length is known only when the task runs")


class PlainXComArg(XComArg):
    """One XCom of one task."""

    def __init__(self, operator: AbstractOperator, key: str = RETURN_KEY) -> None:
        self.operator = operator
        self.key = key

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        yield self.operator, self.key

    def __getitem__(self, key: str) -> XComArg:
        if not isinstance(key, str):
            raise ValueError(f"an XCom's key is a string, not {type(key).__name__}: {key!r}")
        return PlainXComArg(self.operator, key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlainXComArg) and (self.operator, self.key) == (other.operator, other.key)

    def __hash__(self) -> int:
        return hash((id(self.operator), self.key))

    def __str__(self) -> str:
        """Return the template that pulls this XCom, for use inside other text (Airflow 2.x and 3.x, PlainXComArg)."""
        task = self.operator
        pull = f"task_ids='{task.task_id}', dag_id='{task.dag_id}'"
        return f"{{{{ task_instance.xcom_pull({pull}, key='{self.key}') }}}}"

    def as_setup(self) -> PlainXComArg:
        """Mark the task as a setup."""
        self.operator.as_setup()
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> PlainXComArg:
        """Mark the task as a teardown, of `setups` if given."""
        self.operator.as_teardown(setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun)
        return self

    @property
    def is_setup(self) -> bool:
        """Tell whether the task is a setup."""
        return self.operator.is_setup

    @is_setup.setter
    def is_setup(self, value: bool) -> None:
        self.operator.is_setup = value

    @property
    def is_teardown(self) -> bool:
        """Tell whether the task is a teardown."""
        return self.operator.is_teardown

    @is_teardown.setter
    def is_teardown(self, value: bool) -> None:
        self.operator.is_teardown = value

    @property
    def on_failure_fail_dagrun(self) -> bool:
        """Tell whether a failing teardown fails the run."""
        return self.operator.on_failure_fail_dagrun

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        self.operator.on_failure_fail_dagrun = value

    def __enter__(self) -> Scope:
        return self.operator.__enter__()

    def __exit__(self, *_exc: object) -> None:
        SCOPES.close()

    def __getattr__(self, name: str) -> Any:
        """Reach the task's own attributes: `my_task().operator.x` may be written `my_task().x` for a few."""
        if name in ("task_id", "dag", "upstream_task_ids", "downstream_task_ids"):
            return getattr(self.operator, name)
        raise AttributeError(f"an XCom has no attribute {name!r}; the value is known only when the task runs")


class MapXComArg(XComArg):
    """An XCom with functions applied to each item."""

    def __init__(self, arg: XComArg, callables: Sequence[Callable[[Any], Any]]) -> None:
        self.arg = arg
        self.callables = list(callables)

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        yield from self.arg.iter_references()

    def map(self, function: Callable[[Any], Any]) -> MapXComArg:
        return MapXComArg(self.arg, [*self.callables, function])


class FilterXComArg(XComArg):
    """An XCom without the items for which a function is false."""

    def __init__(self, arg: XComArg, callables: Sequence[Callable[[Any], Any] | None]) -> None:
        self.arg = arg
        self.callables = list(callables)

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        yield from self.arg.iter_references()


class _ManyXComArg(XComArg):
    def __init__(self, args: Sequence[XComArg], **fillvalue: Any) -> None:
        if not args:
            raise ValueError("at least one XCom is needed")
        self.args = list(args)
        if "fillvalue" in fillvalue:
            self.fillvalue = fillvalue["fillvalue"]

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        for arg in self.args:
            yield from arg.iter_references()


class ZipXComArg(_ManyXComArg):
    """Items of several XComs side by side."""


class ConcatXComArg(_ManyXComArg):
    """Items of several XComs one behind the other."""


class MappedArgument(Reference):
    """Stands for one argument inside a mapped task group; each expansion has its own value."""

    def __init__(self, expand_input: Any, key: str) -> None:
        self._input = expand_input
        self._key = key

    def iter_references(self) -> Iterator[tuple[AbstractOperator, str]]:
        yield from self._input.iter_references()

    def __getitem__(self, item: Any) -> Any:
        raise TypeError("an argument of a mapped task group has no items before the run")
