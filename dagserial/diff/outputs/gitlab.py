"""Write a diff as a Code Quality report, which GitLab shows in merge requests."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from dagserial.canonical import canonical_bytes
from dagserial.diff.document import Location
from dagserial.diff.gravity import why
from dagserial.diff.outputs import unread
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.wording import by_gravity, sentence, verdict_of
from dagserial.diff.verdict import Severity

_SEVERITIES: dict[Severity, str] = {"breaking": "critical", "behavioural": "minor", "cosmetic": "info"}

_TOP = Location(".", 1)
"""Where something is whose place is unknown: GitLab takes no issue without a path and a line."""


def render_gitlab(report: Report) -> bytes:
    """Return the report as canonical JSON with a newline: an issue for each change, gravest first, and unread file."""
    return canonical_bytes([*_changes(report), *_unread(report)]) + b"\n"


def _changes(report: Report) -> Iterator[dict[str, Any]]:
    for change in by_gravity(report.diff.changes):
        verdict = verdict_of(change)
        text = f"{sentence(change)} {why(change)}"
        severity = _SEVERITIES[verdict.severity]
        yield _issue(verdict.rule, text, severity, verdict.fingerprint, report.location(change) or _TOP)


def _unread(report: Report) -> Iterator[dict[str, Any]]:
    for side, one in unread.unread_files(report):
        fingerprint = sha256(canonical_bytes([unread.RULE, side, one.file, one.line, one.error])).hexdigest()
        yield _issue(unread.RULE, unread.told(side, one), "major", fingerprint, Location(one.file, one.line or 1))


def _issue(rule: str, text: str, severity: str, fingerprint: str, at: Location) -> dict[str, Any]:
    return {
        "check_name": rule,
        "description": text,
        "fingerprint": fingerprint,
        "location": {"lines": {"begin": at.line}, "path": at.file},
        "severity": severity,
    }
