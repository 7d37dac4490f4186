"""Read the bytes of a record strictly: what all formats refuse alike."""

import json
from typing import Any, Protocol, TypeVar

import msgspec

from dagserial.canonical import canonical_bytes, holds_long_number, settled_bytes
from dagserial.errors import CanonicalError, RecordError, UnknownFormatError


class Document(Protocol):
    """What every document has: the number of its format."""

    @property
    def format(self) -> int:
        """The number."""


D = TypeVar("D", bound=Document)


class Part(msgspec.Struct, frozen=True):
    """What every part of a record that can be read alone has: the number of its format."""

    format: int


P = TypeVar("P", bound=Part)


class _RepeatedKeyError(Exception):
    """An object holds a key twice; its argument is the key."""


_HEAD = msgspec.json.Decoder(Part)


def format_of(body: bytes) -> int:
    """Return the format that a body names, known or not.

    Raises:
        RecordError: the bytes are no JSON object with a format.
    """
    try:
        return _HEAD.decode(body).format
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"not a record: {_flaw(body, error)}") from error


def read_document(body: bytes, decoder: msgspec.json.Decoder[D], number: int) -> D:
    """Return what the body of a format says, checked to be the canonical bytes of it.

    Args:
        decoder: reads floats by `read_float`.

    Raises:
        UnknownFormatError: the body is of another format.
        RecordError: the bytes are no JSON, have another shape, or are not canonical.
    """
    try:
        document = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _check_format(body, number)
        flaw = _element_flaw(body, decoder.type) or _flaw(body, error)
        raise RecordError(f"not a record of format {number}: {flaw}") from error
    if document.format != number:
        raise UnknownFormatError(document.format, (number,))
    _check_canonical(body, document)
    return document


def read_part(body: bytes, decoder: msgspec.json.Decoder[P], number: int) -> P:
    """Return what the body of a format says in the part that the decoder reads; what the decoder skips is not checked.

    Raises:
        UnknownFormatError: the body is of another format.
        RecordError: the bytes are no JSON, or the part has another shape.
    """
    try:
        part = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _check_format(body, number)
        raise RecordError(f"not a record of format {number}: {_flaw(body, error)}") from error
    if part.format != number:
        raise UnknownFormatError(part.format, (number,))
    return part


def _check_format(body: bytes, number: int) -> None:
    found = format_of(body)
    if found != number:
        raise UnknownFormatError(found, (number,))


def _check_canonical(body: bytes, document: Document) -> None:
    try:
        again = settled_bytes(document)
        if again == body and holds_long_number(body):
            again = canonical_bytes(msgspec.json.decode(body))
    except CanonicalError as error:
        raise RecordError(f"the record is not canonical: {error}") from error
    except RecursionError as error:
        raise RecordError("not a record: it is nested too deeply") from error
    if again == body:
        return
    if (key := _repeated_key(body)) is not None:
        raise RecordError(f"the record is not canonical: an object in it holds the key {key!r} twice")
    if body.startswith(again):
        raise RecordError(f"the record is not canonical: something follows its end, at byte {len(again)}")
    at = next((at for at, (old, new) in enumerate(zip(body, again, strict=False)) if old != new), len(body))
    raise RecordError(
        f"the record is not canonical: it differs from its own RFC 8785 form, defaults omitted, at byte {at}"
    )


def _flaw(body: bytes, error: Exception) -> str:
    """Return why a body cannot be read, in words that help more than the parser's where there are any."""
    if not body:
        return "the body is empty"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    try:
        body.decode()
    except UnicodeDecodeError as flaw:
        return f"it is not UTF-8 at byte {flaw.start}"
    return str(error)


def _element_flaw(body: bytes, document: Any) -> str | None:
    """Return which task or group has another shape, and how; the parser does not say under which key it stands."""
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    for field in msgspec.structs.fields(document):
        elements = read.get(field.name)
        if field.name not in ("groups", "tasks") or not isinstance(elements, dict):
            continue
        for key, element in elements.items():
            try:
                msgspec.convert({key: element}, field.type)
            except msgspec.ValidationError as error:
                return f"{field.name[:-1]} {key!r}: {str(error).removesuffix(' - at `$[...]`').replace('$[...]', '$')}"
    return None


def _repeated_key(body: bytes) -> str | None:
    """Return a key that an object holds twice; JSON parsers keep the last one and say nothing."""
    try:
        json.loads(body, object_pairs_hook=_unrepeated)
    except _RepeatedKeyError as error:
        return str(error.args[0])
    except (ValueError, RecursionError):
        return None
    return None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise _RepeatedKeyError(key)
        fields[key] = value
    return fields
