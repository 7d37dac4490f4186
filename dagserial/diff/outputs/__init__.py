"""A diff in each format that it can be written in."""

from dagserial.diff.document import diff_document
from dagserial.diff.outputs.report import Look, Renderer, Report
from dagserial.diff.stanza import ignore_stanzas
from dagserial.diff.text import render_text


def _text(report: Report) -> str:
    return render_text(report.diff, color=report.look.color, width=report.look.width) + "\n"


def _document(report: Report) -> bytes:
    return diff_document(report.diff, report.base, report.head) + b"\n"


def _stanzas(report: Report) -> str:
    return ignore_stanzas(report.diff, report.look.ignore_table) + "\n"


RENDERERS: dict[str, Renderer] = {
    "text": _text,
    "json": _document,
    "ignore": _stanzas,
}
"""Every format by its name; text for people first."""

__all__ = ["RENDERERS", "Look", "Renderer", "Report"]
