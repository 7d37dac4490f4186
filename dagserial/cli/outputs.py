"""Take the outputs that are wanted, and write each: one to stdout, any number to files."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from dagserial.cli.output import show_values_flag, shows_values, wants_color, write_bytes, write_file
from dagserial.diff.outputs import RENDERERS, Report, redacted
from dagserial.errors import SettingsError

_STDOUT = "-"
_NAMES = ("name-only", "name-status")
"""Formats that `-z` is for."""


class Output(NamedTuple):
    """One output.

    Attributes:
        form: name of the format.
        file: where it goes; None for stdout.
    """

    form: str
    file: Path | None = None


def _output(text: str) -> Output:
    """Return the output that `FORMAT` or `FORMAT=FILE` asks for."""
    form, equals, file = text.partition("=")
    if form not in RENDERERS:
        raise click.BadParameter(f"{form!r} is no format; known are {', '.join(RENDERERS)}")
    if equals and not file:
        raise click.BadParameter(f"{text!r} names no file; {form} alone goes to stdout")
    return Output(form, Path(file) if file and file != _STDOUT else None)


def _outputs(_ctx: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[Output, ...]:
    return tuple(map(_output, texts))


class Outputs(NamedTuple):
    """All outputs of one call.

    Attributes:
        wanted: at most one to stdout, no two to the same file.
        nul: names end in NUL.
        show_values: write values that look like secrets; None means as text on a terminal alone.
    """

    wanted: tuple[Output, ...]
    nul: bool = False
    show_values: bool | None = None

    @property
    def forms(self) -> frozenset[str]:
        """The formats that are wanted."""
        return frozenset(output.form for output in self.wanted)


_FLAGS = (
    click.option(
        "-f",
        "--format",
        "formats",
        callback=_outputs,
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"How to write, to stdout or to a file: {', '.join(RENDERERS)}; repeatable.",
    ),
    click.option("--stat", "short", flag_value="stat", help="How much of each DAG differs: -f stat."),
    click.option("--name-only", "short", flag_value="name-only", help="Which DAGs differ: -f name-only."),
    click.option(
        "--name-status", "short", flag_value="name-status", help="Which DAGs differ, and how: -f name-status."
    ),
    click.option("-z", "nul", is_flag=True, help="Names end in NUL, for programs."),
    show_values_flag(),
)


def output_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say what is written where; the command gets them as keyword arguments for `outputs_of`."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def outputs_of(flags: dict[str, Any], *, quiet: bool) -> Outputs:
    """Return the outputs that flags ask for; text on stdout if they ask for none.

    Args:
        quiet: leave out what would go to stdout.

    Raises:
        UsageError: two outputs would go to the same place, or `-z` is given without names.
    """
    short = flags["short"]
    wanted: Sequence[Output] = [*flags["formats"], *([Output(short)] if short else [])] or [Output("text")]
    if flags["nul"] and not any(output.form in _NAMES for output in wanted):
        raise click.UsageError("-z is for --name-only and --name-status")
    for file, count in Counter(output.file for output in wanted).items():
        if count > 1:
            forms = " and ".join(output.form for output in wanted if output.file == file)
            hint = "give all but one a file: -f FORMAT=FILE" if file is None else "give each a file of its own"
            raise click.UsageError(f"{forms} would all go to {file or 'stdout'}; {hint}")
    return Outputs(tuple(output for output in wanted if output.file or not quiet), flags["nul"], flags["show_values"])


def write_outputs(outputs: Outputs, report: Report, *, color: str) -> None:
    """Write a report in all formats that are wanted; if one cannot be rendered, none is written.

    Args:
        color: `auto`, `always` or `never`; files are never coloured.

    Raises:
        SettingsError: a file cannot be written.
    """
    look = msgspec.structs.replace(report.look, nul=outputs.nul)
    shown = msgspec.structs.replace(report, look=look)
    are_shown = [shows_values(outputs.show_values, is_text=output == Output("text")) for output in outputs.wanted]
    safe = shown if all(are_shown) else redacted(shown)
    bodies = [
        _body(output, shown if is_shown else safe, color)
        for output, is_shown in zip(outputs.wanted, are_shown, strict=True)
    ]
    for output, body in zip(outputs.wanted, bodies, strict=True):
        if output.file is None:
            write_bytes(body)
            continue
        try:
            _write(body, output.file)
        except OSError as error:
            raise SettingsError(f"{output.file} cannot be written: {error.strerror}") from error


def _write(body: bytes, file: Path) -> None:
    """Write a file whole or not at all, through links; a pipe or a device is written to and stays what it is."""
    if file.exists() and not file.is_file():
        file.write_bytes(body)
    else:
        write_file(body, file.resolve())


def _body(output: Output, report: Report, color: str) -> bytes:
    look = report.look
    if output.file is None:
        columns = shutil.get_terminal_size((look.width, 24)).columns
        look = msgspec.structs.replace(look, color=wants_color(color), width=columns)
    found = RENDERERS[output.form](msgspec.structs.replace(report, look=look))
    return found.encode() if isinstance(found, str) else found
