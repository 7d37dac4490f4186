"""`dagserial schema`: the JSON Schemas of records and diffs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dagserial.cli.output import columns, write_bytes
from dagserial.errors import NotFoundError
from dagserial.shipped import shipped


@click.command("schema")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the JSON Schemas (2020-12), or write the one called NAME.

    \b
    dagserial schema                          their names, ids and titles
    dagserial schema record.v2 > record.json
    dagserial schema diff.v1 | jq .properties
    """
    schemas = {file.stem: file for file in sorted(shipped("schema").glob("*.json"))}
    if name is None:
        for line in columns([_row(stem, file) for stem, file in schemas.items()]):
            click.echo(line)
    elif name in schemas:
        write_bytes(schemas[name].read_bytes())
    else:
        raise NotFoundError(f"there is no schema {name!r}; there are {', '.join(schemas)}")


def _row(name: str, file: Path) -> tuple[str, ...]:
    schema = json.loads(file.read_bytes())
    return name, schema["$id"], schema["title"]
