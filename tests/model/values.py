"""Python values of every kind that a record can hold, and the classes that they are of."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import ipaddress
import json
import operator
import pathlib
import re
import uuid
import zoneinfo
from typing import Any, NamedTuple

import attrs
import kubernetes.client as k8s
import msgspec
import pydantic

from dagserial.model.scalar import zone_name

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


class Color(enum.Enum):
    """Plain members."""

    RED = "red"
    BLUE = (1, 2)


class Level(enum.IntEnum):
    """Members that are ints."""

    LOW = 1


class Mode(enum.StrEnum):
    """Members that are strings."""

    FAST = "fast"


class Rights(enum.Flag):
    """Members that combine."""

    READ = 1
    WRITE = 2


@dataclasses.dataclass(frozen=True)
class Money:
    """A frozen dataclass with a field that its constructor does not take."""

    amount: Any
    unit: str = "EUR"
    cents: int = dataclasses.field(default=0, init=False)


@attrs.frozen
class Place:
    """An attrs class with a private field."""

    name: str
    _zip: tuple[int, ...] = ()


class Packed(msgspec.Struct, frozen=True):
    """A msgspec struct."""

    inner: Any


class Model(pydantic.BaseModel):
    """A pydantic model."""

    name: str
    parts: list[int] = []


class Point(NamedTuple):
    """A namedtuple."""

    x: int
    y: Any = None


class Plain:
    """A class that says nothing of itself, but keeps attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def run(self, _x: Any = None) -> None:
        """Do nothing; a method to be bound."""


class Slotted:
    """A class that keeps attributes in slots, one of them private."""

    __slots__ = ("__hidden", "shown")

    def __init__(self, shown: Any, hidden: Any) -> None:
        self.shown = shown
        self.__hidden = hidden

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and (other.shown, other.__hidden) == (self.shown, self.__hidden)

    __hash__ = None  # type: ignore[assignment]


class Words(str):
    """Strings of a class of their own."""


class Row(dict[str, Any]):
    """Dicts of a class of their own."""


class Opaque:
    """A class whose objects cannot be taken apart."""

    def __reduce__(self) -> Any:
        raise TypeError("no")


def shout(text: str, times: int = 1) -> str:
    """Be a function."""
    return text.upper() * times


SQUARE = lambda x: x * x  # noqa: E731

SAME: dict[str, Any] = {
    "none": None,
    "bools": [True, False],
    "an int": 1,
    "an integral float": 1.0,
    "minus zero": -0.0,
    "a large float": 1e300,
    "a small float": 5e-6,
    "infinities": [float("inf"), float("-inf")],
    "a large int": 2**70,
    "a negative large int": -(2**53),
    "an int of 20,000 digits": 7**23_663,
    "a complex number": complex(1.0, -0.0),
    "texts": ["", "é", "\U0001f600", "\u2028", "$"],
    "a tuple": (1, (2,), [3]),
    "a set": {3, 1, 2},
    "a set of mixed types": {1, "1", (1,), None, 2.5},
    "a frozenset in a set": {frozenset({1}), frozenset()},
    "a dict of int and text keys": {1: "a", "1": "b", None: "c", (1, 2): "d", 2.5: "e"},
    "a dollar key": {"$": "tuple", "items": [1]},
    "bytes": b"\x00\xff",
    "a bytearray": bytearray(b"ab"),
    "decimals": [decimal.Decimal("1.10"), decimal.Decimal("-0"), decimal.Decimal("Infinity")],
    "a uuid": uuid.UUID(int=5),
    "a fraction": fractions.Fraction(1, 3),
    "an address": ipaddress.IPv4Address("10.0.0.1"),
    "a range": range(10, 0, -3),
    "a slice": slice(1, None, 2),
    "a date": dt.date(2026, 2, 28),
    "a naive datetime": dt.datetime(2026, 1, 2, 3, 4, 5, 678),
    "a folded datetime": dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1),
    "a naive folded datetime": dt.datetime(2026, 10, 25, 2, 30, fold=1),
    "a datetime at an offset": dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5, minutes=-30))),
    "a datetime in UTC": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "times": [dt.time(1, 2, 3, 4), dt.time(1, tzinfo=dt.UTC), dt.time(2, 30, fold=1)],
    "zones": [PARIS, dt.UTC, dt.timezone(dt.timedelta(hours=1, seconds=30))],
    "timedeltas": [dt.timedelta(), dt.timedelta(days=-1, seconds=1), dt.timedelta(999_999_999), dt.timedelta.min],
    "an enum member": Color.BLUE,
    "an int enum member": Level.LOW,
    "a text enum member": Mode.FAST,
    "flags": [Rights.READ, Rights.READ | Rights.WRITE, Rights(0)],
    "a path": pathlib.Path("/a/b"),
    "pure paths": [pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("c:\\a")],
    "a dataclass": Money(decimal.Decimal("1.5")),
    "an attrs object": Place("here", (1, 2)),
    "a msgspec struct": Packed({1: Packed(None)}),
    "a pydantic model": Model(name="m", parts=[1]),
    "a namedtuple": Point(1, Point(2)),
    "a plain object": Plain(a=1, b=[Plain()]),
    "an object with slots": Slotted([1], {"x": 2}),
    "a text of a class of its own": Words("select 1"),
    "a dict of a class of its own": Row(a=Row()),
    "an ordered dict": collections.OrderedDict([("b", 1), ("a", 2)]),
    "a default dict": collections.defaultdict(list, a=[1]),
    "a counter": collections.Counter("aab"),
    "a deque": collections.deque([1, 2], maxlen=3),
    "a pattern": re.compile("a.b", re.DOTALL),
    "a pod": k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(labels={"a": "b"}),
        spec=k8s.V1PodSpec(containers=[k8s.V1Container(name="main", image="busybox", args=["-c", "x"])]),
    ),
    "a function": shout,
    "a lambda": SQUARE,
    "a class": Money,
    "a class in a module": json.JSONDecoder,
    "a module": json,
    "a built-in function": len,
    "a built-in class": dict,
    "methods of built-in classes": [str.upper, dict.fromkeys, [].append.__class__],
    "a method of a class": Plain.run,
    "a class method": decimal.Decimal.from_float,
}
"""Values that are read back as they were, by what they show."""

KNOWN: list[Any] = [
    *(Color, Level, Mode, Rights, Money, Place, Packed, Model, Point, Plain, Slotted, Words, Row, shout, SQUARE),
    *(k8s.V1Pod, k8s.V1ObjectMeta, k8s.V1PodSpec, k8s.V1Container, json, json.JSONDecoder, Plain.run),
    *(type([].append),),
]
"""What the values name that no decoder knows by itself."""

PARTIAL = functools.partial(shout, "a", times=2)
ITEM = operator.itemgetter("a", 1)


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, of one type, and hold such values alike."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and not isinstance(one, collections.Counter):
        return len(one) == len(other) and all(
            any(is_same(key, twin) and is_same(value, other[twin]) for twin in other) for key, value in one.items()
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, set | frozenset):
        return len(one) == len(other) and all(any(is_same(item, twin) for twin in other) for item in one)
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, dt.datetime | dt.time):
        zones = [value.tzinfo and zone_name(value.tzinfo, None) for value in (one, other)]
        walls = [(value.replace(tzinfo=None, fold=0), value.utcoffset()) for value in (one, other)]
        return walls[0] == walls[1] and zones[0] == zones[1] and (one.tzinfo is not None or one.fold == other.fold)
    return bool(one == other)
