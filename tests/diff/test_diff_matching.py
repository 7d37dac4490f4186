"""Matching tasks, groups and DAGs that have another id on the other side."""

from typing import Any

import msgspec
import pytest
from diff_dags import dags, mirror, task_dag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from renamed_dags import renamed_pairs

from dagserial.canonical import settled_bytes
from dagserial.diff import Change, Matching, Target, compare, compare_all
from dagserial.formats import v2
from dagserial.model import Dag, DagFields, Group, Task

law = settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def bash(command: str, *upstream: str, **fields: Any) -> Task:
    return Task(operator="bash", args={"bash_command": command, **fields.pop("args", {})}, upstream=upstream, **fields)


def empty(*upstream: str) -> Task:
    return Task(operator="empty", upstream=tuple(sorted(upstream)))


AS_FOUND = Matching()


def told(old: Dag, new: Dag, matching: Matching = AS_FOUND) -> list[tuple[str, str]]:
    return [(change.operation, change.path) for change in compare(old, new, matching)]


@law
@given(renamed_pairs())
def test_law_5_holds_for_what_was_renamed(pair: tuple[Dag, Dag, Matching]) -> None:
    old, new, matching = pair
    forth, back = compare(old, new, matching), compare(new, old, matching)
    assert (not forth) == (v2.encode(old) == v2.encode(new))
    assert [settled_bytes(change) for change in back] == [settled_bytes(change) for change in mirror(forth)]


def test_a_task_of_another_id_and_the_same_definition_was_renamed() -> None:
    old = task_dag(clean=bash("clean"), load=bash("load --all", "clean"))
    new = task_dag(clean=bash("clean"), load_rows=bash("load --all", "clean"))
    assert compare(old, new) == (
        Change(
            "renamed",
            Target("etl", "task", "load_rows"),
            "/tasks/load_rows",
            "load",
            "load_rows",
            Target("etl", "task", "load"),
            100,
            False,
        ),
    )


def test_a_task_that_was_renamed_and_edited_is_one_rename_and_its_changes() -> None:
    old = task_dag(a=bash("extract"), load=bash("load --from raw --to warehouse --day {{ ds }}", "a"))
    new = task_dag(a=bash("extract"), put=bash("load --from raw --to lake --day {{ ds }}", "a", setup=True))
    renamed, command, setup = compare(old, new)
    assert (renamed.operation, renamed.after, renamed.declared) == ("renamed", "put", False)
    assert isinstance(renamed.likeness, int)
    assert 50 <= renamed.likeness < 100
    assert (command.path, setup.path) == ("/tasks/put/args/bash_command", "/tasks/put/setup")
    assert command.previous == setup.previous == Target("etl", "task", "load")


def test_edges_and_references_to_a_renamed_task_are_no_changes() -> None:
    def dag(name: str) -> Dag:
        xcom = {"$": "xcom", "key": "return_value", "task": name}
        read = Task(operator="read", args={"rows": [xcom]}, upstream=(name,), labels={name: "rows"})
        return task_dag("etl", **{name: bash("extract"), "read": read})

    assert told(dag("extract"), dag("extract_rows")) == [("renamed", "/tasks/extract_rows")]


def test_an_edge_that_a_renamed_task_lost_is_named_by_both_its_ids() -> None:
    old = task_dag(a=bash("a"), b=bash("b one two three"), c=bash("c", "a", "b"))
    new = task_dag(a=bash("a"), d=bash("b one two three"), c=bash("c", "a"))
    edge, rename = sorted(compare(old, new), key=lambda change: change.object.kind)
    assert rename.operation == "renamed"
    assert (edge.operation, edge.object.id, edge.path, edge.before) == ("removed", "d -> c", "/tasks/c/upstream/d", "b")
    assert edge.previous == Target("etl", "edge", "b -> c")


def test_what_is_equally_like_two_others_is_not_guessed() -> None:
    old = task_dag(a=bash("x"), b=bash("load the rows of today", "a"))
    new = task_dag(a=bash("x"), c=bash("load the rows of today", "a"), d=bash("load the rows of today", "a"))
    assert "renamed" not in {operation for operation, _ in told(old, new)}


def test_a_tie_of_likeness_is_not_guessed() -> None:
    old = task_dag(a=bash("x"), b=bash("load the rows of today", "a"))
    new = task_dag(a=bash("x"), c=bash("load the rows of monday", "a"), d=bash("load the rows of tuesday", "a"))
    assert "renamed" not in {operation for operation, _ in told(old, new)}


def test_tasks_that_say_nothing_are_told_apart_by_their_neighbours() -> None:
    old = task_dag(begin=empty(), work=bash("work", "begin"), end=empty("work"))
    new = task_dag(first=empty(), work=bash("work", "first"), last=empty("work"))
    assert told(old, new) == [("renamed", "/tasks/first"), ("renamed", "/tasks/last")]


def test_a_task_that_says_nothing_elsewhere_is_another_task() -> None:
    old = task_dag(gate=empty(), a=bash("a", "gate"), b=bash("b"))
    new = task_dag(a=bash("a"), b=bash("b"), done=empty("b"))
    assert {operation for operation, _ in told(old, new)} == {"added", "removed"}


def test_a_chain_of_tasks_that_say_nothing_is_followed_from_both_ends() -> None:
    def chain(*names: str) -> Dag:
        ids = ["start", *names, "stop"]
        tasks = {name: empty(*ids[max(0, at - 1) : at]) for at, name in enumerate(ids)}
        return task_dag("etl", **tasks)

    found = compare(chain("a", "b", "c"), chain("x", "y", "z"))
    assert [(change.operation, change.before, change.after) for change in found] == [
        ("renamed", "a", "x"),
        ("renamed", "b", "y"),
        ("renamed", "c", "z"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        Task(operator="python", args={"bash_command": "load --from raw --to lake"}, upstream=("a",)),
        bash("load --from raw --to lake", "b"),
        bash("something else", "a"),
    ],
    ids=["another operator", "other neighbours", "other arguments"],
)
def test_what_is_not_alike_comes_and_goes(other: Task) -> None:
    old = task_dag(a=bash("a"), b=bash("b"), load=bash("load --from raw --to warehouse", "a"))
    new = task_dag(a=bash("a"), b=bash("b"), put=other)
    operations = {change.path: change.operation for change in compare(old, new)}
    assert (operations["/tasks/load"], operations["/tasks/put"]) == ("removed", "added")


def taskflow(name: str, code: str, **args: Any) -> Dag:
    function = {"$": "callable", "name": f"dags.etl.pipeline.<locals>.{name}", "code": f"sha256:{code * 64}"}
    load = Task(operator="@task", args={"python_callable": function, **args}, upstream=("a",))
    return task_dag("etl", **{"a": bash("a"), name: load})


def test_two_functions_of_one_file_are_not_alike_for_that() -> None:
    assert {operation for operation, _ in told(taskflow("load", "1"), taskflow("mail", "2"))} == {"added", "removed"}


def test_a_function_that_was_renamed_is_known_by_what_it_is_given() -> None:
    rows = {"op_args": [{"$": "xcom", "key": "return_value", "task": "a"}]}
    assert told(taskflow("load", "1", **rows), taskflow("store", "2", **rows))[0] == ("renamed", "/tasks/store")


def test_default_args_make_no_task_like_another() -> None:
    defaults = {"retries": 3, "owner": "data", "email": ["ops@example.invalid"], "queue": "slow", "pool": "warehouse"}
    fields = DagFields(dag_id="etl", default_args=defaults)
    old, new = (
        Dag(fields=fields, tasks={name: bash(command, args=defaults)})
        for name, command in (("load", "psql --file load"), ("mail", "curl https://example.invalid"))
    )
    assert {operation for operation, _ in told(old, new)} == {"added", "removed"}


def test_likeness_and_detection_are_options() -> None:
    old, new = task_dag(a=bash("load all rows of today")), task_dag(b=bash("load all rows of yesterday"))
    assert told(old, new)[0] == ("renamed", "/tasks/b")
    assert told(old, new, Matching(likeness=90))[0][0] != "renamed"
    assert told(old, new, Matching(detect=False))[0][0] != "renamed"
    same = task_dag(b=bash("load all rows of today"))
    assert told(old, same, Matching(likeness=100)) == [("renamed", "/tasks/b")]


@pytest.mark.parametrize(
    "moved",
    [{"etl.a": "etl.b"}, {"etl.b": "etl.a"}, {"etl.a": "etl.x", "etl.x": "etl.b"}],
    ids=["forth", "back", "over"],
)
def test_a_declared_move_holds_whatever_the_tasks_say(moved: dict[str, str]) -> None:
    old, new = task_dag(a=bash("one")), task_dag(b=Task(operator="python"))
    found = compare(old, new, Matching(moved=moved, detect=False))
    assert (found[0].operation, found[0].before, found[0].after, found[0].declared) == ("renamed", "a", "b", True)
    assert {change.operation for change in found} <= {"renamed", "changed", "removed"}
    assert all(change.previous == Target("etl", "task", "a") for change in found)


def test_two_declared_moves_to_one_task_are_none() -> None:
    old, new = task_dag(a=bash("one"), b=bash("two")), task_dag(c=bash("three"))
    moved = {"etl.a": "etl.c", "etl.b": "etl.c"}
    assert "renamed" not in {operation for operation, _ in told(old, new, Matching(moved=moved))}


def test_a_declared_circle_ends() -> None:
    old, new = task_dag(a=bash("one")), task_dag(c=Task(operator="python"))
    matching = Matching(moved={"etl.a": "etl.b", "etl.b": "etl.a"})
    assert "renamed" not in {operation for operation, _ in told(old, new, matching)}


def grouped(group: str, *names: str, edit: str = "", outer: str | None = None) -> Dag:
    groups = {group: Group(tooltip="x", parent=outer)}
    groups |= {outer: Group()} if outer else {}
    tasks = {f"{group}.{name}": bash(f"run {name} of the sales{edit}", group=group) for name in names}
    end = bash("end", *sorted(tasks))
    return Dag(fields=DagFields(dag_id="etl"), groups=groups, tasks={**tasks, "end": end})


def test_a_group_that_was_renamed_is_one_change() -> None:
    (change,) = compare(grouped("g", "a", "b", "c"), grouped("h", "a", "b", "c"))
    assert change == Change(
        "renamed", Target("etl", "group", "h"), "/groups/h", "g", "h", Target("etl", "group", "g"), 100, False
    )


def test_edits_within_a_renamed_group_are_changes_of_their_tasks() -> None:
    old, new = grouped("g", "a", "b"), grouped("h", "a", "b", edit=" today")
    assert told(old, new) == [
        ("changed", "/tasks/h.a/args/bash_command"),
        ("changed", "/tasks/h.b/args/bash_command"),
        ("renamed", "/groups/h"),
    ]


def test_groups_within_a_renamed_group_are_renamed_with_it() -> None:
    def dag(name: str) -> Dag:
        groups = {name: Group(), f"{name}.in": Group(parent=name)}
        tasks = {
            f"{name}.a": bash("run a of the sales", group=name),
            f"{name}.in.b": bash("run b of the costs", f"{name}.a", group=f"{name}.in"),
        }
        return Dag(fields=DagFields(dag_id="etl"), groups=groups, tasks=tasks)

    assert told(dag("g"), dag("h")) == [("renamed", "/groups/h")]


def test_a_group_that_does_not_name_its_tasks_is_renamed_without_them() -> None:
    old, new = (
        Dag(
            fields=DagFields(dag_id="etl"),
            groups={group: Group(prefix_group_id=False)},
            tasks={"a": bash("a", group=group), "b": bash("b", group=group)},
        )
        for group in ("g", "h")
    )
    assert told(old, new) == [("renamed", "/groups/h")]


def test_tasks_that_nothing_else_tells_apart_are_by_the_group_around_them() -> None:
    def dag(name: str) -> Dag:
        tasks = {f"{name}.{one}": Task(operator="empty", group=name) for one in ("a", "b")}
        tasks |= {f"{name}.{one}": bash(f"run {one} of the sales", group=name) for one in ("c", "d")}
        return Dag(fields=DagFields(dag_id="etl"), groups={name: Group()}, tasks=tasks)

    assert told(dag("g"), dag("h")) == [("renamed", "/groups/h")]


def test_a_declared_group_takes_its_tasks_along() -> None:
    old, new = grouped("g", "a", "b"), grouped("h", "a", "b", edit=" but entirely different, and at great length")
    matching = Matching(moved={"etl.g": "etl.h"}, detect=False)
    (rename,) = (change for change in compare(old, new, matching) if change.operation == "renamed")
    assert (rename.object.kind, rename.declared, rename.likeness) == ("group", True, 100)


def test_a_group_that_was_renamed_with_half_of_its_tasks_keeps_them() -> None:
    old, new = grouped("g", "a", "b", "c"), grouped("h", "a", "b", "x")
    assert [(change.operation, change.path) for change in compare(old, new) if change.object.kind != "edge"] == [
        ("renamed", "/tasks/h.x"),
        ("changed", "/tasks/h.x/args/bash_command"),
        ("renamed", "/groups/h"),
    ]


def test_every_task_of_a_dag_may_be_renamed_and_edited() -> None:
    def dag(prefix: str, edit: str) -> Dag:
        ids = [f"{prefix}{number}" for number in range(300)]
        tasks = {one: bash(f"run --part {at}{edit}", *ids[max(0, at - 1) : at]) for at, one in enumerate(ids)}
        return task_dag("etl", **tasks)

    found = compare(dag("task_", ""), dag("step_", " --force"))
    renamed = {(change.before, change.after) for change in found if change.operation == "renamed"}
    assert renamed == {(f"task_{number}", f"step_{number}") for number in range(300)}
    assert {change.operation for change in found} == {"renamed", "changed"}


def test_a_task_that_leaves_a_group_with_its_name_is_renamed_and_moves() -> None:
    old = grouped("g", "a", "b")
    tasks = {**old.tasks, "a": bash("run a of the sales"), "end": bash("end", "a", "g.b")}
    del tasks["g.a"]
    assert told(old, Dag(fields=old.fields, groups=old.groups, tasks=tasks)) == [
        ("renamed", "/tasks/a"),
        ("moved", "/tasks/a/group"),
    ]


def renamed_dag(dag: Dag, dag_id: str) -> Dag:
    fields = {name: getattr(dag.fields, name) for name in DagFields.__struct_fields__} | {"dag_id": dag_id}
    return Dag(fields=DagFields(**fields), groups=dag.groups, tasks=dag.tasks)


def test_a_dag_of_another_id_that_says_the_same_was_renamed() -> None:
    dag = task_dag(a=bash("one"), b=bash("two", "a"))
    diff = compare_all({"etl": dag}, {"elt": renamed_dag(dag, "elt")})
    previous = Target("etl", "dag", "etl")
    assert diff.changes == (Change("renamed", Target("elt", "dag", "elt"), "", "etl", "elt", previous, 100, False),)
    assert diff.renamed == {"elt": "etl"}
    assert msgspec.to_builtins(diff.summary().dags) == {"added": 0, "removed": 0, "changed": 0, "renamed": 1}


def test_a_dag_that_was_renamed_and_edited_is_compared_with_itself() -> None:
    old = task_dag(a=bash("one"), b=bash("two", "a"), c=bash("three"))
    new = renamed_dag(task_dag(a=bash("one"), b=bash("two!", "a"), c=bash("three")), "elt")
    diff = compare_all({"etl": old, "x": old}, {"elt": new, "x": old})
    assert [(change.operation, change.path) for change in diff.changes] == [
        ("renamed", ""),
        ("changed", "/tasks/b/args/bash_command"),
    ]
    assert diff.changes[1].previous == Target("etl", "task", "b")


def pulling(dag_id: str, task_id: str = "make") -> str:
    return f"use {{{{ task_instance.xcom_pull(task_ids='{task_id}', dag_id='{dag_id}', key='return_value') }}}}"


@pytest.mark.parametrize(
    ("edges", "operation"), [(("a", "c"), "renamed"), (("c", "a"), "removed")], ids=["a neighbour", "none in common"]
)
def test_a_task_around_which_a_group_is_made_is_known_by_its_id_in_it(edges: tuple[str, str], operation: str) -> None:
    def dag(prefix: str, command: str, before: str, after: str) -> Dag:
        group = {"group": prefix.rstrip(".")} if prefix else {}
        tasks = {"a": bash("a"), "c": bash("c"), f"{prefix}b": bash(command, before, **group)}
        tasks[after] = msgspec.structs.replace(tasks[after], upstream=(f"{prefix}b",))
        groups = {prefix.rstrip("."): Group()} if prefix else {}
        return Dag(fields=DagFields(dag_id="etl"), groups=groups, tasks=dict(sorted(tasks.items())))

    old, new = dag("", "one", "a", "c"), dag("g.", "another", *edges)
    operations = {change.operation for change in compare(old, new) if change.object.id in ("b", "g.b")}
    assert operation in operations
    assert ("renamed" in operations) == (operation == "renamed")


def test_what_names_a_renamed_dag_is_no_change() -> None:
    def sides(dag_id: str) -> dict[str, Dag]:
        inner = {"subdag": {"$": "dag", "dag_id": f"{dag_id}.inner"}}
        tasks = {"inner": Task(operator="sub", args=inner), "make": bash("make"), "use": bash(pulling(dag_id), "make")}
        return {
            dag_id: Dag(fields=DagFields(dag_id=dag_id), tasks=tasks),
            f"{dag_id}.inner": Dag(fields=DagFields(dag_id=f"{dag_id}.inner"), tasks={"a": bash("a")}),
            "other": Dag(fields=DagFields(dag_id="other"), tasks={"use": bash(pulling(dag_id))}),
        }

    diff = compare_all(sides("old"), sides("new"))
    assert [(change.operation, change.object.id) for change in diff.changes] == [
        ("renamed", "new"),
        ("renamed", "new.inner"),
    ]


def test_what_pulls_from_a_renamed_task_in_a_template_is_no_change() -> None:
    old, new = (
        task_dag(**{task_id: bash("make"), "use": bash(pulling("etl", task_id), task_id)})
        for task_id in ("make", "made")
    )
    assert told(old, new) == [("renamed", "/tasks/made")]


def test_another_dag_in_a_template_is_a_change() -> None:
    old, new = (task_dag(use=bash(pulling(dag_id))) for dag_id in ("one", "two"))
    assert told(old, new) == [("changed", "/tasks/use/args/bash_command")]


def test_dags_that_are_equally_alike_are_not_guessed() -> None:
    dag = task_dag(a=bash("one"), b=bash("two", "a"))
    diff = compare_all({"etl": dag}, {name: renamed_dag(dag, name) for name in ("x", "y")})
    assert [change.operation for change in diff.changes] == ["removed", "added", "added"]


@pytest.mark.parametrize(("file", "operations"), [("dags/a.py", {"renamed"}), ("dags/b.py", {"added", "removed"})])
def test_dags_of_one_file_are_more_alike(file: str, operations: set[str]) -> None:
    old = task_dag(a=bash("one"), b=bash("two", "a"))
    new = renamed_dag(task_dag(a=bash("one!"), b=bash("two!", "a")), "elt")
    diff = compare_all({"etl": old}, {"elt": new}, files=({"etl": "dags/a.py"}, {"elt": file}))
    assert {change.operation for change in diff.changes if not change.path} == operations


def test_a_declared_dag_takes_its_declared_tasks_along() -> None:
    old, new = task_dag(a=bash("one")), renamed_dag(task_dag(b=Task(operator="python")), "elt")
    for moved in ({"etl.a": "etl.b"}, {"etl.a": "elt.b"}):
        matching = Matching(moved={"etl": "elt", **moved}, detect=False)
        found = compare_all({"etl": old}, {"elt": new}, matching).changes
        assert [change.declared for change in found if change.operation == "renamed"] == [True, True]


def test_sides_that_have_nothing_to_say_have_no_keys() -> None:
    (change,) = compare(task_dag(a=bash("one")), task_dag(a=bash("two")))
    assert (change.previous, change.likeness, change.declared) == (UNSET, UNSET, UNSET)


@settings(max_examples=300, deadline=None)
@given(st.lists(dags(), min_size=1, max_size=3), st.lists(dags(), max_size=2), st.booleans())
def test_sets_of_dags_are_mirrored_with_their_renames(kept: list[Dag], others: list[Dag], is_one_file: bool) -> None:
    old = {f"a{at}": renamed_dag(dag, f"a{at}") for at, dag in enumerate(kept)}
    new = {f"b{at}": renamed_dag(dag, f"b{at}") for at, dag in enumerate([*kept[1:], *others])}
    files = (dict.fromkeys(old, "f.py"), {one: "f.py" if is_one_file else f"{one}.py" for one in new})
    forth, back = compare_all(old, new, files=files), compare_all(new, old, files=files[::-1])
    assert [settled_bytes(change) for change in back.changes] == [settled_bytes(one) for one in mirror(forth.changes)]
    assert back.renamed == {before: after for after, before in forth.renamed.items()}
    told = {change.object.dag_id for change in forth.changes if not change.path} | set(forth.renamed.values())
    assert told == old.keys() | new.keys()
