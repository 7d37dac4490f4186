"""Write a diff as a comment on a pull request."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from dagserial.diff.cause import Told
from dagserial.diff.change import Change
from dagserial.diff.document import Side
from dagserial.diff.gravity import counted, gravest, met, settled_lines
from dagserial.diff.impact import Impact
from dagserial.diff.impact_text import told
from dagserial.diff.outputs import unread
from dagserial.diff.outputs.markdown_text import code, html_code
from dagserial.diff.outputs.mermaid import draw_changes
from dagserial.diff.outputs.neighbourhood import neighbourhood
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.wording import (
    became,
    dags_by_gravity,
    followers_of,
    place_in,
    rows_of,
    rules_of,
    severity_of,
    verdict_of,
)

MARKER = "<!-- dagserial diff -->"
"""The first line, by which a comment is found again to be written anew."""

MOST_LETTERS = 65_000
"""What a comment may take: GitHub takes 65,536 characters."""

_MOST_TASKS = 40
_ROWS = (60, 20, 5)
"""How many rows a table takes, as long as there is room."""
_MOST_LINES = 10
_LAST_LINE = 120
"""Room for the line that says what is left out."""


class _Dag(NamedTuple):
    """The changes of one DAG, gravest first."""

    dag_id: str
    changes: list[Change]


def render_markdown(report: Report) -> str:
    """Return the comment, in GitHub's Markdown: the DAGs that differ, gravest first, each to be folded.

    Under each DAG stand a table of its changes, gravest first, a Mermaid graph of what changed, and whom that reaches.
    A comment has at most `MOST_LETTERS` characters: graphs go first, then rows, then DAGs; a line says what was left
    out.
    """
    dags = [_Dag(dag_id, changes) for dag_id, changes in dags_by_gravity(report.diff.changes)]
    head = f"{MARKER}\n{_title(report, len(dags))}\n\n{_side(report.base)} → {_side(report.head)}\n"
    tail = "".join(f"\n{line}\n" for line in _notes(report))
    room = MOST_LETTERS - len(head) - len(tail) - _LAST_LINE
    sections: list[str] = []
    for dag in dags:
        section = next((text for text in _sections(report, dag) if len(text) <= room), None)
        if section is None:
            break
        sections.append(section)
        room -= len(section)
    left_out = dags[len(sections) :]
    more = f"\n… and {counted(len(left_out), 'more DAG')}{_graded(left_out)}.\n" if left_out else ""
    return head + "".join(sections) + more + tail


def _title(report: Report, dags: int) -> str:
    if not report.diff.changes:
        return "### dagserial: no changes"
    counts = report.diff.summary().by_severity
    severities = f"{counts.breaking} breaking, {counts.behavioural} behavioural, {counts.cosmetic} cosmetic"
    return f"### dagserial: {severities} in {counted(dags, 'DAG')}"


def _side(side: Side) -> str:
    return code(side.ref) + (f" ({side.commit[:8]})" if side.commit else "")


def _graded(dags: list[_Dag]) -> str:
    """Return what is to be known of DAGs that are left out."""
    breaking = sum(gravest(dag.changes) == "breaking" for dag in dags)
    return f", {breaking} of them breaking" if breaking else ""


def _sections(report: Report, dag: _Dag) -> Iterator[str]:
    """Yield the section of a DAG, from the longest to the shortest."""
    impact = told(report.diff.impacts.get(dag.dag_id, Impact()))
    reached = f"\nReaches {code(impact, 600)}\n" if impact else ""
    graph = _graph(report, dag)
    yield _section(report, dag, _ROWS[0], graph + reached)
    for rows in _ROWS:
        yield _section(report, dag, rows, reached)


def _section(report: Report, dag: _Dag, rows: int, rest: str) -> str:
    severity = gravest(dag.changes)
    name = html_code(dag.dag_id)
    if dag.dag_id in report.diff.renamed:
        name = f"{html_code(report.diff.renamed[dag.dag_id])} → {name}"
    is_open = " open" if severity == "breaking" else ""
    count = counted(len(dag.changes), "change")
    summary = f"<details{is_open}><summary>{name}: {count}, <b>{severity}</b></summary>"
    found = rows_of(dag.changes)
    table = "\n".join(["| | object | change | rule |", "|---|---|---|---|", *map(_row, found[:rows])])
    left_out = sum(len(row.all) for row in found[rows:])
    more = f"\n… and {counted(left_out, 'more change')}.\n" if left_out > 0 else ""
    return f"\n{summary}\n\n{table}\n{more}{rest}\n</details>\n"


def _row(row: Told) -> str:
    change, verdict = row.change, verdict_of(row.change)
    place = place_in(change)
    name = "DAG" if change.object.kind == "dag" else f"{change.object.kind} {code(change.object.id, 90)}"
    what = f"{name} {code(place, 90)}" if place else name
    said = [verdict.reason] if verdict.severity == "breaking" else []
    said += [*map(code, filter(None, [met(change)])), *filter(None, [followers_of(row, code)])]
    below = "".join(f"<br>{one}" for one in said)
    by = " (by the settings)" if verdict.default_severity is not UNSET else ""
    return f"| {severity_of(row)}{by} | {what} | {became(change, code)}{below} | {rules_of(row, code)} |"


def _graph(report: Report, dag: _Dag) -> str:
    part = neighbourhood(report, dag.dag_id, dag.changes, _MOST_TASKS)
    if not part.tasks:
        return ""
    more = f"\nThe graph leaves out {counted(part.left_out, 'more task')}.\n" if part.left_out else ""
    return f"\n```mermaid\n{draw_changes(part)}\n```\n{more}"


def _notes(report: Report) -> Iterator[str]:
    """Yield what else is to be known: DAG files that could not be read, and what the settings made of changes."""
    lines = [f"Not compared: {code(unread.told(name, one))}" for name, one in unread.unread_files(report)]
    lines += [code(line) for line in settled_lines(report.diff)]
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"… and {counted(len(lines) - _MOST_LINES, 'more note')}."
