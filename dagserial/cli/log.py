"""`dagserial log`: at which commits DAGs came, went, or changed what they mean."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import islice
from typing import Any

import click

from dagserial.cli.deeds import Deeds
from dagserial.cli.following import Followed
from dagserial.cli.log_outputs import LOG_RENDERERS, LogLook
from dagserial.cli.output import color_flag, show_values_flag, shows_values, wants_color, write_bytes
from dagserial.cli.policy import policy
from dagserial.cli.progress import ProgressBar
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.cli.selection import WithSelection
from dagserial.cli.settings import moved
from dagserial.diff import Matching
from dagserial.history import Commit


@click.command("log", cls=WithSelection, options_metavar="[OPTIONS]")
@click.argument("range_", default="HEAD", metavar="[RANGE] [-- DAG[.TASK]…]")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(list(LOG_RENDERERS)),
    default="text",
    help="How to write.",
)
@click.option("--oneline", "form", flag_value="oneline", help="A line for each DAG that a commit changed: -f oneline.")
@click.option("-p", "--patch", "detail", flag_value="text", help="What differs, as `dagserial diff` tells it.")
@click.option("--stat", "detail", flag_value="stat", help="How much differs.")
@click.option("-n", "--max-count", type=click.IntRange(0), metavar="N", help="The newest N commits that did something.")
@click.option("--since", metavar="DATE", help="No older commits; a date as git takes it.")
@click.option("--until", metavar="DATE", help="No newer commits.")
@click.option("--full-history", is_flag=True, help="Follow all parents of merges, not the first one only.")
@show_values_flag()
@color_flag
@reading_flags
@click.pass_context
def command(
    ctx: click.Context,
    /,
    range_: str,
    form: str,
    detail: str | None,
    max_count: int | None,
    since: str | None,
    until: str | None,
    full_history: bool,
    show_values: bool | None,
    color: str,
    **flags: Any,
) -> None:
    """Tell at which commits DAGs came, went, or changed what they mean, the newest first.

    RANGE is as in Git: REF, A..B, A...B; HEAD if there is none. DAGs that were renamed are followed to their older ids.
    Merges are told by what they brought, as the first parent had it.

    \b
    dagserial log                           every change of every DAG
    dagserial log --oneline -n 5            the last five commits that changed any
    dagserial log v1.0..v1.2 -p             with what differs
    dagserial log -- etl_daily              one DAG, also under its older ids
    dagserial log -p -- etl_daily.load      one task
    dagserial log --since 2024-01-01 -f json    for scripts: dagserial.log/1
    """
    with opened(flags) as history, ProgressBar("reading history") as bar:
        options, followed = options_of(history, flags), Followed(ctx.obj)
        matching = Matching(moved=moved(history.root))
        wanted = history.commits(range_, full_history=full_history, since=since, until=until)
        events = history.log(
            None,
            wanted,
            options,
            full_history=full_history,
            is_wanted=followed.has_dag,
            matching=matching,
            progress=bar.tell,
        )
        deeds = Deeds(history, options, followed, (matching, policy(history.root)), compares=detail is not None)
        look = look_of(form, detail, color, show_values)
        found = deeds.along(events)
        for piece in LOG_RENDERERS[form](islice(found, max_count), look):
            bar.hide()
            write_bytes(piece)
        bar.hide()
        if max_count is None:
            report_ends(history.ends(wanted))


def report_ends(ends: Sequence[Commit]) -> None:
    """Write to stderr where the history of a shallow clone ends."""
    for commit in ends:
        click.echo(
            f"the history ends at {commit.id[:8]}, as this is a shallow clone: `git fetch --unshallow` brings the "
            "rest, `git fetch --deepen=100` some of it",
            err=True,
        )


def look_of(form: str, detail: str | None, color: str, show_values: bool | None) -> LogLook:
    """Return how a log looks; what looks like a secret is written as text on a terminal alone, unless asked for."""
    is_shown = shows_values(show_values, is_text=form in ("text", "oneline"))
    return LogLook(detail, wants_color(color), shutil.get_terminal_size((100, 24)).columns, is_shown)
