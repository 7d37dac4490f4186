"""Write how much of each DAG differs, as `git diff --stat` does for files."""

from collections import Counter

from dagserial.diff.change import Operation, by_dag
from dagserial.diff.gravity import counted, graded, gravest
from dagserial.diff.outputs.report import Report
from dagserial.diff.text import SIGNS
from dagserial.model.display import printable


def render_stat(report: Report) -> str:
    """Return a line for each DAG that differs, ` etl | 5  +1 -1 ~3  breaking`, and a line of totals.

    The signs say how many changes added (`+`), removed (`-`), changed (`~`), or moved or renamed (`>`) something.
    """
    dags = list(by_dag(report.diff.changes))
    rows = [_row(dag_id, [change.operation for change in changes]) for dag_id, changes in dags]
    if not rows:
        return "no changes\n"
    names, counts, signs = (max(len(row[column]) for row in rows) for column in range(3))
    severities = [gravest(changes) for _, changes in dags]
    lines = [
        f" {name:<{names}} | {count:>{counts}}  {marks:<{signs}}  {severity}".rstrip()
        for (name, count, marks), severity in zip(rows, severities, strict=True)
    ]
    total = f" {counted(len(rows), 'DAG')}, {counted(len(report.diff.changes), 'change')}: {graded(report.diff)}"
    return "\n".join([*lines, total.rstrip(": ")]) + "\n"


def _row(dag_id: str, operations: list[Operation]) -> tuple[str, str, str]:
    met = Counter(SIGNS[operation] for operation in operations)
    marks = " ".join(f"{sign}{met[sign]}" for sign in dict.fromkeys(SIGNS.values()) if met[sign])
    return printable(dag_id), str(len(operations)), marks
