"""Write to the terminal: data to stdout, diagnostics to stderr, colour where it is wanted."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from dagserial.model.display import printable
from dagserial.sources.reading import FileError

color_flag = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    envvar="DAGSERIAL_COLOR",
    help="Colour: auto means on a terminal, unless NO_COLOR is set.",
)


def show_values_flag(
    otherwise: str = "only as text on a terminal",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the flag that says whether to write what looks like a secret; the command gets True, False or None.

    Args:
        otherwise: where it is written if nobody says.
    """
    return click.option(
        "--show-values/--no-show-values",
        "show_values",
        default=None,
        envvar="DAGSERIAL_SHOW_VALUES",
        help=f"Write what looks like a secret; by default, {otherwise}.",
    )


def shows_values(choice: bool | None, *, is_text: bool) -> bool:
    """Tell whether to write what looks like a secret: as asked, else as text on a terminal."""
    return is_text and sys.stdout.isatty() if choice is None else choice


def wants_color(choice: str) -> bool:
    """Tell whether to colour stdout: as asked, else FORCE_COLOR, NO_COLOR (no-color.org), else on a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def write_bytes(body: bytes) -> None:
    """Write data to stdout as it is."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def write_file(body: bytes, file: Path) -> None:
    """Write a file whole or not at all; a link gives way to the file.

    Raises:
        OSError: it cannot be written.
    """
    part = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as stream:
            stream.write(body)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def report_errors(errors: Iterable[FileError], where: str = "") -> None:
    """Write to stderr which DAG files could not be read, one line each: `file:line: error`."""
    for error in errors:
        line = f":{error.line}" if error.line else ""
        click.echo(printable(f"{where}{error.file}{line}: {error.error}"), err=True)


def columns(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Lay rows out in aligned columns, escaped for a terminal."""
    safe = [tuple(map(printable, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    for row in safe:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
