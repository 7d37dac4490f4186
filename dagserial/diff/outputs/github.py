"""Write a diff as workflow commands, which GitHub shows as annotations."""

from collections.abc import Iterator

from dagserial.diff.change import Change
from dagserial.diff.gravity import why
from dagserial.diff.outputs import unread
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.wording import by_gravity, sentence, verdict_of
from dagserial.diff.verdict import Severity

_COMMANDS: dict[Severity, str] = {"breaking": "error", "behavioural": "warning", "cosmetic": "notice"}

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})
"""How the runner escapes what commands hold (actions/toolkit, packages/core/src/command.ts)."""


def render_github(report: Report) -> str:
    """Return a command for each change, gravest first, as GitHub shows ten of each level for a step.

    Breaking changes are errors, behavioural ones warnings, cosmetic ones notices; so are files that could not be read
    warnings. File and line are where the DAG is declared, by the head if it is there; what is unknown is left out.
    """
    lines = [*(_change(change, report) for change in by_gravity(report.diff.changes)), *_unread(report)]
    return "".join(f"{line}\n" for line in lines)


def _change(change: Change, report: Report) -> str:
    verdict, at = verdict_of(change), report.location(change)
    message = f"{sentence(change)} {why(change)}"
    return _command(_COMMANDS[verdict.severity], at, verdict.rule, message)


def _unread(report: Report) -> Iterator[str]:
    for side, one in unread.unread_files(report):
        at = (one.file, one.line) if side == "head" else None
        yield _command("warning", at, unread.RULE, unread.told(side, one))


def _command(name: str, at: tuple[str, int | None] | None, title: str, message: str) -> str:
    file, line = at or (None, None)
    properties = {"file": file, "line": line, "title": title}
    said = ",".join(f"{key}={str(value).translate(_PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name} {said}::{message.translate(_DATA)}"
