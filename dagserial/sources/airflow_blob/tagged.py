"""Hold what a blob says in a form that the model's encoder writes."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from dagserial.canonical import canonical_bytes
from dagserial.model import Value
from dagserial.model.value import Encode, EncodeType

_DAG_MODULE = re.compile(r"\bunusual_prefix_[0-9a-f]{40}_")
"""What Airflow puts before the name of a DAG file's module: the SHA-1 of its path."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Tagged:
    """A tagged value whose fields are Python values.

    Attributes:
        tag: the word under `$`.
        fields: the fields beside it.
    """

    __slots__ = ("fields", "tag")

    def __init__(self, tag: str, **fields: Any) -> None:
        self.tag = tag
        self.fields = fields


class SetItems(list[Any]):
    """The items of a set, which may be of any type."""


class Pairs(list[Any]):
    """The items of a dict of which the order counts, or whose keys are not plain: pairs."""


class NamedZone(dt.tzinfo):
    """A time zone of which the name alone is known.

    Attributes:
        key: the name.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def utcoffset(self, moment: dt.datetime | None) -> None:
        """Return None: the offset is not known."""

    def dst(self, moment: dt.datetime | None) -> None:
        """Return None: it is not known, either."""

    def tzname(self, moment: dt.datetime | None) -> str:
        """Return the name."""
        return self.key


def write_tagged(value: Tagged, encode: Encode) -> Value:
    """Write a tagged value."""
    return {"$": value.tag} | {name: encode(field) for name, field in value.fields.items()}


def write_set(value: SetItems, encode: Encode) -> Value:
    """Write a set, sorted as every set of a record."""
    return {"$": "set", "items": sorted(map(encode, value), key=canonical_bytes)}


def write_pairs(value: Pairs, encode: Encode) -> Value:
    """Write pairs in their order."""
    return {"$": "dict", "items": [[encode(key), encode(item)] for key, item in value]}


ENCODERS: dict[type, EncodeType] = {Tagged: write_tagged, SetItems: write_set, Pairs: write_pairs}
"""How the model's encoder writes these."""


def unknown(**known: Any) -> Tagged:
    """Return a value of which no more is known than this."""
    return Tagged("unknown", **known)


def without_machine(text: str) -> str:
    """Return a text without what only the machine put into it: memory addresses and prefixes of modules."""
    return _ADDRESS.sub("", _DAG_MODULE.sub("", text))
