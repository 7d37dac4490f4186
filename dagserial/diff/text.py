"""Write a diff as text for people, in the manner of `terraform plan`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from dagserial.diff.cause import folded
from dagserial.diff.change import KINDS, Change, Diff, Operation, by_dag
from dagserial.diff.gravity import counted, graded, gravest, met, settled_lines, tag, the_gravest
from dagserial.diff.impact import Impact
from dagserial.diff.impact_text import told
from dagserial.diff.lines import are_texts, line_diff
from dagserial.diff.parting import from_parting
from dagserial.model import Value
from dagserial.model.display import ELLIPSIS, cut, display, printable

SIGNS: dict[Operation, str] = {"added": "+", "removed": "-", "changed": "~", "moved": ">", "renamed": ">"}
"""What became of something, as lines of output start."""
_STYLES = {"+": "32", "-": "31", "~": "33", ">": "36", "@": "36", "dag": "1"}
"""ANSI styles (ECMA-48, 8.3.117) by what a line starts with: green, red, yellow, cyan, bold."""

_WIDEST_NAME = 28
_WIDEST_FIELD = 36
_NARROWEST = 24
_LONGEST_LINE = 1000


class _Line(NamedTuple):
    """A line of output, and what decides its colour: a sign, `dag`, or nothing."""

    mark: str
    text: str

    def painted(self) -> str:
        style = _STYLES.get(self.mark)
        return f"\x1b[{style}m{self.text}\x1b[0m" if style else self.text


class _Row(NamedTuple):
    """One change as it is laid out; fields are empty where an object as a whole is meant."""

    sign: str
    kind: str
    name: str
    field: str
    change: Change


def render_text(diff: Diff, *, color: bool, width: int = 100, max_changes: int | None = None) -> str:
    """Return a diff as text without a newline at its end; `no changes` if there are none.

    A sign says what became of an object: `+` added, `-` removed, `~` changed within, `>` moved to another group or
    order, or renamed. Of a judged diff, each change has its rule behind it, each DAG the severity of its gravest
    change, and a breaking change the reason why. Whatever comes from a DAG is escaped: it cannot send sequences to a
    terminal.

    Args:
        color: write ANSI colours.
        width: columns to fit values into; names and the lines of multi-line texts may be wider.
        max_changes: how many changes are written, the gravest ones; the last line counts all of them.
    """
    lines: list[_Line] = []
    told_of = the_gravest(diff.changes, max_changes)
    for dag_id, changes in by_dag(told_of):
        lines += _dag_lines(diff, dag_id, changes, width)
    if left := len(diff.changes) - len(told_of):
        lines.append(_Line("", f"{ELLIPSIS} truncated: {counted(left, 'more change')}"))
    totals = (
        f"{_totals(diff)}{_unknown(diff)}"
        if diff.changes
        else f"no changes{'.' if diff.unknown else ''}{_unknown(diff)}"
    )
    lines += [*([_Line("", "")] if diff.changes else []), _Line("", totals)]
    lines += [_Line("", line) for line in settled_lines(diff)]
    return "\n".join(line.painted() if color else line.text for line in lines)


def _dag_lines(diff: Diff, dag_id: str, changes: list[Change], width: int) -> Iterator[_Line]:
    previous = diff.old_id(dag_id)
    old, new = diff.old.get(previous), diff.new.get(dag_id)
    sign = SIGNS[diff.fate(dag_id)]
    told_of = folded(change for change in changes if change.path)
    rows = [_row(one.change) for one in told_of]
    layout = _layout(rows, (change for change in changes if change.path), width)
    name = _renaming(changes[0]) if previous != dag_id else printable(dag_id)
    head = f"{sign} dag {name}".removeprefix("~ ").ljust(layout.start - 2)
    digests = " -> ".join(digest.short for digest in (old, new) if digest)
    gravity, tags = gravest(changes).upper(), [tag(change) for change in changes if not change.path]
    yield _Line(
        "dag" if sign == "~" else sign, f"{head}  {'  '.join(filter(None, [digests, gravity, *tags]))}".rstrip()
    )
    for change in changes:
        if not change.path:
            yield from _why(change)
    for row, one in zip(rows, told_of, strict=True):
        yield from _row_lines(layout.lead(row), row, layout)
        yield from _why(row.change)
        yield from _follower_lines(one.followers, layout)
    if impact := told(diff.impacts.get(dag_id, Impact())):
        yield _Line("", f"    impact  {impact}")


class _Layout(NamedTuple):
    """The columns in which the changes of a DAG stand."""

    name_width: int
    field_width: int
    width: int
    tag_width: int

    @property
    def start(self) -> int:
        """Where values begin."""
        return 11 + self.name_width + 2 + (self.field_width + 2 if self.field_width else 0)

    def lead(self, row: _Row) -> str:
        field = row.field.ljust(self.field_width) + "  " if self.field_width else ""
        return f"  {row.sign} {row.kind:<6} {row.name.ljust(self.name_width)}  {field}"

    def room(self, lead: str) -> int:
        """Return how wide values may be behind a lead, with what is left for a tag."""
        return max(self.width - len(lead) - self.tag_width, _NARROWEST)

    def tagged(self, text: str, change: Change) -> str:
        """Return a line with the tag of its change at the right."""
        mark = tag(change)
        return f"{text.rstrip().ljust(self.width - self.tag_width)}  {mark}" if mark else text.rstrip()


def _layout(rows: list[_Row], told_of: Iterable[Change], width: int) -> _Layout:
    return _Layout(
        name_width=min(_WIDEST_NAME, max((len(row.name) for row in rows if row.field or _detail(row)), default=0)),
        field_width=min(_WIDEST_FIELD, max((len(row.field) for row in rows), default=0)),
        width=width,
        tag_width=max((len(tag(change)) + 2 for change in told_of if tag(change)), default=0),
    )


def _follower_lines(followers: tuple[Change, ...], layout: _Layout) -> Iterator[_Line]:
    """Yield which tasks a change is one of, too, and by which rules."""
    for _, group in groupby(sorted(followers, key=tag), key=tag):
        changes = list(group)
        lead = f"           in {counted(len(changes), 'task')}: "
        names = cut(", ".join(printable(change.object.id) for change in changes), layout.room(lead))
        yield _Line("", layout.tagged(lead + names, changes[0]))
        yield from _why(changes[0])


def _why(change: Change) -> Iterator[_Line]:
    """Yield why a change is breaking, and what it meets."""
    if change.verdict is not UNSET and change.verdict.severity == "breaking":
        yield _Line("", f"           {change.verdict.reason}")
    if said := met(change):
        yield _Line("", f"           {said}")


def _renaming(change: Change) -> str:
    """Return both names of what was renamed, and how it is known."""
    why = "declared" if change.declared else f"{change.likeness} %"
    return f"{printable(str(change.before))} -> {printable(str(change.after))} renamed ({why})"


def _row(change: Change) -> _Row:
    is_object = change.is_whole
    if change.operation == "renamed":
        return _Row(SIGNS[change.operation], change.object.kind, _renaming(change), "", change)
    sign = SIGNS[_fate(change)]
    if change.object.kind == "dag":
        return _Row(sign, "dag", printable(change.path.removeprefix("/dag/")), "", change)
    below = "/".join(change.path.split("/")[3:])
    field = below if change.object.kind != "edge" else "" if is_object else "label"
    return _Row(sign, change.object.kind, printable(change.object.id), printable(field), change)


def _fate(change: Change) -> Operation:
    """Return what became of the object that a change is about."""
    return change.operation if change.is_whole or change.operation == "moved" else "changed"


def _row_lines(lead: str, row: _Row, layout: _Layout) -> Iterator[_Line]:
    """Yield a change: in one line if it fits, else its two sides below, or the lines in which two texts differ."""
    before, after = row.change.before, row.change.after
    detail, room = _detail(row), layout.room(lead)
    if before is UNSET or after is UNSET or row.sign == ">" or (len(detail) <= room and not are_texts(before, after)):
        shown = _end(detail, room) if row.sign in "+-" else cut(detail, room)
        yield _Line(row.sign, layout.tagged(lead + shown, row.change))
        return
    yield _Line(row.sign, layout.tagged(lead, row.change))
    if are_texts(before, after):
        yield from _text_lines(before, after)
        return
    old, new = from_parting(display(before), display(after))
    yield _Line("-", f"      - {cut(old, layout.width - 8)}")
    yield _Line("+", f"      + {cut(new, layout.width - 8)}")


def _end(path: str, room: int) -> str:
    """Return the import path of an operator, or its end if it is too long: the class says most."""
    return path if len(path) <= room else ELLIPSIS + path[-(room - 1) :]


def _detail(row: _Row) -> str:
    """Return what stands at the end of a change's line."""
    before, after = row.change.before, row.change.after
    if row.sign in "+-":
        declared = after if before is UNSET else before
        return printable(declared.get("operator", "")) if isinstance(declared, dict) else ""
    if row.change.operation == "renamed":
        return ""
    if _is_code(row.change):
        return "its code changed"
    if row.change.operation == "moved" and "/mapping/expand" in row.change.path and _are_ranges(before, after):
        return f"indexes {_ranges(before)} -> {_ranges(after)}"
    if row.sign == ">":
        return f"{_location(before)} -> {_location(after)}"
    return " -> ".join("(absent)" if side is UNSET else display(side) for side in (before, after))


def _is_code(change: Change) -> bool:
    """Tell whether two functions or classes differ in nothing but their code."""
    before, after = change.before, change.after
    if isinstance(before, dict) and isinstance(after, dict):
        return "$" in before and "code" in before and "code" in after and before | {"code": after["code"]} == after
    steps = change.path.split("/")
    return change.object.kind == "task" and len(steps) == 4 and steps[3] == "code" and change.operation == "changed"


def _are_ranges(before: Value | UnsetType, after: Value | UnsetType) -> bool:
    """Tell a mapped list whose items have other indexes from what was put into another order."""
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    is_order = sorted(map(display, before)) == sorted(map(display, after))
    return not is_order and all(isinstance(item, list) for item in (*before, *after))


def _ranges(runs: Value) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _location(side: Value | UnsetType) -> str:
    if side is UNSET:
        return "(root)"
    return printable(side) if isinstance(side, str) else display(side)


def _text_lines(before: str, after: str) -> Iterator[_Line]:
    for line in line_diff(before, after):
        yield _Line(line[0], f"      {cut(printable(line), _LONGEST_LINE)}")


def _totals(diff: Diff) -> str:
    """Return the last line: how many DAGs that have changes, and how many objects in them, met which fate."""
    dag_ids = {change.object.dag_id for change in diff.changes}
    dags = Counter(diff.fate(dag_id) for dag_id in dag_ids)
    parts = [f"{counted(dags[fate], 'dag')} {fate}" for fate in SIGNS if dags[fate]]
    met = {(change.object, _object_fate(change)) for change in diff.changes if change.path}
    tally = Counter((target.kind, fate) for target, fate in met)
    cells = [(kind, fate, tally[kind, fate]) for kind in KINDS if kind != "dag" for fate in SIGNS]
    within = [f"{counted(count, kind)} {fate}" for kind, fate, count in cells if count]
    sentence = ", ".join(parts) + (f": {', '.join(within)}." if within else ".")
    return f"{sentence} {graded(diff)}".rstrip()


def _object_fate(change: Change) -> Operation:
    """Return what became of an object itself: one in which a list was put into another order did not move."""
    is_within = change.operation == "moved" and change.path.split("/")[3:] not in (["group"], ["parent"])
    return "changed" if is_within else _fate(change)


def _unknown(diff: Diff) -> str:
    return f" Not known on one side: {counted(diff.unknown, 'value')}." if diff.unknown else ""
