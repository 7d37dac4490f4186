"""`dagserial show`: one DAG as text, JSON or a graph."""

from __future__ import annotations

from typing import Any

import click

from dagserial.cli.drawing import draw_dot, draw_mermaid, draw_svg, draw_text
from dagserial.cli.locator import found
from dagserial.cli.output import write_bytes
from dagserial.cli.reading import reading_flags
from dagserial.errors import NotFoundError
from dagserial.resolve import held
from dagserial.sources import airflow_blob

_DRAWINGS = {"dot": draw_dot, "mermaid": draw_mermaid, "svg": draw_svg, "text": draw_text}


@click.command("show")
@click.argument("locator", metavar="LOCATOR")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "json", "mermaid", "dot", "svg"]),
    default="text",
    help="How to write.",
)
@click.option(
    "--airflow-hash", is_flag=True, help="Write Airflow's own dag_hash of a serialized DAG, and nothing else."
)
@reading_flags
def command(locator: str, form: str, airflow_hash: bool, **flags: Any) -> None:
    """Show one DAG: REF:dag_id, @worktree:dag_id, a record file, or - for a record on stdin.

    A file may also hold a serialized DAG of Airflow. With -f json, the record's exact bytes: `sha256sum` of them is its
    digest.

    \b
    dagserial show HEAD:etl
    dagserial show v1.2.0:etl -f mermaid
    dagserial show HEAD:etl -f json | sha256sum
    dagserial show HEAD:etl -f svg > etl.svg    a picture that needs nothing else
    dagserial show HEAD:etl -f dot | dot -Tpdf > etl.pdf
    dagserial show blob.json --airflow-hash     what serialized_dag.dag_hash should be
    """
    if airflow_hash:
        click.echo("\n".join(airflow_blob.airflow_hashes(_blob(locator))))
        return
    record = found(locator, flags)
    if form == "json":
        write_bytes(record.body)
    else:
        click.echo(_DRAWINGS[form](record))


def _blob(locator: str) -> bytes:
    """Return the serialized DAG that a locator means.

    Raises:
        NotFoundError: it means a DAG of a repository, of which Airflow has no hash.
    """
    if (body := held(locator)) is None:
        raise NotFoundError(f"{locator!r} is no file: Airflow's hash is that of a serialized DAG of its own")
    return body
