"""Find the record that a locator on the command line means."""

from __future__ import annotations

from typing import Any

from dagserial.cli.reading import options_of
from dagserial.cli.remembered import opened
from dagserial.record import Record
from dagserial.resolve import held, record_of, resolve, taken_apart


def found(locator: str, flags: dict[str, Any]) -> Record:
    """Return the record that a locator means, as `resolve` does; one that is there already needs no repository.

    Args:
        flags: those of `reading_flags`.

    Raises:
        NotFoundError, RecordError, BlobError: as for `resolve`.
    """
    if (body := held(locator)) is not None:
        return record_of(body)
    taken_apart(locator)  # before a repository is looked for
    with opened(flags) as history:
        return resolve(locator, history, options_of(history, flags))
