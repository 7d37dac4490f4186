"""Answer with what changed between two records."""

from __future__ import annotations

from dagserial.diff import Diff, Side, compare_all, diff_document, judged, with_impacts
from dagserial.diff.outputs import Report, redacted
from dagserial.digest import Digest
from dagserial.record import Record
from dagserial.web.asked import Asked
from dagserial.web.problems import RequestError
from dagserial.web.records import located, readable_at
from dagserial.web.resource import Elsewhere, Written

MOST_CHANGES = 500
"""Changes that an answer holds, the gravest ones; its summary counts all of them."""


def document(asked: Asked) -> Written | Elsewhere:
    """Return the diff of two digests; other locators lead to those that they mean now."""
    old_text, new_text = _sides(asked.place["range"])
    old, new = located(asked, old_text), located(asked, new_text)
    if (old, new) != (old_text, new_text):
        return Elsewhere("diff", {"range": f"{old}..{new}"})
    records = readable_at(asked, old), readable_at(asked, new)
    key = f"{old}..{new}"
    body = asked.site.diffs.get(key)
    if body is None:
        report = report_of(*records)
        body = diff_document(report.diff, report.base, report.head, max_changes=MOST_CHANGES)
        asked.site.diffs.put(key, body, len(body))
    return Written(body)


def report_of(old: Record, new: Record) -> Report:
    """Return what changed from one record to another, judged, without what looks like a secret."""
    before, after = {old.dag_id: old}, {new.dag_id: new}
    found: Diff = with_impacts(judged(compare_all(before, after), before, after), before, after)
    return redacted(Report(found, _side(old.digest, before), _side(new.digest, after)))


def _side(digest: Digest, records: dict[str, Record]) -> Side:
    return Side(str(digest), records=records)


def _sides(text: str) -> tuple[str, str]:
    """Return the two locators of a range.

    Raises:
        RequestError: it is none.
    """
    old, dots, new = text.partition("..")
    if not dots or not old or not new or new.startswith("."):
        raise RequestError("locator", "a range is OLD..NEW, each a locator")
    return old, new
