"""`dagserial cache`: what is remembered of DAG files that were read."""

from __future__ import annotations

import click
import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.cli.output import write_bytes
from dagserial.cli.remembered import cache_folder
from dagserial.history import Memo
from dagserial.model.display import printable

FORMAT = "dagserial.cache/1"
_MIB = 1024 * 1024


@click.group("cache")
def command() -> None:
    """Say what is remembered of DAG files that were read, or forget it.

    It is in `dagserial` in XDG_CACHE_HOME, or in ~/.cache. Commands go without it by --no-cache.

    \b
    dagserial cache info
    dagserial cache info -f json
    dagserial cache clear
    """


@command.command("info")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write.")
def _info(form: str) -> None:
    """Write where the cache is, what it takes on disk and what it holds; and why it is of no use, if so."""
    with Memo(cache_folder()) as memo:
        usage = memo.usage()
    if form == "json":
        write_bytes(canonical_bytes({"format": FORMAT, **msgspec.to_builtins(usage)}) + b"\n")
        return
    click.echo(printable(f"path     {usage.path or 'none'}"))
    click.echo(f"size     {usage.size / _MIB:.1f} MiB")
    click.echo(f"results  {usage.results}")
    click.echo(f"trees    {usage.trees}")
    if usage.trouble:
        click.echo(printable(f"not in use: {usage.trouble}"))


@command.command("clear")
def _clear() -> None:
    """Forget everything. Commands that are running go on, and give what they would have given."""
    with Memo(cache_folder()) as memo:
        memo.clear()
