"""Canonical JSON is RFC 8785's: against the RFC's own table, and the `rfc8785` package on generated documents."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
import random
import struct
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from dagserial.canonical import MAX_EXACT_INT, canonical_bytes, is_plain_float, settled_bytes
from dagserial.errors import CanonicalError

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
RARE_KEYS = st.text(st.sampled_from("a\ue000\uffff\U00010000\U0010ffff\u00e9"), max_size=4)
INTS = st.integers(-MAX_EXACT_INT, MAX_EXACT_INT)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | INTS | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | RARE_KEYS, inner, max_size=4),
    max_leaves=12,
)

APPENDIX_B = {
    0x0000000000000000: "0",
    0x8000000000000000: "0",
    0x0000000000000001: "5e-324",
    0x8000000000000001: "-5e-324",
    0x7FEFFFFFFFFFFFFF: "1.7976931348623157e+308",
    0xFFEFFFFFFFFFFFFF: "-1.7976931348623157e+308",
    0x4340000000000000: "9007199254740992",
    0xC340000000000000: "-9007199254740992",
    0x4430000000000000: "295147905179352830000",
    0x44B52D02C7E14AF5: "9.999999999999997e+22",
    0x44B52D02C7E14AF6: "1e+23",
    0x44B52D02C7E14AF7: "1.0000000000000001e+23",
    0x444B1AE4D6E2EF4E: "999999999999999700000",
    0x444B1AE4D6E2EF4F: "999999999999999900000",
    0x444B1AE4D6E2EF50: "1e+21",
    0x3EB0C6F7A0B5ED8C: "9.999999999999997e-7",
    0x3EB0C6F7A0B5ED8D: "0.000001",
    0x41B3DE4355555553: "333333333.3333332",
    0x41B3DE4355555554: "333333333.33333325",
    0x41B3DE4355555555: "333333333.3333333",
    0x41B3DE4355555556: "333333333.3333334",
    0x41B3DE4355555557: "333333333.33333343",
    0xBECBF647612F3696: "-0.0000033333333333333333",
    0x43143FF3C1CB0959: "1424953923781206.2",
}


@pytest.mark.parametrize("bits", APPENDIX_B)
def test_numbers_are_those_of_appendix_b(bits: int) -> None:
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    assert canonical_bytes(number) == APPENDIX_B[bits].encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e20, b"100000000000000000000"),
        (123456789012345680000.0, b"123456789012345680000"),
        (1e21, b"1e+21"),
        (0.00000999, b"0.00000999"),
        (0.000001, b"0.000001"),
        (9.99e-7, b"9.99e-7"),
        (-5e-324, b"-5e-324"),
        (9007199254740991, b"9007199254740991"),
        (-9007199254740991, b"-9007199254740991"),
    ],
)
def test_numbers_change_their_layout_where_ecmascript_does(number: float, text: bytes) -> None:
    assert canonical_bytes(number) == canonical_bytes((number,))[1:-1] == text


@pytest.mark.parametrize("number", [9007199254740992, -9007199254740992])
def test_the_first_integers_that_doubles_skip_are_refused(number: int) -> None:
    with pytest.raises(CanonicalError):
        canonical_bytes(number)


def test_keys_sort_by_utf_16_unit() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(msgspec.json.decode(canonical_bytes(dict.fromkeys(keys, 0)))) == [
        *("\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33")
    ]


def test_the_rfc_s_own_example_is_written_as_the_rfc_says() -> None:
    """RFC 8785, 3.2.2 (the sample), 3.2.3 (its sorted form), 3.2.4 (its bytes)."""
    sample = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    expected = bytes.fromhex(
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333"
        "332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c22"
        "2f227d"
    )
    assert canonical_bytes(json.loads(sample)) == expected
    assert rfc8785.dumps(json.loads(sample)) == expected


@pytest.mark.parametrize("high", ["\ue000", "\ufb33", "\uffff"])
@pytest.mark.parametrize("astral", ["\U00010000", "\U0010ffff"])
def test_astral_keys_sort_before_the_highest_of_the_basic_plane(high: str, astral: str) -> None:
    expected = f'{{"{astral}":1,"{high}":2}}'.encode()
    assert canonical_bytes({high: 2, astral: 1}) == settled_bytes({high: 2, astral: 1}) == expected


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20)], ids=ascii)
def test_control_characters_are_escaped_as_the_rfc_says(character: str) -> None:
    short = {"\b": rb"\b", "\t": rb"\t", "\n": rb"\n", "\f": rb"\f", "\r": rb"\r"}
    expected = short.get(character, b"\\u%04x" % ord(character))
    assert canonical_bytes(character) == canonical_bytes({character: 0})[1:-3] == b'"%s"' % expected


@settings(max_examples=500)
@given(DOCUMENTS)
def test_documents_are_those_of_the_rfc8785_package(document: Any) -> None:
    assert canonical_bytes(document) == rfc8785.dumps(document)


def test_50_000_documents_are_those_of_the_rfc8785_package() -> None:
    chance = random.Random(3)
    seen = set()
    for _ in range(50_000):
        document = _document(chance, 3)
        body = canonical_bytes(document)
        assert body == rfc8785.dumps(document)
        seen.add(body)
    assert len(seen) > 25_000, "they are different documents"


ALPHABET = ["a", "b", "0", "$", '"', "\\", "/", "\x00", "\x1f", "\n", "\x7f", "\x80", "é", "\u2028", "\ud7ff", "\ue000"]
ALPHABET += ["\ufb33", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff"]


def _document(chance: random.Random, depth: int) -> Any:
    """Return a JSON value by chance: numbers of every magnitude, keys that sort otherwise by UTF-16 unit."""
    kind = chance.randrange(9 if depth else 5)
    if kind == 0:
        return chance.choice([None, True, False, 0, -0.0, [], {}, ""])
    if kind == 1:
        return chance.randint(-(2 ** chance.randint(0, 53)) + 1, 2 ** chance.randint(0, 53) - 1)
    if kind == 2:
        (number,) = struct.unpack(">d", struct.pack(">Q", chance.getrandbits(64)))
        return number if math.isfinite(number) else 1e300
    if kind == 3:
        return round(chance.uniform(-10, 10), chance.randint(0, 8)) * 10.0 ** chance.randint(-9, 24)
    if kind == 4:
        return _string(chance)
    items = [_document(chance, depth - 1) for _ in range(chance.randrange(4))]
    return items if kind < 6 else {_string(chance): item for item in items}


def _string(chance: random.Random) -> str:
    return "".join(chance.choices(ALPHABET, k=chance.randrange(5)))


def test_numbers_are_those_of_the_rfc8785_package() -> None:
    chance = random.Random(8785)
    bits = (struct.pack(">Q", chance.getrandbits(64)) for _ in range(50_000))
    numbers = [number for (number,) in (struct.unpack(">d", eight) for eight in bits) if math.isfinite(number)]
    numbers += [chance.choice((-1, 1)) * chance.random() * 10 ** chance.randint(-9, 24) for _ in range(50_000)]
    assert [number for number in numbers if canonical_bytes(number) != rfc8785.dumps(number)] == []


@settings(max_examples=2_000)
@given(FLOATS)
def test_a_plain_float_is_written_alike_by_msgspec_and_read_back_as_a_float(number: float) -> None:
    text = msgspec.json.encode(number)
    plain = text == rfc8785.dumps(number) and isinstance(msgspec.json.decode(text), float)
    assert not is_plain_float(number) or plain
    assert is_plain_float(number) == (plain and not number.is_integer())


@settings(max_examples=2_000)
@given(DOCUMENTS)
def test_canonical_bytes_are_a_fixed_point_of_reading_where_numbers_are_settled(document: Any) -> None:
    body = canonical_bytes(_settled(document))
    assert settled_bytes(msgspec.json.decode(body)) == body == settled_bytes(_settled(document))


def _settled(value: Any) -> Any:
    if isinstance(value, float):
        return value if is_plain_float(value) else str(value)
    if isinstance(value, list):
        return [_settled(item) for item in value]
    return {key: _settled(item) for key, item in value.items()} if isinstance(value, dict) else value


class Text(str):
    pass


class Count(enum.IntEnum):
    ONE = 1


class Share(float):
    pass


def test_subclasses_are_what_they_derive_from() -> None:
    assert canonical_bytes({Text("a"): [Text("b"), Count.ONE, Share(0.5), (1, True)]}) == b'{"a":["b",1,0.5,[1,true]]}'


class Apart(str):
    """A key that a dict holds apart from an equal string."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def test_keys_that_are_one_as_json_are_refused() -> None:
    with pytest.raises(CanonicalError, match=r"the key 'k' stands there twice \(at /a\)"):
        canonical_bytes({"a": {Apart("k"): 1, Apart("k"): 2}})


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, math.nan]}, "nan is no JSON number (at /a/1)"),
        ({"a": math.inf}, "inf is no JSON number (at /a)"),
        ([2**53], "9007199254740992"),
        ([-(2**53)], "(at /0)"),
        ({"a/b": "\ud800"}, "lone surrogate (at /a~1b)"),
        ({"\udfff": 1}, "lone surrogate"),
        ({1: 2}, "the key 1 is no string (at $)"),
        ([b"a"], "builtins.bytes is no JSON value (at /0)"),
        ([dt.date(2026, 1, 1)], "datetime.date is no JSON value"),
        ({"s": {1}}, "builtins.set is no JSON value (at /s)"),
        (LOOP, "nested too deeply"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes(value)
    assert message in str(caught.value)


def test_settled_bytes_refuse_lone_surrogates() -> None:
    with pytest.raises(CanonicalError, match="lone surrogate"):
        settled_bytes({"a": "\ud800"})


@dataclasses.dataclass(eq=False)
class _Strange:
    """msgspec would write it as an object."""

    def __eq__(self, other: object) -> bool:
        raise AttributeError("x")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "value",
    [{1}, b"a", dt.date(2026, 1, 1), msgspec.Raw(b"1"), _Strange(), math.nan],
    ids=lambda value: type(value).__name__,
)
def test_what_msgspec_would_write_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(CanonicalError) as refused:
        canonical_bytes({"a": [1, value]})
    assert refused.value.pointer == "/a/1"
