"""`dagserial put`: the records of a ref, into a store."""

from __future__ import annotations

from typing import Any

import click

from dagserial.cli.database import database_flag
from dagserial.cli.group import DIFFERS
from dagserial.cli.origin import origin_flags
from dagserial.cli.output import columns, report_errors
from dagserial.cli.past import past_of, past_row, put_past
from dagserial.cli.present import put_present
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.cli.selection import WithSelection
from dagserial.resolve import Selection
from dagserial.store import Version


@click.command("put", cls=WithSelection, options_metavar="[OPTIONS]")
@click.argument("ref", default=None, required=False, metavar="[REF] [-- DAG…]")
@click.option(
    "--history", "range_", metavar="RANGE", help="Put what each commit of RANGE made of DAGs; goes on where it ended."
)
@database_flag
@origin_flags
@click.option("--exit-code", is_flag=True, help="Exit with 1 if a DAG file could not be read.")
@reading_flags
@click.pass_context
def command(
    ctx: click.Context, /, ref: str | None, range_: str | None, url: str, exit_code: bool, **flags: Any
) -> None:
    """Put the records of REF, or of HEAD, into a store.

    A DAG that means what its newest version means keeps it; any other gets a new version. All are put, or none. Names
    behind `--` pick DAGs. With --history, what was broken off goes on where it ended.

    \b
    dagserial put --db sqlite:///dags.db                        HEAD
    dagserial put v1.2.0 --db sqlite:///dags.db -- etl_*        a tag, some DAGs
    dagserial put @worktree --db sqlite:///dags.db --note test  what lies there
    dagserial put --history main --db sqlite:///dags.db         all versions since the first commit
    """
    selection = Selection(ctx.obj)
    if range_ is not None:
        if ref is not None:
            raise click.UsageError(f"--history {range_} says what is put; leave {ref!r} out")
        _put_history(url, range_, selection, flags)
        return
    with opened(flags) as history:
        side = history.at(ref or "HEAD", options_of(history, flags))
        versions = put_present(url, history, side, selection.has_dag, flags)
    for line in columns([_row(version, is_new=is_new) for version, is_new in versions]):
        click.echo(line)
    report_errors(side.errors, "not put: ")
    if exit_code and side.errors:
        ctx.exit(DIFFERS)


def _row(version: Version, *, is_new: bool) -> tuple[str, ...]:
    return version.dag_id, version.digest.short, f"version {version.number}", "new" if is_new else "as it was"


def _put_history(url: str, range_: str, selection: Selection, flags: dict[str, Any]) -> None:
    count = 0
    with opened(flags) as history:
        options = options_of(history, flags)
        past = past_of(history, range_, options, selection.has_dag)
        for version in put_past(url, history, past, options, flags):
            click.echo("  ".join(past_row(version)))
            count += 1
    click.echo(f"{count} new versions from {len(past.commits)} commits", err=True)
