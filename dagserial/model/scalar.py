"""Write leaf values of Python as tagged values: numbers, bytes, times, names."""

import base64
import datetime as dt
import decimal
import re
import uuid
from typing import Any

from dagserial.canonical import MAX_EXACT_INT, is_plain_float

_MODULE_PREFIX = re.compile(r"unusual_prefix_[0-9a-f]{40}_")


def dotted_name(thing: Any) -> str:
    """Return module and qualified name of a class or function, the same on every machine.

    Airflow loads a DAG file as `unusual_prefix_<SHA-1 of its path>_<stem>`
    (Airflow 2.x and 3.x, get_unique_dag_module_name); the stem alone remains.
    """
    module = _MODULE_PREFIX.sub("", str(getattr(thing, "__module__", None) or "builtins"))
    return f"{module}.{getattr(thing, '__qualname__', getattr(thing, '__name__', type(thing).__qualname__))}"


def number(value: int | float) -> Any:
    """Return an int or float as it stands, or tagged where JSON would lose its type or its digits."""
    if isinstance(value, float):
        plain = float(value)
        return plain if is_plain_float(plain) else {"$": "float", "value": repr(plain)}
    plain_int = int(value)
    return plain_int if abs(plain_int) <= MAX_EXACT_INT else {"$": "int", "value": str(plain_int)}


def complex_(value: complex) -> Any:
    """Tag a complex number."""
    return {"$": "complex", "imag": number(value.imag), "real": number(value.real)}


def bytes_(value: bytes | bytearray) -> Any:
    """Tag bytes as base64 (RFC 4648, 4)."""
    return {"$": "bytes", "base64": base64.b64encode(value).decode()}


def decimal_(value: decimal.Decimal) -> Any:
    """Tag a decimal; trailing zeros count."""
    return {"$": "decimal", "value": str(value)}


def uuid_(value: uuid.UUID) -> Any:
    """Tag a UUID."""
    return {"$": "uuid", "value": str(value)}


def range_(value: range) -> Any:
    """Tag a range by its three numbers."""
    return {"$": "range", "start": number(value.start), "step": number(value.step), "stop": number(value.stop)}


def datetime_(value: dt.datetime) -> Any:
    """Tag a datetime: wall clock, zone by name, fold where the clock shows that time twice. Naive ones have no zone."""
    tagged = {"$": "datetime", "value": value.replace(tzinfo=None, fold=0).isoformat()}
    if value.tzinfo is not None:
        tagged["zone"] = zone_name(value.tzinfo, value)
    return tagged | ({"fold": 1} if _fold_counts(value) else {})


def _fold_counts(value: dt.datetime) -> bool:
    """Tell whether fold says something: pendulum sets it on every datetime, though few wall clocks happen twice."""
    if not value.fold or value.tzinfo is None:
        return bool(value.fold)
    return value.replace(fold=0).utcoffset() != value.utcoffset()


def date_(value: dt.date) -> Any:
    """Tag a date."""
    return {"$": "date", "value": value.isoformat()}


def time_(value: dt.time) -> Any:
    """Tag a time of day, with its zone's name if it has one."""
    tagged = {"$": "time", "value": value.replace(tzinfo=None, fold=0).isoformat()}
    if value.tzinfo is not None:
        tagged["zone"] = zone_name(value.tzinfo, None)
    return tagged | ({"fold": 1} if value.fold else {})


def timedelta_(value: dt.timedelta) -> Any:
    """Tag a timedelta as an ISO 8601 duration of days and seconds: `P1DT2.5S`, `-PT30S`."""
    # The base class's own fields: pendulum's Duration redefines them.
    parts = (getattr(dt.timedelta, name).__get__(value) for name in ("days", "seconds", "microseconds"))
    plain = dt.timedelta(*parts)
    sign, size = ("-", -plain) if plain < dt.timedelta(0) else ("", plain)
    fraction = f"{size.microseconds:06d}".rstrip("0")
    seconds = f"{size.seconds}.{fraction}" if fraction else str(size.seconds)
    days = f"{size.days}D" if size.days else ""
    clock = f"T{seconds}S" if seconds != "0" or not days else ""
    return {"$": "timedelta", "value": f"{sign}P{days}{clock}"}


def timezone_(value: dt.tzinfo) -> Any:
    """Tag a time zone by name."""
    return {"$": "timezone", "zone": zone_name(value, None)}


def zone_name(zone: dt.tzinfo, moment: dt.datetime | None) -> str:
    """Return a zone's IANA name, or its offset (`+01:00`); every spelling of UTC is `UTC`.

    zoneinfo calls the name `key`, pytz `zone`, pendulum `name`.
    """
    for attribute in ("key", "zone", "name"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return "UTC" if name in ("UTC", "Etc/UTC", "+00:00") else name
    offset = zone.utcoffset(moment)
    if offset is None:
        return dotted_name(type(zone))
    if not offset:
        return "UTC"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{'-' if offset < dt.timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def relativedelta_(value: Any) -> Any:
    """Tag dateutil's relativedelta: relative fields that are not 0, absolute ones that are set."""
    relative = ("years", "months", "days", "hours", "minutes", "seconds", "microseconds", "leapdays")
    absolute = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    fields = {name: number(getattr(value, name)) for name in relative if getattr(value, name)}
    fields |= {name: number(getattr(value, name)) for name in absolute if getattr(value, name) is not None}
    if value.weekday is not None:
        fields["weekday"] = [value.weekday.weekday, value.weekday.n]
    return {"$": "relativedelta"} | fields


def class_(value: type) -> Any:
    """Tag a class by its dotted name."""
    return {"$": "class", "name": dotted_name(value)}


def callable_(value: Any) -> Any:
    """Tag a function by its dotted name; what reads its source adds a digest."""
    return {"$": "callable", "name": dotted_name(value)}


SCALARS: dict[type, Any] = {
    int: number,
    float: number,
    complex: complex_,
    bytes: bytes_,
    bytearray: bytes_,
    decimal.Decimal: decimal_,
    uuid.UUID: uuid_,
    range: range_,
    dt.datetime: datetime_,
    dt.date: date_,
    dt.time: time_,
    dt.timedelta: timedelta_,
    dt.tzinfo: timezone_,
    type: class_,
}
"""How each leaf type of the standard library is written; subclasses follow their nearest base."""

