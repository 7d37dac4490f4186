"""Two models to changes, and changes to text and JSON."""

from dagserial.diff.change import Change, ChangeCounts, DagCounts, Diff, Kind, Operation, Summary, Target
from dagserial.diff.comparison import compare, compare_all, compare_records
from dagserial.diff.document import Side, UnreadFile, diff_document
from dagserial.diff.judgement import judged
from dagserial.diff.matching import Matching
from dagserial.diff.rules import RULES, Rule, rule
from dagserial.diff.text import render_text
from dagserial.diff.verdict import SEVERITIES, Category, Level, Severity, Verdict, reaches

__all__ = [
    "RULES",
    "SEVERITIES",
    "Category",
    "Change",
    "ChangeCounts",
    "DagCounts",
    "Diff",
    "Kind",
    "Level",
    "Matching",
    "Operation",
    "Rule",
    "Severity",
    "Side",
    "Summary",
    "Target",
    "UnreadFile",
    "Verdict",
    "compare",
    "compare_all",
    "compare_records",
    "diff_document",
    "judged",
    "reaches",
    "render_text",
    "rule",
]
