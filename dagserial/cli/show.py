"""`dagserial show`: one DAG as text, JSON or a graph."""

from __future__ import annotations

from typing import Any

import click

from dagserial.cli.drawing import draw_dot, draw_mermaid, draw_text
from dagserial.cli.output import write_bytes
from dagserial.cli.reading import options_of, reading_flags
from dagserial.history import History
from dagserial.resolve import resolve
from dagserial.sources.reading import ReadOptions

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
    record = resolve(locator, flags["repo"], _options(locator, flags))
    if form == "json":
        write_bytes(record.body)
    else:
        click.echo(_DRAWINGS[form](record))


def _options(locator: str, flags: dict[str, Any]) -> ReadOptions:
    """Return how DAG files are read; a record that is no DAG file needs no repository."""
    if ":" not in locator:
        return ReadOptions()
    with History(flags["repo"]) as history:
        return options_of(history, flags)
