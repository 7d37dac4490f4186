"""`dagserial cat`: the exact bytes of one DAG's record."""

from __future__ import annotations

import os
from typing import Any

import click

from dagserial.cli.output import write_bytes
from dagserial.cli.reading import options_of, reading_flags
from dagserial.history import History
from dagserial.resolve import resolve
from dagserial.sources.reading import ReadOptions


@click.command("cat")
@click.argument("locator", metavar="LOCATOR")
@reading_flags
def command(locator: str, **flags: Any) -> None:
    """Write a record's exact bytes: REF:dag_id, @worktree:dag_id, a record file, or - for a record on stdin.

    The bytes are checked first; their SHA-256 is the digest.

    \b
    dagserial cat HEAD:etl > etl.json
    dagserial cat HEAD:etl | sha256sum
    dagserial cat v1.2.0:etl | jq .tasks
    dagserial cat etl.json > /dev/null      is this file a record?
    """
    write_bytes(resolve(locator, flags["repo"], _options(locator, flags)).body)


def _options(locator: str, flags: dict[str, Any]) -> ReadOptions:
    """Return how DAG files are read; a record that is there already needs no repository."""
    if ":" not in locator or os.path.isfile(locator):
        return ReadOptions()
    with History(flags["repo"]) as history:
        return options_of(history, flags)
