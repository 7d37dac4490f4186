"""`dagserial demo`: the main job in one command, on a small repository made for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from dagserial.cli.diff import records_of, selected_diff
from dagserial.cli.list import row
from dagserial.cli.output import color_flag, columns, wants_color
from dagserial.diff import render_text, with_impacts
from dagserial.errors import SettingsError
from dagserial.history import History, Snapshot
from dagserial.resolve import Selection
from dagserial.shipped import shipped
from dagserial.sources.reading import ReadOptions
from dagserial.store import Origin, RecordStore, create, open_engine, runs_of, stamp

_COMMITS = (("first", "v1.0", "Load sales and report them"), ("second", "v1.1", "Check rows before publishing"))
"""Folder, tag and message of each commit."""

_GIT = {
    "GIT_AUTHOR_NAME": "demo",
    "GIT_AUTHOR_EMAIL": "demo@example.invalid",
    "GIT_COMMITTER_NAME": "demo",
    "GIT_COMMITTER_EMAIL": "demo@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the folder, and say where it is.")
@color_flag
def command(keep: bool, color: str) -> None:
    """See what dagserial does: a repository of two commits, its records, two stamped runs, a diff.

    Everything happens in a temporary folder, which is removed at the end.

    \b
    dagserial demo
    dagserial demo --keep
    """
    with _folder(keep) as folder:
        repo = _make_repository(folder / "repo")
        with History(repo) as history:
            sides = [history.at(tag, ReadOptions()) for _, tag, _ in _COMMITS]
        for side in sides:
            _list(side)
        _stamp_runs(folder / "records.sqlite", sides)
        _say("diff v1.0 v1.1", "what the second commit does")
        found = selected_diff(sides[0], sides[1], Selection(()))
        diff = with_impacts(found, *map(records_of, sides))
        click.echo(render_text(diff, color=wants_color(color), width=shutil.get_terminal_size((100, 24)).columns))
        click.echo("Next, in a repository of your own:  dagserial list    dagserial diff main...HEAD")
        if keep:
            click.echo(f"Kept in {folder}")


@contextlib.contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dagserial-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _make_repository(repo: Path) -> Path:
    """Commit the two states of the demo's DAG files, with fixed dates, so that the commits are the same everywhere."""
    _git(repo.parent, "init", "--quiet", "--initial-branch=main", repo.name)
    for number, (name, tag, message) in enumerate(_COMMITS, start=1):
        # Without their times: Git takes a file of equal size and time for unchanged.
        shutil.copytree(shipped("demo") / name, repo, dirs_exist_ok=True, copy_function=shutil.copyfile)
        _git(repo, "add", "--all")
        date = f"2026-01-0{number}T08:00:00Z"
        _git(repo, "commit", "--quiet", f"--message={message}", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        _git(repo, "tag", tag)
    return repo


def _git(folder: Path, *arguments: str, **env: str) -> None:
    try:
        subprocess.run(
            ["git", *arguments], cwd=folder, env={**os.environ, **_GIT, **env}, check=True, capture_output=True
        )
    except FileNotFoundError:
        raise SettingsError("git is not installed: the demo makes a small repository with it") from None
    except subprocess.CalledProcessError as error:
        raise SettingsError(f"git {arguments[0]} failed: {error.stderr.decode(errors='replace').strip()}") from None


def _say(command_line: str, about: str) -> None:
    click.echo(f"\n$ dagserial {command_line}    # {about}")


def _list(side: Snapshot) -> None:
    _say(f"list {side.ref}", f"commit {(side.commit or '')[:8]}")
    for line in columns([row(entry) for entry in side.entries]):
        click.echo(line)


def _stamp_runs(database: Path, sides: list[Snapshot]) -> None:
    """Put the records of both commits into a store, and stamp one run of `sales_daily` with each."""
    engine = open_engine(f"sqlite:///{database}")
    create(engine)
    with Session(engine) as session:
        store = RecordStore(session)
        for day, side in enumerate(sides, start=1):
            now = datetime(2026, 1, day, 9, tzinfo=UTC)
            for entry in side.entries:
                origin = Origin(bundle_version=side.commit, file=entry.provenance.file, line=entry.provenance.line)
                store.put(entry.record, created_at=now, origin=origin)
            record = side.get("sales_daily").record
            stamp(
                session, "sales_daily", f"scheduled__2026-01-0{day}", record, created_at=now, bundle_version=side.commit
            )
        session.commit()
        click.echo("\nTwo runs of sales_daily in an SQLite store, each stamped with the record that it ran:")
        stamped = [run for side in sides for run in runs_of(session, side.get("sales_daily").record.digest)]
        rows = [(run.run_id, run.digest, (run.bundle_version or "")[:8]) for run in stamped]
        for line in columns(rows):
            click.echo(line)
    engine.dispose()
