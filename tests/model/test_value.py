"""Python values to Values and back."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import functools
import itertools
import json
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from values import ITEM, KNOWN, PARTIAL, SAME, Level, Mode, Money, Opaque, Plain, Point, Words, is_same, shout

from dagserial.canonical import canonical_bytes
from dagserial.errors import UnsupportedValueError
from dagserial.model import Decoder, Encoder, ValueWarning
from dagserial.model.value import MAX_DEPTH, MAX_VALUE_BYTES

STRICT = Encoder(strict=True)


@pytest.mark.parametrize("value", SAME.values(), ids=SAME.keys())
def test_a_value_is_read_back_with_its_type(value: Any) -> None:
    read = Decoder(KNOWN).decode(json.loads(canonical_bytes(STRICT.encode(value))))
    assert is_same(read, value)
    assert canonical_bytes(STRICT.encode(read)) == canonical_bytes(STRICT.encode(value))


def test_no_two_values_are_written_alike() -> None:
    written = {name: canonical_bytes(STRICT.encode(value)) for name, value in SAME.items()}
    same = [pair for pair in itertools.combinations(written, 2) if written[pair[0]] == written[pair[1]]]
    assert same == []


LOOKALIKES = [
    *(1, 1.0, True, "1", b"1", Level.LOW, decimal.Decimal(1), decimal.Decimal("1.0"), complex(1), [1], (1,)),
    *({1}, frozenset({1}), {1: 1}, {"1": 1}, {"1": 1.0}, Point(1), "fast", Mode.FAST, Words("fast"), bytearray(b"1")),
    *(0.0, -0.0, 0, False, None, "", [], (), {}, set(), frozenset(), b"", "None", "null", [None], {"$": None}),
    *(dt.date(2026, 1, 1), dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "2026-01-01"),
    *(collections.OrderedDict(), collections.OrderedDict({"a": 1, "b": 2}), collections.OrderedDict({"b": 2, "a": 1})),
    *(Path("a"), "a", float("nan"), float("inf"), "nan", Plain(a=1), Plain(a=2), Plain(), Money(1), Money(1.0)),
    *(
        functools.partial(shout, 1),
        functools.partial(shout, 2),
        functools.partial(shout),
        shout,
        Plain().run,
        Plain.run,
    ),
]


def test_lookalikes_are_told_apart() -> None:
    written = [canonical_bytes(STRICT.encode(value)) for value in LOOKALIKES]
    counts = collections.Counter(written)
    assert [value for value, body in zip(LOOKALIKES, written, strict=True) if counts[body] > 1] == []


def test_what_compares_unequal_to_itself_is_read_back_too() -> None:
    decode = Decoder(KNOWN).decode
    assert str(decode(STRICT.encode(float("nan")))) == "nan"
    assert decode(STRICT.encode(decimal.Decimal("sNaN"))).is_snan()
    read = decode(STRICT.encode(PARTIAL))
    assert (type(read), read.func, read.args, read.keywords) == (functools.partial, shout, ("a",), {"times": 2})
    assert decode(STRICT.encode(ITEM))({"a": 5, 1: 6}) == (5, 6)
    method = decode(STRICT.encode(Plain(a=1).run))
    assert (method.__func__, method.__self__) == (Plain.run, Plain(a=1))
    assert list(decode(STRICT.encode({"a": 1}.values()))) == [1]
    assert decode(STRICT.encode({"a": 1}.items())) == {"a": 1}.items()
    assert decode(STRICT.encode({"a": 1}.keys())) == {"a": 1}.keys()


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.binary(max_size=4)
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones(), allow_imaginary=False)
    | st.times()
    | st.timedeltas()
    | st.sampled_from([*Level, Mode.FAST, shout, Money])
)
keys = st.none() | st.booleans() | st.integers() | st.text(st.sampled_from("ab$é"), max_size=2) | st.dates()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.sets(keys, max_size=3)
        | st.frozensets(keys, max_size=3)
        | st.builds(Money, inner)
        | st.builds(Point, st.integers(), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=2_000)
@given(values)
def test_any_value_is_read_back_with_its_type(value: Any) -> None:
    written = STRICT.encode(value)
    body = canonical_bytes(written)
    read = Decoder(KNOWN).decode(json.loads(body))
    assert is_same(read, value)
    assert canonical_bytes(STRICT.encode(read)) == body


class Ring:
    """Holds itself."""

    def __init__(self) -> None:
        self.next = self


def _circles() -> dict[str, Any]:
    items: list[Any] = []
    items.append(items)
    deep: dict[str, Any] = {}
    deep["a"] = [({"b": deep},)]
    return {"a list": items, "a dict, deep down": deep, "a dataclass": Money([items]), "an object": Ring()}


@pytest.mark.parametrize("value", _circles().values(), ids=_circles().keys())
def test_what_holds_itself_is_refused_by_the_attributes_name(value: Any) -> None:
    with pytest.raises(UnsupportedValueError, match="holds itself") as caught:
        STRICT.encode(value, "tasks", "a", "args", "x")
    assert caught.value.pointer == "/tasks/a/args/x"


def test_objects_in_many_circles_take_no_time() -> None:
    layers = [[Plain(after=[], before=[]) for _ in range(4)] for _ in range(30)]
    for left, right in itertools.pairwise(layers):
        for one, other in itertools.product(left, right):
            one.after.append(other)
            other.before.append(one)
    encoder = Encoder()
    started = time.process_time()
    written = encoder.encode([Plain(of=layers[0]), 1], "tasks", "a", "args", "x")
    assert time.process_time() - started < 5
    assert written == [{"$": "opaque", "class": "values.Plain"}, 1]
    assert [one.path for one in encoder.warnings] == ["/tasks/a/args/x/0"]


def test_the_same_value_twice_is_no_circle() -> None:
    part = [1]
    assert STRICT.encode([part, part, {"a": part}]) == [[1], [1], {"a": [1]}]


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"a": x}, lambda x: (x,), Money, lambda x: Plain(a=x)])
def test_what_nests_too_deeply_is_refused_wherever_it_is_called(wrap: Any) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH + 1):
        value = wrap(value)
    with pytest.raises(UnsupportedValueError, match=f"nested too deeply, beyond {MAX_DEPTH} levels"):
        STRICT.encode(value)


def test_the_deepest_value_is_read_back() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert Decoder().decode(STRICT.encode(value)) == value


LARGE = {
    "a text": "x" * 1001,
    "a text that grows when escaped": "\x01" * 200,
    "bytes": b"x" * 1001,
    "an int": 2**3500,
    "many items": list(range(400)),
    "many keys": {str(number): 1 for number in range(200)},
    "a few items, each small": ["x" * 100] * 10,
    "shared parts": functools.reduce(lambda part, _: [part] * 10, range(9), "x"),
    "many tagged values": [dt.timedelta(1)] * 40,
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE.keys())
def test_what_is_too_large_is_refused_by_the_attributes_name(value: Any) -> None:
    with pytest.raises(UnsupportedValueError, match=r"takes more than 1000 bytes .*--max-value-bytes") as caught:
        Encoder(max_bytes=1000).encode([value], "tasks", "a", "args", "x")
    assert caught.value.pointer == "/tasks/a/args/x"


@given(values, st.integers(1, 300))
def test_the_limit_is_that_of_the_canonical_bytes(value: Any, limit: int) -> None:
    size = len(canonical_bytes(STRICT.encode(value)))
    encoder = Encoder(max_bytes=limit, strict=True)
    if size <= limit:
        assert encoder.encode(value) == STRICT.encode(value)
    else:
        with pytest.raises(UnsupportedValueError, match="takes more than"):
            encoder.encode(value)


DENSE = {
    "texts that grow most, counted as items": ["\0" * 16] * 300,
    "texts that grow most, counted by letters": ["\0" * 17] * 300,
    "numbers of many digits": [decimal.Decimal("1" * 2000)] * 300,
    "moments with the longest zones": [
        dt.datetime(2026, 1, 1, 1, 1, 1, 1, ZoneInfo("America/Argentina/ComodRivadavia"))
    ]
    * 300,
    "long keys": [{"k" * 5000: 1}] * 60,
    "a set": set(range(300)),
    "objects": [Plain(a=1)] * 300,
}


@pytest.mark.parametrize("value", DENSE.values(), ids=DENSE.keys())
def test_the_limit_is_exact_for_what_takes_most_for_its_count(value: Any) -> None:
    size = len(canonical_bytes(STRICT.encode(value)))
    assert Encoder(max_bytes=size).encode(value) == STRICT.encode(value)
    with pytest.raises(UnsupportedValueError, match="takes more than"):
        Encoder(max_bytes=size - 1).encode(value)


def test_each_attribute_of_many_is_named_where_it_fails() -> None:
    encoder = Encoder()
    assert encoder.encode_each({"a": 1, "b": Opaque()}, "tasks", "t", "args")["a"] == 1
    assert [warning.path for warning in encoder.warnings] == ["/tasks/t/args/b"]


def test_each_attribute_has_the_whole_limit_to_itself() -> None:
    encoder = Encoder(max_bytes=1000)
    assert encoder.encode_each({str(number): "x" * 900 for number in range(5)}, "args").keys() == set("01234")


def test_strict_refuses_what_says_nothing_of_itself() -> None:
    with pytest.raises(UnsupportedValueError) as caught:
        STRICT.encode({"a": [1, Opaque()]}, "tasks", "t", "args", "x")
    assert caught.value.pointer == "/tasks/t/args/x/a/1"
    assert caught.value.type_name == "values.Opaque"
    assert str(caught.value) == (
        "a values.Opaque has no deterministic form (at /tasks/t/args/x/a/1); "
        "pass an encoder for its type, or a plain value"
    )


def test_lenient_keeps_the_class_and_warns_where_it_stands() -> None:
    encoder = Encoder()
    assert encoder.encode({"a": [1, Opaque()]}, "dag", "x") == {"a": [1, {"$": "opaque", "class": "values.Opaque"}]}
    message = "a values.Opaque has no deterministic form; only its class is kept"
    assert encoder.warnings == [ValueWarning("/dag/x/a/1", message)]


def test_lenient_keeps_the_class_of_an_object_whose_attributes_cannot_be_written() -> None:
    encoder = Encoder()
    assert encoder.encode([Ring(), Plain(a=Opaque(), b="x" * 2**21)]) == [
        {"$": "opaque", "class": "test_value.Ring"},
        {"$": "opaque", "class": "values.Plain"},
    ]
    assert [warning.path for warning in encoder.warnings] == ["/0", "/1"]


@pytest.mark.parametrize(
    "value",
    [object(), iter([]), (x for x in ()), Opaque(), lambda: 0].copy()[:4],
    ids=["object", "iterator", "generator", "class"],
)
def test_nothing_of_an_address_is_written(value: Any) -> None:
    assert b"0x" not in canonical_bytes(Encoder().encode(value))


@pytest.mark.parametrize(
    ("value", "pointer"),
    [("\ud800", "/x"), (["a", "\udfff"], "/x/1"), ({"a": {"\ud800": 1}}, "/x/a/\ud800"), ({"\ud800"}, "/x")],
)
def test_a_lone_surrogate_is_refused_where_it_stands(value: Any, pointer: str) -> None:
    with pytest.raises(UnsupportedValueError, match="lone surrogate") as caught:
        STRICT.encode(value, "x")
    assert caught.value.pointer == pointer


class Money2(Money):
    """Derives from a class that has an encoder."""


def test_the_callers_encoders_come_first_and_hold_for_subclasses() -> None:
    encoder = Encoder({Money: lambda value, encode: {"mine": encode(value.amount)}}, strict=True)
    assert encoder.encode([Money(1), Money2((2,))]) == [{"mine": 1}, {"mine": {"$": "tuple", "items": [2]}}]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"$": "class", "name": "os.system"}, "os.system is not known here"),
        ({"$": "object", "class": "subprocess.Popen", "args": ["ls"]}, "subprocess.Popen is not known here"),
        ({"$": "object", "class": "values.dataclasses.Field", "args": []}, "is not known here"),
        ({"$": "callable", "name": "values.json.loads"}, "values.json.loads is not known here"),
        ({"$": "object", "class": "builtins.len", "args": [[]]}, "builtins.len is no class"),
        ({"$": "module", "name": "os"}, "the module os is not known here"),
        ({"$": "xcom", "task": "a"}, "a value with the tag 'xcom' has no Python form of its own"),
        ({"$": "timezone", "zone": "Nowhere/At_All"}, "'Nowhere/At_All' is not known on this machine"),
        ({"$": "timedelta", "value": "5 minutes"}, "'5 minutes' is no duration"),
        ({"$": "timedelta", "value": "P1M"}, "pendulum.duration.Duration is not known here"),
    ],
)
def test_a_decoder_refuses_what_it_was_not_given(written: Any, message: str) -> None:
    import values

    with pytest.raises(UnsupportedValueError, match=message):
        Decoder([values]).decode(written)


def test_a_known_module_gives_all_that_it_defines() -> None:
    import values

    assert Decoder([values]).decode(STRICT.encode([Money(1), shout, Level.LOW])) == [Money(1), shout, Level.LOW]


def test_the_caller_says_what_other_tags_stand_for() -> None:
    decoder = Decoder(tags={"xcom": lambda fields: ("XCom", fields["task"])})
    assert decoder.decode([{"$": "xcom", "task": "a"}]) == [("XCom", "a")]


def test_calendar_differences_are_read_by_classes_that_the_caller_names() -> None:
    relative = pytest.importorskip("dateutil.relativedelta")
    pendulum = pytest.importorskip("pendulum")
    value = relative.relativedelta(months=1, day=31, weekday=relative.MO(-1))
    assert Decoder([relative.relativedelta]).decode(STRICT.encode(value)) == value
    for span in (pendulum.duration(years=1, months=2, days=3, seconds=4), pendulum.duration(months=-1, days=5)):
        read = Decoder([pendulum.Duration]).decode(STRICT.encode(span))
        assert (read.years, read.months, read.total_seconds()) == (span.years, span.months, span.total_seconds())


def test_a_rooted_text_is_read_under_another_root(tmp_path: Path) -> None:
    written = Encoder(root=str(tmp_path)).encode([f"{tmp_path}/a.sql", tmp_path / "b"])
    assert str(tmp_path) not in str(written)
    assert Decoder(root="/elsewhere").decode(written) == ["/elsewhere/a.sql", Path("/elsewhere/b")]


WIDE: dict[str, Any] = {
    "lists": lambda at: [at],
    "dicts": lambda at: {"a": at},
    "dicts of other keys": lambda at: {at: at},
    "tuples": lambda at: (at,),
    "sets": lambda at: {at},
    "dataclasses": lambda at: Money(at),
    "plain objects": lambda at: Plain(a=at),
    "times": lambda at: dt.timedelta(at),
    "classes of their own": lambda at: Words(str(at)),
}


@pytest.mark.parametrize("make", WIDE.values(), ids=WIDE.keys())
def test_many_values_beside_each_other_are_not_deep(make: Any) -> None:
    value = [make(at) for at in range(MAX_DEPTH * 2)]
    assert is_same(Decoder(KNOWN).decode(STRICT.encode(value)), value)


@pytest.mark.parametrize("make", WIDE.values(), ids=WIDE.keys())
def test_what_stands_behind_another_value_is_found_at_its_own_place(make: Any) -> None:
    for value, place in (([make(1), Opaque()], "/1"), ({"a": make(1), "b": [make(2), Opaque()]}, "/b/1")):
        encoder = Encoder()
        encoder.encode(value, "dag", "x")
        assert [warning.path for warning in encoder.warnings] == [f"/dag/x{place}"]


def test_the_limits_are_those_of_the_documentation() -> None:
    assert (MAX_DEPTH, MAX_VALUE_BYTES) == (200, 1024 * 1024)
    with pytest.raises(UnsupportedValueError, match="takes more than 1048576 bytes"):
        STRICT.encode("x" * 2**20)
    assert len(STRICT.encode("x" * (2**20 - 2))) == 2**20 - 2


def test_one_encoder_starts_each_value_anew() -> None:
    encoder = Encoder(max_bytes=100)
    circle: list[Any] = []
    circle.append(circle)
    for value in (circle, "x" * 200, [[["\ud800"]]]):
        with pytest.raises(UnsupportedValueError):
            encoder.encode(value, "a", "b", "c")
        assert encoder.encode(["x" * 60, (1,)], "d") == ["x" * 60, {"$": "tuple", "items": [1]}]
    encoder.encode(Opaque(), "e")
    assert encoder.warnings[-1].path == "/e"


def test_an_object_is_given_up_alone_also_after_a_circle() -> None:
    encoder = Encoder()
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(UnsupportedValueError):
        encoder.encode(circle)
    assert encoder.encode([[[Plain(lone="\ud800")]]])[0][0] == [{"$": "opaque", "class": "values.Plain"}]


def test_warnings_are_sorted_by_where_they_stand_and_differ_by_what_they_say() -> None:
    one, two, three = ValueWarning("/a", "x"), ValueWarning("/a", "y"), ValueWarning("/b", "a")
    assert sorted({three, two, one, ValueWarning("/a", "x")}) == [one, two, three]
    with pytest.raises(AttributeError):
        one.path = "/c"  # type: ignore[misc]


def test_what_follows_an_object_that_was_given_up_has_the_whole_room() -> None:
    encoder = Encoder(max_bytes=1000)
    given_up = Plain(text="x" * 900, lone="\ud800")
    assert encoder.encode([given_up, "y" * 800])[1] == "y" * 800
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    written = encoder.encode([Ring(), Plain(deep=deep), [[Ring()]]])
    assert [item["class"] for item in (written[0], written[1], written[2][0][0])] == [
        "test_value.Ring",
        "values.Plain",
        "test_value.Ring",
    ]


def test_a_short_text_that_names_the_tree_is_tagged_wherever_it_stands() -> None:
    tagged = {"$": "rooted", "parts": ["", "/y"]}
    written = Encoder(root="/srv/x").encode_each({"a": "/srv/x/y", "b": ["/srv/x/y"], "c": {"d": "/srv/x/y"}}, "args")
    assert written == {"a": tagged, "b": [tagged], "c": {"d": tagged}}


@pytest.mark.parametrize("value", [{"$": 1}, {1: 2}, {"a": (1,), "b": Plain(c=1)}, {}, None, [("a", 1)]])
def test_values_that_come_again_are_written_as_they_were(value: Any) -> None:
    encoder, again = Encoder(), {"a": 0, "$": 1} | (value if isinstance(value, dict) else {})
    encoder.share(value, encoder.encode(value))
    assert encoder.encode_each(again, "args") == Encoder().encode_each(again, "args")


def test_another_value_under_the_name_of_one_that_came_before_is_written_itself() -> None:
    encoder, defaults = Encoder(), {"env": {"A": "1"}, "retries": 2}
    encoder.share(defaults, encoder.encode(defaults))
    assert encoder.encode_each({"env": {"A": "2"}, "retries": 2.5}, "args") == {"env": {"A": "2"}, "retries": 2.5}


def test_an_error_that_is_about_no_class_names_none() -> None:
    with pytest.raises(UnsupportedValueError) as caught:
        STRICT.encode("\ud800")
    assert (caught.value.type_name, caught.value.hint, caught.value.pointer) == ("", "", "")


def test_values_made_while_writing_are_not_taken_for_those_before_them() -> None:
    """The same object is written once; one that is gone leaves its id to the next."""

    class Days:
        def __init__(self, count: int) -> None:
            self.count = count

    encoder = Encoder({Days: lambda value, encode: encode(dt.timedelta(days=value.count))})
    written = encoder.encode([Days(count) for count in range(100)])
    assert [one["value"] for one in written] == ["PT0S", *(f"P{count}D" for count in range(1, 100))]


def test_a_float_is_no_level_of_nesting() -> None:
    value: Any = [0.5]
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert str(Encoder().encode(value)).strip("[]") == "0.5"
