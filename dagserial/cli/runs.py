"""`dagserial runs`: which DagRuns ran what."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import click
import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.cli.database import database_flag, reading_session
from dagserial.cli.output import columns, write_bytes
from dagserial.digest import Digest
from dagserial.model.display import printable
from dagserial.store import RecordStore, Run, other_records, runs_of

FORMAT = "dagserial.runs/1"


class _Told(msgspec.Struct, frozen=True):
    """A run, and the instances that ran another record, by its digest."""

    run: Run
    others: dict[Digest, list[tuple[str, int]]]


@click.command("runs")
@click.argument("dag_id", metavar="[DAG_ID]", required=False)
@database_flag
@click.option("--digest", metavar="DIGEST", help="Those that ran this record, in part at least; its start is enough.")
@click.option("--commit", metavar="COMMIT", help="Those whose record came from this commit; 7 digits are enough.")
@click.option("--image", metavar="IMAGE", help="Those that ran in this image, repo@sha256:<64 hex>.")
@click.option("-n", "limit", type=click.IntRange(1), default=100, metavar="N", help="At most so many runs, 100.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write.")
def command(
    dag_id: str | None, url: str, digest: str | None, commit: str | None, image: str | None, limit: int, form: str
) -> None:
    """List the stamped DagRuns of a DAG, or of all, with the record that each ran.

    A run whose task instances ran several records is mixed; below it stands which instances ran another one.

    \b
    dagserial runs etl --db sqlite:///dags.db
    dagserial runs --digest sha256:6f1c0a2b --db sqlite:///dags.db      which runs ran this?
    dagserial runs --commit 690dde80 --db sqlite:///dags.db             which ran what this commit made?
    dagserial runs --image repo@sha256:… -f json --db sqlite:///dags.db
    """
    with reading_session(url) as session:
        known = RecordStore(session).find(digest) if digest else None
        runs = runs_of(session, known, dag_id=dag_id, commit=commit, image=image, limit=limit + 1)
        found = [_Told(run, other_records(session, run.dag_id, run.run_id)) for run in runs[:limit]]
    if form == "json":
        write_bytes(_document(found, is_cut=len(runs) > limit) + b"\n")
        return
    for line in columns([_row(told.run, is_mixed=bool(told.others)) for told in found]):
        click.echo(line)
    for told in found:
        for line in _other_lines(told):
            click.echo(line)
    if len(runs) > limit:
        click.echo(f"more than {limit} runs; -n says how many to list", err=True)


def _row(run: Run, *, is_mixed: bool) -> tuple[str, ...]:
    commit = (run.bundle_version or "")[:12]
    return run.dag_id, run.run_id, run.digest.short, run.state or "", commit, "mixed" if is_mixed else ""


def _other_lines(told: _Told) -> Iterator[str]:
    """Yield which instances of a mixed run ran another record."""
    for digest, instances in told.others.items():
        tasks = groupby(instances, key=lambda instance: instance[0])
        names = ", ".join(printable(task_id) + _ranges([index for _, index in one]) for task_id, one in tasks)
        yield f"{printable(told.run.dag_id)} {printable(told.run.run_id)}: {digest.short} ran in {names}"


def _ranges(indexes: list[int]) -> str:
    """Return map indexes as ranges: `[0-2, 5]`; nothing for a task that is not mapped."""
    if indexes == [-1]:
        return ""
    runs = [[at for _, at in one] for _, one in groupby(enumerate(indexes), key=lambda pair: pair[1] - pair[0])]
    return f"[{', '.join(str(run[0]) if len(run) == 1 else f'{run[0]}-{run[-1]}' for run in runs)}]"


def _document(found: list[_Told], *, is_cut: bool) -> bytes:
    """Return the JSON of runs, `dagserial.runs/1`."""
    runs: list[dict[str, Any]] = [
        msgspec.to_builtins(told.run, enc_hook=str)
        | {
            "others": {
                str(digest): [{"task_id": task_id, "map_index": index} for task_id, index in instances]
                for digest, instances in told.others.items()
            }
        }
        for told in found
    ]
    return canonical_bytes({"format": FORMAT, "runs": runs, "truncated": is_cut})
