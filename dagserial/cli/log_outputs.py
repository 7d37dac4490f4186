"""Write what commits did, commit by commit: as text, one line each, JSON, or a table in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from dagserial.canonical import canonical_bytes
from dagserial.cli.deeds import Deed
from dagserial.diff.document import change_document
from dagserial.diff.outputs import RENDERERS, Report, redacted
from dagserial.diff.outputs.markdown_text import code
from dagserial.diff.text import SIGNS
from dagserial.history import Commit, Event
from dagserial.model.display import printable

FORMAT = "dagserial.log/1"

_STYLES = {"+": "32", "-": "31", "~": "33", ">": "36", "!": "35"}
_COMMIT_STYLE = "33"
_SIGNS: dict[str, str] = dict(SIGNS.items()) | {"unreadable": "!", "readable": "!"}
_WORDS = {"unreadable": "cannot be read", "readable": "can be read again"}


class LogLook(NamedTuple):
    """How a log looks.

    Attributes:
        detail: what is written of each commit's differences: `text`, `stat`, or nothing.
        color: text holds ANSI colours.
        width: columns of text.
        show_values: write values that look like secrets.
    """

    detail: str | None = None
    color: bool = False
    width: int = 100
    show_values: bool = False


Deeds = Iterable[Deed]
LogRenderer = Callable[[Deeds, LogLook], Iterator[bytes]]
"""Writes a log piece by piece, each as soon as it is known."""


def _text(deeds: Deeds, look: LogLook) -> Iterator[bytes]:
    """Yield each commit as `git log` shows it, and below what it did."""
    for number, deed in enumerate(deeds):
        commit = deed.commit
        head = [
            _painted(f"commit {commit.id}", _COMMIT_STYLE, look),
            f"Author: {printable(commit.author)}",
            f"Date:   {printable(commit.authored_at)}",
            "",
            f"    {printable(commit.subject)}",
            "",
        ]
        lines = "\n".join([*([""] if number else []), *head, *_deed_lines(deed, look)])
        yield f"{lines}\n".encode(errors="backslashreplace")


def _deed_lines(deed: Deed, look: LogLook) -> Iterator[str]:
    report = _detailed(deed, look)
    told = {"unreadable", "readable"} if report else set(_SIGNS)
    if report and report.diff.changes:
        yield str(RENDERERS[look.detail or "text"](report)).removesuffix("\n")
    for event in deed.events:
        if event.operation in told:
            sign = _SIGNS[event.operation]
            line = "  ".join(filter(None, [f"  {sign} {_names(event)}", *_facts(event)]))
            yield _painted(line, _STYLES[sign], look)


def _detailed(deed: Deed, look: LogLook) -> Report | None:
    """Return the report that is to be written, if one is, without what may not be shown."""
    if deed.report is None or look.detail is None:
        return None
    drawn = msgspec.structs.replace(deed.report.look, color=look.color, width=look.width)
    report = msgspec.structs.replace(deed.report, look=drawn)
    return report if look.show_values else redacted(report)


def _facts(event: Event) -> list[str]:
    place = f"{event.file}: {event.error}" if event.error else event.file
    return [_WORDS.get(event.operation, ""), _digests(event), printable(place)]


def _oneline(deeds: Deeds, look: LogLook) -> Iterator[bytes]:
    """Yield a line for each event: commit, date, operation, DAG, digests, subject."""
    for deed in deeds:
        commit, report = deed.commit, _detailed(deed, look)
        for event in deed.events:
            lead = _painted(commit.id[:8], _COMMIT_STYLE, look)
            what = _painted(f"{event.operation:<10} {_names(event)}", _STYLES[_SIGNS[event.operation]], look)
            line = "  ".join([f"{lead} {commit.authored_at[:10]} {what}", _digests(event), printable(commit.subject)])
            yield f"{line}\n".encode(errors="backslashreplace")
        if report and report.diff.changes:
            yield str(RENDERERS[look.detail or "text"](report)).encode(errors="backslashreplace")


def _names(event: Event) -> str:
    ids = [one for one in (event.previous_id, event.dag_id) if one is not None]
    return " -> ".join(map(printable, ids))


def _digests(event: Event) -> str:
    return " -> ".join(digest.short for digest in (event.old, event.new) if digest)


def _painted(text: str, style: str, look: LogLook) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if look.color else text


def _ndjson(deeds: Deeds, look: LogLook) -> Iterator[bytes]:
    """Yield each event as it stands in `events` of the document, a line each."""
    for event in _events(deeds, look):
        yield canonical_bytes(event) + b"\n"


def _json(deeds: Deeds, look: LogLook) -> Iterator[bytes]:
    """Yield the document, `dagserial.log/1`, as canonical JSON (RFC 8785)."""
    yield canonical_bytes({"format": FORMAT, "events": list(_events(deeds, look))}) + b"\n"


def _events(deeds: Deeds, look: LogLook) -> Iterator[dict[str, Any]]:
    for deed in deeds:
        report = _detailed(deed, look)
        for event in deed.events:
            said = commit_document(deed.commit) | _event(event)
            if report and event.operation not in _WORDS:
                changes = [one for one in report.diff.changes if one.object.dag_id == event.dag_id]
                said["changes"] = [change_document(change) for change in changes]
            yield said


def commit_document(commit: Commit) -> dict[str, Any]:
    """Return what documents say of a commit."""
    return {
        "commit": commit.id,
        "author": commit.author,
        "authored_at": commit.authored_at,
        "committed_at": commit.committed_at,
        "subject": commit.subject,
    }


def _event(event: Event) -> dict[str, Any]:
    """Return what a document says of an event; what there is not has no key."""
    sides = {"old": event.old, "new": event.new, "previous_id": event.previous_id, "error": event.error}
    there = {name: str(value) for name, value in sides.items() if value is not None}
    return {"operation": event.operation, "dag_id": event.dag_id, "file": event.file, "line": event.line} | there


def _markdown(deeds: Deeds, look: LogLook) -> Iterator[bytes]:
    """Yield a table, a row for each event; with differences, these below as text."""
    yield b"| commit | date | DAG | | record | subject |\n|---|---|---|---|---|---|\n"
    below = []
    for deed in deeds:
        for event in deed.events:
            yield f"| {' | '.join(_cells(deed.commit, event))} |\n".encode(errors="backslashreplace")
        report = _detailed(deed, look)
        if report and report.diff.changes:
            below.append((deed.commit, str(RENDERERS[look.detail or "text"](report))))
    for commit, text in below:
        indented = "".join(f"    {line}\n" for line in text.splitlines())
        yield f"\n{code(commit.id[:8])} {code(commit.subject)}\n\n{indented}".encode(errors="backslashreplace")


def _cells(commit: Commit, event: Event) -> list[str]:
    names = " &rarr; ".join(code(one) for one in (event.previous_id, event.dag_id) if one is not None)
    digests = " &rarr; ".join(code(one.short) for one in (event.old, event.new) if one)
    return [code(commit.id[:8]), commit.authored_at[:10], names, event.operation, digests, code(commit.subject)]


LOG_RENDERERS: dict[str, LogRenderer] = {
    "text": _text,
    "oneline": _oneline,
    "json": _json,
    "ndjson": _ndjson,
    "markdown": _markdown,
}
"""Every format of a log by its name; text for people first."""
