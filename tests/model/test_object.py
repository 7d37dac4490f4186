"""Objects as their class and what makes them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import operator
import types
from typing import Any

import dateutil.tz
import kubernetes.client as k8s
import pytest
from values import Model, Money, Packed, Place, Plain, Point, Row, Slotted, Words

from dagserial.model import Encoder
from dagserial.model.scalar import zone_name


class Reduced:
    """Says itself how it is made."""

    def __reduce_ex__(self, _protocol: Any) -> Any:
        raise TypeError


class Stated:
    """Says itself what its state is."""

    def __getstate__(self) -> Any:
        raise TypeError


class Inner(Stated):
    """Derives from one that does."""


class Meta(type):
    """Makes classes."""


@dataclasses.dataclass
class Callable_:
    """A dataclass of a class that derives from nothing."""

    a: Any = None


WRITTEN: dict[str, tuple[Any, dict[str, Any]]] = {
    "a dataclass by its fields": (
        Money(1),
        {"class": "values.Money", "kwargs": {"amount": 1, "unit": "EUR", "cents": 0}},
    ),
    "a dataclass keeps None": (Callable_(), {"class": f"{__name__}.Callable_", "kwargs": {"a": None}}),
    "attrs by its fields": (
        Place("x"),
        {"class": "values.Place", "kwargs": {"name": "x", "_zip": {"$": "tuple", "items": []}}},
    ),
    "msgspec by its fields": (Packed(1), {"class": "values.Packed", "kwargs": {"inner": 1}}),
    "pydantic by its fields": (Model(name="a"), {"class": "values.Model", "kwargs": {"name": "a", "parts": []}}),
    "a namedtuple by its fields": (Point(1), {"class": "values.Point", "kwargs": {"x": 1, "y": None}}),
    "Kubernetes by what was given": (
        k8s.V1ObjectMeta(name="a", labels={}),
        {"class": "kubernetes.client.V1ObjectMeta", "kwargs": {"name": "a", "labels": {}}},
    ),
    "a plain class by its attributes": (Plain(a=1), {"class": "values.Plain", "state": {"a": 1}}),
    "slots, private ones too": (
        Slotted(1, 2),
        {"class": "values.Slotted", "state": {"_Slotted__hidden": 2, "shown": 1}},
    ),
    "a text of a class of its own": (Words("x"), {"class": "values.Words", "args": ["x"]}),
    "a dict of a class of its own": (Row(a=1), {"class": "values.Row", "args": [{"a": 1}]}),
    "a getter of attributes": (operator.attrgetter("a", "b"), {"class": "operator.attrgetter", "args": ["a", "b"]}),
    "a namespace": (types.SimpleNamespace(a=1), {"class": "types.SimpleNamespace"}),
}


@pytest.mark.parametrize(("value", "written"), WRITTEN.values(), ids=WRITTEN.keys())
def test_an_object_is_written_by_what_makes_it(value: Any, written: dict[str, Any]) -> None:
    if set(written) == {"class"}:
        assert Encoder().encode(value) == {"$": "opaque", **written}
    else:
        assert Encoder(strict=True).encode(value) == {"$": "object", **written}


@pytest.mark.parametrize("value", [Reduced(), Stated(), Inner(), Meta("Made", (), {})(), object()])
def test_only_a_plain_class_is_written_by_its_attributes(value: Any) -> None:
    written = Encoder().encode(value)
    assert written["$"] == ("object" if type(value).__name__ == "Made" else "opaque")


class Trigger(enum.StrEnum):
    """An enumeration of Airflow's."""

    ALWAYS = "always"


def test_a_member_of_airflows_own_enumerations_is_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trigger, "__module__", "airflow.utils.trigger_rule")
    assert Encoder().encode(Trigger.ALWAYS) == "always"
    monkeypatch.setattr(Trigger, "__module__", "airflow_helpers")
    assert Encoder().encode(Trigger.ALWAYS)["$"] == "enum"


@functools.lru_cache
def cached() -> None:
    """Stand for a function behind a cache."""


def test_a_cached_function_is_the_function() -> None:
    assert Encoder().encode(cached) == {"$": "callable", "name": f"{__name__}.cached"}


@pytest.mark.parametrize(("hours", "name"), [(0, "UTC"), (3, "local")])
def test_the_zone_of_the_machine_is_local_unless_it_is_utc(hours: int, name: str) -> None:
    zone = dateutil.tz.tzlocal()
    zone._std_offset = zone._dst_offset = dt.timedelta(hours=hours)
    assert zone_name(zone, None) == name
