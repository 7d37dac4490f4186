"""Hold what one DAG file gave, ready to be kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import msgspec

from dagserial.digest import Digest
from dagserial.errors import DagserialError
from dagserial.model import ValueWarning
from dagserial.record import FORMAT, Record
from dagserial.sources.child import FileResult
from dagserial.sources.reading import FileError, Parsed, Provenance, Reads


class Entry(msgspec.Struct, frozen=True):
    """The record of one DAG, with where it was declared and what was noted on reading it."""

    record: Record
    provenance: Provenance
    warnings: tuple[ValueWarning, ...]


class Kept(msgspec.Struct, frozen=True):
    """An entry as it is kept: the body of its record, and what stands beside it but commit and ref."""

    dag_id: str
    body: bytes
    provenance: Provenance
    warnings: tuple[ValueWarning, ...]

    @property
    def digest(self) -> Digest:
        """SHA-256 of the body."""
        return Digest.of(self.body)

    def entry(self, commit: str | None, ref: str) -> Entry:
        """Return the entry as of a commit, or of a work tree."""
        provenance = msgspec.structs.replace(self.provenance, commit=commit, ref=ref)
        return Entry(Record(self.body, self.dag_id, self.digest, FORMAT), provenance, self.warnings)


class Declared(msgspec.Struct, frozen=True, gc=False):
    """A DAG that a file declares: the digest of its record, and where it is."""

    dag_id: str
    digest: str
    file: str
    line: int


class Brief(msgspec.Struct, frozen=True):
    """What one DAG file gave, without the records."""

    declared: tuple[Declared, ...]
    errors: tuple[FileError, ...]


class Result(msgspec.Struct, frozen=True):
    """What was read: DAGs, and why there are no others."""

    kept: tuple[Kept, ...]
    errors: tuple[FileError, ...]

    @classmethod
    def of(cls, parsed: Iterable[Parsed], errors: Iterable[FileError]) -> Self:
        """Return what was read; a DAG that has no record is an error."""
        kept, errors = [], list(errors)
        for one in parsed:
            try:
                kept.append(_kept(one))
            except DagserialError as error:
                place = one.provenance
                errors.append(FileError(place.file, place.line, f"{type(error).__name__}: {error}"))
        return cls(tuple(kept), tuple(errors))

    def brief(self) -> Brief:
        """Return it without the records."""
        declared = (
            Declared(one.dag_id, str(one.digest), one.provenance.file, one.provenance.line) for one in self.kept
        )
        return Brief(tuple(declared), self.errors)


def _kept(parsed: Parsed) -> Kept:
    record = Record.of_dag(parsed.dag)
    return Kept(record.dag_id, record.body, parsed.provenance, parsed.warnings)


class Ran(msgspec.Struct, frozen=True):
    """The run of a DAG file: what it gave, and what that depends on, as of `FileResult`."""

    result: Result
    reads: Reads | None
    repeatable: bool

    @classmethod
    def of(cls, found: FileResult) -> Self:
        """Return what a run in the sandbox came to, with records."""
        return cls(Result.of(found.parsed, [found.error] if found.error else []), found.reads, found.repeatable)
