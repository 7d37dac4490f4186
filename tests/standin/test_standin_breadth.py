"""What real repositories do beside plain DAG files: sub-DAGs, factories, policies, names that may be anything."""

from __future__ import annotations

import pytest
from standin_trees import IMPORTS, Found, read, read_expressions, shown

FACTORY = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("shared") as shared:
    BashOperator(task_id="a")
unopened = DAG("unopened")
def make(name, steps, parent=None):
    dag = DAG(f"{parent.dag_id}.{name}" if parent else name, default_args={"retries": len(steps)})
    last = None
    for step in steps:
        task = BashOperator(task_id=step, dag=dag)
        if last is not None:
            last >> task
        last = task
    return dag
def opened(name):
    with DAG(name):
        BashOperator(task_id="a")
class Builder:
    def __init__(self, name):
        self.dag = DAG(name)
    def add(self, *names):
        self.dag.add_tasks([BashOperator(task_id=name) for name in names])
        return self
"""

FILES = {
    "plugins/factory.py": FACTORY,
    "dags/subdags.py": f"""{IMPORTS}
from airflow.operators.subdag import SubDagOperator
from factory import make
with DAG("outer") as dag:
    inner = make("inner", ["x", "y"], dag)
    SubDagOperator(task_id="deepest", subdag=make("deepest", ["z"], inner), dag=inner)
    BashOperator(task_id="before") >> SubDagOperator(task_id="inner", subdag=inner, executor="Local")
part = dag.sub_dag("before")
named = dag.partial_subset("before")
named.dag_id = "outer_before"
BashOperator(task_id="count", size=len(part.tasks), dag=dag)
""",
    "dags/made.py": """
import factory
from factory import Builder, make, opened
# airflow DAG
for name in ("one", "two"):
    globals()[f"dag_{name}"] = make(f"made_{name}", [name])
kept_elsewhere = [make("in_a_list", ["x"])]
opened("made_open")
built = Builder("built").add("a", "b").dag
""",
    "dags/policies.py": f"""{IMPORTS}
import airflow_local_settings
from airflow_local_settings import task_policy, LIMIT
with DAG("policies"):
    BashOperator(task_id="a", limit=LIMIT, own=airflow_local_settings.OTHER)
task_policy(None)
""",
    "dags/policies_here.py": f"""{IMPORTS}
from cluster.airflow_local_settings import LIMIT, task_policy
with DAG("policies_here"):
    BashOperator(task_id="a", limit=LIMIT)
""",
    "cluster/airflow_local_settings.py": "LIMIT = 3\ndef task_policy(task):\n    task.retries = 9\n",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return read(tmp_path_factory.mktemp("breadth"), FILES, code=False)


class TestSubDags:
    def test_each_is_a_dag_of_its_own_with_the_tasks_that_its_factory_made(self, found: Found) -> None:
        assert found.upstream("outer.inner") == {"y": ("x",)}
        assert list(found.operators("outer.inner.deepest")) == ["z"]
        assert shown(found.fields("outer.inner")) == shown({"default_args": {"retries": 2}})

    def test_its_operator_names_it_and_stands_among_the_tasks(self, found: Found) -> None:
        assert found.operators("outer")["inner"] == "airflow.operators.subdag.SubDagOperator"
        assert found.upstream("outer") == {"inner": ("before",)}
        assert found.args("outer", "inner") == {
            "executor": "Local",
            "subdag": {"$": "dag", "dag_id": "outer.inner"},
        }

    def test_a_part_of_a_dag_is_a_dag_under_another_id_alone(self, found: Found) -> None:
        assert list(found.operators("outer")) == ["before", "inner", "count"]
        assert found.args("outer", "count") == {"size": 1}
        assert list(found.operators("outer_before")) == ["before"]
        assert "dags/subdags.py" not in found.errors


class TestFactories:
    def test_dags_made_by_other_modules_belong_to_the_file_that_calls_them(self, found: Found) -> None:
        files = {name: one.provenance.file for name, one in found.parsed.items() if name.startswith(("made", "built"))}
        assert files == dict.fromkeys(("built", "made_one", "made_open", "made_two"), "dags/made.py")
        assert list(found.operators("built")) == ["a", "b"]

    def test_a_block_of_an_imported_module_counts_and_a_mere_object_there_does_not(self, found: Found) -> None:
        assert "shared" in found.parsed
        assert not {"unopened", "in_a_list"} & found.parsed.keys()


class TestPolicies:
    def test_an_absent_policy_file_is_no_error(self, found: Found) -> None:
        assert shown(found.args("policies")) == shown(
            {
                "limit": {"$": "symbol", "name": "airflow_local_settings.LIMIT"},
                "own": {"$": "symbol", "name": "airflow_local_settings.OTHER"},
            }
        )

    def test_policies_of_the_tree_are_not_applied(self, found: Found) -> None:
        assert found.args("policies_here") == {"limit": 3}


LOWER: dict[str, tuple[str, object]] = {
    "a constant": ("limit", {"$": "symbol", "name": "acme.limit"}),
    "a constant in arithmetic": (
        "limit * 2",
        {"$": "op", "op": "*", "args": [{"$": "symbol", "name": "acme.limit"}, 2]},
    ),
    "a constant in text": ("f'{limit} rows'", "${acme.limit} rows"),
    "a function": ("limit(1)", {"$": "call", "function": "acme.limit", "args": [1]}),
    "a function of a function": (
        "limit()(1)",
        {"$": "call", "function": {"$": "call", "function": "acme.limit"}, "args": [1]},
    ),
    "a decorator": ("limit(lambda: 1)()", 1),
    "a module": ("limit.size", {"$": "symbol", "name": "acme.limit.size"}),
    "a module's function": ("limit.of(1)", {"$": "call", "function": "acme.limit.of", "args": [1]}),
    "a module's class": ("limit.Size(1)", {"$": "object", "class": "acme.limit.Size", "args": [1]}),
    "a mapping": ("limit['rows']", {"$": "item", "of": {"$": "symbol", "name": "acme.limit"}, "key": "rows"}),
    "a class to derive from": ("type('Own', (limit,), {'rows': 3})().rows", 3),
    "a class to compare with": ("isinstance(3, limit)", False),
    "an operator of a module": ("limit.LoadOperator(task_id='b').task_id", "b"),
}
"""What a name in lower case from an absent package is, by its use: expression and how it is written."""


def test_a_name_in_lower_case_is_what_its_use_makes_it(tmp_path: object) -> None:
    expressions = {name: expression for name, (expression, _) in LOWER.items()}
    lower = read_expressions(tmp_path, "from acme import limit\n", expressions)  # type: ignore[arg-type]
    assert lower.errors == {}
    assert {name: shown(lower.args(name)["value"]) for name in LOWER} == {
        name: shown(written) for name, (_, written) in LOWER.items()
    }
    assert lower.operators("an operator of a module")["b"] == "acme.limit.LoadOperator"
