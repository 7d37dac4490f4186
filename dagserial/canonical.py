"""Write a JSON value as its RFC 8785 bytes (JSON Canonicalization Scheme); knows no DAG."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from dagserial.errors import CanonicalError

MAX_EXACT_INT = 2**53 - 1
"""The largest integer that IEEE 754 doubles hold without gaps (RFC 8785, appendix D; RFC 7493, 2.2)."""

_SORTED = msgspec.json.Encoder(order="sorted")
_HIGH = "\ue000"
"""From here on, order by UTF-16 unit and by code point differ (surrogates are U+D800 to U+DFFF)."""

_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = re.compile(rb"(?:^|[:,\[])-?\d{16}")


def canonical_bytes(value: Any) -> bytes:
    r"""Return the RFC 8785 bytes of a JSON value: None, bool, int, float, str, list, tuple, mappings of str.

    >>> canonical_bytes({"b": [1e21, 1.0, -0.0], "a": "é\n"})
    b'{"a":"\xc3\xa9\\n","b":[1e+21,1,0]}'

    Raises:
        CanonicalError: the value, or one in it, is no JSON: another type, a key that is no str, NaN or an infinity
            (RFC 8785, 3.2.2.3), an integer beyond 2**53 - 1 (appendix D), a lone surrogate (3.2.2.2), or nesting
            beyond the interpreter's recursion limit.
    """
    body = _quick_bytes(value)
    return _exact_bytes(value) if body is None else body


def settled_bytes(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a value whose numbers are settled: the fast road for records.

    Settled means that every int is within 2**53 - 1 and every float is one that `is_plain_float` accepts; then
    msgspec's own text is RFC 8785's, but for the order of rare keys, which is put right here. Structs are written as
    objects.
    """
    try:
        body = _SORTED.encode(value)
    except UnicodeEncodeError as error:
        raise CanonicalError(f"a string holds a lone surrogate: {error.object[error.start : error.end]!r}") from None
    if not body.isascii() and _mixes_planes(body):
        return canonical_bytes(msgspec.json.decode(body))
    return body


def is_plain_float(number: float) -> bool:
    """Tell whether msgspec writes `number` as ECMAScript does (RFC 8785, 3.2.2.3) and JSON reads it back as a float.

    The rule was checked against V8 on 300,000 doubles: integral floats, and those from 1e-6 up to 1e-5, are written
    otherwise.
    """
    magnitude = abs(number)
    if not math.isfinite(number) or number.is_integer():
        return False
    return magnitude < 1e-6 or magnitude >= 1e-5


def holds_long_number(body: bytes) -> bool:
    """Tell whether JSON bytes may hold an integer beyond 2**53 - 1, which has 16 digits: always where they do."""
    has_digits = b"0000000000000000" in body.translate(_DIGITS_AS_ZEROS)  # a search for them takes ten times as long
    return has_digits and _LONG_NUMBER.search(body) is not None


def read_float(text: str) -> float | msgspec.Raw:
    """Return the float of a JSON number; where RFC 8785 has another text for it, that text.

    So a document that is decoded with this as its `float_hook` is not written as it was unless its floats are settled.
    """
    number = float(text)
    if is_plain_float(number):
        return number
    if math.isinf(number):
        raise ValueError("Number out of range")
    settled = _ecmascript(number)
    return number if settled == text else msgspec.Raw(settled.encode())


class _Floats(dict[str, Any]):
    """What stands for each float of a document, by its text: the number itself, unless RFC 8785 lays it out otherwise.

    Attributes:
        are_plain: none that was met is laid out otherwise.
    """

    are_plain = True

    def __missing__(self, text: str) -> Any:
        number = self[text] = float(text)
        self.are_plain = self.are_plain and is_plain_float(number)
        return number

    def settle(self) -> None:
        """Put the text of RFC 8785 in place of each number that it lays out otherwise."""
        self.update({text: _float(number, "") for text, number in self.items()})


def _quick_bytes(value: Any) -> bytes | None:
    """Return the bytes of a value by msgspec alone, without a walk in Python; None if only a walk can tell.

    What msgspec writes and reads back as it was is JSON: a set, a date or NaN comes back as something else. So does a
    tuple, which is left to the walk.
    """
    floats = _Floats()
    decoder = msgspec.json.Decoder(float_hook=floats.__getitem__)
    try:
        body = _SORTED.encode(value)
        if holds_long_number(body) or (not body.isascii() and _mixes_planes(body)) or decoder.decode(body) != value:
            return None
        if floats.are_plain:
            return body
        floats.settle()
        return _SORTED.encode(decoder.decode(body))
    except Exception:  # also what comparing objects of strange classes raises
        return None


def _exact_bytes(value: Any) -> bytes:
    """Return the bytes of a value of any JSON types, or say where it is no JSON."""
    try:
        return _SORTED.encode(_settled(value, ""))
    except RecursionError:
        raise CanonicalError("the value is nested too deeply, or holds itself") from None


def _mixes_planes(body: bytes) -> bool:
    """Tell whether keys could sort otherwise by UTF-16 unit (RFC 8785, 3.2.3) than by code point, as msgspec sorts."""
    high = b"\xee" in body or b"\xef" in body
    return high and any(lead in body for lead in (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4"))


def _settled(value: Any, pointer: str) -> Any:
    """Return `value` with its numbers in the form that msgspec writes as RFC 8785 asks."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return _checked_text(value, pointer)
    if isinstance(value, int):
        if abs(value) > MAX_EXACT_INT:
            raise CanonicalError(f"the integer {int(value)} is beyond 2**53 - 1, where JSON is not exact", pointer)
        return int(value)
    if isinstance(value, float):
        return _float(float(value), pointer)
    if isinstance(value, str):
        return _checked_text(str.__str__(value), pointer)
    if isinstance(value, list | tuple):
        return [_settled(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return _object(value, pointer)
    raise CanonicalError(f"a {kind.__module__}.{kind.__qualname__} is no JSON value", pointer)


def _object(value: Mapping[Any, Any], pointer: str) -> Any:
    settled = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise CanonicalError(f"the key {key!r} is no string", pointer)
        name = _checked_text(str.__str__(key), pointer)
        if name in settled:  # two keys of classes of their own, equal as strings
            raise CanonicalError(f"the key {name!r} stands there twice", pointer)
        settled[name] = _settled(item, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    if any(not key.isascii() and max(key) >= _HIGH for key in settled):
        return _by_utf16(settled)
    return settled


def _by_utf16(settled: dict[str, Any]) -> msgspec.Raw:
    """Write an object whose keys sort otherwise by UTF-16 code unit than by code point (RFC 8785, 3.2.3)."""
    ordered = sorted(settled, key=lambda key: key.encode("utf-16-be"))
    pairs = (_SORTED.encode(key) + b":" + _SORTED.encode(settled[key]) for key in ordered)
    return msgspec.Raw(b"{" + b",".join(pairs) + b"}")


def _checked_text(text: str, pointer: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise CanonicalError(f"the string {text!r} holds a lone surrogate", pointer) from None
    return text


def _float(number: float, pointer: str) -> Any:
    if not math.isfinite(number):
        raise CanonicalError(f"{number!r} is no JSON number", pointer)
    return number if is_plain_float(number) else msgspec.Raw(_ecmascript(number).encode())


def _ecmascript(number: float) -> str:
    """Return the shortest text of `number`, laid out as ECMAScript's Number::toString does (ECMA-262, 6.1.6.1.20)."""
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    figures = "".join(map(str, digits))
    point = len(figures) + int(exponent)  # where the decimal point stands, counted from the first figure
    if 0 < point <= 21:
        text = figures.ljust(point, "0") if len(figures) <= point else f"{figures[:point]}.{figures[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + figures
    else:
        mantissa = figures if len(figures) == 1 else f"{figures[0]}.{figures[1:]}"
        text = f"{mantissa}e{point - 1:+d}"
    return "-" * sign + text
