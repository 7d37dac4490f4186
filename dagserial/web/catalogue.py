"""Answer with what never depends on the store: rules and schemas."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from dagserial.canonical import settled_bytes
from dagserial.diff.rules import RULES
from dagserial.shipped import shipped
from dagserial.web.asked import Asked
from dagserial.web.problems import RequestError
from dagserial.web.resource import Written

RULES_FORMAT = "dagserial.rules/1"


class RuleList(msgspec.Struct, frozen=True):
    """The rules by which changes are judged, as `dagserial rules -f json` writes them."""

    format: str
    rules: list[dict[str, Any]]


class SchemaRow(msgspec.Struct, frozen=True):
    """A JSON Schema."""

    name: str
    version: str
    id: str
    title: str
    url: str


class SchemaList(msgspec.Struct, frozen=True):
    """The JSON Schemas of records and diffs, by name."""

    schemas: list[SchemaRow]


def rules(_asked: Asked) -> Written:
    """Return all rules."""
    return Written(settled_bytes({"format": RULES_FORMAT, "rules": list(RULES.values())}))


def schemas(asked: Asked) -> SchemaList:
    """Return which schemas there are."""
    rows = []
    for stem, body in _bodies().items():
        name, _, version = stem.rpartition(".")
        said = json.loads(body)
        rows.append(
            SchemaRow(name, version, said["$id"], said["title"], asked.url("schema", name=name, version=version))
        )
    return SchemaList(rows)


def schema(asked: Asked) -> Written:
    """Return one schema.

    Raises:
        RequestError: there is none of this name and version.
    """
    body = _bodies().get(f"{asked.place['name']}.{asked.place['version']}")
    if body is None:
        raise RequestError("schema_unknown", "there is no such schema")
    return Written(body, "application/schema+json")


def _bodies() -> dict[str, bytes]:
    """Return all schemas by `name.version`: what is asked for never becomes a path."""
    return {file.stem: file.read_bytes() for file in sorted(shipped("schema").glob("*.json"))}
