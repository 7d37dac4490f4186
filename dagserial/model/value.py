"""Write Python values as JSON with tagged values: `{"$": "<tag>", ...}`.

Plain JSON is what JSON keeps exactly: None, bool, str, list, dict of str keys, ints within 2**53 - 1 and floats that
read back as floats. Everything else is tagged, so that no two values of different type are written alike. Sets are
sorted by their canonical bytes, lists never. Nothing is written from `repr()` or `str()` of an unknown object.
"""

import enum
import functools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dagserial.canonical import MAX_EXACT_INT, canonical_bytes
from dagserial.errors import CanonicalError, UnsupportedValueError
from dagserial.model.form import BUILTIN, NAMED, enum_member
from dagserial.model.object import PLAIN, constructed, field_names, has_state, record, stateful
from dagserial.model.scalar import SCALARS, dotted_name, number
from dagserial.model.warning import ValueWarning

K = TypeVar("K")
Value = Any
"""The JSON domain, with tagged values in it."""

Encode = Callable[[Any], Value]
EncodeType = Callable[[Any, Encode], Value]
"""How a type is written: the object, and a function that writes what is inside it."""

MAX_DEPTH = 200
"""Levels that a value may nest: lists, dicts, sets and objects in each other."""

_COST_OF_A_FLAW = 1 << 10
"""What an object that turns out to hold itself costs at least, in bytes written in vain."""

MAX_VALUE_BYTES = 2**20
"""Bytes that one value may take in a record unless told otherwise."""

_TEXT = frozenset({str})

_MOST_PER_SIZE = 1000
"""Bytes that a value takes at most for each unit of its running size: an item, with its class; a letter."""

_SHORT = 16
"""Letters of a text that counts as the item that it is.

Such texts are the most of all values; where they stand in a loop, they are taken as they are, without a call.
"""


class Encoder:
    """Write Python values as Values; collects warnings with the JSON pointer of what they are about.

    Attributes:
        warnings: what was written without full knowledge, in the order met.
    """

    def __init__(
        self,
        encoders: Mapping[type, EncodeType] | None = None,
        *,
        named: Mapping[str, EncodeType] | None = None,
        root: str = "",
        strict: bool = False,
        max_bytes: int = MAX_VALUE_BYTES,
    ) -> None:
        """Prepare for one DAG.

        Args:
            encoders: how the caller's types are written; asked before the built-in forms.
            named: the same by class name, for types that are read by duck typing.
            root: folder of the tree that is read; where a text names it, the text is tagged `rooted`, so that the
                record does not depend on where the tree lies.
            strict: refuse what has no deterministic form, instead of writing it as `opaque` with a warning.
            max_bytes: what one value may take in the record.
        """
        self._by_type = dict(encoders or {})
        self._by_name = dict(named or {})
        self._root = root
        self._strict = strict
        self._max_bytes = max_bytes
        self._surely_small = max_bytes // _MOST_PER_SIZE
        self._usual = min(_SHORT, len(root) - 1 if root else _SHORT, self._surely_small)
        self._steps: list[Any] = []
        self._top = 0
        self._held: list[Any] = []
        self._size = 0
        self._circle = MAX_DEPTH
        self._outermost = MAX_DEPTH
        self._wasted = 0
        self.warnings: list[ValueWarning] = []
        self._own: dict[type, EncodeType] = {
            bytes: self._bytes,
            dict: self._dict,
            float: lambda value, _encode: number(value),
            frozenset: functools.partial(self._set, "frozenset"),
            int: self._int,
            list: self._list,
            set: functools.partial(self._set, "set"),
            tuple: self._tuple,
        }
        self._found: dict[type, EncodeType] = {}
        self._leaves: dict[int, tuple[Value, int, Any]] = {}
        self._shared: dict[Any, tuple[Any, Value]] = {}

    def encode(self, value: Any, *steps: str) -> Value:
        """Return `value` as JSON with tagged values.

        Args:
            steps: where the value stands in the record, for messages: `("tasks", "load", "args", "sql")`.

        Raises:
            UnsupportedValueError: the value holds itself, nests too deeply, is too large, holds a lone surrogate, or,
                if strict, has no deterministic form.
        """
        return self._whole({None: value}, list(steps))[None]

    def encode_each(self, values: Mapping[str, Any], *steps: str) -> dict[str, Value]:
        """Return values by name, each as `encode` writes it.

        Args:
            steps: where the values stand: `("tasks", "load", "args")`.

        Raises:
            UnsupportedValueError: as `encode`.
        """
        return self._whole(values, [*steps, ""])

    def share(self, values: Any, written: Value) -> None:
        """Take note of attributes that come again, as default_args do in every task, and need not be written again.

        Args:
            values: what `encode` was given.
            written: what it gave, with no warning.
        """
        if type(values) is dict and isinstance(written, dict) and written.keys() == values.keys():
            self._shared = {name: (value, written[name]) for name, value in values.items()}

    def _whole(self, values: Mapping[K, Any], steps: list[Any]) -> dict[K, Value]:
        """Write attributes, each as a whole, whatever became of what was written before.

        Args:
            steps: where they stand; the last is put in place of each by name, unless the name is None.
        """
        self._steps = steps
        self._top = len(steps)
        self._held.clear()
        self._circle = self._outermost = MAX_DEPTH
        written = {}
        shared, usual, encode = self._shared, self._usual, self._encode
        try:
            for name, value in values.items():
                if (known := shared.get(name)) is not None and known[0] is value:
                    written[name] = known[1]
                    continue
                if name is not None:
                    steps[-1] = name
                self._size, self._wasted = 1, 0
                if type(value) is str and len(value) <= usual and value.isascii():
                    written[name] = value
                    continue
                written[name] = encode(value)
                if self._size > self._surely_small:
                    self._check_size(len(canonical_bytes(written[name])))
        except (RecursionError, CanonicalError):  # what is written is canonical, if it is not nested too deeply
            raise self._flawed("is nested too deeply") from None
        return written

    def _encode(self, value: Any) -> Value:
        kind = type(value)
        if kind is str:
            self._size += len(value)
            is_usual = value.isascii() and not self._root and self._size <= self._max_bytes
            return value if is_usual else self._text(value)
        if value is None or kind is bool or (kind is int and -MAX_EXACT_INT <= value <= MAX_EXACT_INT):
            return value
        write = self._found.get(kind)
        if write is None:
            write = self._found[kind] = self._find(kind)
        return write(value, self._encode)

    def _find(self, kind: type) -> EncodeType:
        """Return how `kind` is written: by the nearest base with a form of its own.

        For members of enumerations, that is the caller's form of any base, or else a tag; never that of `int` or `str`.
        """
        is_enum = issubclass(kind, enum.Enum)
        for base in kind.__mro__[:-1]:
            if write := self._by_type.get(base) or self._named(base):
                return functools.partial(self._object, write)
            if is_enum:
                continue
            if (fields := field_names(base, kind)) is not None:
                return functools.partial(self._object, functools.partial(record, fields=fields))
            if kind is not base and base in PLAIN:
                return functools.partial(self._object, constructed(PLAIN[base]))
            if own := self._own.get(base):
                return own
            if leaf := SCALARS.get(base):
                return functools.partial(self._leaf, leaf)
            if write := BUILTIN.get(base) or NAMED.get(base.__name__):
                return functools.partial(self._object, write)
        if is_enum:
            return functools.partial(self._object, enum_member)
        return self._stateful if has_state(kind) else self._opaque

    def _named(self, base: type) -> EncodeType | None:
        """Return how a class is written that the caller knows by name."""
        return self._by_name.get(base.__name__)

    def _leaf(self, write: Callable[[Any], Value], value: Any, _encode: Encode) -> Value:
        """Write a value that holds no others and never changes: the same object once, however often it is met.

        That is what default_args are: the same objects in every task.
        """
        if (known := self._leaves.get(id(value))) is None:
            written = write(value)
            size = len(str(written)) // 2  # at least as much takes the record, and not ten times more
            known = self._leaves[id(value)] = (written, size, value)  # kept, the value cannot leave its id to another
        self._size += known[1]
        return known[0]

    def _object(self, write: EncodeType, value: Any, _encode: Encode) -> Value:
        """Write a value that may hold others."""
        self._enter(value, 1)
        written = write(value, self._encode)
        self._held.pop()
        return written

    def _enter(self, value: Any, size: int) -> None:
        """Take note of the value that is being written; refuse what holds itself, and what is too deep or too large."""
        self._held.append(value)
        self._size += size
        if len(self._held) > MAX_DEPTH or self._size > self._max_bytes:
            self._refuse()

    def _refuse(self) -> None:
        """Say which limit was met."""
        if len(self._held) > MAX_DEPTH:
            self._circle = self._circle_start()
            is_circle = self._circle < len(self._held)
            raise self._flawed("holds itself" if is_circle else f"is nested too deeply, beyond {MAX_DEPTH} levels")
        self._check_size(self._size)

    def _circle_start(self) -> int:
        """Return at which level a value stands that is met again below; the number of levels if there is none."""
        counts = Counter(map(id, self._held))
        return next((level for level, held in enumerate(self._held) if counts[id(held)] > 1), len(self._held))

    def _grow(self, size: int) -> None:
        """Count what a value takes at least, so that one without end is refused before it is written in full."""
        self._size += size
        self._check_size(self._size)

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise self._flawed(f"takes more than {self._max_bytes} bytes in the record (--max-value-bytes)")

    def _flawed(self, flaw: str) -> UnsupportedValueError:
        """Return an error that blames the attribute as a whole, not the element at which a limit was met."""
        kind = dotted_name(type(self._held[0])) if self._held else ""
        return UnsupportedValueError(f"the value {flaw}", _pointer(self._steps[: self._top]), kind)

    def _text(self, text: str) -> Value:
        """Write a text whose size is counted already."""
        if self._size > self._max_bytes:
            self._check_size(self._size)
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise self._error(f"the string {text!r} holds a lone surrogate") from None
        if self._root and self._root in text:
            return {"$": "rooted", "parts": text.split(self._root)}
        return text

    def _bytes(self, value: bytes, _encode: Encode) -> Value:
        self._grow(len(value))
        return BUILTIN[bytes](value, self._encode)

    def _int(self, value: int, _encode: Encode) -> Value:
        self._grow(value.bit_length() // 4)  # a digit holds a little over three bits
        return BUILTIN[int](value, self._encode)

    def _list(self, value: Any, _encode: Encode) -> list[Value]:
        self._held.append(value)
        self._size += len(value)
        if len(self._held) > MAX_DEPTH or self._size > self._max_bytes:
            self._refuse()
        steps, usual, encode = self._steps, self._usual, self._encode
        steps.append(0)
        written = []
        for at, item in enumerate(value):
            if type(item) is str and len(item) <= usual and item.isascii():
                written.append(item)
                continue
            steps[-1] = at
            written.append(encode(item))
        steps.pop()
        self._held.pop()
        return written

    def _tuple(self, value: tuple[Any, ...], encode: Encode) -> Value:
        return {"$": "tuple", "items": self._list(value, encode)}

    def _set(self, tag: str, value: Any, _encode: Encode) -> Value:
        self._enter(value, len(value))
        items = [self._encode(item) for item in value]
        self._held.pop()
        return {"$": tag, "items": sorted(items, key=canonical_bytes)}

    def _dict(self, value: Mapping[Any, Any], _encode: Encode) -> Value:
        self._held.append(value)
        self._size += len(value)
        if len(self._held) > MAX_DEPTH or self._size > self._max_bytes:
            self._refuse()
        steps, usual, encode = self._steps, self._usual, self._encode
        steps.append("")
        written: Value
        if (
            _TEXT.issuperset(map(type, value))
            and "$" not in value  # which would pass for a tagged value
            and not (self._root and any(self._root in key for key in value))
        ):
            written = {}
            texts = "".join(value)
            self._size += len(texts)
            if not texts.isascii() or self._size > self._max_bytes:
                self._check_keys(value)
            for key, item in value.items():
                if type(item) is str and len(item) <= usual and item.isascii():
                    written[key] = item
                    continue
                steps[-1] = key
                written[key] = encode(item)
        else:
            pairs = []
            for key, item in value.items():
                steps[-1] = key
                pairs.append([encode(key), encode(item)])
            written = {"$": "dict", "items": sorted(pairs, key=canonical_bytes)}
        steps.pop()
        self._held.pop()
        return written

    def _check_keys(self, value: Mapping[str, Any]) -> None:
        """Check the keys of an object as texts."""
        for key in value:
            self._steps[-1] = key
            self._text(key)

    def _stateful(self, value: Any, _encode: Encode) -> Value:
        """Write an object of a plain class by its attributes; as opaque where these cannot be written, if lenient.

        Where objects hold each other in ever new circles, the outermost one is opaque: each of them could be tried
        along every path that leads to it.
        """
        steps, held, size, warnings = len(self._steps), len(self._held), self._size, len(self.warnings)
        outermost = self._outermost
        self._outermost = min(outermost, held)
        try:
            return self._object(stateful, value, self._encode)
        except UnsupportedValueError:
            self._wasted += self._size - size + _COST_OF_A_FLAW
            if self._wasted > MAX_VALUE_BYTES:
                self._circle = min(self._circle, self._outermost)
            if self._strict or held > self._circle:  # a circle is left where it begins
                raise
            self._circle = MAX_DEPTH
            del self._steps[steps:], self._held[held:], self.warnings[warnings:]
            self._size = size
            return self._opaque(value, self._encode)
        finally:
            self._outermost = outermost

    def _opaque(self, value: Any, _encode: Encode) -> Value:
        name = dotted_name(type(value))
        if self._strict:
            hint = "pass an encoder for its type, or a plain value"
            raise self._error(f"a {name} has no deterministic form", name, hint)
        message = f"a {name} has no deterministic form; only its class is kept"
        self.warnings.append(ValueWarning(_pointer(self._steps), message))
        return {"$": "opaque", "class": name}

    def _error(self, message: str, type_name: str = "", hint: str = "") -> UnsupportedValueError:
        return UnsupportedValueError(message, _pointer(self._steps), type_name, hint)


def _pointer(steps: list[Any]) -> str:
    return "".join("/" + _step(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _step(key: Any) -> str:
    """Return the step to what stands under a key, as a text that is the same in every process."""
    return str(key) if type(key) in (bool, float, int, str) else dotted_name(type(key))
