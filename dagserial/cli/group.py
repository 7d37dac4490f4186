"""Dispatch to the verbs, and turn what they raise into exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from dagserial.errors import DagserialError

DIFFERS, TROUBLE, INTERRUPTED, LEFT_ALONE = 1, 2, 130, 141
"""Exit codes beside 0; the last two are 128 and the number of the signal."""

_WIDEST = 100
"""Columns that a help text takes at most."""

VERBS = {
    "bisect": "the commit since which something holds of a DAG",
    "blame": "the commit that last changed each field of a DAG",
    "cache": "what is remembered of DAG files, and how to forget it",
    "cat": "the exact bytes of one DAG's record",
    "db": "make, upgrade or check the tables of a database",
    "demo": "see what dagserial does, on a small repository made for it",
    "diff": "what changed between two refs, DAG by DAG",
    "git-driver": "what changed in a file, for `git diff` to show",
    "list": "the DAGs at a ref or in the work tree",
    "log": "at which commits DAGs came, went, or changed",
    "put": "put the records of a ref into a store",
    "rules": "the rules by which changes are judged, and each explained",
    "runs": "which DagRuns ran what",
    "schema": "the JSON Schemas of records and diffs",
    "serialize": "the records of DAG files, to stdout or as files",
    "serve": "a store as an API and as pages, read-only",
    "show": "one DAG as text, JSON or a graph",
    "stamp": "point a DagRun at the record that it runs",
    "watch": "follow a branch into a store",
    "verify": "check record files against their digests",
}
"""Each verb with its line of help; `dagserial.cli.<verb>` holds its command."""


class Verbs(click.Group):
    """A group whose commands are modules, imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"dagserial.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(VERBS.items()))

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, as wide as click would make it."""
        ctx.terminal_width = max(min(_columns(), _WIDEST) - 2, 50)
        return super().get_help(ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; a reader that leaves ends it as SIGPIPE would."""
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except DagserialError as error:
            click.echo(f"dagserial: {error}", err=True)
            ctx.exit(TROUBLE)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(LEFT_ALONE)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and end with the exit code of a Unix program."""
        try:
            sys.exit(super().main(*args, **kwargs | {"standalone_mode": False}))
        except click.ClickException as error:
            error.show()
            sys.exit(TROUBLE)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)


def _columns() -> int:
    """Return how wide the terminal is, as `shutil.get_terminal_size` does, which would be a tenth of the start."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        # Half of what the command line takes to start, and needed here alone.
        metadata = importlib.import_module("importlib.metadata")
        click.echo(f"dagserial {metadata.version('dagserial')}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
def main() -> None:
    """DAGs as deterministic, SHA-256-addressed records.

    Reads Airflow DAG files without Airflow, at any Git ref, and tells what changed.

    \b
    dagserial list                       the DAGs in the work tree
    dagserial diff main...HEAD           what this branch does to them
    dagserial show HEAD:etl -f mermaid   one DAG, drawn

    Exit codes: 0 ok, 1 differences or problems found (where asked for), 2 trouble.
    """
