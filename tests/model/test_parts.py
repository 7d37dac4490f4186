"""The digests of a task's parts move with what they are of, and with nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from dagserial.model import Dag, DagFields, Group, Mapping, Task, semantics
from dagserial.model.parts import TaskDigests, task_digests

IDS = ("a", "b", "c", "d", "e", "f")
VALUES = st.sampled_from([None, True, 1, 0, "", "1", [1, "x"], ["x", 1], {"k": 1}, {"$": "float", "value": "1.0"}])
NAMES = ("sql", "retries", "env", "pool", "owner", "doc_md", "ui_color")
GROUPS = {
    "inner": Group(parent="outer"),
    "outer": Group(args={"x": 1}, mapping=Mapping(expand=(("y", [1, 2]),)), parent="root"),
    "root": Group(tooltip="all"),
}
MAPPINGS = st.sampled_from([None, Mapping(expand=(("x", [1]),)), Mapping(expand_kwargs=[{"x": 1}])])


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    """DAGs of one to six tasks, in and out of groups, some of them mapped."""
    ids = IDS[: draw(st.integers(1, len(IDS)))]
    tasks = {}
    for at, task_id in enumerate(ids):
        upstream = draw(st.sets(st.sampled_from(ids[:at]), max_size=3)) if at else set()
        tasks[task_id] = Task(
            args=draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)),
            group=draw(st.sampled_from([None, *GROUPS])),
            labels={before: "yes" for before in sorted(upstream) if draw(st.booleans())},
            mapping=draw(MAPPINGS),
            operator=draw(st.sampled_from(["o.O", "p.P"])),
            setup=draw(st.booleans()),
            upstream=tuple(sorted(upstream)),
        )
    return dag_of(tasks)


@st.composite
def dags_with_one(draw: st.DrawFn) -> tuple[Dag, str]:
    """A DAG, and the id of one of its tasks."""
    dag = draw(dags())
    return dag, draw(st.sampled_from(sorted(dag.tasks)))


def dag_of(tasks: dict[str, Task], groups: dict[str, Group] | None = None) -> Dag:
    return Dag(fields=DagFields(dag_id="etl"), groups=GROUPS if groups is None else groups, tasks=tasks)


def with_task(dag: Dag, task_id: str, **fields: Any) -> Dag:
    tasks = {**dag.tasks, task_id: msgspec.structs.replace(dag.tasks[task_id], **fields)}
    return dag_of(tasks, dag.groups)


def with_argument(dag: Dag, task_id: str, name: str) -> Dag:
    return with_task(dag, task_id, args={**dag.tasks[task_id].args, name: "a value that none has"})


def with_descendants(dag: Dag, task_id: str) -> set[str]:
    found = {task_id}
    for name in IDS:  # upstream tasks come first among them
        if name in dag.tasks and found.intersection(dag.tasks[name].upstream):
            found.add(name)
    return found


def moved(old: Dag, new: Dag) -> dict[str, set[str]]:
    """Return, by digest, the tasks whose digest moved."""
    before, after = task_digests(old), task_digests(new)
    assert before.keys() == after.keys()
    return {
        name: {task_id for task_id in before if getattr(before[task_id], name) != getattr(after[task_id], name)}
        for name in TaskDigests.__struct_fields__
    }


NOTHING: dict[str, set[str]] = {name: set() for name in TaskDigests.__struct_fields__}


@given(dags_with_one(), st.sampled_from(["0", "bb", "z"]))
def test_renaming_a_task_moves_no_digest(drawn: tuple[Dag, str], name: str) -> None:
    dag, old = drawn

    def renamed(task_id: str) -> str:
        return name if task_id == old else task_id

    tasks = {
        renamed(task_id): msgspec.structs.replace(
            task,
            labels={renamed(before): label for before, label in task.labels.items()},
            upstream=tuple(sorted(map(renamed, task.upstream))),
        )
        for task_id, task in dag.tasks.items()
    }
    expected = {renamed(task_id): digests for task_id, digests in task_digests(dag).items()}
    assert task_digests(dag_of(tasks)) == expected


@given(dags_with_one(), st.sampled_from(["sql", "retries", "an_argument_of_its_own"]))
def test_an_argument_moves_the_definition_of_its_task_and_of_all_downstream(drawn: tuple[Dag, str], name: str) -> None:
    dag, task_id = drawn
    expected = {"definition": {task_id}, "upstream_definition": with_descendants(dag, task_id)}
    assert moved(dag, with_argument(dag, task_id, name)) == NOTHING | expected


@given(dags_with_one(), st.sampled_from(["doc_md", "owner", "task_display_name"]))
def test_what_is_shown_moves_the_presentation_of_its_task_and_of_all_downstream(
    drawn: tuple[Dag, str], name: str
) -> None:
    dag, task_id = drawn
    expected = {"presentation": {task_id}, "upstream_presentation": with_descendants(dag, task_id)}
    assert moved(dag, with_argument(dag, task_id, name)) == NOTHING | expected


@given(dags(), st.randoms())
def test_the_order_of_insertion_moves_nothing(dag: Dag, chance: Any) -> None:
    def shuffled(items: dict[str, Any]) -> dict[str, Any]:
        pairs = list(items.items())
        chance.shuffle(pairs)
        return dict(pairs)

    tasks = {name: msgspec.structs.replace(task, args=shuffled(task.args)) for name, task in dag.tasks.items()}
    assert task_digests(dag_of(shuffled(tasks), shuffled(GROUPS))) == task_digests(dag)


@given(dags())
def test_upstream_tasks_come_first(dag: Dag) -> None:
    seen: set[str] = set()
    for task_id in task_digests(dag):
        assert seen.issuperset(dag.tasks[task_id].upstream)
        seen.add(task_id)
    assert seen == dag.tasks.keys()


@pytest.mark.parametrize("name", [*semantics.ARGUMENTS, "an_argument_of_its_own"])
def test_each_argument_moves_the_part_that_the_table_says(name: str) -> None:
    dag = dag_of({"a": Task(operator="o.O")})
    part = semantics.ARGUMENTS.get(name, semantics.UNKNOWN).part
    found = {digest for digest, tasks in moved(dag, with_argument(dag, "a", name)).items() if tasks}
    assert found == {part, f"upstream_{part}"}


@pytest.mark.parametrize(
    "change",
    [
        {"operator": "p.P"},
        {"mapping": Mapping(expand_kwargs=[])},
        {"setup": True},
        {"teardown": True},
        {"on_failure_fail_dagrun": True},
        {"args": {"x": True}},
        {"args": {"x": {"$": "float", "value": "1.0"}}},
    ],
    ids=str,
)
def test_what_a_task_does_moves_its_definition(change: dict[str, Any]) -> None:
    dag = dag_of({"a": Task(operator="o.O", args={"x": 1})})
    expected = {"definition": {"a"}, "upstream_definition": {"a"}}
    assert moved(dag, with_task(dag, "a", **change)) == NOTHING | expected


@pytest.mark.parametrize("name", [name for name in Task.__struct_fields__ if semantics.TASK[name].part == "definition"])
def test_each_field_that_is_definition_is_digested(name: str) -> None:
    field = next(field for field in msgspec.structs.fields(Task) if field.name == name)
    values: dict[Any, Any] = {bool: True, str: "p.P", dict: {"x": 2}}
    value = values.get(field.type, {"x": 2} if name == "args" else Mapping(expand_kwargs=[{}]))
    dag = dag_of({"a": Task(operator="o.O")})
    assert moved(dag, with_task(dag, "a", **{name: value}))["definition"] == {"a"}


ROW = {
    "a": Task(operator="o.O"),
    "b": Task(operator="o.O", upstream=("a",), group="inner"),
    "c": Task(operator="o.O", upstream=("b",)),
    "d": Task(operator="o.O"),
}


def test_an_edge_moves_what_is_folded_in_and_no_task_of_its_own() -> None:
    dag = dag_of(ROW)
    expected = {"upstream_definition": {"b", "c"}}
    assert moved(dag, with_task(dag, "b", upstream=("a", "d"))) == NOTHING | expected


def test_an_equal_task_upstream_counts_each_time() -> None:
    tasks = {"a": Task(operator="o.O"), "b": Task(operator="o.O"), "c": Task(operator="o.O", upstream=("a",))}
    dag = dag_of(tasks)
    assert moved(dag, with_task(dag, "c", upstream=("a", "b")))["upstream_definition"] == {"c"}


def test_a_label_moves_how_its_edge_and_all_downstream_are_shown() -> None:
    dag = dag_of(ROW)
    expected = {"upstream_presentation": {"b", "c"}}
    assert moved(dag, with_task(dag, "b", labels={"a": "yes"})) == NOTHING | expected
    yes, no = (with_task(dag, "b", labels={"a": label}) for label in ("yes", "no"))
    assert moved(yes, no) == NOTHING | expected


def test_labels_that_change_places_move_their_task() -> None:
    tasks = {
        "a": Task(operator="o.O", args={"doc": "x"}),
        "b": Task(operator="o.O"),
        "c": Task(operator="o.O", upstream=("a", "b"), labels={"a": "yes", "b": "no"}),
    }
    dag = dag_of(tasks)
    assert moved(dag, with_task(dag, "c", labels={"a": "no", "b": "yes"})) == NOTHING | {"upstream_presentation": {"c"}}


@pytest.mark.parametrize(
    "change",
    [
        {"outer": {"mapping": Mapping(expand=(("y", [1, 2, 3]),))}},
        {"outer": {"mapping": None}},
        {"outer": {"args": {"x": 2}}},
        {"inner": {"mapping": Mapping(expand=(("z", [1]),))}},
        {"inner": {"parent": None}},
    ],
    ids=str,
)
def test_what_groups_around_are_mapped_over_is_folded_in(change: dict[str, dict[str, Any]]) -> None:
    groups = {name: msgspec.structs.replace(group, **change.get(name, {})) for name, group in GROUPS.items()}
    expected = {"upstream_definition": {"b", "c"}}
    assert moved(dag_of(ROW), dag_of(ROW, groups)) == NOTHING | expected


def test_groups_that_are_not_mapped_move_nothing() -> None:
    dag = dag_of(ROW)
    assert moved(dag, with_task(dag, "a", group="root")) == NOTHING
    groups = {**GROUPS, "root": Group(tooltip="x", default_args={"retries": 1}, prefix_group_id=False)}
    assert moved(dag, dag_of(ROW, groups)) == NOTHING


def test_what_a_group_without_mapping_was_given_moves_nothing() -> None:
    groups = {**GROUPS, "root": Group(args={"x": 1})}
    assert moved(dag_of(ROW), dag_of(ROW, groups)) == NOTHING


def test_moving_into_a_mapped_group_moves_what_is_folded_in() -> None:
    dag = dag_of(ROW)
    expected = {"upstream_definition": {"a", "b", "c"}}
    assert moved(dag, with_task(dag, "a", group="outer")) == NOTHING | expected


def test_digests_of_different_parts_never_meet() -> None:
    (found,) = task_digests(dag_of({"a": Task(operator="o.O")})).values()
    assert len({found.definition, found.presentation, found.upstream_definition}) == 3
    assert found.upstream_presentation == found.presentation
    assert {len(digest) for digest in msgspec.structs.astuple(found)} == {32}


def test_digests_are_made_as_documented() -> None:
    """In plain Python, as a program in another language would."""

    def digest(domain: str, *parts: Any) -> bytes:
        written = (part if isinstance(part, bytes) else canonical(part) for part in parts)
        return hashlib.sha256(domain.encode() + b"\n" + b"".join(written)).digest()

    def canonical(value: Any) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    a = Task(operator="o.O", args={"sql": "é", "owner": "data"})
    b = Task(operator="o.O", group="inner", labels={"a": "yes"}, setup=True, upstream=("a",))
    c = Task(operator="o.O", upstream=("a", "b"))
    found = task_digests(dag_of({"c": c, "b": b, "a": a}))

    none = bytes(32)
    own = digest("dagserial.task.definition", {"args": {"sql": "é"}, "operator": "o.O"})
    shown = digest("dagserial.task.presentation", {"owner": "data"})
    first = TaskDigests(own, shown, digest("dagserial.task.upstream_definition", own, none), shown)

    own = digest("dagserial.task.definition", {"args": {}, "operator": "o.O", "setup": True})
    shown = digest("dagserial.task.presentation", {})
    mapped = {"args": {"x": 1}, "mapping": {"expand": [["y", [1, 2]]]}}
    group = digest("dagserial.group.mapping", none, mapped)
    labels = digest("dagserial.task.labels", [[first.upstream_presentation.hex(), "yes"]])
    folded = digest("dagserial.task.upstream_definition", own, group, first.upstream_definition)
    appearance = digest("dagserial.task.upstream_presentation", shown, labels, first.upstream_presentation)
    second = TaskDigests(own, shown, folded, appearance)

    own = digest("dagserial.task.definition", {"args": {}, "operator": "o.O"})
    both = sorted([first.upstream_definition, second.upstream_definition])
    folded = digest("dagserial.task.upstream_definition", own, none, *both)
    both = sorted([first.upstream_presentation, second.upstream_presentation])
    appearance = digest("dagserial.task.upstream_presentation", shown, none, *both)
    assert found == {"a": first, "b": second, "c": TaskDigests(own, shown, folded, appearance)}


def test_a_chain_of_50_000_tasks_has_digests_in_either_order() -> None:
    count = 50_000
    tasks = {f"{at:05}": Task(operator="o.O", upstream=(f"{at - 1:05}",) if at else ()) for at in range(count)}
    forth = task_digests(dag_of(tasks))
    assert task_digests(dag_of(dict(reversed(tasks.items())))) == forth
    assert len({digests.upstream_definition for digests in forth.values()}) == count


PROGRAM = """
from dagserial.model import Dag, DagFields, Task
from dagserial.model.parts import task_digests
args = {name: name for name in ("sql", "owner", "doc", "doc_md", "doc_rst", "ui_color", "ui_fgcolor", "retries")}
tasks = {name: Task(operator="o.O", args=args, upstream=("a", "b") if name == "c" else ()) for name in "abc"}
for name, found in task_digests(Dag(fields=DagFields(dag_id="etl"), tasks=tasks)).items():
    print(name, found)
"""


def test_the_hash_seed_moves_nothing() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
    assert len(printed.pop().splitlines()) == 3
