"""`dagserial watch`: follow a branch into a store."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import click

from dagserial.cli.database import database_flag, writing_session
from dagserial.cli.origin import origin_flags
from dagserial.cli.past import past_of, past_row, put_past
from dagserial.cli.present import put_present
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.history import History
from dagserial.sources.reading import ReadOptions
from dagserial.store import RecordStore


@click.command("watch")
@click.option("--ref", default="main", metavar="REF", help="The branch to follow, main; origin/main with --fetch.")
@database_flag
@click.option(
    "--interval", type=click.FloatRange(min=0.1), default=30.0, metavar="SECONDS", help="Between two looks, 30."
)
@click.option("--once", is_flag=True, help="Look once, and end.")
@click.option("--fetch", is_flag=True, help="Run `git fetch` in the repository before each look.")
@origin_flags
@reading_flags
def command(ref: str, url: str, interval: float, once: bool, fetch: bool, **flags: Any) -> None:
    """Put each change that a branch brings into a store, until it is stopped.

    What the store has decides where it starts: behind the newest commit of the branch that a version is of. A store
    that has none gets the DAGs as they are now.

    \b
    dagserial watch --ref main --db sqlite:///dags.db
    dagserial watch --ref origin/main --fetch --interval 60 --db postgresql://host/dags
    dagserial watch --once --db sqlite:///dags.db            for cron
    """
    with opened(flags) as history:
        seen: str | None = None
        while True:
            if fetch:
                _fetch(flags["repo"])
            commit = history.commit(ref)
            if commit != seen:
                _follow(history, ref, url, options_of(history, flags), flags)
                seen = commit
            if once:
                return
            time.sleep(interval)


def _follow(history: History, ref: str, url: str, options: ReadOptions, flags: dict[str, Any]) -> None:
    """Put what the branch brought since the newest commit that a version is of.

    Of a DAG whose newest version is of no commit of the branch, as after a forced push, the present is put.
    """
    with writing_session(url) as session:
        known = {version.dag_id: version.origin.bundle_version for version in RecordStore(session).newest()}
    reachable = {commit.id for commit in history.commits(ref, full_history=True)}
    lost = {dag_id for dag_id, commit in known.items() if commit not in reachable}
    put = set(known.values())
    last = next((commit.id for commit in history.commits(ref) if commit.id in put), None)
    if last is not None:
        past = past_of(history, f"{last}..{ref}", options, lambda dag_id: dag_id not in lost)
        for version in put_past(url, history, past, options, flags):
            click.echo("  ".join(past_row(version)))
    if last is None or lost:
        side = history.at(ref, options)
        for version, is_new in put_present(url, history, side, lambda dag_id: last is None or dag_id in lost, flags):
            if is_new:
                click.echo("  ".join(past_row(version)))


def _fetch(repo: str) -> None:
    """Run `git fetch`; a network that is away for a while ends nothing."""
    done = subprocess.run(["git", "-C", repo, "fetch", "--quiet"], capture_output=True, text=True, check=False)
    if done.returncode:
        click.echo(f"dagserial: git fetch: {done.stderr.strip()}", err=True)
