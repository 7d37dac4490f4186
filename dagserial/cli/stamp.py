"""`dagserial stamp`: the foreign key of a DagRun."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from dagserial.cli.database import database_flag, writing_session
from dagserial.cli.group import TROUBLE
from dagserial.cli.origin import origin_flags, origin_of
from dagserial.cli.output import color_flag, wants_color
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.diff import render_text
from dagserial.errors import SettingsError, StampError
from dagserial.model import Value
from dagserial.record import Record
from dagserial.store import Origin, RecordStore, Run, stamp


@click.command("stamp")
@click.argument("dag_id", metavar="DAG_ID")
@click.argument("run_id", metavar="RUN_ID")
@database_flag
@click.option("--at", "ref", metavar="REF", help="The run runs the DAG as it is at REF, which is put if need be.")
@click.option("--digest", metavar="DIGEST", help="The run runs this record of the store; its start is enough.")
@click.option("--pinned", is_flag=True, help="The run keeps the commit of --at until it ends.")
@click.option("--state", metavar="STATE", help="State of the run: queued, running, success, failed.")
@click.option("--logical-date", metavar="TIME", help="ISO 8601 with a time zone.")
@click.option("--conf", metavar="JSON", help="What the run was triggered with: a JSON object.")
@origin_flags
@color_flag
@reading_flags
@click.pass_context
def command(ctx: click.Context, /, dag_id: str, run_id: str, url: str, color: str, **flags: Any) -> None:
    """Say which record a DagRun runs, once and for all.

    The same stamp again changes nothing. Another one is refused, and the difference shown.

    \b
    dagserial stamp etl scheduled__2026-01-01 --at v1.2.0 --db sqlite:///dags.db
    dagserial stamp etl manual__7 --digest sha256:6f1c0a2b --state running --conf '{"day": 1}' --db sqlite:///dags.db
    """
    if (flags["ref"] is None) == (flags["digest"] is None):
        raise click.UsageError("which record does the run run? Give --at REF or --digest DIGEST, one of them")
    if flags["pinned"] and flags["ref"] is None:
        raise click.UsageError("--pinned keeps the commit of --at REF; give that")
    found = _read(dag_id, flags) if flags["ref"] else None
    try:
        with writing_session(url) as session:
            run = _stamp(session, dag_id, run_id, found, flags)
    except StampError as error:
        click.echo(f"dagserial: {error}", err=True)
        click.echo(render_text(error.diff, color=wants_color(color)), err=True)
        ctx.exit(TROUBLE)
    click.echo(f"{run.dag_id}  {run.run_id}  {run.digest}")


def _read(dag_id: str, flags: dict[str, Any]) -> tuple[Record, Origin]:
    with opened(flags) as history:
        side = history.at(flags["ref"], options_of(history, flags))
        entry = side.get(dag_id)
        return entry.record, origin_of(history, side, entry, flags)


def _stamp(
    session: Session, dag_id: str, run_id: str, found: tuple[Record, Origin] | None, flags: dict[str, Any]
) -> Run:
    store, now = RecordStore(session), datetime.now(UTC)
    if found:
        record, origin = found
        if not store.has(record):
            store.put(record, created_at=now, origin=origin)
    else:
        record, origin = store.get(store.find(flags["digest"])), Origin()
    return stamp(
        session,
        dag_id,
        run_id,
        record,
        created_at=now,
        state=flags["state"],
        logical_date=_moment(flags["logical_date"]),
        conf=_conf(flags["conf"]),
        bundle_name=flags["bundle"],
        bundle_version=origin.bundle_version if flags["pinned"] else None,
        image=flags["image"],
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"--logical-date takes ISO 8601, such as 2026-01-01T00:00:00Z, not {text!r}") from error


def _conf(text: str | None) -> dict[str, Value] | None:
    if text is None:
        return None
    try:
        conf = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"--conf takes a JSON object: {error}") from error
    if not isinstance(conf, dict):
        raise SettingsError(f"--conf takes a JSON object, not {text!r}")
    return conf
