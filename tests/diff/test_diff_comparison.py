"""Comparing DAGs."""

from itertools import pairwise

import msgspec
import pytest
from diff_dags import dags, mirror, mirrored, near_pairs, task_dag
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from dagserial.canonical import canonical_bytes
from dagserial.diff import Change, Diff, Target, compare, compare_all
from dagserial.diff.change import place
from dagserial.digest import Digest
from dagserial.formats import v2
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.record import Record


def found(old: Dag, new: Dag) -> list[tuple[str, str, str]]:
    """Return each change as operation, kind and path, for the eye."""
    return [(change.operation, change.object.kind, change.path) for change in compare(old, new)]


@given(near_pairs() | st.tuples(dags(), dags()))
@settings(deadline=None)
def test_changes_are_empty_exactly_when_the_bytes_are_the_same(pair: tuple[Dag, Dag]) -> None:
    old, new = pair
    assert (not compare(old, new)) == (v2.encode(old) == v2.encode(new))


@given(near_pairs() | st.tuples(dags(), dags()))
@settings(deadline=None)
def test_the_opposite_comparison_is_the_mirror(pair: tuple[Dag, Dag]) -> None:
    old, new = pair
    forth, back = compare(old, new), compare(new, old)
    assert encoded(back) == encoded(mirror(forth))


@given(dags())
def test_a_dag_read_back_from_its_record_has_no_changes(dag: Dag) -> None:
    assert compare(dag, v2.decode(v2.encode(dag))) == ()


@given(near_pairs())
@settings(deadline=None, max_examples=40)
def test_changes_have_one_place_each_and_are_in_order(pair: tuple[Dag, Dag]) -> None:
    places = [place(change) for change in compare(*pair)]
    assert all(earlier < later for earlier, later in pairwise(places))


@given(near_pairs())
@settings(deadline=None, max_examples=40)
def test_the_sides_that_a_change_has_follow_its_operation(pair: tuple[Dag, Dag]) -> None:
    has = {"added": {(False, True)}, "removed": {(True, False)}, "changed": {(True, True)}}
    has["moved"] = {(True, True), (True, False), (False, True)}
    for change in compare(*pair):
        assert (change.before is not UNSET, change.after is not UNSET) in has[change.operation]


@given(near_pairs())
@settings(deadline=None, max_examples=40)
def test_each_task_that_differs_in_bytes_has_a_change(pair: tuple[Dag, Dag]) -> None:
    old, new = pair
    told = {change.path.split("/")[2] for change in compare(old, new) if change.path.startswith("/tasks/")}
    for task_id in old.tasks.keys() | new.tasks.keys():
        sides = [msgspec.json.encode(dag.tasks.get(task_id), order="sorted") for dag in pair]
        assert (sides[0] != sides[1]) == (task_id.replace("~", "~0").replace("/", "~1") in told)


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, "1"), (None, "null"), ([0], [False])])
def test_values_that_python_holds_equal_or_alike_are_changes(before: object, after: object) -> None:
    old, new = (task_dag(t=Task(operator="o", args={"x": side})) for side in (before, after))
    (change,) = compare(old, new)
    assert canonical_bytes([change.before, change.after]) != canonical_bytes([change.after, change.before])


def test_a_dag_field_is_one_change_at_its_path() -> None:
    old, new = (Dag(fields=DagFields(dag_id="etl", schedule=schedule)) for schedule in ("@daily", None))
    expected = Change("changed", Target("etl", "dag", "etl"), "/dag/schedule", "@daily", None)
    assert compare(old, new) == (expected,)


def test_a_field_that_was_not_declared_is_absent_not_null() -> None:
    old = Dag(fields=DagFields(dag_id="etl"))
    new = Dag(fields=DagFields(dag_id="etl", schedule=None))
    (change,) = compare(old, new)
    assert (change.operation, change.before, change.after) == ("added", UNSET, None)


def test_dags_of_different_ids_are_compared_under_the_new_one() -> None:
    (change,) = compare(Dag(fields=DagFields(dag_id="etl")), Dag(fields=DagFields(dag_id="elt")))
    previous = Target("etl", "dag", "etl")
    assert change == Change("renamed", Target("elt", "dag", "elt"), "", "etl", "elt", previous, 100, False)


def test_a_task_that_comes_or_goes_is_one_change_with_all_it_says() -> None:
    task = Task(operator="o", args={"x": 1}, upstream=("a",))
    (change,) = compare(task_dag(a=Task(operator="o")), task_dag(a=Task(operator="o"), b=task))
    after = {"args": {"x": 1}, "operator": "o", "upstream": ["a"]}
    assert change == Change("added", Target("etl", "task", "b"), "/tasks/b", UNSET, after)


def test_an_edge_from_a_new_task_is_told_where_an_old_task_changed() -> None:
    old = task_dag(load=Task(operator="o"))
    new = task_dag(load=Task(operator="o", upstream=("extract",)), extract=Task(operator="o"))
    assert found(old, new) == [
        ("added", "task", "/tasks/extract"),
        ("added", "edge", "/tasks/load/upstream/extract"),
    ]


def test_an_edge_is_named_by_both_its_ends() -> None:
    one, two = Task(operator="o"), Task(operator="o", upstream=("a",))
    (change,) = compare(task_dag(a=one, b=two), task_dag(a=one, b=one))
    assert change.object == Target("etl", "edge", "a -> b")
    assert (change.operation, change.before, change.after) == ("removed", "a", UNSET)


def test_a_label_is_a_change_of_its_edge() -> None:
    old, new = (
        task_dag(a=Task(operator="o"), b=Task(operator="o", upstream=("a",), labels={"a": label}))
        for label in ("x", "y")
    )
    expected = Change("changed", Target("etl", "edge", "a -> b"), "/tasks/b/labels/a", "x", "y")
    assert compare(old, new) == (expected,)


def test_a_task_that_changes_its_group_moves() -> None:
    groups = {"g": Group()}
    fields = DagFields(dag_id="etl")
    old = Dag(fields=fields, groups=groups, tasks={"a": Task(operator="o", group="g")})
    new = Dag(fields=fields, groups=groups, tasks={"a": Task(operator="o")})
    expected = Change("moved", Target("etl", "task", "a"), "/tasks/a/group", "g", UNSET)
    assert compare(old, new) == (expected,)


def test_a_group_that_changes_its_parent_moves() -> None:
    fields = DagFields(dag_id="etl")
    old = Dag(fields=fields, groups={"g": Group(), "h": Group()})
    new = Dag(fields=fields, groups={"g": Group(), "h": Group(parent="g")})
    assert found(old, new) == [("moved", "group", "/groups/h/parent")]


def test_groups_come_go_and_change_by_field() -> None:
    fields = DagFields(dag_id="etl")
    old = Dag(fields=fields, groups={"g": Group(tooltip="x", args={"k": 1}), "h": Group()})
    new = Dag(fields=fields, groups={"g": Group(tooltip="y", args={"k": 2}), "i": Group()})
    assert found(old, new) == [
        ("changed", "group", "/groups/g/args/k"),
        ("changed", "group", "/groups/g/tooltip"),
        ("removed", "group", "/groups/h"),
        ("added", "group", "/groups/i"),
    ]


def test_a_mapping_changes_by_its_parameters() -> None:
    old = task_dag(a=Task(operator="o", mapping=Mapping(expand=(("x", [1, 2]), ("y", [1])))))
    new = task_dag(a=Task(operator="o", mapping=Mapping(expand=(("y", [1]), ("x", [1, 3])))))
    assert found(old, new) == [
        ("moved", "task", "/tasks/a/mapping/expand"),
        ("changed", "task", "/tasks/a/mapping/expand/x/1"),
    ]


def test_a_mapping_that_comes_is_one_change() -> None:
    old, new = (task_dag(a=Task(operator="o", mapping=mapping)) for mapping in (None, Mapping(expand_kwargs=[{}])))
    assert found(old, new) == [("added", "task", "/tasks/a/mapping")]


def test_ids_are_escaped_in_paths() -> None:
    fields = DagFields(dag_id="etl")
    old, new = (Dag(fields=fields, tasks={"a/b~c": Task(operator=operator)}) for operator in ("o", "p"))
    assert found(old, new) == [("changed", "task", "/tasks/a~1b~0c/operator")]


def test_a_dag_on_one_side_only_is_one_change_with_its_digest() -> None:
    dag = task_dag(a=Task(operator="o"), b=Task(operator="o"))
    digest = Record.of_dag(dag).digest
    forth, back = compare_all({}, {"etl": dag}), compare_all({"etl": dag}, {})
    expected = Change("added", Target("etl", "dag", "etl"), "", UNSET, {"digest": digest})
    assert forth == Diff((expected,), {}, {"etl": digest})
    assert back == Diff((mirrored(expected),), {"etl": digest}, {})


def test_sets_of_dags_are_compared_by_id_and_counted() -> None:
    one, two = task_dag(a=Task(operator="o")), task_dag(a=Task(operator="p", setup=True))
    diff = compare_all({"gone": one, "same": one, "z": one}, {"come": two, "same": one, "z": two})
    assert [change.object.dag_id for change in diff.changes] == ["come", "gone", "z", "z"]
    assert msgspec.to_builtins(diff.summary()) == {
        "dags": {"added": 1, "removed": 1, "changed": 1, "renamed": 0},
        "changes": {"added": 1, "removed": 1, "changed": 2, "moved": 0, "renamed": 0},
        "by_severity": {"breaking": 0, "behavioural": 0, "cosmetic": 0},
        "max_severity": None,
        "ignored": 0,
    }
    assert diff.old["same"] == diff.new["same"] == Digest.of(v2.encode(one))


def encoded(changes: tuple[Change, ...]) -> bytes:
    return msgspec.json.encode(changes, order="deterministic")
