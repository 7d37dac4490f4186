"""`dagserial show`: one DAG as text, JSON or a graph."""

from __future__ import annotations

from typing import Any

import click

from dagserial.cli.drawing import draw_dot, draw_mermaid, draw_text
from dagserial.cli.locator import options_for
from dagserial.cli.output import write_bytes
from dagserial.cli.reading import reading_flags
from dagserial.resolve import resolve

_DRAWINGS = {"dot": draw_dot, "mermaid": draw_mermaid, "text": draw_text}


@click.command("show")
@click.argument("locator", metavar="LOCATOR")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "json", "mermaid", "dot"]),
    default="text",
    help="How to write.",
)
@reading_flags
def command(locator: str, form: str, **flags: Any) -> None:
    """Show one DAG: REF:dag_id, @worktree:dag_id, a record file, or - for a record on stdin.

    With -f json, the record's exact bytes: `sha256sum` of them is its digest.

    \b
    dagserial show HEAD:etl
    dagserial show v1.2.0:etl -f mermaid
    dagserial show HEAD:etl -f json | sha256sum
    dagserial show HEAD:etl -f dot | dot -Tsvg > etl.svg
    """
    record = resolve(locator, flags["repo"], options_for(locator, flags))
    if form == "json":
        write_bytes(record.body)
    else:
        click.echo(_DRAWINGS[form](record))
