"""`dagserial cat`: the exact bytes of one DAG's record."""

from __future__ import annotations

from typing import Any

import click

from dagserial.cli.locator import found
from dagserial.cli.output import write_bytes
from dagserial.cli.reading import reading_flags


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
    write_bytes(found(locator, flags).body)
