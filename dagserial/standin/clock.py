"""Make clocks and dice symbolic: what a DAG file reads from them is an expression, not the moment of the parse.

Behind each expression stands one fixed moment as its sample, for code that needs a number at once.
"""

from __future__ import annotations

import datetime as dt
import random
import socket
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from dagserial.standin.notes import NOTES
from dagserial.standin.symbol import Provide, Symbol

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
"""The sample of every clock."""

_DATETIME = dt.datetime
_DATE = dt.date
_TIMEDELTA = dt.timedelta


def stop_clocks(provide: Provide) -> None:
    """Replace the clocks of datetime, time, pendulum, and the dice of random and uuid, in this interpreter."""
    _stop_datetime(provide)
    _stop_pendulum(provide)
    _stop_time()
    random.seed(0)
    uuid.uuid1 = uuid.uuid4 = _counting_uuids()
    socket.gethostname = socket.getfqdn = lambda *_args: _noted("the host's name", "localhost")


def clock_symbol(provide: Provide, path: str, args: tuple[Any, ...], kwargs: dict[str, Any], sample: Any) -> Symbol:
    """Return the expression `path(*args, **kwargs)` with a sample, and note it."""
    NOTES.add(f"{path}() depends on when the file is read: kept as an expression")
    return Symbol(("call", Symbol(("name", path), provide), args, kwargs), provide, sample)


def _clock(provide: Provide, path: str, sample: Callable[..., Any]) -> Callable[..., Symbol]:
    return lambda *args, **kwargs: clock_symbol(provide, path, args, kwargs, sample(*args, **kwargs))


def _in_zone(zone: Any = None, *_: Any, **more: Any) -> dt.datetime:
    zone = zone or more.get("tz")
    return NOW.astimezone(zone) if isinstance(zone, dt.tzinfo) else NOW.replace(tzinfo=None)


def _stop_datetime(provide: Provide) -> None:
    """Put subclasses in the place of datetime, date and timedelta: they make real ones, but tell no time.

    Given a symbol they make a symbol.
    """

    class _AnyKind(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, cls.__mro__[1])

        def __subclasscheck__(cls, subclass: Any) -> bool:
            return issubclass(subclass, cls.__mro__[1])

    def made(cls: Any, real: Any, args: Any, kwargs: Any) -> Any:
        if any(isinstance(arg, Symbol) for arg in (*args, *kwargs.values())):
            name = Symbol(("name", f"datetime.{cls.__name__}"), provide)
            return Symbol(("call", name, args, kwargs), provide)
        return real(*args, **kwargs) if cls in stopped else real.__new__(cls, *args, **kwargs)

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
    for name in ("now", "today", "utcnow"):
        clock = _clock(provide, f"pendulum.DateTime.{name}", lambda *_args, **_kwargs: base)
        setattr(pendulum.DateTime, name, staticmethod(clock))


def _stop_time() -> None:
    stamp = NOW.timestamp()
    localtime, gmtime, strftime = time.localtime, time.gmtime, time.strftime
    time.time = lambda: _noted("the time", stamp)
    time.time_ns = lambda: _noted("the time", int(stamp) * 10**9)
    time.localtime = lambda seconds=None: localtime(stamp if seconds is None else seconds)
    time.gmtime = lambda seconds=None: gmtime(stamp if seconds is None else seconds)
    time.strftime = lambda form, *moment: strftime(form, *(moment or (gmtime(stamp),)))


def _counting_uuids() -> Callable[..., uuid.UUID]:
    made = iter(range(2**62))
    return lambda *_args: _noted("a random UUID", uuid.UUID(int=next(made), version=4))


def _noted(what: str, value: Any) -> Any:
    NOTES.add(f"{what} differs with each read: taken as {value}")
    return value
