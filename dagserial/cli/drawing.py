"""Draw one DAG for people: text, Mermaid, Graphviz, SVG."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from dagserial.drawing import draw, graph_of, lay_out
from dagserial.model import Dag, Task
from dagserial.model.display import cut, display, printable
from dagserial.record import Record

_WIDTH = 110


def draw_text(record: Record) -> str:
    """Return a DAG as indented text: its fields, its groups, its tasks in order of id."""
    dag = record.dag()
    lines = [f"dag {printable(dag.dag_id)}", f"  digest  {record.digest}"]
    fields = {name: value for name, value in _declared(dag.fields) if name not in ("dag_id", "params", "extra")}
    fields |= {f"params.{name}": value for name, value in dag.fields.params} | dag.fields.extra
    lines += [cut(f"  {name}: {display(value)}", _WIDTH) for name, value in sorted(fields.items())]
    lines += [f"group {printable(group_id)}" for group_id in sorted(dag.groups)]
    for task_id in sorted(dag.tasks):
        lines += _task_lines(task_id, dag.tasks[task_id])
    return "\n".join(lines)


def _declared(struct: msgspec.Struct) -> Iterator[tuple[str, object]]:
    values = ((name, getattr(struct, name)) for name in struct.__struct_fields__)
    return ((name, value) for name, value in values if value is not msgspec.UNSET)


def _task_lines(task_id: str, task: Task) -> Iterator[str]:
    marks = [mark for mark, holds in (("setup", task.setup), ("teardown", task.teardown)) if holds]
    yield " ".join([f"task {printable(task_id)}", printable(task.operator), *marks])
    if task.upstream:
        yield cut(f"  after {', '.join(map(printable, task.upstream))}", _WIDTH)
    if task.mapping is not None:
        over = dict(task.mapping.expand) or {"expand_kwargs": task.mapping.expand_kwargs}
        yield from (cut(f"  mapped over {printable(name)}: {display(source)}", _WIDTH) for name, source in over.items())
    yield from (cut(f"  {printable(name)}: {display(value)}", _WIDTH) for name, value in sorted(task.args.items()))


def draw_mermaid(record: Record) -> str:
    """Return a DAG as a Mermaid flowchart, its groups as boxes; nodes are numbered, as ids may hold any character."""
    dag = record.dag()
    names = {task_id: f"t{number}" for number, task_id in enumerate(sorted(dag.tasks))}
    lines = ["flowchart LR", *_boxes(dag, None, names, 1)]
    for task_id, before, label in _edges(dag):
        text = f"|{_mermaid_text(label)}|" if label else ""
        lines.append(f"  {names[before]} -->{text} {names[task_id]}")
    return "\n".join(lines)


def _boxes(dag: Dag, parent: str | None, names: dict[str, str], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for task_id in sorted(dag.tasks):
        task = dag.tasks[task_id]
        if task.group == parent:
            left, right = ("[[", "]]") if task.mapping else ("[", "]")
            yield f"{indent}{names[task_id]}{left}{_mermaid_text(task_id)}{right}"
    for number, group_id in enumerate(sorted(dag.groups)):
        if dag.groups[group_id].parent == parent:
            yield f"{indent}subgraph g{number}[{_mermaid_text(group_id)}]"
            yield from _boxes(dag, group_id, names, depth + 1)
            yield f"{indent}end"


def _mermaid_text(text: str) -> str:
    """Quote a text for Mermaid, which knows entities but no backslash."""
    escaped = printable(text).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return f'"{escaped}"'


def draw_dot(record: Record) -> str:
    """Return a DAG as a Graphviz digraph."""
    dag = record.dag()
    lines = ["digraph dag {", "  rankdir=LR; node [shape=box];", *_clusters(dag, None, 1)]
    for task_id, before, label in _edges(dag):
        text = f" [label={_dot_text(label)}]" if label else ""
        lines.append(f"  {_dot_text(before)} -> {_dot_text(task_id)}{text};")
    return "\n".join([*lines, "}"])


def _clusters(dag: Dag, parent: str | None, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for task_id in sorted(dag.tasks):
        if dag.tasks[task_id].group == parent:
            style = " [peripheries=2]" if dag.tasks[task_id].mapping else ""
            yield f"{indent}{_dot_text(task_id)}{style};"
    for number, group_id in enumerate(sorted(dag.groups)):
        if dag.groups[group_id].parent == parent:
            yield f"{indent}subgraph cluster_{number} {{ label={_dot_text(group_id)};"
            yield from _clusters(dag, group_id, depth + 1)
            yield f"{indent}}}"


def _dot_text(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)


def draw_svg(record: Record) -> str:
    """Return a DAG as an SVG file that brings its style, light and dark."""
    drawn = graph_of(record.dag())
    return draw(drawn, lay_out(drawn), record.dag_id, alone=True)


def _edges(dag: Dag) -> Iterator[tuple[str, str, str]]:
    """Iterate over (task, upstream task, label), by task and upstream task."""
    for task_id in sorted(dag.tasks):
        task = dag.tasks[task_id]
        for before in task.upstream:
            yield task_id, before, task.labels.get(before, "")
