"""`dagserial diff`: what changed between two refs."""

from __future__ import annotations

import shutil
from typing import Any

import click

from dagserial.cli.group import DIFFERS
from dagserial.cli.output import color_flag, report_errors, wants_color, write_bytes
from dagserial.cli.reading import options_of, reading_flags
from dagserial.diff import Diff, Side, UnreadFile, compare_all, diff_document, render_text
from dagserial.history import History, Snapshot
from dagserial.model import Dag
from dagserial.resolve import Range, Selection, parse_range
from dagserial.sources.reading import ReadOptions


class WithSelection(click.Command):
    """A command that takes refs before `--` and DAG names behind it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])


@click.command("diff", cls=WithSelection, options_metavar="[OPTIONS]")
@click.argument("refs", nargs=-1, metavar="[A [B]] [-- DAG[.TASK]…]")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if something differs.")
@click.option("-q", "--quiet", is_flag=True, help="Write nothing; implies --exit-code.")
@color_flag
@reading_flags
@click.pass_context
def command(
    ctx: click.Context, /, refs: tuple[str, ...], form: str, exit_code: bool, quiet: bool, color: str, **flags: Any
) -> None:
    """Compare the DAGs of two refs: task by task, field by field.

    Without operands HEAD with the work tree, with one that ref with the work tree. `@worktree` names the work tree.

    \b
    dagserial diff                          what I am about to commit
    dagserial diff v1.2.0 HEAD              since the release
    dagserial diff main...HEAD -- etl_*     from the merge base, some DAGs only
    dagserial diff A B -- etl_daily.load    one task
    dagserial diff A B -f json              for scripts: dagserial.diff/1
    """
    with History(flags["repo"]) as history:
        options = options_of(history, flags)
        base, head = snapshots(history, parse_range(refs), options)
    diff = selected_diff(base, head, Selection(ctx.obj))
    if not quiet:
        _write(diff, base, head, form, wants_color(color))
    if (exit_code or quiet) and diff.changes:
        ctx.exit(DIFFERS)


def snapshots(history: History, span: Range, options: ReadOptions) -> tuple[Snapshot, Snapshot]:
    """Return the DAGs of both sides."""
    base = history.merge_base(span.base, span.head) if span.from_merge_base else span.base
    return history.at(base, options), history.at(span.head, options)


def selected_diff(base: Snapshot, head: Snapshot, selection: Selection) -> Diff:
    """Compare two sides, as far as both could be read and as far as it was asked for.

    A DAG whose file could not be read on the other side is not compared: it was not removed, it is unknown.
    """
    diff = compare_all(_dags(base, head, selection), _dags(head, base, selection))
    kept = tuple(change for change in diff.changes if selection.has_task(change.object.dag_id, _task(change.object.id)))
    silent = {change.object.dag_id for change in diff.changes} - {change.object.dag_id for change in kept}
    shown = ({dag_id: one for dag_id, one in side.items() if dag_id not in silent} for side in (diff.old, diff.new))
    old, new = shown
    return Diff(kept, old, new, diff.renamed)


def _task(object_id: str) -> str:
    """Return the task that a change is about: of an edge, the one downstream."""
    return object_id.rpartition(" -> ")[2]


def _dags(side: Snapshot, other: Snapshot, selection: Selection) -> dict[str, Dag]:
    unread = {error.file for error in other.errors}
    there = {entry.record.dag_id for entry in other.entries}
    return {
        entry.record.dag_id: entry.record.dag()
        for entry in side.entries
        if selection.has_dag(entry.record.dag_id)
        and (entry.record.dag_id in there or entry.provenance.file not in unread)
    }


def _write(diff: Diff, base: Snapshot, head: Snapshot, form: str, color: bool) -> None:
    if form == "json":
        write_bytes(diff_document(diff, _side(base), _side(head)) + b"\n")
        return
    text = render_text(diff, color=color, width=shutil.get_terminal_size((100, 24)).columns)
    click.echo(text.rstrip("\n"), color=color)
    for side in (base, head):
        report_errors(side.errors, f"not compared: {side.ref}:")


def _side(side: Snapshot) -> Side:
    errors = tuple(UnreadFile(error.file, error.line, error.error) for error in side.errors)
    return Side(ref=side.ref, commit=side.commit, errors=errors)
