"""Make what the pages of records show: what one says, and what points at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagserial.web.asked import Asked
from dagserial.web.dag_pages import record_shown
from dagserial.web.objects import RecordView, ReferrerPage
from dagserial.web.records import record_at


def object_page(asked: Asked, answer: RecordView) -> Mapping[str, Any]:
    """Return the graph, the fields and the tasks of a record."""
    return record_shown(asked, record_at(asked, answer.digest))


def referrers_page(asked: Asked, answer: ReferrerPage) -> Mapping[str, Any]:
    """Return where the page of each referrer is."""
    rows = []
    for one in answer.referrers:
        if one.number is not None:
            href = asked.page_url("version", dag_id=one.dag_id, number=one.number)
        else:
            href = asked.page_url("run", dag_id=one.dag_id, run_id=one.run_id)
        rows.append((one, href))
    return {"rows": rows}
