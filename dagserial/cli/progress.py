"""Show on the terminal how far long work is."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self

import click

_PATIENCE = 1.0
"""Seconds of work before anything is shown."""
_PAUSE = 0.1
_WIDTH = 24
_ERASE = "\r\x1b[K"


class ProgressBar:
    """A line on stderr that says how far work is: only on a terminal, only if it takes long, and gone afterwards.

    A context manager.

    Args:
        label: what is under way.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._wanted = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + _PATIENCE
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.hide()

    def tell(self, part: float, files: int) -> None:
        """Say which part of the work is done, from 0 to 1, and how many DAG files have run for it."""
        now = time.monotonic()
        if self._wanted and now >= self._next:
            self._next, self._is_shown = now + _PAUSE, True
            done = int(part * _WIDTH)
            bar = "#" * done + "-" * (_WIDTH - done)
            click.echo(f"{_ERASE}{self._label} [{bar}] {part:4.0%}, {files} DAG files run", nl=False, err=True)

    def hide(self) -> None:
        """Make room for other output."""
        if self._is_shown:
            self._is_shown = False
            click.echo(_ERASE, nl=False, err=True)
