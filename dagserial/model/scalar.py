"""Write leaf values of Python as tagged values: numbers, bytes, times, names."""

import base64
import datetime as dt
import decimal
import re
import sys
import uuid
from typing import Any

from dagserial.canonical import MAX_EXACT_INT, is_plain_float
from dagserial.model.names import canonical_name

_DAG_MODULE = re.compile(r"unusual_prefix_[0-9a-f]{40}_(.*)", re.DOTALL)
_UTC = {"+00:00", "Etc/UCT", "Etc/UTC", "Etc/Universal", "Etc/Zulu", "UCT", "UTC", "Universal", "Zulu"}
"""The names of UTC: IANA's links to it, and pendulum's for the fixed offset."""


def dotted_name(thing: Any) -> str:
    """Return module and qualified name of a class or function, the same on every machine and for every Airflow.

    Airflow loads a DAG file as `unusual_prefix_<SHA-1 of its path>_<stem>`
    (Airflow 2.x and 3.x, get_unique_dag_module_name); the stem alone remains, `_` in the place of dots and dashes, as
    since Airflow 2.10.
    """
    module = str(getattr(thing, "__module__", None) or "builtins")
    if loaded := _DAG_MODULE.fullmatch(module):
        module = loaded[1].replace(".", "_").replace("-", "_")
    if "._" in module and module.partition(".")[0] in sys.stdlib_module_names:
        module = module.partition("._")[0]  # Python 3.13 moved pathlib's classes to pathlib._local
    name = getattr(thing, "__qualname__", getattr(thing, "__name__", type(thing).__qualname__))
    return canonical_name(f"{module}.{name}")


def number(value: int | float) -> Any:
    """Return an int or float as it stands, or tagged where JSON would lose its type or its digits."""
    if isinstance(value, float):
        plain = float(value)
        return plain if is_plain_float(plain) else {"$": "float", "value": repr(plain)}
    plain_int = int(value)
    if abs(plain_int) <= MAX_EXACT_INT:
        return plain_int
    return {"$": "int", "value": str(decimal.Decimal(plain_int))}  # str(int) stops at some thousand digits


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
    """Tag a timedelta as an ISO 8601 duration of days and seconds: `P1DT2.5S`, `-PT30S`.

    Years and months, which only pendulum's Duration has, stand before: `P1Y2M3D`. Where signs are mixed, each part has
    its own (ISO 8601-2, 4.4.1.9): `P1M-3DT-1S`.
    """
    # The base class's own fields: pendulum's Duration redefines them.
    parts = (getattr(dt.timedelta, name).__get__(value) for name in ("days", "seconds", "microseconds"))
    years, months = _calendar_parts(value)
    plain = dt.timedelta(*parts) - dt.timedelta(days=365 * years + 30 * months)
    negative = max(years, months) <= 0 and plain <= dt.timedelta(0) and any((years, months, plain))
    if negative:
        years, months, plain = -years, -months, -plain
    calendar = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
    size = abs(plain)
    own = "-" if plain < dt.timedelta(0) else ""
    fraction = f"{size.microseconds:06d}".rstrip("0")
    seconds = f"{size.seconds}.{fraction}" if fraction else str(size.seconds)
    days = f"{calendar}{own}{size.days}D" if size.days else calendar
    clock = f"T{own}{seconds}S" if seconds != "0" or not days else ""
    return {"$": "timedelta", "value": f"{'-' if negative else ''}P{days}{clock}"}


def _calendar_parts(value: dt.timedelta) -> tuple[int, int]:
    """Return the years and months of pendulum's Duration, which counts them as 365 and 30 days in its base class.

    They are more than that: `start + duration(months=1)` is the same day of the next month. Its Interval has them too,
    but counts the days that there are.
    """
    bases = {base.__name__ for base in type(value).__mro__}
    if "Duration" not in bases or bases & {"Interval", "Period"}:
        return 0, 0
    return getattr(value, "years", 0), getattr(value, "months", 0)


def timezone_(value: dt.tzinfo) -> Any:
    """Tag a time zone by name."""
    return {"$": "timezone", "zone": zone_name(value, None)}


def zone_name(zone: dt.tzinfo, moment: dt.datetime | None) -> str:
    """Return a zone's IANA name, or its offset (`+01:00`); every spelling of UTC is `UTC`.

    The zone of the machine, as far as it can be told, is `local`; where that is UTC, dateutil's parser reads `Z` as it.
    """
    if name := _declared_name(zone):
        return "UTC" if name in _UTC else name
    offset = zone.utcoffset(moment)
    if offset is None:
        return dotted_name(type(zone))
    if not offset:
        return "UTC"
    sign = "-" if offset < dt.timedelta(0) else "+"
    hours, rest = divmod(abs(offset), dt.timedelta(hours=1))
    return f"{sign}{(dt.datetime.min + rest).replace(hour=hours).time().isoformat().removesuffix(':00')}"


def _declared_name(zone: dt.tzinfo) -> str | None:
    """Return the name that a zone has for itself: zoneinfo calls it `key`, pytz `zone`, pendulum `name`.

    dateutil's rules (`EST5EDT`) are their own name. Before dateutil 4, its zones from a file have no `key`, but a path.
    """
    if any(base.__name__ == "tzlocal" for base in type(zone).__mro__):
        return "UTC" if zone.utcoffset(None) == dt.timedelta(0) else "local"
    for attribute in ("key", "zone", "name", "_s"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    file = getattr(zone, "_filename", None)
    if not isinstance(file, str):
        return None
    name = file.rpartition("zoneinfo/")[2]
    return "local" if name.startswith("/") else name


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
