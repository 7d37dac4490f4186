"""Make what the page of a diff shows: one graph of both versions, and the changes beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dagserial.diff.cause import Told
from dagserial.diff.change import Change
from dagserial.diff.gravity import counted, graded
from dagserial.diff.impact import Impact
from dagserial.diff.impact_text import told
from dagserial.diff.outputs import Report
from dagserial.diff.outputs.changes_graph import changes_graph
from dagserial.diff.outputs.html import change_row
from dagserial.diff.outputs.neighbourhood import neighbourhood, whole
from dagserial.diff.outputs.wording import dags_by_gravity, rows_of
from dagserial.digest import Digest
from dagserial.web.asked import Asked
from dagserial.web.diffs import report_of
from dagserial.web.pictures import MOST_NODES, Picture, picture_of
from dagserial.web.records import record_at
from dagserial.web.resource import Written

MOST_ROWS = 500
"""Changes that a page lists."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """What changed in a DAG.

    Attributes:
        fates: how many tasks were added, removed and so on, in words.
        left_out: how many tasks and changes are not shown, in words; empty if none.
    """

    dag_id: str
    picture: Picture | None
    fates: str
    rows: list[Markup]
    left_out: str
    impact: str


def diff_page(asked: Asked, _answer: Written) -> Mapping[str, Any]:
    """Return the two sides, and what changed in each DAG of them."""
    old_text, new_text = asked.place["range"].split("..", 1)
    old, new = (record_at(asked, Digest(text)) for text in (old_text, new_text))
    report = report_of(old, new)
    sections = [_section(asked, report, dag_id, changes) for dag_id, changes in dags_by_gravity(report.diff.changes)]
    turned = asked.page_url("diff", range=f"{new.digest}..{old.digest}")
    return {
        "old": old,
        "new": new,
        "sections": sections,
        "summary": graded(report.diff),
        "turned": turned,
    }


def _section(asked: Asked, report: Report, dag_id: str, changes: Sequence[Change]) -> Section:
    rows = rows_of(changes)
    anchors = {row.change.object.id: f"c{at}" for at, row in reversed(list(enumerate(rows[:MOST_ROWS])))}
    part = whole(report, dag_id, changes)
    left_out = ""
    if len(part.tasks) > MOST_NODES:
        part = neighbourhood(report, dag_id, changes, MOST_NODES)
        left_out = "The graph shows what changed and what stands beside it."
    graph = changes_graph(
        *report.versions(dag_id), part, lambda task_id: f"#{anchors[task_id]}" if task_id in anchors else ""
    )
    if (more := len(rows) - MOST_ROWS) > 0:
        left_out += f" {counted(more, 'more change')} not listed."
    fates = [fate for fate in part.tasks.values() if fate != "same"]
    words = [f"{fates.count(fate)} {fate}" for fate in ("added", "removed", "changed", "moved", "renamed")]
    return Section(
        dag_id=dag_id,
        picture=picture_of(asked, graph, f"What changed in {dag_id}") if part.tasks else None,
        fates=", ".join(word for word in words if not word.startswith("0 ")) or "none changed",
        rows=[_row(row, f"c{at}") for at, row in enumerate(rows[:MOST_ROWS])],
        left_out=left_out.strip(),
        impact=told(report.diff.impacts.get(dag_id, Impact())),
    )


def _row(row: Told, anchor: str) -> Markup:
    return Markup(change_row(row, anchor))  # all text of DAGs in it is escaped
