"""`dagserial diff`: what changed between two refs."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, get_args

import click

from dagserial.cli.group import DIFFERS, TROUBLE
from dagserial.cli.operands import history_of, root_of, sides_of
from dagserial.cli.output import color_flag, report_errors
from dagserial.cli.outputs import Outputs, output_flags, outputs_of, write_outputs
from dagserial.cli.policy import ignore_table, policy, report_ignores
from dagserial.cli.reading import options_at, reading_flags
from dagserial.cli.selection import WithSelection
from dagserial.cli.settings import moved
from dagserial.diff import (
    Change,
    Diff,
    Level,
    Location,
    Matching,
    Side,
    Target,
    UnreadFile,
    applied,
    compare_all,
    judged,
    reaches,
    with_impacts,
)
from dagserial.diff.matching import LIKENESS
from dagserial.diff.outputs import Look, Report
from dagserial.history import Entry, Snapshot
from dagserial.record import Record
from dagserial.resolve import Selection

_AS_FOUND = Matching()
_LEVELS = get_args(Level)


@click.command("diff", cls=WithSelection, options_metavar="[OPTIONS]")
@click.argument("refs", nargs=-1, metavar="[A [B]] [-- DAG[.TASK]…]")
@output_flags
@click.option(
    "-M",
    "--likeness",
    type=click.IntRange(1, 100),
    default=LIKENESS,
    metavar="N",
    envvar="DAGSERIAL_LIKENESS",
    help=f"Percent from which on a task or DAG was renamed and edited, {LIKENESS}.",
)
@click.option("--no-renames", is_flag=True, envvar="DAGSERIAL_NO_RENAMES", help="Only declared renames are renames.")
@click.option(
    "--max-changes",
    type=click.IntRange(0),
    default=500,
    metavar="N",
    envvar="DAGSERIAL_MAX_CHANGES",
    help="Changes that text and JSON hold, 500; 0: all.",
)
@click.option(
    "--impact/--no-impact",
    "impact",
    default=True,
    envvar="DAGSERIAL_IMPACT",
    help="Say which tasks and DAGs the changes reach; by default, yes.",
)
@click.option(
    "--db",
    metavar="URL",
    envvar="DAGSERIAL_DB",
    help="Say which runs under way the changes meet, by a store, e.g. sqlite:///dags.db; it is only read.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if something differs.")
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    envvar="DAGSERIAL_FAIL_ON",
    help="Exit with 1 if a change is as grave as this or graver.",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Write nothing but files; implies --exit-code, unless --fail-on is given."
)
@color_flag
@reading_flags
@click.pass_context
def command(
    ctx: click.Context,
    /,
    refs: tuple[str, ...],
    likeness: int,
    no_renames: bool,
    max_changes: int,
    impact: bool,
    db: str | None,
    exit_code: bool,
    fail_on: Level | None,
    quiet: bool,
    color: str,
    **flags: Any,
) -> None:
    """Compare the DAGs of two refs: task by task, field by field.

    Without operands HEAD with the work tree, with one that with the work tree, which is `@worktree`. One DAG alone is
    REF:dag_id, a record file, a serialized DAG of Airflow, or - for one of these on stdin.

    \b
    dagserial diff                          what I am about to commit
    dagserial diff v1.2.0 HEAD              since the release
    dagserial diff main...HEAD -- etl_*     from the merge base, some DAGs only
    dagserial diff A B -- etl_daily.load    one task
    dagserial diff blob.json HEAD:etl       what is deployed, and what will be
    dagserial diff A B -f json              for scripts: dagserial.diff/1
    dagserial diff A B -f text -f json=diff.json    both; FORMAT=FILE any number of times
    dagserial diff main...HEAD --fail-on breaking    a gate for CI
    dagserial diff main...HEAD --db sqlite:///dags.db    with what is under way
    """
    outputs = outputs_of(flags, quiet=quiet)
    with history_of(flags, refs) as history:
        root = root_of(history)
        matching = Matching(likeness, not no_renames, moved(root))
        base, head = sides_of(history, refs, options_at(root, flags))
        held, table = policy(root), ignore_table(root)
    found = applied(selected_diff(base, head, Selection(ctx.obj), matching), held, datetime.now(UTC).date())
    if outputs.wanted:
        diff = _reached(found.diff, base, head, db, impact=impact)
        look = Look(max_changes=max_changes or None, ignore_table=table, fails_from=fail_on or "breaking")
        write_outputs(outputs, Report(diff, side_of(base), side_of(head), look), color=color)
    if not quiet:
        _report_unread(base, head, outputs)
        report_ignores(found, is_whole=not ctx.obj)
    if (exit_code or (quiet and fail_on is None)) and found.diff.changes:
        ctx.exit(DIFFERS)
    if fail_on not in (None, "never"):
        ctx.exit(_gate(found.diff, fail_on, base, head))


def _report_unread(base: Snapshot, head: Snapshot, outputs: Outputs) -> None:
    """Name the files that went unread, but where the document on stdout does."""
    for side in (base, head) if "json" not in outputs.forms else ():
        report_errors(side.errors, f"not compared: {side.ref}:")


def _reached(diff: Diff, base: Snapshot, head: Snapshot, db: str | None, *, impact: bool) -> Diff:
    """Return a diff with whom it reaches, and with what it meets that is under way, as far as that is asked for."""
    diff = with_impacts(diff, records_of(base), records_of(head)) if impact else diff
    return _with_flights(diff, base, head, db) if db else diff


def _gate(diff: Diff, fail_on: Level, base: Snapshot, head: Snapshot) -> int:
    """Return the exit code of a gate: closed by a grave change, and not open for what cannot be known.

    A DAG file that could not be read on either side is as it was; one that only the head cannot be read in is not.
    """
    gravest = diff.summary().max_severity
    if gravest is not None and reaches(gravest, fail_on):
        return DIFFERS
    unread = {error.file for error in base.errors}
    broken = [error for error in head.errors if error.file not in unread]
    report_errors(broken, "the gate cannot tell what this does: ")
    return TROUBLE if broken else 0


def selected_diff(base: Snapshot, head: Snapshot, selection: Selection, matching: Matching = _AS_FOUND) -> Diff:
    """Compare two sides, as far as both could be read and as far as it was asked for.

    A DAG whose file could not be read on the other side is not compared: it was not removed, it is unknown. A DAG that
    was renamed is picked by its old id, too; so is a task.
    """
    sides = _compared(base, head, selection), _compared(head, base, selection)
    old, new = ({entry.record.dag_id: entry.record for entry in side} for side in sides)
    old_files, new_files = ({entry.record.dag_id: entry.provenance.file for entry in side} for side in sides)
    diff = compare_all(old, new, matching, files=(old_files, new_files))
    kept = tuple(change for change in diff.changes if any(_is_picked(target, selection) for target in change.targets))
    silent = _dag_ids(diff.changes) - _dag_ids(kept)
    olds, news = ({one: at for one, at in side.items() if one not in silent} for side in (diff.old, diff.new))
    renamed = {one: before for one, before in diff.renamed.items() if one not in silent}
    return judged(Diff(kept, olds, news, renamed, diff.unknown), old, new)


def _dag_ids(changes: Iterable[Change]) -> set[str]:
    """Return the DAGs that changes are about, by their new and their old ids."""
    return {target.dag_id for change in changes for target in change.targets}


def _is_picked(target: Target, selection: Selection) -> bool:
    return selection.has_task(target.dag_id, target.id.rpartition(" -> ")[2])  # of an edge, the task downstream


def _compared(side: Snapshot, other: Snapshot, selection: Selection) -> list[Entry]:
    """Return the DAGs of a side that were read, or are known not to exist, on the other, and that are asked for.

    One that has no counterpart may have one that is asked for.
    """
    unread = {error.file for error in other.errors}
    there = {entry.record.dag_id for entry in other.entries}
    return [
        entry
        for entry in side.entries
        if (
            selection.has_dag(entry.record.dag_id)
            if entry.record.dag_id in there
            else entry.provenance.file not in unread
        )
    ]


def records_of(side: Snapshot) -> dict[str, Record]:
    """Return the records of a side by dag_id."""
    return {entry.record.dag_id: entry.record for entry in side.entries}


def side_of(side: Snapshot) -> Side:
    """Return what a report says of a side."""
    errors = tuple(UnreadFile(error.file, error.line, error.error) for error in side.errors)
    declared = {entry.record.dag_id: entry.provenance for entry in side.entries}
    locations = {dag_id: Location(found.file, found.line) for dag_id, found in declared.items()}
    return Side(side.ref, side.commit, errors, locations, records_of(side))


def _with_flights(diff: Diff, base: Snapshot, head: Snapshot, url: str) -> Diff:
    # Imported when it is asked for: SQLAlchemy takes longer to import than all else that a diff does.
    flights = importlib.import_module("dagserial.cli.flights")
    found: Diff = flights.met(url, diff, records_of(base), records_of(head))
    return found
