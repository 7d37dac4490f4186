"""A diff in each format that it can be written in."""

from dagserial.diff.document import diff_document
from dagserial.diff.outputs.github import render_github
from dagserial.diff.outputs.gitlab import render_gitlab
from dagserial.diff.outputs.html import render_html
from dagserial.diff.outputs.junit import render_junit
from dagserial.diff.outputs.markdown import render_markdown
from dagserial.diff.outputs.names import render_names, render_statuses
from dagserial.diff.outputs.ndjson import render_ndjson
from dagserial.diff.outputs.oneline import render_oneline
from dagserial.diff.outputs.redaction import redacted
from dagserial.diff.outputs.report import Look, Renderer, Report
from dagserial.diff.outputs.sarif import render_sarif
from dagserial.diff.outputs.stat import render_stat
from dagserial.diff.stanza import ignore_stanzas
from dagserial.diff.text import render_text


def _text(report: Report) -> str:
    look = report.look
    return render_text(report.diff, color=look.color, width=look.width, max_changes=look.max_changes) + "\n"


def _document(report: Report) -> bytes:
    return diff_document(report.diff, report.base, report.head, max_changes=report.look.max_changes) + b"\n"


def _stanzas(report: Report) -> str:
    return ignore_stanzas(report.diff, report.look.ignore_table) + "\n"


RENDERERS: dict[str, Renderer] = {
    "text": _text,
    "oneline": render_oneline,
    "json": _document,
    "ndjson": render_ndjson,
    "markdown": render_markdown,
    "html": render_html,
    "github": render_github,
    "gitlab": render_gitlab,
    "junit": render_junit,
    "sarif": render_sarif,
    "stat": render_stat,
    "name-only": render_names,
    "name-status": render_statuses,
    "ignore": _stanzas,
}
"""Every format by its name; text for people first."""

__all__ = ["RENDERERS", "Look", "Renderer", "Report", "redacted"]
