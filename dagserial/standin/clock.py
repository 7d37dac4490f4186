"""Make clocks and dice symbolic: what a DAG file reads from them is an expression, not the moment of the parse.

Behind each expression stands one fixed moment as its sample, for code that needs a number at once.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from dagserial.standin.notes import NOTES
from dagserial.standin.strings import Text
from dagserial.standin.symbol import NO_SAMPLE, Provide, Symbol, sampled

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
"""The sample of every clock."""

_DATETIME = dt.datetime
_DATE = dt.date
_TIMEDELTA = dt.timedelta
_MAKERS = {
    "datetime": ("combine", "fromisoformat", "fromordinal", "fromtimestamp", "strptime", "utcfromtimestamp"),
    "date": ("fromisoformat", "fromordinal", "fromtimestamp"),
}
"""Class methods that make one of other values."""
_METHODS = ("date", "isoformat", "isoweekday", "replace", "strftime", "time", "timestamp", "timetuple", "weekday")
"""Methods that DAG files may also call by the class: `datetime.strftime(moment, form)`."""


def stop_clocks(provide: Provide) -> None:
    """Replace the clocks of datetime, time, pendulum, and the dice of random and uuid, in this interpreter."""
    _stop_datetime(provide)
    _stop_pendulum(provide)
    _stop_dateutil(provide)
    _stop_time()
    _stop_dice()


def clock_symbol(provide: Provide, path: str, args: tuple[Any, ...], kwargs: dict[str, Any], sample: Any) -> Symbol:
    """Return the expression `path(*args, **kwargs)` with a sample, and note it."""
    NOTES.add(f"{path}() depends on when the file is read: kept as an expression")
    return Symbol(("call", Symbol(("name", path), provide), args, kwargs), provide, sample)


def _clock(provide: Provide, path: str, sample: Callable[..., Any]) -> Callable[..., Symbol]:
    return lambda *args, **kwargs: clock_symbol(provide, path, args, kwargs, sample(*args, **kwargs))


def _maker(provide: Provide, path: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a constructor that makes a symbol of symbols, and of all else what it always made."""

    def made(*args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(arg, Symbol | Text) for arg in (*args, *kwargs.values())):
            return make(*args, **kwargs)
        try:
            sample = make(*map(sampled, args), **{name: sampled(arg) for name, arg in kwargs.items()})
        except Exception:  # one of the symbols has no sample
            sample = NO_SAMPLE
        return Symbol(("call", Symbol(("name", path), provide), args, kwargs), provide, sample)

    return made


def _method(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that asks a symbol for its own, where it is given one by way of the class."""

    @functools.wraps(real)
    def method(of: Any, *args: Any, **kwargs: Any) -> Any:
        return (getattr(of, name) if isinstance(of, Symbol) else functools.partial(real, of))(*args, **kwargs)

    return method


def _in_zone(zone: Any = None, *_: Any, **more: Any) -> dt.datetime:
    zone = zone or more.get("tz")
    return NOW.astimezone(zone) if isinstance(zone, dt.tzinfo) else NOW.replace(tzinfo=None)


def _stop_datetime(provide: Provide) -> None:
    """Put subclasses in the place of datetime, date and timedelta: they make real ones, but tell no time.

    Given a symbol they make a symbol.
    """

    class _AnyKind(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(sampled(instance), cls.__mro__[1])

        def __subclasscheck__(cls, subclass: Any) -> bool:
            return issubclass(subclass, cls.__mro__[1])

    def made(cls: Any, real: Any, args: Any, kwargs: Any) -> Any:
        make = real if cls in stopped else functools.partial(real.__new__, cls)
        return _maker(provide, f"datetime.{cls.__name__}", make)(*args, **kwargs)

    class datetime(_DATETIME, metaclass=_AnyKind):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return made(cls, _DATETIME, args, kwargs)

        now = staticmethod(_clock(provide, "datetime.datetime.now", _in_zone))  # type: ignore[assignment]
        today = staticmethod(_clock(provide, "datetime.datetime.today", _in_zone))  # type: ignore[assignment]
        utcnow = staticmethod(_clock(provide, "datetime.datetime.utcnow", _in_zone))  # type: ignore[assignment]

    class date(_DATE, metaclass=_AnyKind):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return made(cls, _DATE, args, kwargs)

        today = staticmethod(_clock(provide, "datetime.date.today", lambda: NOW.date()))  # type: ignore[assignment]

    class timedelta(_TIMEDELTA, metaclass=_AnyKind):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return made(cls, _TIMEDELTA, args, kwargs)

    stopped = (datetime, date, timedelta)
    for kind in stopped:
        kind.__module__ = "datetime"
        for name in _MAKERS.get(kind.__name__, ()):
            make = _maker(provide, f"datetime.{kind.__name__}.{name}", getattr(kind.__mro__[1], name))
            setattr(kind, name, staticmethod(make))
        for name in _METHODS:
            if (real := getattr(kind.__mro__[1], name, None)) is not None:
                setattr(kind, name, _method(name, real))
    dt.datetime, dt.date, dt.timedelta = stopped  # type: ignore[misc]


def _stop_pendulum(provide: Provide) -> None:
    pendulum = sys.modules.get("pendulum")
    if pendulum is None:
        return
    base = pendulum.instance(NOW)
    samples: dict[str, Callable[..., Any]] = {
        "now": lambda tz=None: base.in_timezone(tz or "UTC"),
        "today": lambda tz="UTC": base.in_timezone(tz).start_of("day"),
        "yesterday": lambda tz="UTC": base.in_timezone(tz).start_of("day").subtract(days=1),
        "tomorrow": lambda tz="UTC": base.in_timezone(tz).start_of("day").add(days=1),
    }
    for name, sample in samples.items():
        setattr(pendulum, name, _clock(provide, f"pendulum.{name}", sample))
    for name in ("datetime", "duration", "from_format", "from_timestamp", "instance", "parse", "timezone"):
        setattr(pendulum, name, _maker(provide, f"pendulum.{name}", getattr(pendulum, name)))
    for name in ("now", "today", "utcnow"):
        clock = _clock(provide, f"pendulum.DateTime.{name}", lambda *_args, **_kwargs: base)
        setattr(pendulum.DateTime, name, staticmethod(clock))


def _stop_time() -> None:
    stamp = NOW.timestamp()
    localtime, gmtime, strftime = time.localtime, time.gmtime, time.strftime
    time.time = lambda: _noted("the time", stamp)
    time.time_ns = lambda: _noted("the time", int(stamp) * 10**9)
    time.localtime = lambda seconds=None: localtime(_noted("the time", stamp) if seconds is None else seconds)
    time.gmtime = lambda seconds=None: gmtime(_noted("the time", stamp) if seconds is None else seconds)
    time.strftime = lambda form, *moment: strftime(form, *(moment or (gmtime(_noted("the time", stamp)),)))


def _stop_dateutil(provide: Provide) -> None:
    """Take what a text leaves open from the clock's sample, and not from today: only then is a date an expression."""
    parser = sys.modules.get("dateutil.parser")
    if parser is None:
        return
    parse = parser.parser.parse
    today, other_day = NOW.replace(tzinfo=None), _DATETIME(1996, 2, 29)

    def parsed(self: Any, text: Any, default: Any = None, **more: Any) -> Any:
        if default is not None:
            return parse(self, text, default, **more)
        if isinstance(text, Symbol | Text):
            return Symbol(("call", Symbol(("name", "dateutil.parser.parse"), provide), (text,), more), provide)
        found = parse(self, text, today, **more)
        if found == parse(self, text, other_day, **more):
            return found
        return clock_symbol(provide, "dateutil.parser.parse", (text,), more, found)

    parser.parser.parse = parsed


def _stop_dice() -> None:
    """Let dice that no seed of the tree's code made certain fall as one seed makes them fall."""
    random.seed(0)
    seed = random.seed
    is_seeded = False

    def seeded(*args: Any, **kwargs: Any) -> None:
        nonlocal is_seeded
        is_seeded = bool(args or kwargs)
        seed(*(args or (() if kwargs else (0,))), **kwargs)

    def rolled(name: str, roll: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: roll(*args, **kwargs) if is_seeded else _noted(name, roll(*args, **kwargs))

    for name in set(random.__all__) - {"Random", "SystemRandom", "seed", "getstate", "setstate"}:
        setattr(random, name, rolled(f"random.{name}()", getattr(random, name)))
    random.seed = seeded
    os.urandom = random._urandom = lambda size: _noted("os.urandom()", bytes(size))  # type: ignore[attr-defined]
    uuid.uuid1 = uuid.uuid4 = _counting_uuids()


def _counting_uuids() -> Callable[..., uuid.UUID]:
    made = iter(range(2**62))
    return lambda *_args: _noted("a random UUID", uuid.UUID(int=next(made), version=4))


def _noted(what: str, value: Any) -> Any:
    """Note what code of the tree asked for; libraries may ask for the time as they like, as logging does."""
    if NOTES.is_asked_by_tree(2):
        NOTES.add(f"{what} differs with each read: taken as {value}")
    return value
