"""Hold the records of a tree."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

import msgspec

from dagserial.errors import NotFoundError
from dagserial.history.result import Entry, Kept
from dagserial.sources.files import by_file
from dagserial.sources.reading import FileError


class Snapshot(msgspec.Struct, frozen=True):
    """The records of a tree.

    Attributes:
        ref: as it was asked for.
        commit: what the ref named then; None for the work tree.
        entries: by dag_id.
        errors: files that gave no DAG though they should have, and `.py` files that could not be laid out, by file.
    """

    ref: str
    commit: str | None
    entries: tuple[Entry, ...]
    errors: tuple[FileError, ...]

    @classmethod
    def of(cls, ref: str, commit: str | None, kept: Iterable[Kept], errors: Iterable[FileError]) -> Self:
        """Return the snapshot of what is kept, one DAG for each dag_id."""
        entries = sorted((one.entry(commit, ref) for one in kept), key=lambda entry: entry.record.dag_id)
        return cls(ref, commit, tuple(entries), tuple(sorted(errors, key=by_file)))

    def get(self, dag_id: str) -> Entry:
        """Return the entry of one DAG.

        Raises:
            NotFoundError: there is none; the message names DAGs whose ids are alike, and how many files went unread.
        """
        by_id = {entry.record.dag_id: entry for entry in self.entries}
        if dag_id in by_id:
            return by_id[dag_id]
        close = " or ".join(map(repr, get_close_matches(dag_id, by_id, n=3)))
        unread = f"; unread files: {len(self.errors)}, such as {self.errors[0].file!r}" if self.errors else ""
        alike = f"; did you mean {close}?" if close else ""
        raise NotFoundError(f"DAG {dag_id!r} does not exist at {self.ref!r}{unread}{alike}")
