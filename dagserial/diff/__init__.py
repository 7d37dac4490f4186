"""Two models to changes, and changes to text and JSON."""

from dagserial.diff.change import Change, ChangeCounts, DagCounts, Diff, Ignored, Kind, Operation, Summary, Target
from dagserial.diff.comparison import compare, compare_all, compare_pieces, compare_records
from dagserial.diff.document import Location, Side, UnreadFile, diff_document
from dagserial.diff.flight import Flight, InFlight
from dagserial.diff.impact import Impact, OtherDag, Reached
from dagserial.diff.judgement import judged
from dagserial.diff.matching import Matching
from dagserial.diff.meet import with_flights
from dagserial.diff.policy import Applied, Policy, applied
from dagserial.diff.reach import with_impacts
from dagserial.diff.rules import RULES, Rule, rule
from dagserial.diff.stanza import ignore_stanzas
from dagserial.diff.text import render_text
from dagserial.diff.verdict import SEVERITIES, Category, Ignore, Level, Severity, Verdict, reaches

__all__ = [
    "RULES",
    "SEVERITIES",
    "Applied",
    "Category",
    "Change",
    "ChangeCounts",
    "DagCounts",
    "Diff",
    "Flight",
    "Ignore",
    "Ignored",
    "Impact",
    "InFlight",
    "Kind",
    "Level",
    "Location",
    "Matching",
    "Operation",
    "OtherDag",
    "Policy",
    "Reached",
    "Rule",
    "Severity",
    "Side",
    "Summary",
    "Target",
    "UnreadFile",
    "Verdict",
    "applied",
    "compare",
    "compare_all",
    "compare_pieces",
    "compare_records",
    "diff_document",
    "ignore_stanzas",
    "judged",
    "reaches",
    "render_text",
    "rule",
    "with_flights",
    "with_impacts",
]
