"""Write which DAGs differ by name, as `git diff --name-only` and `--name-status` do for files."""

from collections.abc import Iterator

from msgspec import UNSET

from dagserial.diff.change import Operation, by_dag
from dagserial.diff.outputs.report import Report
from dagserial.model.display import printable

_LETTERS: dict[Operation, str] = {"added": "A", "removed": "D", "changed": "M"}


def render_names(report: Report) -> str:
    """Return the dag_id of each DAG that differs, by its new id where it has one."""
    return _lines(report, ((dag_id,) for _, dag_id in _fates(report)))


def render_statuses(report: Report) -> str:
    """Return for each DAG that differs `A`, `D` or `M` and its id; of a renamed one `R87`, its old id and its new id.

    The number is the likeness in percent. What follows a letter stands behind a tab.
    """
    renamed = report.diff.renamed
    return _lines(
        report, ((fate, *([renamed[dag_id]] if dag_id in renamed else []), dag_id) for fate, dag_id in _fates(report))
    )


def _lines(report: Report, rows: Iterator[tuple[str, ...]]) -> str:
    """Join rows by tabs, escaped; or, to be read by programs, each cell ended by NUL as it is."""
    if report.look.nul:
        return "".join(f"{cell}\0" for row in rows for cell in row)
    return "".join("\t".join(map(printable, row)) + "\n" for row in rows)


def _fates(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what became of each DAG that has changes, in order."""
    diff = report.diff
    for dag_id, changes in by_dag(diff.changes):
        fate = diff.fate(dag_id)
        if fate == "renamed":
            likeness = [change.likeness for change in changes if change.operation == "renamed" and not change.path]
            yield f"R{likeness[0] if likeness and likeness[0] is not UNSET else ''}", dag_id
        else:
            yield _LETTERS[fate], dag_id
