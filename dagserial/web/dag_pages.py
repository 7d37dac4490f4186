"""Make what the pages of a DAG and of its versions show beside the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from dagserial.diff.gravity import graded
from dagserial.diff.outputs.redaction import redacted_body, redacted_value
from dagserial.diff.outputs.wording import by_gravity, sentence
from dagserial.digest import Digest
from dagserial.drawing import graph_of
from dagserial.errors import DagserialError
from dagserial.model import Dag
from dagserial.model.display import cut, display
from dagserial.record import FORMAT, Record
from dagserial.store.version_pages import count_versions, version_page
from dagserial.web.asked import Asked
from dagserial.web.dags import DagAnswer, VersionRow, rows_of
from dagserial.web.diffs import report_of
from dagserial.web.markdown import rendered_markdown
from dagserial.web.pictures import Picture, PictureQuery, picture_of
from dagserial.web.records import record_at
from dagserial.web.source_text import SourceText, author_of, source_of

VERSIONS = 20
"""Versions of a page, each with what changed in it."""
TASKS = 200
"""Tasks of a page."""
_SENTENCE = 160


class TimelineQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which versions are shown: those with a smaller number."""

    before: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None


class TasksQuery(PictureQuery, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which tasks are listed, and which is shown in full.

    Attributes:
        task: shown in full.
        q: ids that hold this text, whatever its case.
        from_: the first that is listed.
    """

    task: Annotated[str, msgspec.Meta(max_length=250)] | None = None
    q: Annotated[str, msgspec.Meta(max_length=250)] = ""
    from_: Annotated[str, msgspec.Meta(max_length=250)] = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A version on the way of a DAG, with what changed in it."""

    row: VersionRow
    previous: VersionRow | None
    counts: str
    first: str
    gravest: str
    author: str


@dataclass(frozen=True, kw_only=True)
class TaskList:
    """A part of the tasks of a DAG, by id.

    Attributes:
        following: where the next part is; empty if there is none.
        matching: how many there are on all pages.
    """

    ids: list[str]
    matching: int
    following: str


def dag_page(asked: Asked, answer: DagAnswer) -> Mapping[str, Any]:
    """Return the timeline of a DAG."""
    found = version_page(asked.session, answer.dag_id, before=asked.query.before, limit=VERSIONS + 1)
    rows = rows_of(asked, found)
    shown = rows[:VERSIONS]
    steps = [_step(asked, row, rows[at + 1] if at + 1 < len(rows) else None) for at, row in enumerate(shown)]
    older = asked.here(before=shown[-1].number) if len(rows) > VERSIONS else ""
    return {"steps": steps, "older": older}


def _step(asked: Asked, row: VersionRow, previous: VersionRow | None) -> Step:
    line = ("", "", "") if previous is None else _change_line(asked, previous.digest, row.digest)
    counts, first, gravest = line
    author = author_of(asked, row.origin)
    return Step(row=row, previous=previous, counts=counts, first=first, gravest=gravest, author=author)


def _change_line(asked: Asked, old: Digest, new: Digest) -> tuple[str, str, str]:
    """Return how many changes led from a record to another, the gravest one, and how grave that is; remembered."""
    key = f"line {old}..{new}"
    kept = asked.site.diffs.get(key)
    if kept is None:
        try:
            kept = msgspec.json.encode(_compared(record_at(asked, old), record_at(asked, new)))
        except DagserialError:
            return "", "cannot be compared: a record is damaged, or cannot be read", ""
        asked.site.diffs.put(key, kept, len(kept))
    return msgspec.json.decode(kept, type=tuple[str, str, str])


def _compared(old: Record, new: Record) -> tuple[str, str, str]:
    report = report_of(old, new)
    if not report.diff.changes:
        return "", "nothing that has a meaning", ""
    first = sentence(by_gravity(report.diff.changes)[0]).split(", ", 1)[-1]
    more = f" … and {len(report.diff.changes) - 1} more" if len(report.diff.changes) > 1 else ""
    gravest = report.diff.summary().max_severity or ""
    return graded(report.diff).removesuffix("."), cut(first, _SENTENCE) + more, gravest


def version_shown(asked: Asked, answer: VersionRow) -> Mapping[str, Any]:
    """Return the graph of a version, its fields, its tasks and its source."""
    record = record_at(asked, answer.digest)
    found = record_shown(asked, record)
    source: SourceText | None = source_of(asked, answer.origin)
    number, count = answer.number, count_versions(asked.session, answer.dag_id)
    neighbours = {"previous": number - 1 if number > 1 else None, "next": number + 1 if number < count else None}
    return {**found, **neighbours, "source": source, "author": author_of(asked, answer.origin)}


def record_shown(asked: Asked, record: Record) -> Mapping[str, Any]:
    """Return the graph of a record, its fields and its tasks, without what looks like a secret."""
    dag = record.dag()
    link = task_link(asked)
    graph = graph_of(dag, link=link, shown=shown_name)
    picture: Picture = picture_of(asked, graph, f"The graph of {dag.dag_id}")
    query: TasksQuery = asked.query
    task = dag.tasks.get(query.task) if query.task is not None else None
    fields, task_fields = _fields(dag, query.task if task else None)
    doc = fields.pop("doc_md", None)
    return {
        "dag": dag,
        "picture": picture,
        "fields": _displayed(fields),
        "doc": rendered_markdown(doc) if isinstance(doc, str) else Markup(""),
        "listed": task_list(asked, dag),
        "task": task,
        "task_fields": _displayed(task_fields),
        "task_link": link,
    }


def shown_name(name: str) -> str:
    """Return a name as it may be shown."""
    return str(redacted_value(name))


def task_link(asked: Asked) -> Any:
    """Return what makes links to this page with one task shown in full."""
    there = asked.here(task=None)
    joint = "" if there == "?" else "&"
    return lambda task_id: f"{there}{joint}task={quote(task_id, safe='')}#task"


def task_list(asked: Asked, dag: Dag) -> TaskList:
    """Return the tasks that the page lists."""
    query: TasksQuery = asked.query
    wanted = query.q.casefold()
    matching = sorted(task_id for task_id in dag.tasks if wanted in task_id.casefold())
    behind = [task_id for task_id in matching if task_id >= query.from_]
    following = asked.here(**{"from": behind[TASKS]}) + "#tasks" if len(behind) > TASKS else ""
    return TaskList(ids=behind[:TASKS], matching=len(matching), following=following)


def _fields(dag: Dag, task_id: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of a DAG, and those of one of its tasks, as they may be shown."""
    body: dict[str, Any] = {"dag": _plain(dag.fields), "format": FORMAT}
    if task_id is not None:
        body["tasks"] = {task_id: _plain(dag.tasks[task_id])}
    shown = redacted_body(body)
    task: dict[str, Any] = shown.get("tasks", {}).get(task_id, {}) if task_id is not None else {}
    arguments = task.pop("args", {})
    return dict(shown["dag"]), {**task, **{f"args.{name}": value for name, value in arguments.items()}}


def _plain(part: msgspec.Struct) -> Any:
    """Return a part of a DAG as its record says it."""
    return msgspec.json.decode(msgspec.json.encode(part))


def _displayed(fields: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Return fields by name, each with whether its value has several lines."""
    found = []
    for name in sorted(fields):
        value = fields[name]
        is_text = isinstance(value, str) and "\n" in value
        found.append((name, value if is_text else display(value), is_text))
    return found
