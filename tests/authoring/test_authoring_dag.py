"""DAGs: their arguments by every name they ever had, blocks, `@dag`, params."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec
import pytest
from authoring_dags import Step, edges, model, shown, steps

from dagserial.authoring import DAG, Param, TaskGroup, dag, task
from dagserial.authoring.context import DECLARING


def fields(declared: DAG) -> str:
    found = msgspec.to_builtins(model(declared).fields)
    return shown({name: value for name, value in found.items() if name != "dag_id"})


def test_only_what_was_passed_is_declared() -> None:
    assert fields(DAG("d")) == shown({})
    assert fields(DAG("d", schedule=None, catchup=False)) == shown({"schedule": None, "catchup": False})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schedule_interval", "schedule"),
        ("timetable", "schedule"),
        ("concurrency", "max_active_tasks"),
        ("fail_stop", "fail_fast"),
    ],
)
def test_a_renamed_argument_stands_under_its_newest_name(old: str, new: str) -> None:
    declared = DAG("d", **{old: 3})
    assert fields(declared) == shown({new: 3})
    assert getattr(declared, new) == 3
    setattr(declared, old, 4)
    assert fields(declared) == shown({new: 4})


def test_the_schedule_is_read_by_its_old_names() -> None:
    declared = DAG("d", schedule="@daily")
    assert (declared.schedule_interval, declared.timetable) == ("@daily", "@daily")


def test_positional_arguments_are_those_of_airflow_1_and_2() -> None:
    declared = DAG("d", "about", "@daily", dt.datetime(2024, 1, 1), None, "/file", "/templates")
    assert fields(declared) == shown(
        {
            "description": "about",
            "schedule": "@daily",
            "start_date": {"$": "datetime", "value": "2024-01-01T00:00:00"},
            "end_date": None,
            "template_searchpath": "/templates",
        }
    )


def test_an_argument_without_a_name_here_is_kept() -> None:
    assert fields(DAG("d", from_the_future=1)) == shown({"extra": {"from_the_future": 1}})


def test_an_assignment_is_declared() -> None:
    declared = DAG("d", doc_md="old")
    declared.doc_md = "new"
    declared.max_active_runs = 2
    declared.note_of_mine = 3
    assert fields(declared) == shown({"doc_md": "new", "max_active_runs": 2})


@pytest.mark.parametrize("dag_id", [None, 3, b"d"])
def test_a_dag_id_is_text(dag_id: Any) -> None:
    with pytest.raises(TypeError, match="dag_id must be a string"):
        DAG(dag_id)


def test_what_changes_later_in_default_args_was_not_declared() -> None:
    shared: dict[str, Any] = {"retries": 1, "params": {"x": [1]}}
    with DAG("d", default_args=shared) as declared:
        group = TaskGroup("g", default_args=shared)
    shared["retries"] = 2
    shared["params"]["x"].append(2)
    assert fields(declared) == shown({"default_args": {"retries": 1, "params": {"x": [1]}}})
    assert shown(model(declared).groups["g"].default_args) == shown({"retries": 1, "params": {"x": [1]}})
    assert group.default_args["retries"] == 1


def test_a_dag_tells_of_its_tasks() -> None:
    with DAG("d") as declared:
        a, b, c = steps("a b c")
        a >> b
        TaskGroup("g")
    assert (declared.tasks, declared.task_ids) == ([a, b, c], ["a", "b", "c"])
    assert (declared.roots, declared.leaves) == ([a, c], [b, c])
    assert (declared.has_task("a"), declared.has_task("z")) == (True, False)
    assert (declared.has_task_group("g"), declared.has_task_group("h")) == (True, False)
    assert declared.get_task("a") is a
    with pytest.raises(KeyError):
        declared.get_task("z")
    assert declared.fileloc == __file__


def test_tasks_are_added_and_joined_by_id() -> None:
    declared = DAG("d")
    declared.add_tasks([Step(task_id="a"), Step(task_id="b")])
    declared.set_dependency("a", "b")
    assert edges(declared) == ["a>b"]


def test_a_block_that_fails_is_closed() -> None:
    with pytest.raises(ZeroDivisionError), DAG("d"), TaskGroup("g"):
        1 / 0  # noqa: B018
    assert (DECLARING.dag(), DECLARING.groups) == (None, [])


def test_dags_are_told_apart_by_identity() -> None:
    one, other = DAG("d"), DAG("d")
    assert one != other
    assert len({one, other}) == 2


class TestParams:
    def test_they_keep_their_order(self) -> None:
        declared = DAG("d", params={"z": 1, "a": Param("x", description="about", type="string", enum=["x", "y"])})
        assert shown(msgspec.to_builtins(model(declared).fields.params)) == shown(
            [
                ["z", {"$": "param", "default": 1}],
                [
                    "a",
                    {
                        "$": "param",
                        "default": "x",
                        "description": "about",
                        "schema": {"type": "string", "enum": ["x", "y"]},
                    },
                ],
            ]
        )

    def test_a_plain_default_and_a_param_are_the_same(self) -> None:
        assert fields(DAG("d", params={"a": 1})) == fields(DAG("d", params={"a": Param(1)}))

    def test_a_param_may_lack_a_default(self) -> None:
        param = Param(type="string")
        assert (param.has_value, Param(None).has_value) == (False, True)
        assert fields(DAG("d", params={"a": param})) == shown(
            {"params": [["a", {"$": "param", "schema": {"type": "string"}}]]}
        )

    def test_a_param_resolves_to_what_is_given_or_its_default(self) -> None:
        assert (Param(1).resolve(), Param(1).resolve(2), str(Param(1))) == (1, 2, "1")

    def test_dag_param_stands_for_one_and_declares_its_default(self) -> None:
        with DAG("d") as declared:
            steps("a", x=declared.param("p", 5), y=declared.param("q"), z=f"{declared.param('p')}")
        assert fields(declared) == shown({"params": [["p", {"$": "param", "default": 5}]]})
        assert shown(model(declared).tasks["a"].args) == shown(
            {"x": {"$": "dag_param", "name": "p"}, "y": {"$": "dag_param", "name": "q"}, "z": "{{ params.p }}"}
        )

    def test_those_of_default_args_belong_to_the_dag(self) -> None:
        assert DAG("d", params={"a": 1}, default_args={"params": {"b": 2}}).params == {"a": 1, "b": 2}


class TestDecorated:
    def test_arguments_become_params_and_the_docstring_documentation(self) -> None:
        @dag(schedule="@daily", tags=["x"])
        def etl(region: str, size: int = 3) -> None:
            """Load it."""
            steps("a", region=region, size=size)

        declared = etl("eu")
        assert declared.dag_id == "etl"
        assert fields(declared) == shown(
            {
                "schedule": "@daily",
                "tags": ["x"],
                "doc_md": "Load it.",
                "params": [["region", {"$": "param", "default": "eu"}], ["size", {"$": "param", "default": 3}]],
            }
        )
        assert shown(model(declared).tasks["a"].args) == shown(
            {"region": {"$": "dag_param", "name": "region"}, "size": {"$": "dag_param", "name": "size"}}
        )

    def test_documentation_that_is_given_stays(self) -> None:
        @dag(doc_md="given")
        def etl() -> None:
            """Not this."""

        assert fields(etl()) == shown({"doc_md": "given"})

    @pytest.mark.parametrize("decorate", [dag, dag(), dag("etl"), dag(dag_id="etl")])
    def test_its_id_is_given_or_the_functions_name(self, decorate: Any) -> None:
        def etl() -> None:
            steps("a")

        declared = decorate(etl)()
        assert (declared.dag_id, list(declared.task_dict)) == ("etl", ["a"])

    def test_params_that_are_given_stay(self) -> None:
        @dag(params={"other": 1})
        def etl(region: str = "eu") -> None: ...

        assert list(etl().params) == ["other", "region"]

    def test_a_missing_argument_is_refused(self) -> None:
        @dag
        def etl(region: str) -> None: ...

        with pytest.raises(TypeError, match="missing a required argument: 'region'"):
            etl()

    def test_each_call_is_a_dag_of_its_own(self) -> None:
        @dag
        def etl() -> None:
            task(lambda: 1, task_id="a")()

        assert etl() is not etl()
        assert list(etl().task_dict) == ["a"]


class TestSubset:
    @pytest.fixture
    def whole(self) -> DAG:
        with DAG("d", schedule="@daily") as whole:
            (first,) = steps("first")
            with TaskGroup("load"):
                left, right = steps("left right")
            with TaskGroup("check"):
                (check,) = steps("check", rules=["a"])
            (last,) = steps("last")
            first >> [left, right] >> check >> last
        return whole

    @pytest.mark.parametrize(
        ("chosen", "options", "kept"),
        [
            ("left", {}, ["first>load.left"]),
            (re.compile("^load"), {}, ["first>load.left", "first>load.right"]),
            (["check.check"], {"include_upstream": False, "include_downstream": True}, ["check.check>last"]),
            (
                ["check.check"],
                {"include_upstream": False, "include_direct_upstream": True},
                ["load.left>check.check", "load.right>check.check"],
            ),
        ],
    )
    def test_it_has_what_is_chosen_and_its_relatives(self, whole: DAG, chosen: Any, options: Any, kept: Any) -> None:
        assert edges(whole.partial_subset(chosen, **options)) == kept
        assert edges(whole.sub_dag(chosen, **options)) == kept

    def test_setups_bring_their_teardowns(self) -> None:
        with DAG("d") as whole:
            before, work, after, other = steps("before work after other")
            before >> work >> after.as_teardown(setups=before)
            work >> other
        assert whole.partial_subset("work").task_ids == ["before", "work", "after"]

    def test_groups_that_hold_nothing_are_left_out_and_the_dag_says_the_same(self, whole: DAG) -> None:
        part = model(whole.sub_dag("left"))
        assert list(part.groups) == ["load"]
        assert part.fields == model(whole).fields
        assert part.tasks["load.left"] == model(whole).tasks["load.left"]

    def test_it_is_a_copy(self, whole: DAG) -> None:
        before = model(whole)
        part = whole.sub_dag("check.check", include_upstream=False)
        part.get_task("check.check").rules.append("b")
        part.get_task("check.check").retries = 3
        part.dag_id = "e"
        with part:
            Step(task_id="more")
        assert model(whole) == before
        assert part.get_task("check.check").dag is part
