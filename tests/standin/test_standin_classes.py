"""Classes of absent packages: operators, groups, hooks, bases, exceptions, by what they are named and given."""

from __future__ import annotations

import pytest
from standin_trees import IMPORTS, Found, read, shown

FILES = {
    "dags/operators.py": f"""{IMPORTS}
from acme import SlackOperator, FileSensorAsync, Runner, runner, Limit, MAX_SIZE
from acme.hooks import SlackHook
from acme.triggers import SlackTrigger
import acme
with DAG("operators"):
    SlackOperator(task_id="by_name", channel="x")
    FileSensorAsync(task_id="sensor")
    Runner(task_id="by_task_id", size=1)
    acme.deep.Runner.partial(task_id="mapped")
    SlackOperator.partial(task_id="mapped", a=1).expand(b=[2])
    BashOperator(
        task_id="values",
        hook=SlackHook(task_id="no task"),
        trigger=SlackTrigger(task_id="no task"),
        function=runner(task_id="no task"),
        instance=Limit(3),
        constant=MAX_SIZE,
        operator=SlackOperator,
        attribute=SlackOperator.ui_color,
    )
""",
    "dags/groups.py": f"""{IMPORTS}
from acme.groups import LoadGroup
with DAG("groups"):
    before, after = (BashOperator(task_id=name) for name in ("before", "after"))
    before >> LoadGroup(group_id="load", table="t", tooltip="tip") >> after
""",
    "dags/bases.py": f"""{IMPORTS}
from dataclasses import dataclass
from acme import BaseModel, Mixin, Callable_, Meta
class Model(BaseModel, extra="forbid"):
    name: str = "x"
    def shout(self): return self.name.upper()
class Both(Mixin, BaseModel):
    pass
class Deep(Model):
    def __init__(self, a, b=2):
        super().__init__(a)
        self.a = a
class Plain:
    pass
@dataclass
class Data:
    x: int = 1
with DAG("bases"):
    BashOperator(
        task_id="a",
        objects=[Model(name="n"), Both(1), Deep(1, b=3)],
        known=[Model().shout(), Deep(5).a, isinstance(Deep(1), BaseModel), isinstance(Both(), Mixin),
               issubclass(Deep, Model), isinstance(Plain(), BaseModel), issubclass(Plain, BaseModel)],
        unknown=[Model().other, Model()(1), Model.other],
        private=[Model()._delta, hasattr(Model(), "_delta"), getattr(Model(), "_delta", 3)],
        classes=[Model, Plain],
        data=Data(),
    )
""",
    "dags/decorated.py": f"""{IMPORTS}
from airflow.decorators import task
import acme
@acme.command()
def command(): return 1
@acme.wrap
def wrapped(): return 2
class Holder:
    @acme.wrap
    def method(self): return 3
with DAG("decorated"):
    @task
    @acme.wrap
    def inner(): return 4
    inner()
    BashOperator(task_id="a", called=[wrapped(), Holder().method()], function=wrapped, added=command.callback)
""",
    "dags/json.py": f"""{IMPORTS}
import json
from acme import Thing
class Mine:
    pass
try:
    json.dumps(Mine())
except TypeError as error:
    message = str(error)
with DAG("json_"):
    BashOperator(task_id="a", value=json.dumps([Thing(1), Thing.x]), message=message)
""",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return read(tmp_path_factory.mktemp("classes"), FILES, code=False)


def test_all_are_read(found: Found) -> None:
    assert found.errors == {}


def test_an_operator_is_known_by_its_name_or_its_task_id(found: Found) -> None:
    assert found.operators("operators") == {
        "by_name": "acme.SlackOperator",
        "sensor": "acme.FileSensorAsync",
        "by_task_id": "acme.Runner",
        "mapped": "acme.SlackOperator",
        "values": "airflow.providers.standard.operators.bash.BashOperator",
    }
    assert found.args("operators", "by_task_id") == {"size": 1}
    assert found.args("operators", "mapped") == {"a": 1}


def test_hooks_triggers_and_functions_are_no_operators(found: Found) -> None:
    kwargs = {"kwargs": {"task_id": "no task"}}
    values = found.args("operators", "values")
    assert values["hook"] == {"$": "object", "class": "acme.hooks.SlackHook", **kwargs}
    assert values["trigger"] == {"$": "object", "class": "acme.triggers.SlackTrigger", **kwargs}
    assert values["function"] == {"$": "call", "function": "acme.runner", **kwargs}
    assert values["instance"] == {"$": "object", "class": "acme.Limit", "args": [3]}
    assert values["constant"] == {"$": "symbol", "name": "acme.MAX_SIZE"}


def test_an_operators_class_and_attributes_are_named(found: Found) -> None:
    values = found.args("operators", "values")
    assert values["operator"] == {"$": "class", "name": "acme.SlackOperator"}
    assert values["attribute"] == {"$": "symbol", "name": "acme.SlackOperator.ui_color"}


def test_a_group_of_an_absent_class_is_empty_and_passes_edges_on(found: Found) -> None:
    assert found.upstream("groups") == {"after": ("before",)}
    group = found.parsed["groups"].dag.groups["load"]
    assert group.tooltip == "tip"
    assert group.args["group"]["class"] == "acme.groups.LoadGroup"
    assert found.warnings("groups") == [
        "dags/groups.py:7: the tasks of a group made by acme.groups.LoadGroup are unknown: the group is empty"
    ]


def test_objects_of_the_repositorys_classes_are_written_by_their_arguments(found: Found) -> None:
    assert shown(found.args("bases")["objects"]) == shown(
        [
            {"$": "object", "class": "bases.Model", "kwargs": {"name": "n"}},
            {"$": "object", "class": "bases.Both", "args": [1]},
            {"$": "object", "class": "bases.Deep", "args": [1], "kwargs": {"b": 3}},
        ]
    )


def test_their_own_methods_run_and_their_bases_are_known(found: Found) -> None:
    assert found.args("bases")["known"] == ["X", 5, True, True, True, False, False]


def test_what_only_the_absent_base_has_is_kept(found: Found) -> None:
    made = {"$": "object", "class": "bases.Model"}
    assert found.args("bases")["unknown"] == [
        {"$": "get", "of": made, "name": "other"},
        {"$": "call", "function": made, "args": [1]},
        {"$": "symbol", "name": "bases.Model.other"},
    ]
    assert found.args("bases")["classes"] == [
        {"$": "class", "name": "bases.Model"},
        {"$": "class", "name": "bases.Plain"},
    ]
    assert found.args("bases")["data"] == {"$": "object", "class": "bases.Data", "kwargs": {"x": 1}}


def test_what_the_absent_base_keeps_to_itself_is_there_for_code_that_reads_it(found: Found) -> None:
    made = {"$": "object", "class": "bases.Model"}
    assert found.args("bases")["private"] == [{"$": "get", "of": made, "name": "_delta"}, False, 3]


def test_a_decorated_function_is_the_function(found: Found) -> None:
    assert found.args("decorated")["called"] == [2, 3]
    assert found.args("decorated")["function"]["name"] == "decorated.wrapped"
    assert found.args("decorated", "inner")["python_callable"]["name"] == "decorated.inner"
    assert found.args("decorated")["added"]["name"] == "callback"


def test_only_symbols_become_json_text(found: Found) -> None:
    assert found.args("json_")["value"] == '["${acme.Thing(1)}", "${acme.Thing.x}"]'
    assert found.args("json_")["message"] == "Object of type Mine is not JSON serializable"
