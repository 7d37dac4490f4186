"""Write a diff as one HTML file that needs nothing else."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from msgspec import UNSET

from dagserial.diff.cause import Told
from dagserial.diff.change import Change
from dagserial.diff.gravity import counted, graded, gravest, settled_lines, why
from dagserial.diff.impact import Impact
from dagserial.diff.impact_text import told
from dagserial.diff.lines import are_texts, line_diff
from dagserial.diff.outputs import unread
from dagserial.diff.outputs.changes_graph import changes_graph
from dagserial.diff.outputs.markdown_text import html_code
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
)
from dagserial.drawing import STYLE, draw, lay_out
from dagserial.model.display import cut, display, printable

_STYLE = Path(__file__).with_name("page.css")
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may fetch for the page: nothing; the icon is empty, lest a browser ask for one."""

_MOST_TASKS = 300
_MOST_CHANGES = 2000
_WIDEST = 4000


def render_html(report: Report) -> str:
    """Return the page: the DAGs that differ, gravest first, each with a graph of both versions and its changes.

    It has no script and asks for nothing, neither from the network nor from disk. Beyond 2,000 changes it is cut, and
    says so.
    """
    dags = dags_by_gravity(report.diff.changes)
    room, sections = _MOST_CHANGES, []
    for dag_id, changes in dags:
        if room > 0:
            sections.append(_section(report, dag_id, changes, room))
            room -= len(changes)
    left_out = len(dags) - len(sections)
    more = [f"<p>… and {counted(left_out, 'more DAG')}.</p>"] if left_out else []
    title = f"dagserial: {escape(printable(report.base.ref))} → {escape(printable(report.head.ref))}"
    said = graded(report.diff) or "no changes"
    body = [f"<h1>{title}</h1>", f"<p>{said}</p>", *sections, *more, *_notes(report)]
    return "\n".join([*_head(title), *body, "</body>", "</html>"]) + "\n"


def _head(title: str) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
    style = "".join(file.read_text(encoding="utf-8") for file in (_STYLE, STYLE))
    yield f"<title>{title}</title><style>\n{style}</style></head>"
    yield "<body>"


def _section(report: Report, dag_id: str, changes: list[Change], room: int) -> str:
    severity = gravest(changes)
    name = html_code(dag_id)
    if dag_id in report.diff.renamed:
        name = f"{html_code(report.diff.renamed[dag_id])} → {name}"
    is_open = "" if severity == "cosmetic" else " open"
    rows = rows_of(changes)
    lines = [
        f"<details{is_open}><summary>{name}: {counted(len(changes), 'change')}, "
        f'<span class="{severity}">{severity}</span></summary>',
        *_graph(report, dag_id, changes),
        "<table><thead><tr><th></th><th>object</th><th>change</th><th>rule</th></tr></thead><tbody>",
        *map(change_row, rows[:room]),
        "</tbody></table>",
    ]
    if left_out := sum(len(row.all) for row in rows[room:]):
        lines.append(f"<p>… and {counted(left_out, 'more change')}.</p>")
    if impact := told(report.diff.impacts.get(dag_id, Impact())):
        lines.append(f"<p>Reaches {html_code(impact, _WIDEST)}</p>")
    return "\n".join([*lines, "</details>"])


def _graph(report: Report, dag_id: str, changes: list[Change]) -> Iterator[str]:
    part = neighbourhood(report, dag_id, changes, _MOST_TASKS)
    if part.tasks:
        drawn = changes_graph(*report.versions(dag_id), part)
        yield f'<div class="graph">{draw(drawn, lay_out(drawn), f"What changed in {dag_id}")}</div>'
    if part.left_out:
        yield f"<p>The graph leaves out {counted(part.left_out, 'more task')}.</p>"


def change_row(row: Told, anchor: str = "") -> str:
    """Return a row of a table of changes: severity, object, change, rules; all text of DAGs is escaped.

    Args:
        anchor: by which links find it.
    """
    change, severity = row.change, severity_of(row)
    name = "DAG" if change.object.kind == "dag" else f"{change.object.kind} {html_code(change.object.id)}"
    place = place_in(change)
    what = f"{name} {html_code(place)}" if place else name
    cells = [
        f'<span class="{severity}">{severity}</span>',
        what,
        f'{_sides(change)}<div class="soft">{escape(why(change))}</div>{followers_of(row, html_code)}',
        rules_of(row, html_code),
    ]
    named = f' id="{escape(anchor)}"' if anchor else ""
    return f"<tr{named}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _sides(change: Change) -> str:
    before, after = change.before, change.after
    if change.operation != "changed" or before is UNSET or after is UNSET:
        return became(change, html_code)
    if are_texts(before, after):
        return f"<pre>{''.join(_text_lines(before, after))}</pre>"
    old, new = (escape(cut(display(side), _WIDEST)) for side in (before, after))
    return f"<div><del><code>{old}</code></del></div><div><ins><code>{new}</code></ins></div>"


def _text_lines(before: str, after: str) -> Iterator[str]:
    fates = {"+": "added", "-": "removed"}
    for line in line_diff(before, after):
        text = escape(cut(printable(line), _WIDEST))
        yield f'<span class="{fates.get(line[0], "same")}">{text}</span>'


def _notes(report: Report) -> Iterator[str]:
    for name, one in unread.unread_files(report):
        yield f"<p>Not compared: {html_code(unread.told(name, one))}</p>"
    for line in settled_lines(report.diff):
        yield f"<p>{escape(line)}</p>"
