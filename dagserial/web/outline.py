"""Say of a record in short what a list shows of its DAG."""

from __future__ import annotations

from typing import Any

import msgspec

from dagserial.diff.outputs.redaction import redacted_value
from dagserial.errors import RecordError
from dagserial.model import Value
from dagserial.record import Record

_LONGEST = 300
"""Characters of a text in a list."""


class Outline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A DAG in short.

    Attributes:
        tags: sorted.
        schedule: as the record says it; absent where none was declared.
        is_unreadable: the record is altered, or of a format that this version does not read.
    """

    tasks: int = 0
    groups: int = 0
    tags: list[str] = []
    description: str | None = None
    schedule: Value | msgspec.UnsetType = msgspec.UNSET
    is_unreadable: bool = False


UNREADABLE = Outline(is_unreadable=True)


class _Body(msgspec.Struct):
    dag: dict[str, Any] = {}
    tasks: dict[str, msgspec.Raw] = {}
    groups: dict[str, msgspec.Raw] = {}


_DECODER = msgspec.json.Decoder(_Body)


def outline_of(record: Record) -> Outline:
    """Return a record in short; a damaged one says so."""
    try:
        body = _DECODER.decode(record.body)
    except (msgspec.MsgspecError, RecordError):
        return UNREADABLE
    description, schedule = body.dag.get("description"), body.dag.get("schedule", msgspec.UNSET)
    return Outline(
        tasks=len(body.tasks),
        groups=len(body.groups),
        tags=_tags(body.dag.get("tags")),
        description=str(redacted_value(description))[:_LONGEST] if isinstance(description, str) else None,
        schedule=schedule if schedule is msgspec.UNSET else redacted_value(schedule),
    )


def _tags(value: Any) -> list[str]:
    """Return the texts among tags, which a record holds as a list or as a set."""
    items = value.get("items", []) if isinstance(value, dict) else value
    return sorted({tag for tag in items if isinstance(tag, str)}) if isinstance(items, list) else []
