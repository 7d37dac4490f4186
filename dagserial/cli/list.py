"""`dagserial list`: the DAGs at a ref or in the work tree."""

from __future__ import annotations

from typing import Any

import click

from dagserial.canonical import canonical_bytes
from dagserial.cli.group import DIFFERS
from dagserial.cli.output import columns, report_errors, write_bytes
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.history import WORKTREE, Entry, Snapshot

FORMAT = "dagserial.list/1"


@click.command("list")
@click.argument("ref", default=WORKTREE)
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if a DAG file could not be read.")
@reading_flags
@click.pass_context
def command(ctx: click.Context, /, ref: str, form: str, exit_code: bool, **flags: Any) -> None:
    """List the DAGs at REF, or in the work tree: id, digest, tasks, file.

    Neither Airflow nor any requirement of the DAG files needs to be installed.

    \b
    dagserial list                      the work tree
    dagserial list v1.2.0               a tag, a branch, a commit
    dagserial list -f json | jq .       for scripts: dagserial.list/1
    dagserial list --dags jobs/dags     another DAG folder
    """
    with opened(flags) as history:
        snapshot = history.at(ref, options_of(history, flags))
    if form == "json":
        write_bytes(list_document(snapshot) + b"\n")
    else:
        for line in columns([row(entry) for entry in snapshot.entries]):
            click.echo(line)
        report_errors(snapshot.errors)
        click.echo(_summary(snapshot), err=True)
    if exit_code and snapshot.errors:
        ctx.exit(DIFFERS)


def list_document(snapshot: Snapshot) -> bytes:
    """Return the JSON of a list, `dagserial.list/1`: DAGs by dag_id, errors by file; the same bytes on every run."""
    dags = [
        {
            "dag_id": entry.record.dag_id,
            "digest": str(entry.record.digest),
            "file": entry.provenance.file,
            "line": entry.provenance.line,
            "tasks": len(entry.record.dag().tasks),
            "warnings": [{"path": warning.path, "message": warning.message} for warning in entry.warnings],
        }
        for entry in snapshot.entries
    ]
    errors = [{"file": error.file, "line": error.line, "error": error.error} for error in snapshot.errors]
    document = {"format": FORMAT, "ref": snapshot.ref, "commit": snapshot.commit, "dags": dags, "errors": errors}
    return canonical_bytes(document)


def row(entry: Entry) -> tuple[str, ...]:
    """Return the columns of one DAG: dag_id, digest, tasks, file and line, warnings."""
    tasks = len(entry.record.dag().tasks)
    warnings = f"{len(entry.warnings)} warning{'s' if len(entry.warnings) != 1 else ''}" if entry.warnings else ""
    place = f"{entry.provenance.file}:{entry.provenance.line}"
    return entry.record.dag_id, entry.record.digest.short, f"{tasks} task{'s' if tasks != 1 else ''}", place, warnings


def _summary(snapshot: Snapshot) -> str:
    files = len({entry.provenance.file for entry in snapshot.entries})
    failed = len({error.file for error in snapshot.errors})
    return f"{len(snapshot.entries)} DAGs in {files} files" + (f"; {failed} files could not be read" if failed else "")
