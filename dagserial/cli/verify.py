"""`dagserial verify`: check record files against their digests."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click

from dagserial.cli.group import DIFFERS, TROUBLE
from dagserial.digest import Digest
from dagserial.errors import DigestMismatchError, RecordError, SettingsError
from dagserial.model.display import printable
from dagserial.record import Record

_SUM = re.compile(r"(?P<escaped>\\?)(?P<hex>[0-9a-f]{64}) [ *](?P<name>.+)")
"""A line of `sha256sum` (GNU coreutils): a leading backslash says that the name is escaped."""
_ESCAPES = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}


@click.command("verify")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--sums", type=click.Path(path_type=Path), metavar="SUMS", help="Check against a file of sha256sum.")
@click.pass_context
def command(ctx: click.Context, /, files: tuple[Path, ...], sums: Path | None) -> None:
    """Check that each FILE is a record: readable, canonical, and of the digest that its name says, if it says one.

    With --sums, also that each has the digest listed there; without a FILE, all that are listed are checked.

    Exit codes: 0 clean, 1 problems found (one line each on stdout), 2 a file could not be checked.

    \b
    dagserial verify records/*.json
    dagserial verify sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.json
    dagserial verify --sums SHA256SUMS
    """
    listed = _listed(sums) if sums is not None else None
    wanted = files or tuple(listed or ())
    if not wanted:
        raise SettingsError("there is nothing to verify; name a FILE, or --sums with a file that lists some")
    digests = None if listed is None else {_place(file): digest for file, digest in listed.items()}
    unread = flawed = 0
    for file in wanted:
        try:
            body = file.read_bytes()
        except OSError as error:
            click.echo(printable(f"{file}: cannot be read: {error.strerror}"), err=True)
            unread += 1
            continue
        problems = [*_problems(file, body), *(() if digests is None else _against_sums(file, body, digests))]
        for problem in problems:
            click.echo(printable(f"{file}: {problem}"))
        flawed += bool(problems)
    click.echo(f"{len(wanted)} files: {flawed} with problems, {unread} not read", err=True)
    ctx.exit(TROUBLE if unread else DIFFERS if flawed else 0)


def _problems(file: Path, body: bytes) -> Iterator[str]:
    """Iterate over what is wrong with one file taken by itself."""
    stem = file.name.removesuffix(".json")
    try:
        expected = Digest(stem if stem.startswith("sha256:") else f"sha256:{stem}")
    except ValueError as error:
        if stem.startswith("sha256:"):
            yield f"its name is {error}"
    else:
        if Digest.of(body) != expected:
            yield str(DigestMismatchError(expected, Digest.of(body)))
    try:
        Record.of(body)
    except RecordError as error:
        yield str(error)


def _against_sums(file: Path, body: bytes, digests: dict[str, Digest]) -> Iterator[str]:
    expected, found = digests.get(_place(file)), Digest.of(body)
    if expected is None:
        yield "it is not listed among the sums"
    elif found != expected:
        yield f"the sums list it with {expected}, but it has {found}"


def _place(file: Path) -> str:
    """Return what a path names, however it is spelled; `sha256sum` takes names from the current folder."""
    return os.path.abspath(file)


def _listed(sums: Path) -> dict[Path, Digest]:
    """Return the files that a file of sha256sum lists, in its order, with their digests."""
    try:
        lines = os.fsdecode(sums.read_bytes()).removesuffix("\n").split("\n")
    except OSError as error:
        raise SettingsError(f"{sums} cannot be read: {error.strerror}") from error
    listed: dict[Path, Digest] = {}
    for number, line in enumerate(lines, 1):
        parts = _SUM.fullmatch(line.removesuffix("\r"))
        if parts is None:
            raise SettingsError(f"{sums}:{number} is no line of sha256sum: 64 hexadecimal digits, two spaces, a name")
        name = parts["name"]
        if parts["escaped"]:
            name = re.sub(r"\\[\\nr]", lambda escape: _ESCAPES[escape[0]], name)
        listed[Path(name)] = Digest("sha256:" + parts["hex"])
    return listed
