"""Write a diff as a JSON document, `dagserial.diff/1`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from dagserial.canonical import settled_bytes
from dagserial.diff.change import Change, Diff, Summary
from dagserial.diff.gravity import the_gravest
from dagserial.diff.impact import Impact
from dagserial.digest import Digest
from dagserial.record import Record

FORMAT = "dagserial.diff/1"


class UnreadFile(msgspec.Struct, frozen=True):
    """A DAG file that could not be read, so that its DAGs are not in the comparison.

    Attributes:
        file: path from the top of the tree, with `/`.
        line: from 1; None if no line is to blame.
        error: exception class and message.
    """

    file: str
    line: int | None
    error: str


class Location(NamedTuple):
    """Where a DAG is declared.

    Attributes:
        file: path from the top of the tree, with `/`.
        line: from 1.
    """

    file: str
    line: int


class Side(msgspec.Struct, frozen=True):
    """One side of a comparison, and where it comes from.

    Attributes:
        ref: as the user wrote it.
        commit: 40 hex; None if it is no commit, as a work tree is none.
        errors: what could not be read there, in any order.
        locations: of its DAGs by dag_id, as far as they are known.
        records: of its DAGs by dag_id, for what draws them.
    """

    ref: str
    commit: str | None = None
    errors: tuple[UnreadFile, ...] = ()
    locations: Mapping[str, Location] = {}
    records: Mapping[str, Record] = {}

    def unread(self) -> list[UnreadFile]:
        """Return what could not be read by file, line and message."""
        return sorted(self.errors, key=lambda unread: (unread.file, unread.line or 0, unread.error))


class _DocumentSide(msgspec.Struct):
    ref: str
    commit: str | None
    dags: dict[str, str]


class _DocumentError(msgspec.Struct):
    side: str
    file: str
    line: int | None
    error: str


class _Document(msgspec.Struct):
    """The wire shape; `schema/diff.v1.json` is its contract."""

    format: str
    base: _DocumentSide
    head: _DocumentSide
    changes: list[dict[str, Any]]
    ignored: list[dict[str, Any]]
    impacts: dict[str, Impact]
    summary: Summary
    truncated: bool
    errors: list[_DocumentError]


def diff_document(diff: Diff, base: Side, head: Side, *, max_changes: int | None = None) -> bytes:
    """Return the document of a diff: canonical JSON (RFC 8785), the same bytes for the same arguments.

    Changes are in the order of `Diff.changes`, each with its verdict; errors by side, base first, then by file, line
    and message.

    Args:
        max_changes: how many changes are written, the gravest ones; the summary counts all of them.
    """
    document = _Document(
        format=FORMAT,
        base=_side(base, diff.old),
        head=_side(head, diff.new),
        changes=[change_document(change) for change in the_gravest(diff.changes, max_changes)],
        ignored=[{"change": change_document(one.change), "ignore": one.ignore} for one in diff.ignored],
        impacts=diff.impacts,
        summary=diff.summary(),
        truncated=max_changes is not None and len(diff.changes) > max_changes,
        errors=[*_errors("base", base), *_errors("head", head)],
    )
    return settled_bytes(document)


def change_document(change: Change) -> dict[str, Any]:
    """Return a change as documents have it: what is held of it stands beside the rest."""
    said: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(change, verdict=UNSET))
    return said if change.verdict is UNSET else said | msgspec.to_builtins(change.verdict)


def _side(side: Side, digests: dict[str, Digest]) -> _DocumentSide:
    return _DocumentSide(side.ref, side.commit, {dag_id: str(digest) for dag_id, digest in digests.items()})


def _errors(name: str, side: Side) -> list[_DocumentError]:
    return [_DocumentError(name, unread.file, unread.line, unread.error) for unread in side.unread()]
