"""Two models to changes, and changes to text and JSON."""

from dagserial.diff.change import Change, ChangeCounts, DagCounts, Diff, Kind, Operation, Summary, Target
from dagserial.diff.comparison import compare, compare_all, compare_pieces, compare_records
from dagserial.diff.document import Side, UnreadFile, diff_document
from dagserial.diff.matching import Matching
from dagserial.diff.text import render_text

__all__ = [
    "Change",
    "ChangeCounts",
    "DagCounts",
    "Diff",
    "Kind",
    "Matching",
    "Operation",
    "Side",
    "Summary",
    "Target",
    "UnreadFile",
    "compare",
    "compare_all",
    "compare_pieces",
    "compare_records",
    "diff_document",
    "render_text",
]
