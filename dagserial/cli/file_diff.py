"""Compare the DAGs of one file before and after a change of it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from dagserial.cli.diff import records_of, selected_diff, side_of
from dagserial.cli.policy import policy
from dagserial.cli.reading import options_of
from dagserial.cli.settings import moved
from dagserial.diff import Matching, applied, with_impacts
from dagserial.diff.gravity import settled_lines
from dagserial.diff.matching import LIKENESS
from dagserial.diff.outputs import RENDERERS, Look, Report, redacted
from dagserial.history import History, Snapshot
from dagserial.model.display import printable
from dagserial.resolve import Selection

if TYPE_CHECKING:
    from dagserial.cli.git_driver import FileChange


class FileDiff(msgspec.Struct, frozen=True):
    """What changed in a file, or why that is not known.

    Attributes:
        text: for people, to its last newline; empty if the file declares no DAG, or cannot be read.
        is_whole: the text says all there is to say.
        reason: why the file cannot be read, in one line.
    """

    text: str = ""
    is_whole: bool = False
    reason: str = ""


def render(change: FileChange, flags: dict[str, Any], *, color: bool, show_values: bool) -> FileDiff:
    """Return what a change of a file does to its DAGs, with the settings of the repository here.

    Args:
        flags: those of `file_flags`.

    Raises:
        DagserialError: there is no repository, or its settings are wrong.
    """
    with History(".") as history:
        options = options_of(history, flags)
        held, matching = policy(history.root), Matching(LIKENESS, True, moved(history.root))
        base, head = history.of_pair(change.old, change.new, options)
    if reason := _reason(base, head):
        return FileDiff(reason=reason)
    if not base.entries and not head.entries:
        return FileDiff()
    found = applied(selected_diff(base, head, Selection(()), matching), held, datetime.now(UTC).date()).diff
    if not found.changes and not found.unknown and not list(settled_lines(found)):
        return FileDiff(f"{change.name}: no semantic change{_mode_change(change)}\n", is_whole=True)
    impacts = with_impacts(found, records_of(base), records_of(head))
    look = Look(color=color, width=shutil.get_terminal_size((100, 24)).columns)
    report = Report(impacts, side_of(base), side_of(head), look)
    body = RENDERERS["text"](report if show_values else redacted(report))
    head_lines = "".join(_painted(line, color) + "\n" for line in _head_lines(change))
    return FileDiff(f"{head_lines}{body!s}", is_whole=len(change.sides) == 2)


def _reason(base: Snapshot, head: Snapshot) -> str:
    """Return in one line why a side cannot be read; an empty string if both can."""
    for side in (base, head):
        for error in side.errors:
            line = f"line {error.line}: " if error.line else ""
            return f"the {side.ref} file cannot be read: {line}{error.error}"
    return ""


def _head_lines(change: FileChange) -> list[str]:
    """Return the lines above a diff: like Git's, but no tool may take what follows for a patch."""
    old, new = change.paths
    lines = [f"diff --dagserial a/{printable(old)} b/{printable(new)}"]
    if change.old is None or change.new is None:
        what = "new" if change.old is None else "deleted"
        return [*lines, f"{what} file mode {change.sides[0].mode}"]
    if change.old.mode != change.new.mode:
        lines += [f"old mode {change.old.mode}", f"new mode {change.new.mode}"]
    return [*lines, *(printable(line) for line in change.renaming if not line.startswith("index "))]


def _mode_change(change: FileChange) -> str:
    modes = [side.mode for side in change.sides]
    return f" (mode {modes[0]} -> {modes[-1]})" if modes[0] != modes[-1] else ""


def _painted(line: str, color: bool) -> str:
    return f"\x1b[1m{line}\x1b[m" if color else line
