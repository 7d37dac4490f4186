"""Say how the DAG files are read that a locator leads to."""

from __future__ import annotations

import os
from typing import Any

from dagserial.cli.reading import options_of
from dagserial.history import History
from dagserial.sources.reading import ReadOptions


def options_for(locator: str, flags: dict[str, Any]) -> ReadOptions:
    """Return how the DAG files of a locator are read; a record that is there already needs no repository."""
    if ":" not in locator or os.path.isfile(locator):
        return ReadOptions()
    with History(flags["repo"]) as history:
        return options_of(history, flags)
