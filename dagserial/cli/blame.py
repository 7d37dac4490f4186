"""`dagserial blame`: for each field of a DAG and its tasks, the commit that last changed it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import click
import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.cli.log import report_ends
from dagserial.cli.log_outputs import commit_document
from dagserial.cli.output import show_values_flag, shows_values, write_bytes
from dagserial.cli.progress import ProgressBar
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.cli.settings import moved
from dagserial.cli.target import Target, target
from dagserial.diff import Change, Diff, Kind, Matching, Side
from dagserial.diff import Target as Object
from dagserial.diff.change import pointer
from dagserial.diff.outputs import Report, redacted
from dagserial.history import Commit
from dagserial.history.blame import BlamedField, blame
from dagserial.model.display import cut, display, printable

FORMAT = "dagserial.blame/1"

_KINDS: dict[str, Kind] = {"dag": "dag", "tasks": "task", "groups": "group"}
_WIDEST_AUTHOR, _WIDEST_FIELD, _NARROWEST = 20, 36, 24
_BEFORE = "-" * 8
"""Stands for the commit of what lies before all that the history has."""


@click.command("blame")
@click.argument("name", metavar="DAG[.TASK[.FIELD]]")
@click.option("--at", "ref", default="HEAD", metavar="REF", help="Where to look from, HEAD.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write.")
@show_values_flag()
@reading_flags
def command(name: str, ref: str, form: str, show_values: bool | None, **flags: Any) -> None:
    """Tell for each field of a DAG and its tasks which commit last changed it.

    Renames are followed: a field of a task that was renamed and kept its value stays with the older commit. Merges
    stand for all that they brought.

    \b
    dagserial blame etl_daily                   the DAG, its tasks, their arguments
    dagserial blame etl_daily.load              one task
    dagserial blame etl_daily.load.retries      one argument
    dagserial blame etl_daily.schedule          a field of the DAG itself
    dagserial blame etl_daily --at v1.2.0       as of a tag
    dagserial blame etl_daily -f json           for scripts: dagserial.blame/1
    """
    with opened(flags) as history, ProgressBar("reading history") as bar:
        options, matching = options_of(history, flags), Matching(moved=moved(history.root))
        wanted = history.commits(ref)
        what = target(name, history.at(wanted[0].id, options))
        dag_id = what.entry.record.dag_id
        events = history.log(dag_id, wanted, options, matching=matching, progress=bar.tell)
        found = blame(
            what.entry.record,
            events,
            lambda event: history.records(event, options),
            is_wanted=what.has,
            matching=matching,
        )
        bar.hide()
        if not all(field.commit for field in found):
            report_ends(history.ends(wanted))
    values = _values(what, found, is_shown=shows_values(show_values, is_text=form == "text"))
    if form == "json":
        write_bytes(_document(ref, wanted[0], what, found, values) + b"\n")
    else:
        for line in _lines(what, found, values):
            write_bytes(f"{line}\n".encode(errors="backslashreplace"))


def _values(what: Target, found: Sequence[BlamedField], *, is_shown: bool) -> list[Any]:
    """Return the values of fields, without those that look like secrets unless they are to be shown."""
    values = [msgspec.json.decode(field.value) for field in found]
    if is_shown:
        return values
    record = what.entry.record
    changes = tuple(
        Change("changed", Object(record.dag_id, _KINDS[field.part], field.id), _path(field), after=value)
        for field, value in zip(found, values, strict=True)
    )
    side = Side("", records={record.dag_id: record})
    return [change.after for change in redacted(Report(Diff(changes), side, side)).diff.changes]


def _path(field: BlamedField) -> str:
    """Return where a field stands in the record."""
    steps = field.field.split(".", 1) if field.field.startswith("args.") else [field.field]
    return pointer(field.part, *([] if field.part == "dag" else [field.id]), *steps)


def _document(ref: str, commit: Commit, what: Target, found: Sequence[BlamedField], values: Sequence[Any]) -> bytes:
    """Return the JSON of a blame, `dagserial.blame/1`, fields in the order of the record."""
    fields = [
        {"part": field.part, "id": field.id, "field": field.field, "value": value}
        | ({"blamed": commit_document(field.commit)} if field.commit else {})
        for field, value in zip(found, values, strict=True)
    ]
    record = what.entry.record
    about = {"ref": ref, "commit": commit.id, "dag_id": record.dag_id, "digest": str(record.digest)}
    return canonical_bytes({"format": FORMAT, **about, "fields": fields})


def _lines(what: Target, found: Sequence[BlamedField], values: Sequence[Any]) -> Iterator[str]:
    """Yield the DAG, its groups and its tasks, each with its fields below: commit, author, date, field, value."""
    authors = [cut(printable(field.commit.author), _WIDEST_AUTHOR) if field.commit else "" for field in found]
    author_width = max(map(len, authors), default=0)
    name_width = min(_WIDEST_FIELD, max((len(printable(field.field)) for field in found), default=0))
    room = shutil.get_terminal_size((120, 24)).columns - author_width - name_width - 28
    rows = zip(found, authors, values, strict=True)
    for (part, id_), some in groupby(rows, key=lambda row: (row[0].part, row[0].id)):
        digest = f"  {what.entry.record.digest.short}" if part == "dag" else ""
        yield f"{_KINDS[part]} {printable(id_)}{digest}"
        for field, author, value in some:
            commit = field.commit
            lead = f"{commit.id[:8]}  {author:<{author_width}}  {commit.authored_at[:10]}" if commit else _BEFORE
            name = printable(field.field).ljust(name_width)
            yield f"  {lead:<{author_width + 22}}  {name}  {cut(display(value), max(room, _NARROWEST))}"
