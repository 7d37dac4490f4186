"""Make reports: a diff of every severity and operation, its DAGs full of what a format could trip over."""

from datetime import date
from typing import Any

import msgspec

from dagserial.diff import (
    Diff,
    Ignore,
    Location,
    Matching,
    Policy,
    Side,
    UnreadFile,
    applied,
    compare_all,
    judged,
    with_impacts,
)
from dagserial.diff.outputs import Look, Report
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.record import Record

NASTY = "a|b`c``<script>alert(1)</script>&*_x_*\"'#35;%0A,:]]>--!>\\|{{z}}\x1b[31m\u202e\r\n::error::ß\t```"
"""Text with what ends cells, spans, tags, labels, properties, commands, sections and fences."""


def report(old: dict[str, Dag], new: dict[str, Dag], policy: Policy | None = None, **look: Any) -> Report:
    """Return the report of two sets of DAGs, each declared in a file of its own, from line 7 of the old, 9 of the new."""
    diff = judged(compare_all(old, new, Matching(moved={"gone_by": "here_now"})), old, new)
    if policy:
        diff = applied(diff, policy, date(2026, 1, 1)).diff
    sides = [side("main", old, 7), side("@worktree", new, 9)]
    diff = with_impacts(diff, *(dict(one.records) for one in sides))
    return Report(diff, *sides, Look(**look))


def side(ref: str, dags: dict[str, Dag], line: int) -> Side:
    """Return a side whose DAGs lie in `dags/<dag_id>.py`."""
    locations = {dag_id: Location(f"dags/{dag_id}.py", line) for dag_id in dags}
    return Side(ref, None, (), locations, {dag_id: Record.of_dag(dag) for dag_id, dag in dags.items()})


def dag(dag_id: str, tasks: dict[str, Task], groups: dict[str, Group] | None = None, **fields: Any) -> Dag:
    """Return a DAG."""
    return Dag(fields=DagFields(dag_id=dag_id, **fields), tasks=tasks, groups=groups or {})


def bash(command: Any, *upstream: str, **rest: Any) -> Task:
    """Return a task that runs a command."""
    return Task(operator="ops.Bash", args={"bash_command": command, **rest.pop("args", {})}, upstream=upstream, **rest)


OLD = {
    "etl": dag(
        "etl",
        {
            "get": bash("get", args={"retries": 1}),
            "load": bash("load", "get"),
            "send": bash("send", "get", "load", labels={"get": "x"}),
            "sql": bash("select 1\nfrom a\n"),
            NASTY: bash(NASTY),
            "spread": bash("x"),
        },
        {"g": Group()},
        tags=["a"],
        schedule="@daily",
    ),
    "gone": dag("gone", {"left": Task(operator="ops.Python")}),
    NASTY: dag(NASTY, {"one": bash("1")}),
    "gone_by": dag("gone_by", {"one": bash("one"), "two": bash("2", "one")}),
    "same": dag("same", {"one": bash("1")}),
}
NEW = {
    "etl": dag(
        "etl",
        {
            "fresh": bash("fresh", "get"),
            "get": bash("get", args={"retries": 2}),
            "send": bash("send", "get", labels={"get": "y"}, group="g"),
            "sql": bash("select 2\nfrom a\n"),
            NASTY: bash(NASTY + "!", args={NASTY: NASTY}),
            "spread": bash("x", mapping=Mapping(expand=(("env", [1, 2]),))),
        },
        {"g": Group()},
        tags=["b"],
        schedule="@hourly",
    ),
    "here_now": dag("here_now", {"one": bash("one"), "two": bash("2", "one")}),
    "new": dag("new", {"one": bash("1")}),
    NASTY: dag(NASTY, {"one": bash("2")}),
    "same": dag("same", {"one": bash("1")}),
}


def varied(**look: Any) -> Report:
    """Return a report with every operation and every severity, a change ignored, and a file unread on each side."""
    found = report(OLD, NEW, Policy(ignore=(Ignore("as agreed", rule="task-retries-changed", dag="etl"),)), **look)
    assert {change.operation for change in found.diff.changes} == {"added", "removed", "changed", "moved", "renamed"}
    assert found.diff.ignored
    unread = UnreadFile("dags/odd, name:%.py", 3, f"KeyError: {NASTY}")
    return _with_errors(found, unread)


def _with_errors(found: Report, unread: UnreadFile) -> Report:
    head = msgspec.structs.replace(found.head, errors=(unread,))
    base = msgspec.structs.replace(found.base, errors=(UnreadFile("dags/old.py", None, "Timeout: 30 s"),))
    return msgspec.structs.replace(found, base=base, head=head)


EMPTY = Report(Diff(), Side("main"), Side("HEAD"))
"""A report of nothing."""
