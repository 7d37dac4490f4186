"""Write a diff as one line a change: where, which rule, how grave."""

from dagserial.diff.change import Change
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.wording import verdict_of
from dagserial.model.display import printable


def render_oneline(report: Report) -> str:
    """Return a line for each change, `etl_daily:load_raw: task-removed: breaking`, in the order of the diff.

    What is changed in the DAG itself has no part behind the dag_id.
    """
    return "".join(f"{_line(change)}\n" for change in report.diff.changes)


def _line(change: Change) -> str:
    target, verdict = change.object, verdict_of(change)
    within = "" if target.kind == "dag" else f":{printable(target.id)}"
    return f"{printable(target.dag_id)}{within}: {verdict.rule}: {verdict.severity}"
