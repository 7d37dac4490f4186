"""Let clocks tell DAG files one fixed moment, in objects that know the expression that made them.

Only code of the tree is told so: it gets modules of its own for `datetime` and `pendulum`. What it makes of such a
moment knows its expression, too; to Airflow, it is a moment like any other.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib
import types
from collections.abc import Callable
from typing import Any

from dagserial.model import Value
from dagserial.sources.collector.noted import found
from dagserial.standin import NOTES, Symbol
from dagserial.standin.clock import NOW, clock_symbol
from dagserial.standin.strings import Text
from dagserial.standin.symbol import NO_SAMPLE

_ARITHMETIC = ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__floordiv__")
_TEXTS = ("__str__", "__format__")
_PARTS: dict[type, tuple[str, ...]] = {
    dt.datetime: ("year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"),
    dt.date: ("year", "month", "day"),
    dt.time: ("hour", "minute", "second", "microsecond", "tzinfo"),
    dt.timedelta: ("days", "seconds", "microseconds"),
    int: ("real",),
}
"""What makes a value of each type anew, which is what comes first in the line of the types that can be dressed."""


class Dressed:
    """A value of a clock that knows its expression, `_symbol`; mixed into the value's own type."""

    _symbol: Symbol

    def __getattribute__(self, name: str) -> Any:
        """Return to code of the tree what knows its expression."""
        if name.startswith("_") or not NOTES.is_asked_by_tree(1):
            return super().__getattribute__(name)
        return _answer(getattr(self._symbol, name))

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: Any) -> Any:
        return self


class ClockText(Text):
    """What a clock says in words: joined to other text by `+`, it is an expression still, as in the stand-in."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return dressed(self._symbol + _undressed(other)) if NOTES.is_asked_by_tree(1) else str.__add__(self, other)

    def __radd__(self, other: Any) -> Any:
        return dressed(_undressed(other) + self._symbol) if NOTES.is_asked_by_tree(1) else str.__add__(other, self)


def dressed_value(value: Dressed, encode: Callable[[Any], Value]) -> Value:
    """Write a value of a clock as its expression."""
    return encode(value._symbol)


def symbol_of(path: str) -> Symbol:
    """Return what stands under a name of which nothing else is known."""
    return Symbol(("name", path), symbol_of)


def modules() -> dict[str, types.ModuleType]:
    """Return the modules that code of the tree gets in the place of those that tell the time."""
    return {"datetime": _datetime(), "pendulum": _pendulum()}


def stop_airflow() -> None:
    """Let Airflow's own clocks tell code of the tree the fixed moment."""
    module = found("airflow.utils.dates:days_ago")
    if module is not None:
        holder: Any = found("airflow.utils:dates")
        holder.days_ago = _clock(module, "airflow.utils.dates.days_ago", lambda n=0, **_: NOW - dt.timedelta(days=n))


def _copy(module: types.ModuleType, **replaced: Any) -> types.ModuleType:
    made = types.ModuleType(module.__name__)
    vars(made).update(vars(module) | replaced)
    return made


def _clock(real: Callable[..., Any], path: str, sample: Callable[..., Any]) -> Callable[..., Any]:
    def clock(*args: Any, **kwargs: Any) -> Any:
        if not NOTES.is_asked_by_tree(1):
            return real(*args, **kwargs)
        return dressed(clock_symbol(symbol_of, path, args, kwargs, sample(*args, **kwargs)))

    return clock


def _datetime() -> types.ModuleType:
    class AnyKind(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, cls.__mro__[1])

        def __subclasscheck__(cls, subclass: Any) -> bool:
            return issubclass(subclass, cls.__mro__[1])

    def stopped(real: Any, **clocks: Callable[..., Any]) -> Any:
        def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
            return real(*args, **kwargs) if cls is kind else real.__new__(cls, *args, **kwargs)

        told = {
            name: staticmethod(_clock(getattr(real, name), f"datetime.{real.__name__}.{name}", sample))
            for name, sample in clocks.items()
        }
        schema = classmethod(lambda _cls, _source, handler: handler(real))  # as pydantic asks of a field's type
        named = {"__new__": new, "__module__": "datetime", "__get_pydantic_core_schema__": schema}
        kind = AnyKind(real.__name__, (real,), named | told)
        return kind

    def moment(tz: Any = None) -> dt.datetime:
        return NOW.astimezone(tz) if tz is not None else NOW.replace(tzinfo=None)

    return _copy(
        dt,
        datetime=stopped(dt.datetime, now=moment, today=moment, utcnow=moment),
        date=stopped(dt.date, today=lambda: NOW.date()),
    )


def _pendulum() -> types.ModuleType:
    pendulum: Any = importlib.import_module("pendulum")
    base = pendulum.instance(NOW)
    days = {"today": 0, "yesterday": -1, "tomorrow": 1}

    def day(shift: int, tz: Any = "UTC") -> Any:
        return base.in_timezone(tz).start_of("day").add(days=shift)

    clocks = {
        name: _clock(getattr(pendulum, name), f"pendulum.{name}", functools.partial(day, shift))
        for name, shift in days.items()
    }
    now = _clock(pendulum.now, "pendulum.now", lambda tz=None: base.in_timezone(tz or "UTC"))
    return _copy(pendulum, now=now, **clocks)


def dressed(symbol: Any) -> Any:
    """Return the sample of a symbol as a value that knows the symbol; the sample alone if it cannot be dressed."""
    sample = symbol._sample if isinstance(symbol, Symbol) else symbol
    if sample is symbol or sample is NO_SAMPLE:
        return symbol
    if isinstance(sample, str):
        return ClockText(symbol)
    plain = next((kind for kind in _PARTS if isinstance(sample, kind) and not isinstance(sample, bool)), None)
    if plain is None:
        return sample
    kind: Any = type(sample)
    made = _kind(kind)(*(getattr(sample, name) for name in _PARTS[plain]))
    made._symbol = symbol
    return made


def _undressed(value: Any) -> Any:
    return value._symbol if isinstance(value, Dressed | Text) else value


def _answer(symbol: Any) -> Any:
    """Return an attribute: a method, whose answer knows its expression, or a value that does."""
    if isinstance(symbol, Symbol) and callable(symbol._sample):
        return lambda *args, **kwargs: dressed(
            symbol(*map(_undressed, args), **{name: _undressed(value) for name, value in kwargs.items()})
        )
    return dressed(symbol)


@functools.cache
def _kind(kind: type) -> Any:
    def arithmetic(name: str) -> Callable[..., Any]:
        plain = getattr(kind, name)

        def operation(self: Any, other: Any) -> Any:
            if not NOTES.is_asked_by_tree(1):
                return plain(self, other)
            return dressed(getattr(self._symbol, name)(_undressed(other)))

        return operation

    def text(name: str) -> Callable[..., Any]:
        plain = getattr(kind, name)

        def written(self: Any, *spec: Any) -> str:
            if not NOTES.is_asked_by_tree(1):
                return plain(self, *spec)  # type: ignore[no-any-return]
            return format(self._symbol, *spec)

        return written

    names = {name: arithmetic(name) for name in _ARITHMETIC if hasattr(kind, name)}
    return type(kind.__name__, (Dressed, kind), names | {name: text(name) for name in _TEXTS})
