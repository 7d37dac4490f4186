"""Leaf values as tagged values, and the names of things."""

from __future__ import annotations

import datetime as dt
import decimal
import pathlib
import types
import zoneinfo
from typing import Any

import dateutil.relativedelta as relative
import dateutil.tz
import pendulum
import pytest
import pytz
import tzdata

from dagserial.canonical import MAX_EXACT_INT
from dagserial.model import Encoder
from dagserial.model.scalar import dotted_name, number, timedelta_, zone_name

NOON = dt.datetime(2026, 7, 1, 12)
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (MAX_EXACT_INT, MAX_EXACT_INT),
        (-MAX_EXACT_INT, -MAX_EXACT_INT),
        (MAX_EXACT_INT + 1, {"$": "int", "value": "9007199254740992"}),
        (-MAX_EXACT_INT - 1, {"$": "int", "value": "-9007199254740992"}),
        (0.5, 0.5),
        (1.0, {"$": "float", "value": "1.0"}),
        (-0.0, {"$": "float", "value": "-0.0"}),
        (float("-inf"), {"$": "float", "value": "-inf"}),
        (5e-6, {"$": "float", "value": "5e-06"}),
        (1e22, {"$": "float", "value": "1e+22"}),
    ],
)
def test_a_number_is_plain_where_json_keeps_it(value: float, written: Any) -> None:
    assert number(value) == written == Encoder().encode(value)
    assert type(number(value)) is type(written)


UTC_ZONES = {
    "datetime": dt.UTC,
    "an offset of zero": dt.timezone(dt.timedelta(0)),
    "pytz": pytz.utc,
    "dateutil": dateutil.tz.tzutc(),
    "pendulum": pendulum.timezone("UTC"),
    "pendulum's offset": pendulum.timezone(0),
    **{
        name: zoneinfo.ZoneInfo(name)
        for name in ("UTC", "UCT", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "Universal", "Zulu")
    },
}


@pytest.mark.parametrize("zone", UTC_ZONES.values(), ids=UTC_ZONES.keys())
def test_every_spelling_of_utc_is_one(zone: dt.tzinfo) -> None:
    assert Encoder().encode(zone) == {"$": "timezone", "zone": "UTC"}
    assert Encoder().encode(NOON.replace(tzinfo=zone)) == {
        "$": "datetime",
        "value": "2026-07-01T12:00:00",
        "zone": "UTC",
    }


class Nowhere(dt.tzinfo):
    """A zone that says nothing."""

    def utcoffset(self, _moment: dt.datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (PARIS, "Europe/Paris"),
        (pytz.timezone("Europe/Paris"), "Europe/Paris"),
        (pendulum.timezone("Europe/Paris"), "Europe/Paris"),
        (dateutil.tz.gettz("Europe/Paris"), "Europe/Paris"),
        (dateutil.tz.tzstr("EST5EDT"), "EST5EDT"),
        (dt.timezone(dt.timedelta(hours=5, minutes=30)), "+05:30"),
        (dt.timezone(-dt.timedelta(hours=3)), "-03:00"),
        (dt.timezone(dt.timedelta(hours=23, seconds=5)), "+23:00:05"),
        (dt.timezone(dt.timedelta(hours=1), "Mine"), "+01:00"),
        (Nowhere(), f"{__name__}.Nowhere"),
    ],
)
def test_a_zone_goes_by_its_own_name(zone: dt.tzinfo, name: str) -> None:
    assert zone_name(zone, None) == name


def test_the_machines_own_zone_is_local_wherever_its_file_lies() -> None:
    paris = pathlib.Path(tzdata.__file__).parent / "zoneinfo/Europe/Paris"
    assert zone_name(dateutil.tz.tzfile(str(paris)), None) == "Europe/Paris"
    with paris.open("rb") as file:
        assert zone_name(dateutil.tz.tzfile(file, filename="/etc/localtime"), None) == "local"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (NOON, {"value": "2026-07-01T12:00:00"}),
        (NOON.replace(microsecond=7), {"value": "2026-07-01T12:00:00.000007"}),
        (NOON.replace(fold=1), {"value": "2026-07-01T12:00:00", "fold": 1}),
        (NOON.replace(tzinfo=PARIS, fold=1), {"value": "2026-07-01T12:00:00", "zone": "Europe/Paris"}),
        (
            dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1),
            {"value": "2026-10-25T02:30:00", "zone": "Europe/Paris", "fold": 1},
        ),
        (dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS), {"value": "2026-10-25T02:30:00", "zone": "Europe/Paris"}),
        (
            pendulum.datetime(2026, 7, 1, 12, tz="Europe/Paris"),
            {"value": "2026-07-01T12:00:00", "zone": "Europe/Paris"},
        ),
    ],
)
def test_a_datetime_is_wall_clock_zone_and_fold_where_it_counts(value: dt.datetime, written: dict[str, Any]) -> None:
    assert Encoder().encode(value) == {"$": "datetime"} | written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (dt.time(1, 2), {"value": "01:02:00"}),
        (dt.time(1, 2, fold=1), {"value": "01:02:00", "fold": 1}),
        (dt.time(1, 2, tzinfo=PARIS), {"value": "01:02:00", "zone": "Europe/Paris"}),
    ],
)
def test_a_time_of_day(value: dt.time, written: dict[str, Any]) -> None:
    assert Encoder().encode(value) == {"$": "time"} | written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.timedelta(), "PT0S"),
        (dt.timedelta(days=1), "P1D"),
        (dt.timedelta(seconds=90), "PT90S"),
        (dt.timedelta(days=1, seconds=2, microseconds=500_000), "P1DT2.5S"),
        (dt.timedelta(microseconds=1), "PT0.000001S"),
        (-dt.timedelta(seconds=30), "-PT30S"),
        (-dt.timedelta(days=2, seconds=1), "-P2DT1S"),
        (pendulum.duration(years=1, months=2, days=3), "P1Y2M3D"),
        (pendulum.duration(months=1), "P1M"),
        (pendulum.duration(years=-1), "-P1Y"),
        (pendulum.duration(months=1, days=-3, seconds=-1), "P1M-3DT-1S"),
        (pendulum.duration(days=3), "P3D"),
        (pendulum.datetime(2026, 3, 1) - pendulum.datetime(2026, 1, 1), "P59D"),
    ],
)
def test_a_duration_is_iso_8601_in_days_and_seconds(value: dt.timedelta, text: str) -> None:
    assert timedelta_(value) == {"$": "timedelta", "value": text}


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (relative.relativedelta(), {}),
        (relative.relativedelta(months=1, days=-2), {"months": 1, "days": -2}),
        (relative.relativedelta(hour=0, day=31), {"hour": 0, "day": 31}),
        (relative.relativedelta(weekday=relative.FR), {"weekday": [4, None]}),
        (relative.relativedelta(weekday=relative.MO(-1), leapdays=1), {"weekday": [0, -1], "leapdays": 1}),
        (
            relative.relativedelta(years=1, hours=2, minutes=3, seconds=4, microseconds=5),
            {"years": 1, "hours": 2, "minutes": 3, "seconds": 4, "microseconds": 5},
        ),
        (
            relative.relativedelta(year=1, month=2, minute=3, second=4, microsecond=5),
            {"year": 1, "month": 2, "minute": 3, "second": 4, "microsecond": 5},
        ),
    ],
)
def test_a_relativedelta_holds_what_is_set(value: Any, fields: dict[str, Any]) -> None:
    assert Encoder().encode(value) == {"$": "relativedelta"} | fields


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (
            complex(1, -0.0),
            {"$": "complex", "real": {"$": "float", "value": "1.0"}, "imag": {"$": "float", "value": "-0.0"}},
        ),
        (decimal.Decimal("1.50"), {"$": "decimal", "value": "1.50"}),
        (b"\x00\xff", {"$": "bytes", "base64": "AP8="}),
        (range(1, 9, 2), {"$": "range", "start": 1, "stop": 9, "step": 2}),
        (dt.date(2026, 1, 2), {"$": "date", "value": "2026-01-02"}),
        (int, {"$": "class", "name": "builtins.int"}),
        (len, {"$": "callable", "name": "builtins.len"}),
        (dict.fromkeys, {"$": "callable", "name": "builtins.dict.fromkeys"}),
        ("a".join, {"$": "method", "name": "join", "of": "a"}),
        (types, {"$": "module", "name": "types"}),
    ],
)
def test_other_leaves(value: Any, written: Any) -> None:
    assert Encoder().encode(value) == written


def test_a_name_is_the_same_in_every_place_and_python() -> None:
    assert dotted_name(pathlib.PurePosixPath) == "pathlib.PurePosixPath"
    moved = types.new_class("Loader")
    moved.__module__ = f"unusual_prefix_{'0a' * 20}_etl"
    assert dotted_name(moved) == "etl.Loader"
    moved.__module__ = f"unusual_prefix_{'0a' * 20}_daily-etl.v2"
    assert dotted_name(moved) == "daily_etl_v2.Loader"
    moved.__module__ = "acme._private.inner"
    assert dotted_name(moved) == "acme._private.inner.Loader"
    assert dotted_name(len) == "builtins.len"


@pytest.mark.parametrize("key", ["<root>/a", "b/<root>"])
def test_a_key_that_names_the_tree_is_rooted(key: str) -> None:
    written = Encoder(root="/srv/tree").encode({key.replace("<root>", "/srv/tree"): 1, "c": 2})
    rooted = {"$": "rooted", "parts": key.split("<root>")}
    assert written == {"$": "dict", "items": [["c", 2], [rooted, 1]]}


def test_without_a_root_no_text_is_rooted() -> None:
    assert Encoder().encode({"": "", "a/b": "/srv"}) == {"": "", "a/b": "/srv"}


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    encoder = Encoder()
    encoder.encode({"a/b": [{"c~d": object(), 5: object()}]}, "x~/y")
    assert [warning.path for warning in encoder.warnings] == ["/x~0~1y/a~1b/0/c~0d", "/x~0~1y/a~1b/0/5"]
