"""Write a diff as newline-delimited JSON: one change a line."""

from dagserial.canonical import settled_bytes
from dagserial.diff.document import change_document
from dagserial.diff.outputs.report import Report


def render_ndjson(report: Report) -> bytes:
    """Return each change as it stands in `changes` of the document, as canonical JSON (RFC 8785), in that order."""
    return b"".join(settled_bytes(change_document(change)) + b"\n" for change in report.diff.changes)
