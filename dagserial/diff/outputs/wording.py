"""Say a change in one sentence, for formats that have room for one."""

from collections.abc import Callable, Iterable

from msgspec import UNSET

from dagserial.diff.cause import Told, folded
from dagserial.diff.change import Change, by_dag
from dagserial.diff.gravity import counted
from dagserial.diff.parting import from_parting
from dagserial.diff.verdict import SEVERITIES, Severity, Verdict
from dagserial.model import Value
from dagserial.model.display import ELLIPSIS, cut, display, printable

_MOST_NAMES = 20
_WIDEST = 90
"""Columns that one side of a change takes."""


def verdict_of(change: Change) -> Verdict:
    """Return what is held of a change; that of a report is judged."""
    assert change.verdict is not UNSET
    return change.verdict


def by_gravity(changes: Iterable[Change]) -> list[Change]:
    """Return changes gravest first, else in the order in which they are."""
    return sorted(changes, key=lambda change: -SEVERITIES.index(verdict_of(change).severity))


def dags_by_gravity(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """Return the DAGs that differ with their changes, both gravest first.

    Args:
        changes: in the order of `Diff.changes`.
    """
    dags = [(dag_id, by_gravity(found)) for dag_id, found in by_dag(changes)]
    return sorted(dags, key=lambda dag: -SEVERITIES.index(verdict_of(dag[1][0]).severity))


def rows_of(changes: Iterable[Change]) -> list[Told]:
    """Return the changes of one DAG as rows of a table, gravest first by what is gravest in a row."""
    return sorted(folded(changes), key=lambda row: -SEVERITIES.index(severity_of(row)))


def severity_of(row: Told) -> Severity:
    """Return the severity of the gravest change of a row."""
    return max((verdict_of(change).severity for change in row.all), key=SEVERITIES.index)


def rules_of(row: Told, quoted: Callable[[str], str]) -> str:
    """Return the rules that the changes of a row fall under."""
    return ", ".join(map(quoted, dict.fromkeys(verdict_of(change).rule for change in row.all)))


def followers_of(row: Told, quoted: Callable[[str], str]) -> str:
    """Return in which tasks a change of default_args is one, too, escaped; empty if in none."""
    if not row.followers:
        return ""
    names = [quoted(printable(change.object.id)) for change in row.followers[:_MOST_NAMES]]
    more = [ELLIPSIS] if len(row.followers) > len(names) else []
    return f"in {counted(len(row.followers), 'task')}: {', '.join(names + more)}"


def name_of(change: Change) -> str:
    """Return the object of a change with its kind, escaped: `task load`, `edge get -> load`."""
    return f"{change.object.kind} {printable(change.object.id)}"


def place_in(change: Change) -> str:
    """Return where in its object a change is, escaped: `args/retries`; empty if it is the object as a whole."""
    if change.is_whole:
        return ""
    steps = change.path.split("/")[1:]
    below = steps[1:] if change.object.kind == "dag" else steps[2:]
    return "label" if change.object.kind == "edge" else printable("/".join(below))


def became(change: Change, quoted: Callable[[str], str] = str) -> str:
    """Return what became of the place of a change, escaped and in one line: `changed from 1 to 2`.

    >>> from dagserial.diff.change import Target
    >>> became(Change("changed", Target("etl", "task", "load"), "/tasks/load/args/retries", 1, 2))
    'changed from 1 to 2'

    Args:
        quoted: what marks the text that comes from the DAG as such.
    """
    match change.operation:
        case "renamed" | "moved":
            how = "declared" if change.declared is True else f"{change.likeness} % alike"
            names = ["the root" if side is UNSET else quoted(_name(side)) for side in (change.before, change.after)]
            return f"{change.operation} from {' to '.join(names)}" + (f" ({how})" if change.likeness != UNSET else "")
        case "changed":
            sides = ("nothing" if side is UNSET else display(side) for side in (change.before, change.after))
            return f"changed from {' to '.join(map(quoted, _fitted(*sides)))}"
    declared = change.after if change.operation == "added" else change.before
    if not change.is_whole:
        return f"{change.operation}: {quoted(cut(display(declared), _WIDEST))}"
    operator = declared.get("operator") if isinstance(declared, dict) else None
    return f"{change.operation} ({quoted(printable(operator))})" if isinstance(operator, str) else change.operation


def sentence(change: Change) -> str:
    """Return a change in one line, escaped: `DAG etl, task load, args/retries: changed from 1 to 2.`"""
    target = change.object
    parts = [f"DAG {printable(target.dag_id)}", *([] if target.kind == "dag" else [name_of(change)]), place_in(change)]
    return f"{', '.join(filter(None, parts))}: {became(change)}."


def _name(side: Value) -> str:
    """Return what something is called or lies in."""
    return cut(printable(side) if isinstance(side, str) else display(side), _WIDEST)


def _fitted(old: str, new: str) -> tuple[str, str]:
    """Return two sides in as many columns as they may take, from where they part."""
    if max(len(old), len(new)) > _WIDEST:
        old, new = from_parting(old, new)
    return cut(old, _WIDEST), cut(new, _WIDEST)
