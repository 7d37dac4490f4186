"""`dagserial git-driver`: what changed in a file, for `git diff` to show."""

from __future__ import annotations

import difflib
import importlib
import os
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from dagserial.cli.output import color_flag, show_values_flag, wants_color, write_bytes
from dagserial.cli.reading import file_flags
from dagserial.history.patch import patch
from dagserial.history.side import FileSide
from dagserial.model.display import printable
from dagserial.sources.find import speaks_of_dags

_MODE = re.compile(r"[0-7]{6}|\.")
_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUBMODULE = "160000"


class FileChange(msgspec.Struct, frozen=True):
    """One change of one file, as Git describes it.

    Attributes:
        old: None if the file was added.
        new: None if it was deleted.
        renaming: Git's lines on a rename or copy, and on the blobs.
    """

    old: FileSide | None
    new: FileSide | None
    renaming: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[FileSide, ...]:
        """Return what there is of old and new."""
        return tuple(side for side in (self.old, self.new) if side is not None)

    @property
    def paths(self) -> tuple[str, str]:
        """Return both names; a missing side has the other's."""
        return self.sides[0].path, self.sides[-1].path

    @property
    def name(self) -> str:
        """Return what lines call the file."""
        return " -> ".join(map(printable, dict.fromkeys(self.paths)))


class GitsOwn(click.Command):
    """A command whose last arguments are what Git adds; a path may look like a flag."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        count = next((count for count in (7, 9) if _is_gits(args, count)), 0)
        if count:
            args = [*args[:-count], "--", *args[-count:]]
        return super().parse_args(ctx, args)


def _is_gits(args: Sequence[str], count: int) -> bool:
    """Tell whether the last arguments are a change, by its two modes."""
    return len(args) >= count and all(_MODE.fullmatch(args[at - count]) for at in (3, 6))


@click.command("git-driver", cls=GitsOwn)
@click.argument(
    "change", nargs=-1, metavar="PATH [OLD-FILE OLD-HEX OLD-MODE NEW-FILE NEW-HEX NEW-MODE [NEW-PATH LINES]]"
)
@show_values_flag("only on a terminal")
@color_flag
@file_flags
def command(change: tuple[str, ...], show_values: bool | None, color: str, **flags: Any) -> None:
    """Show what changed in a DAG file; Git calls this for `git diff`.

    Set it up in a repository:

    \b
    git config diff.dagserial.command 'dagserial git-driver'
    echo 'dags/**/*.py diff=dagserial' >> .gitattributes

    Then:

    \b
    git diff                        what I am about to commit
    git show --ext-diff             what the last commit did
    git log -p --ext-diff -- dags   the same for each commit
    git diff --no-ext-diff          line by line, as ever

    A file that declares no DAG, or cannot be read, is shown line by line. The exit code is 0 whatever a file holds.
    """
    if _nobody_reads():
        return
    if len(change) == 1:
        write_bytes(os.fsencode(f"* Unmerged path {change[0]}\n"))  # in Git's own words
        return
    described = file_change(change)
    watched = sys.stdout.isatty() or os.environ.get("GIT_PAGER_IN_USE") == "true"
    colored = _wants_color(color, watched)
    body = _shown(described, flags, color=colored, show_values=watched if show_values is None else show_values)
    try:
        write_bytes(body)
    except BrokenPipeError:  # the pager has gone; Git notices by itself, and would call any other end a failure
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def file_change(arguments: Sequence[str]) -> FileChange:
    """Return the change that Git's arguments describe (git(1), GIT_EXTERNAL_DIFF).

    Raises:
        UsageError: they describe none.
    """
    if len(arguments) not in (7, 9) or not _is_gits(arguments, len(arguments)):
        raise click.UsageError("Git calls this with 1, 7 or 9 arguments; `dagserial git-driver --help` tells how")
    path, old_file, old_hex, old_mode, new_file, new_hex, new_mode, *renamed = arguments
    old = _side(path, old_file, old_hex, old_mode)
    new = _side(renamed[0] if renamed else path, new_file, new_hex, new_mode)
    if old is None and new is None:
        raise click.UsageError(f"{path!r} is on neither side")
    lines = renamed[1].splitlines() if renamed else []
    return FileChange(old, new, tuple(filter(None, lines)))


def _side(path: str, file: str, blob: str, mode: str) -> FileSide | None:
    if file == os.devnull or mode == ".":
        return None
    known = blob if _BLOB.fullmatch(blob) and blob.strip("0") else None
    place = Path(file)
    try:
        content = f"Subproject commit {blob}\n".encode() if mode == _SUBMODULE else place.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{file!r} cannot be read: {error.strerror}") from error
    return FileSide(path, content, mode, known)


def _shown(change: FileChange, flags: dict[str, Any], *, color: bool, show_values: bool) -> bytes:
    """Return what changed in a file: in the words of DAGs if it declares any, else line by line."""
    said = ""
    if _may_declare_dags(change):
        # Imported here and not above: most files of a commit declare no DAG, and comparing costs a second to import.
        semantic = importlib.import_module("dagserial.cli.file_diff")
        try:
            found = semantic.render(change, flags, color=color, show_values=show_values)
        except Exception as error:  # whatever it is: Git stops at a driver that fails, and shows nothing of the rest
            found = semantic.FileDiff(reason=f"{type(error).__name__}: {error}")
        if found.is_whole:
            return _encoded(found.text)
        said = found.text or (found.reason and f"dagserial: {change.name}: {printable(found.reason)}\n")
    try:
        renaming = "\n".join(change.renaming)
        return _encoded(said) + patch(change.old, change.new, renaming=renaming, color=color)
    except Exception as error:  # as above
        return _encoded(f"{said}dagserial: {change.name}: {error}\n") + _own_patch(change)


def _own_patch(change: FileChange) -> bytes:
    """Return a line diff where Git gives none, as for names that only Git can hold."""
    old, new = (side.content.splitlines(keepends=True) if side else [] for side in (change.old, change.new))
    names = [os.fsencode(path) for path in change.paths]
    return b"".join(difflib.diff_bytes(difflib.unified_diff, old, new, names[0], names[1]))


def _encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _may_declare_dags(change: FileChange) -> bool:
    """Tell whether a change is one of DAG files, and of more than their modes."""
    contents = [side.content for side in change.sides]
    is_edit = len(set(contents)) > 1 or len(contents) == 1 or bool(change.renaming)
    are_python = all(side.is_file and side.path.endswith(".py") for side in change.sides)
    return is_edit and are_python and any(map(speaks_of_dags, contents))


def _wants_color(choice: str, watched: bool) -> bool:
    """Tell whether to colour: as asked, else by NO_COLOR and FORCE_COLOR, else as Git's `color.diff` has it."""
    if choice != "auto" or os.environ.get("NO_COLOR") or os.environ.get("FORCE_COLOR"):
        return wants_color(choice)
    command = ["git", "config", "--get-colorbool", "color.diff", str(watched).lower()]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == "true"
    except OSError:
        return watched


def _nobody_reads() -> bool:
    """Tell whether whoever read stdout has left, as a pager does: then each further file is time lost."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLERR)
    return any(event & select.POLLERR for _, event in poll.poll(0))
