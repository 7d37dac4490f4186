"""Say which DAG files could not be read, so that nothing is known of their DAGs."""

from collections.abc import Iterator

from dagserial.diff.document import UnreadFile
from dagserial.diff.outputs.report import Report
from dagserial.model.display import printable

RULE = "not-compared"
"""What stands in place of a rule for a file that could not be read."""


def unread_files(report: Report) -> Iterator[tuple[str, UnreadFile]]:
    """Yield `base` or `head` and the file, base first; within a side by file, line and message."""
    for name, side in (("base", report.base), ("head", report.head)):
        for unread in side.unread():
            yield name, unread


def told(name: str, unread: UnreadFile) -> str:
    """Return in one line, escaped, that a file could not be read."""
    return printable(f"{unread.file} was not compared: at the {name} it cannot be read: {unread.error}")
