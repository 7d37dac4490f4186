"""The model of what is declared: each declared thing in its written form."""

from __future__ import annotations

import datetime as dt
import enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dagserial.authoring import (
    DAG,
    Asset,
    AssetAlias,
    AssetAll,
    AssetAny,
    BaseOperator,
    Label,
    Param,
    TaskGroup,
    task,
    task_group,
)
from dagserial.authoring.asset import AssetRef
from dagserial.canonical import canonical_bytes
from dagserial.errors import UnsupportedValueError
from dagserial.model import ValueWarning
from dagserial.sources import live
from dagserial.sources.code import Code

UNCODED = Code(is_wanted=False)
"""Leaves out the digests of the classes below."""


class Step(BaseOperator):
    """An operator."""


class Color(enum.Enum):
    RED = 1


class Rule(enum.Enum):
    ALL_DONE = "all_done"


class Dataset:
    """The user's own, in spite of its name."""

    def __init__(self) -> None:
        self.rows = 2


class Unknown:
    """A class that says nothing of its objects."""

    def __reduce__(self) -> Any:
        raise TypeError


def shown(value: Any) -> str:
    return canonical_bytes(value).decode()


def written(value: Any) -> Any:
    """Return how an argument of a task is written."""
    with DAG("d") as dag:
        Step(task_id="a", value=value)
    return live.read(dag, code=UNCODED)[0].tasks["a"].args["value"]


asset = Asset("s3://a")

VALUES: dict[str, tuple[Any, Any]] = {
    "an asset by URI": (asset, {"$": "asset", "uri": "s3://a"}),
    "an asset by name": (Asset(name="a"), {"$": "asset", "uri": "a"}),
    "an asset in full": (
        Asset("n", "s3://a", group="g", extra={"k": 1}, watchers=[1]),
        {"$": "asset", "name": "n", "uri": "s3://a", "group": "g", "extra": {"k": 1}, "watchers": [1]},
    ),
    "an alias": (AssetAlias("x", group="g"), {"$": "asset_alias", "name": "x", "group": "g"}),
    "a reference by name": (AssetRef(name="x"), {"$": "asset_ref", "name": "x"}),
    "a reference by URI": (AssetRef(uri="x"), {"$": "asset_ref", "uri": "x"}),
    "all": (AssetAll(asset, asset), {"$": "asset_all", "objects": [{"$": "asset", "uri": "s3://a"}] * 2}),
    "any of all": (
        asset | (asset & AssetAlias("x")),
        {
            "$": "asset_any",
            "objects": [
                {"$": "asset", "uri": "s3://a"},
                {"$": "asset_all", "objects": [{"$": "asset", "uri": "s3://a"}, {"$": "asset_alias", "name": "x"}]},
            ],
        },
    ),
    "conditions of one kind are one": (
        AssetAny(asset | asset, asset),
        {"$": "asset_any", "objects": [{"$": "asset", "uri": "s3://a"}] * 3},
    ),
    "a param": (
        Param(1, description="d", type="integer"),
        {"$": "param", "default": 1, "description": "d", "schema": {"type": "integer"}},
    ),
    "a param of the DAG": (DAG("x").param("p"), {"$": "dag_param", "name": "p"}),
    "a DAG": (DAG("x"), {"$": "dag", "dag_id": "x"}),
    "a task": (Step(task_id="x"), {"$": "task", "task": "x"}),
    "a group": (TaskGroup("g", dag=DAG("x")), {"$": "task_group", "group": "g"}),
    "a time": (dt.timedelta(minutes=5), {"$": "timedelta", "value": "PT300S"}),
    "an enum": (Color.RED, {"$": "enum", "class": f"{__name__}.Color", "name": "RED", "value": 1}),
    "an object named like one of Airflow's": (
        Dataset(),
        {"$": "object", "class": f"{__name__}.Dataset", "state": {"rows": 2}},
    ),
    "a class": (Unknown, {"$": "class", "name": f"{__name__}.Unknown"}),
    "an object that says nothing": (Unknown(), {"$": "opaque", "class": f"{__name__}.Unknown"}),
    "a user's own tag": ({"$": "x"}, {"$": "dict", "items": [["$", "x"]]}),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_declared_thing_has_a_written_form(name: str) -> None:
    value, expected = VALUES[name]
    assert shown(written(value)) == shown(expected)


def test_a_decorated_function_is_written_as_the_function() -> None:
    def work() -> int:
        return 1

    assert shown(written(task(work))) == shown(written(work))
    assert written(work)["name"].endswith("work")


def test_assets_are_equal_by_name_and_uri() -> None:
    assert Asset("a") == Asset("a", extra={"k": 1})
    assert len({Asset("a"), Asset("a"), Asset("b")}) == 2
    assert Asset("a") != "a"
    with pytest.raises(TypeError, match="needs a name or a uri"):
        Asset()


def test_rules_are_written_as_their_values() -> None:
    with DAG("d") as dag:
        Step(task_id="a", trigger_rule=Rule.ALL_DONE, weight_rule="upstream", other=Rule.ALL_DONE)
    args = live.read(dag)[0].tasks["a"].args
    assert (args["trigger_rule"], args["weight_rule"], args["other"]["$"]) == ("all_done", "upstream", "enum")


def test_params_of_a_task_are_params() -> None:
    with DAG("d") as dag:
        Step(task_id="a", params={"x": 1, "y": Param(2)})
    assert shown(live.read(dag)[0].tasks["a"].args["params"]) == shown(
        {"x": {"$": "param", "default": 1}, "y": {"$": "param", "default": 2}}
    )


def test_a_dag_is_read_in_full() -> None:
    with DAG("d", schedule="@daily", params={"p": 1}, tags=["t"], own=1) as dag:
        start = Step(task_id="start").as_setup()
        with TaskGroup("g", tooltip="tip", default_args={"retries": 1}) as group:
            Step(task_id="a")
            with TaskGroup("h", prefix_group_id=False):
                Step.partial(task_id="m").expand(x={"b": 1, "a": 2}, y=[1])
        end = Step(task_id="end").as_teardown(on_failure_fail_dagrun=True)
        start >> Label("go") >> group >> end
    found = msgspec.to_builtins(live.read(dag, code=UNCODED)[0])
    assert shown(found) == shown(
        {
            "fields": {
                "dag_id": "d",
                "schedule": "@daily",
                "params": [["p", {"$": "param", "default": 1}]],
                "tags": ["t"],
                "extra": {"own": 1},
            },
            "groups": {
                "g": {"tooltip": "tip", "default_args": {"retries": 1}},
                "h": {"parent": "g", "prefix_group_id": False},
            }
            if "h" in found["groups"]
            else {
                "g": {"tooltip": "tip", "default_args": {"retries": 1}},
                "g.h": {"parent": "g", "prefix_group_id": False},
            },
            "tasks": {
                "start": {"operator": f"{__name__}.Step", "setup": True},
                "g.a": {
                    "operator": f"{__name__}.Step",
                    "args": {"retries": 1},
                    "group": "g",
                    "upstream": ["start"],
                    "labels": {"start": "go"},
                },
                "m": {
                    "operator": f"{__name__}.Step",
                    "args": {"retries": 1},
                    "group": "g.h",
                    "mapping": {"expand": [["x", {"$": "dict", "items": [["b", 1], ["a", 2]]}], ["y", [1]]]},
                    "upstream": ["start"],
                    "labels": {"start": "go"},
                },
                "end": {
                    "operator": f"{__name__}.Step",
                    "teardown": True,
                    "on_failure_fail_dagrun": True,
                    "upstream": ["g.a", "m"],
                },
            },
        }
    )


def test_a_mapped_group_is_read_with_its_mapping() -> None:
    @task_group
    def both(x: Any, y: Any) -> None:
        Step(task_id="a", value=x)

    with DAG("d") as dag:
        both.partial(y=1).expand_kwargs([{"x": 1}])
    group = msgspec.to_builtins(live.read(dag)[0].groups["both"])
    assert shown(group) == shown({"args": {"y": 1}, "mapping": {"expand_kwargs": [{"x": 1}]}})


def test_what_is_not_fully_known_is_a_warning_where_it_stands() -> None:
    with DAG("d", doc_md=Unknown()) as dag:
        Step(task_id="a", env={"b/c": [Unknown(), Unknown()]})
        Step.partial(task_id="m").expand(x=[Unknown()])
    message = f"a {__name__}.Unknown has no deterministic form; only its class is kept"
    assert live.read(dag)[1] == tuple(
        ValueWarning(path, message)
        for path in (
            "/dag/doc_md",
            "/tasks/a/args/env/b~1c/0",
            "/tasks/a/args/env/b~1c/1",
            "/tasks/m/mapping/expand/x/0",
        )
    )


def test_an_argument_that_nests_too_deeply_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    with DAG("d") as dag:
        Step(task_id="a")
    dag.tasks[0]._dagserial_declared["value"] = deep
    for _ in range(5000):
        deep = [deep]
    dag.tasks[0]._dagserial_declared["value"] = deep
    with pytest.raises(UnsupportedValueError, match="nested too deeply"):
        live.read(dag)


def test_an_argument_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    with DAG("d") as dag:
        Step(task_id="a", value=loop)
    loop.append(loop)
    with pytest.raises(
        UnsupportedValueError, match=r"holds itself \(at /tasks/a/args/value, DAG 'd', .*test_sources_live.py:\d+\)"
    ):
        live.read(dag)


def test_text_that_names_the_root_is_rooted(tmp_path: Path) -> None:
    with DAG("d", doc_md=f"in {tmp_path}/a") as dag:
        Step(task_id="a", path=tmp_path / "b", env={str(tmp_path): 1})
    found = live.read(dag, root=str(tmp_path))[0]
    assert found.fields.doc_md == {"$": "rooted", "parts": ["in ", "/a"]}
    assert found.tasks["a"].args["path"] == {"$": "path", "value": {"$": "rooted", "parts": ["", "/b"]}}
    assert str(tmp_path) not in shown(msgspec.to_builtins(found))


def test_the_callers_encoders_are_asked_first() -> None:
    with DAG("d") as dag:
        Step(task_id="a", value=Unknown(), color=Color.RED)
    found, warnings = live.read(
        dag, encoders={Unknown: lambda value, encode: {"$": "mine"}, Color: lambda c, _: c.name}
    )
    assert shown(found.tasks["a"].args) == shown({"value": {"$": "mine"}, "color": "RED"})
    assert warnings == ()


def test_reading_twice_is_the_same() -> None:
    with DAG("d", tags={"b", "a", "c"}) as dag:
        Step(task_id="a", value={"z": {3, 1, 2}})
    assert shown(msgspec.to_builtins(live.read(dag)[0])) == shown(msgspec.to_builtins(live.read(dag)[0]))
