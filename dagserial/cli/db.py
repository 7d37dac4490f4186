"""`dagserial db`: the tables of a database."""

from __future__ import annotations

import click

from dagserial.cli.database import database_flag, opened
from dagserial.store.schema import Standing, check, current, upgrade

_PROBLEMS = 1
"""The exit code for problems found."""


@click.group("db")
def command() -> None:
    """Make the tables of a database, bring them up to date, or check them.

    \b
    dagserial db upgrade --db sqlite:///dags.db
    DAGSERIAL_DB=postgresql://user:password@host/dags dagserial db check
    """


@command.command("upgrade")
@database_flag
def _upgrade(url: str) -> None:
    """Make the tables, or bring them up to date; what they hold stays.

    Several may run at once: they wait for each other.
    """
    with opened(url) as engine:
        before, after = upgrade(engine)
    click.echo(f"{_named(before)} -> {_named(after)}" if before != after else f"{_named(after)} (newest)")


@command.command("current")
@database_flag
def _current(url: str) -> None:
    """Write the revision of the tables, and whether it is the newest."""
    with opened(url) as engine:
        found = current(engine)
    click.echo(f"{_named(found)} ({'newest' if found.is_newest else f'newest: {found.newest}'})")


@command.command("check")
@database_flag
@click.pass_context
def _check(ctx: click.Context, url: str) -> None:
    """Check that tables, keys, indexes and triggers are what this version needs; exit with 1 if not."""
    with opened(url) as engine:
        problems = check(engine)
    for problem in problems:
        click.echo(problem)
    if problems:
        ctx.exit(_PROBLEMS)


def _named(standing: Standing) -> str:
    return standing.revision or "none"
