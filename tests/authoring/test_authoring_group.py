"""Task groups: ids, nesting, roots and leaves. What holds was compared with Airflow 3.3.2."""

from __future__ import annotations

import pytest
from authoring_dags import Step, edges, model, shown, steps, task_of

from dagserial.authoring import DAG, TaskGroup, task, task_group
from dagserial.authoring.group import DuplicateTaskIdFound


def test_a_group_prefixes_ids_and_holds_its_tasks() -> None:
    with DAG("d") as dag:
        with TaskGroup("outer"):
            steps("a")
            with TaskGroup("inner"):
                steps("b")
        steps("c")
    assert {task_id: task.group for task_id, task in model(dag).tasks.items()} == {
        "outer.a": "outer",
        "outer.inner.b": "outer.inner",
        "c": None,
    }
    assert {group_id: group.parent for group_id, group in model(dag).groups.items()} == {
        "outer": None,
        "outer.inner": "outer",
    }


def test_a_group_without_prefix_gives_its_own_ids_away() -> None:
    with DAG("d") as dag, TaskGroup("outer", prefix_group_id=False):
        steps("a")
        with TaskGroup("inner"):
            steps("b")
    assert sorted(model(dag).tasks) == ["a", "inner.b"]
    assert {group_id: group.parent for group_id, group in model(dag).groups.items()} == {
        "outer": None,
        "inner": "outer",
    }
    assert model(dag).groups["outer"].prefix_group_id is False


def test_a_group_within_one_without_prefix_keeps_the_prefix_around_both() -> None:
    with DAG("d") as dag, TaskGroup("a"), TaskGroup("b", prefix_group_id=False):
        steps("x")
        with TaskGroup("c"):
            steps("y")
    assert sorted(model(dag).groups) == ["a", "a.b", "c"]
    assert sorted(model(dag).tasks) == ["c.y", "x"]


def test_a_group_is_declared_with_dag_and_parent() -> None:
    dag = DAG("d")
    outer = TaskGroup("outer", dag=dag)
    inner = TaskGroup("inner", parent_group=outer)
    Step(task_id="a", task_group=inner, dag=dag)
    assert model(dag).tasks["outer.inner.a"].group == "outer.inner"


def test_a_group_without_a_dag_is_refused() -> None:
    with pytest.raises(RuntimeError, match="TaskGroup 'g' is in no DAG"):
        TaskGroup("g")


def test_a_group_is_entered_again() -> None:
    with DAG("d") as dag:
        with TaskGroup("g") as group:
            (a,) = steps("a")
        with group:
            (b,) = steps("b")
        a >> b
    assert edges(dag) == ["g.a>g.b"]


def test_what_a_group_says_of_itself_is_kept() -> None:
    with DAG("d") as dag:
        TaskGroup("g", tooltip="tip", ui_color="#fff", ui_fgcolor="#000", group_display_name="G", doc_md="doc")
    group = model(dag).groups["g"]
    assert [group.tooltip, group.ui_color, group.ui_fgcolor, group.group_display_name, group.doc_md] == [
        *("tip", "#fff", "#000", "G", "doc")
    ]


@pytest.mark.parametrize(
    "declare",
    [
        lambda: (TaskGroup("g"), TaskGroup("g")),
        lambda: (Step(task_id="g"), TaskGroup("g")),
        lambda: (TaskGroup("g"), Step(task_id="g")),
        lambda: (Step(task_id="a"), Step(task_id="a")),
        lambda: (Step(task_id="g.a"), Step(task_id="a", task_group=TaskGroup("g"))),
    ],
)
def test_an_id_that_is_taken_is_refused(declare: object) -> None:
    with DAG("d"), pytest.raises(DuplicateTaskIdFound, match="has already been added to the DAG"):
        declare()  # type: ignore[operator]


def test_the_same_label_stands_in_different_groups() -> None:
    with DAG("d") as dag, TaskGroup("g"), TaskGroup("g"):
        steps("g")
    assert list(model(dag).tasks) == ["g.g.g"]


def test_a_suffix_is_added_where_it_is_asked_for() -> None:
    with DAG("d") as dag:
        for _ in range(3):
            with TaskGroup("g", add_suffix_on_collision=True):
                steps("a")
    assert list(model(dag).groups) == ["g", "g__1", "g__2"]
    assert list(model(dag).tasks) == ["g.a", "g__1.a", "g__2.a"]


def test_a_suffix_follows_the_largest_that_is_taken() -> None:
    with DAG("d") as dag:
        TaskGroup("g__4")
        TaskGroup("g")
        TaskGroup("g", add_suffix_on_collision=True)
    assert list(model(dag).groups) == ["g__4", "g", "g__5"]


def test_edges_to_and_from_a_group_end_at_its_roots_and_leaves() -> None:
    with DAG("d") as dag:
        start, end = steps("start end")
        with TaskGroup("g") as group:
            a, b, _alone = steps("a b c")
            a >> b
        start >> group >> end
    assert edges(dag) == ["g.a>g.b", "g.b>end", "g.c>end", "start>g.a", "start>g.c"]


def test_edges_between_groups_join_leaves_to_roots() -> None:
    with DAG("d") as dag:
        with TaskGroup("g") as one:
            steps("a b")
        with TaskGroup("h") as other:
            steps("c")
        one >> other
    assert edges(dag) == ["g.a>h.c", "g.b>h.c"]


def test_edges_to_a_group_reach_into_the_groups_in_it() -> None:
    with DAG("d") as dag:
        with TaskGroup("g") as outer:
            (a,) = steps("a")
            with TaskGroup("h") as inner:
                steps("b")
            a >> inner
        steps("z")[0] << outer
    assert edges(dag) == ["g.a>g.h.b", "g.h.b>z"]


def test_roots_and_leaves_are_lists_of_tasks() -> None:
    with DAG("d"), TaskGroup("g") as group:
        a, b = steps("a b")
        a >> b
    assert list(group.get_roots()) == [a]
    assert list(group.get_leaves()) == [b]
    assert group.has_task(a)
    assert group.get_child_by_label("a") is a
    assert list(group.iter_tasks()) == [a, b]


def test_a_task_is_put_into_a_group_by_hand() -> None:
    dag = DAG("d")
    group = TaskGroup("g", dag=dag)
    a = group.add(Step(task_id="a"))
    dag.add_task(a)
    dag.add_task(a)
    assert (list(dag.task_dict), task_of(dag, "a").group) == (["a"], "g")


def test_a_group_knows_its_place() -> None:
    with DAG("d") as dag, TaskGroup("g") as outer, TaskGroup("h") as inner:
        pass
    assert (inner.node_id, inner.task_group, outer.task_group) == ("g.h", outer, dag.task_group)
    assert (dag.task_group.is_root, outer.is_root, dag.task_group.group_id) == (True, False, None)


def test_a_teardown_gives_its_place_as_a_leaf_to_the_work_before_it() -> None:
    with DAG("d") as dag:
        with TaskGroup("g") as group:
            s, w, t = steps("s w t")
            s >> w >> t.as_teardown(setups=s)
        group >> Step(task_id="end")
    assert [edge for edge in edges(dag) if edge.endswith(">end")] == ["g.w>end"]


def test_a_teardown_behind_a_teardown_gives_its_place_too() -> None:
    with DAG("d") as dag:
        with TaskGroup("g") as group:
            s, w, t, u = steps("s w t u")
            s.as_setup() >> w >> t.as_teardown(setups=s) >> u.as_teardown()
        group >> Step(task_id="end")
    assert [edge for edge in edges(dag) if edge.endswith(">end")] == ["g.w>end"]


def test_work_that_goes_on_is_no_leaf_before_a_teardown() -> None:
    with DAG("d") as dag:
        with TaskGroup("g") as group:
            s, w, v, t = steps("s w v t")
            s.as_setup() >> w >> t.as_teardown(setups=s)
            w >> v
        group >> Step(task_id="end")
    assert [edge for edge in edges(dag) if edge.endswith(">end")] == ["g.v>end"]


def test_a_setup_is_a_root() -> None:
    with DAG("d") as dag:
        (a,) = steps("a")
        with TaskGroup("g") as group:
            s, w = steps("s w")
            s.as_setup() >> w
        a >> group
    assert "a>g.s" in edges(dag)
    assert "a>g.w" not in edges(dag)


def test_an_empty_group_passes_edges_on() -> None:
    with DAG("d") as dag:
        a, b, z = steps("a b z")
        with TaskGroup("g") as one:
            pass
        with TaskGroup("h") as other:
            pass
        [a, b] >> one >> other >> z
    assert edges(dag) == ["a>z", "b>z"]


def test_an_empty_group_passes_edges_on_leftwards() -> None:
    with DAG("d") as dag:
        a, z = steps("a z")
        group = TaskGroup("g")
        group << a
        z << group
    assert edges(dag) == ["a>z"]


class TestDecorated:
    def test_calling_declares_the_group_and_its_tasks(self) -> None:
        @task_group
        def load() -> None:
            steps("a")

        with DAG("d") as dag:
            first, second = load(), load()
            first >> second
        assert edges(dag) == ["load.a>load__1.a"]

    def test_what_the_function_returns_is_returned(self) -> None:
        @task_group()
        def load(name: str) -> Step:
            steps("a")
            return Step(task_id=name)

        with DAG("d") as dag:
            load("b") >> Step(task_id="end")
        assert edges(dag) == ["load.b>end"]

    def test_arguments_of_the_group_are_given_to_the_decorator(self) -> None:
        @task_group(group_id="named", prefix_group_id=False, default_args={"retries": 2})
        def load() -> None:
            steps("a")

        with DAG("d") as dag:
            load()
        assert task_of(dag, "a").group == "named"
        assert shown(task_of(dag, "a").args) == shown({"retries": 2})

    def test_a_bare_string_is_the_group_id(self) -> None:
        @task_group("named")
        def load() -> None:
            steps("a")

        with DAG("d") as dag:
            load()
        assert list(model(dag).groups) == ["named"]

    def test_override_changes_the_group_alone(self) -> None:
        @task_group
        def load() -> None:
            steps("a")

        with DAG("d") as dag:
            load.override(group_id="other", tooltip="tip")()
            load()
        assert list(model(dag).groups) == ["other", "load"]
        assert model(dag).groups["other"].tooltip == "tip"

    def test_groups_nest_and_count_for_themselves(self) -> None:
        @task
        def work() -> None: ...

        @task_group
        def inner() -> None:
            work()

        @task_group
        def outer() -> None:
            inner()
            inner()

        with DAG("d") as dag:
            outer()
        assert list(model(dag).tasks) == ["outer.inner.work", "outer.inner__1.work"]
