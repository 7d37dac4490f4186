"""Counting the runs and task instances that changes meet."""

from collections.abc import Mapping as Mapping_

import pytest
from reports import bash, dag

from dagserial.diff import Diff, Flight, InFlight, compare_all, judged, with_flights
from dagserial.diff.flight import told_flight
from dagserial.diff.meet import Counts
from dagserial.model import Dag, Group, Mapping, Task
from dagserial.record import Record

RUNS = {(False, "running"): 2, (False, "queued"): 1, (True, "running"): 1}
INSTANCES = {
    (False, "get", -1, "running"): 2,
    (False, "load", -1, "queued"): 5,
    (True, "load", -1, "queued"): 3,
    (False, "spread", 0, "queued"): 1,
    (False, "spread", 1, "queued"): 1,
    (False, "spread", 2, "running"): 1,
    (False, "all.one", -1, "scheduled"): 4,
    (False, "all.in.two", -1, "scheduled"): 8,
}
ALL = {"running": 3, "queued": 7, "scheduled": 12}


def mapped(*items: int) -> Task:
    return Task(operator="ops.Bash", mapping=Mapping(expand=(("env", list(items)),)))


GROUPS = {"all": Group(), "all.in": Group(parent="all")}
OLD = dag(
    "etl",
    {
        "get": bash("get"),
        "load": bash("load", "get"),
        "spread": mapped(1, 2, 3),
        "all.one": bash("one", group="all"),
        "all.in.two": bash("two", group="all.in"),
    },
    GROUPS,
    schedule="@daily",
)


def asked(new: Dag | None) -> tuple[Diff, list[str]]:
    """Compare with OLD; return the diff and which DAGs were asked for."""
    olds, news = {"etl": OLD}, {new.fields.dag_id: new} if new else {}
    diff = judged(compare_all(olds, news), olds, news)
    questions: list[str] = []

    def under_way(dag_id: str) -> Counts:
        questions.append(dag_id)
        return RUNS, INSTANCES

    records: list[Mapping_[str, Record]] = [
        {name: Record.of_dag(one) for name, one in side.items()} for side in (olds, news)
    ]
    return with_flights(diff, records[0], records[1], under_way), questions


def changed(**tasks: Task | None) -> Dag:
    """Return OLD with some other tasks, without those that are None."""
    both = OLD.tasks | {name.replace("__", "."): task for name, task in tasks.items()}
    return dag("etl", {name: task for name, task in both.items() if task}, GROUPS, schedule="@daily")


def met(new: Dag | None) -> dict[str, InFlight | None]:
    diff, _ = asked(new)
    return {
        change.verdict.rule: change.in_flight if isinstance(change.in_flight, InFlight) else None
        for change in diff.changes
        if change.verdict
    }


def flights(unpinned: dict[str, int], pinned: dict[str, int]) -> InFlight:
    return InFlight(Flight({"running": 2, "queued": 1}, unpinned), Flight({"running": 1}, pinned))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (changed(load=bash("load otherwise", "get")), {"task-argument-changed": flights({"queued": 5}, {"queued": 3})}),
        (
            changed(load=None),
            {"task-removed": flights({"queued": 5}, {"queued": 3})},
        ),
        (changed(fresh=bash("fresh")), {"task-added": flights({}, {})}),
        (changed(load=bash("load")), {"task-upstream-removed": flights({"queued": 5}, {"queued": 3})}),
        (changed(spread=mapped(1, 2)), {"task-mapping-length-shrunk": flights({"running": 1}, {})}),
        (changed(spread=mapped(1, 2, 4)), {"task-mapping-source-changed": flights({"queued": 2, "running": 1}, {})}),
        (changed(load=bash("load", "get", args={"doc": "x"})), {"task-doc-changed": None}),
        (None, {"dag-removed": flights(ALL, {"queued": 3})}),
    ],
    ids=["argument", "removed", "added", "edge", "shrunk", "source", "cosmetic", "dag"],
)
def test_a_change_meets_the_instances_of_its_tasks(new: Dag | None, expected: dict[str, InFlight | None]) -> None:
    assert met(new) == expected


def test_a_change_of_a_group_meets_all_tasks_in_it() -> None:
    groups = GROUPS | {"all": Group(mapping=Mapping(expand=(("x", [1, 2]),)))}
    new = dag("etl", dict(OLD.tasks), groups, schedule="@daily")
    assert met(new)["group-mapping-changed"] == flights({"scheduled": 12}, {})


def test_what_was_renamed_is_counted_by_its_old_ids() -> None:
    tasks = {"store" if name == "load" else name: task for name, task in OLD.tasks.items()}
    new = dag("elt", tasks, GROUPS, schedule="@daily")
    diff, questions = asked(new)
    assert questions == ["etl"]
    found = {change.object.id: change.in_flight for change in diff.changes}
    assert found["store"] == flights({"queued": 5}, {"queued": 3})


def test_a_dag_that_did_not_change_is_not_asked_for() -> None:
    assert asked(OLD) == (Diff(old=asked(OLD)[0].old, new=asked(OLD)[0].new), [])


@pytest.mark.parametrize(
    ("flight", "reaches_pinned", "words"),
    [
        (InFlight(), False, ""),
        (InFlight(Flight({"running": 1})), False, "Meets 1 running run."),
        (
            flights({"queued": 1}, {}),
            False,
            "Meets 1 queued, 2 running runs with 1 task instance (1 queued). Spares 1 running pinned run.",
        ),
        (
            flights({}, {"a": 2}),
            True,
            "Meets 1 queued, 2 running runs and 1 running pinned run with 2 task instances (2 a).",
        ),
        (InFlight(pinned=Flight({"queued": 2})), False, "Spares 2 queued pinned runs."),
        (InFlight(Flight({"\x1b[31m": 1})), False, "Meets 1 \\u001b[31m run."),
    ],
)
def test_what_is_met_is_said_in_words(flight: InFlight, reaches_pinned: bool, words: str) -> None:
    assert told_flight(flight, reaches_pinned=reaches_pinned) == words
