"""Live DAGs of Airflow that nobody watched while they were declared, in Airflow's own process."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest
from support import ROOT, airflow_python

DAG_FILE = """\
import datetime as dt
from airflow import DAG
from airflow.decorators import task, task_group
from airflow.operators.bash import BashOperator
from airflow.utils.task_group import TaskGroup

with DAG("etl", schedule="@daily", start_date=dt.datetime(2026, 1, 1), default_args={"retries": 2}, tags=["b", "a"], params={"x": 1}) as dag:
    extract = BashOperator(task_id="extract", bash_command="echo", retries=0)
    parts = BashOperator.partial(task_id="parts", pool="small").expand(bash_command=["a", "b"])
    with TaskGroup("load", tooltip="t", default_args={"retries": 5}) as load:
        BashOperator(task_id="copy", bash_command="cp", env={"A": "1"}, params={"y": 2})

    @task
    def check(value, limit=1):
        return value

    @task_group
    def each(item):
        check(item)

    extract >> parts >> load
    check.partial(limit=2).expand(value=[1, 2])
    each.expand(item=[1])
"""
PROGRAM = """\
import json, runpy, sys
sys.path.insert(0, sys.argv[1])
sys.path.append(sys.argv[1] + "/dagserial/sources/collector/spare")
dag = runpy.run_path(sys.argv[2])["dag"]
from dagserial.canonical import settled_bytes
from dagserial.sources import live
model, warnings = live.read(dag)
print("\\n" + json.dumps([json.loads(settled_bytes(model)), [one.message for one in warnings]]))
"""


@pytest.fixture(scope="module", params=["2.11.2", "3.3.2"])
def inferred(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any]:
    """What an Airflow's own process makes of the DAG: its fields, groups and tasks; and the warnings."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "etl.py").write_text(DAG_FILE)
    env = {"AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PATH": os.environ["PATH"]}
    command = [airflow_python(request.param), "-c", PROGRAM, str(ROOT), str(folder / "etl.py")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    model, warnings = json.loads(done.stdout.strip().splitlines()[-1])
    return model, warnings


def test_a_dags_own_arguments_are_what_differs_from_a_blank_one(inferred: tuple[dict[str, Any], Any]) -> None:
    assert inferred[0]["fields"] == {
        "dag_id": "etl",
        "default_args": {"retries": 2},
        "params": [["x", {"$": "param", "default": 1}]],
        "schedule": "@daily",
        "start_date": {"$": "datetime", "value": "2026-01-01T00:00:00", "zone": "UTC"},
        "tags": ["a", "b"],
    }


def test_tasks_have_what_reached_their_constructors(inferred: tuple[dict[str, Any], Any]) -> None:
    tasks = inferred[0]["tasks"]
    bash = "airflow.providers.standard.operators.bash.BashOperator"
    assert tasks["extract"] == {"args": {"bash_command": "echo", "retries": 0}, "operator": bash}
    assert tasks["load.copy"]["args"] == {
        "bash_command": "cp",
        "env": {"A": "1"},
        "params": {"y": {"$": "param", "default": 2}},
        "retries": 5,
    }
    assert tasks["load.copy"]["upstream"] == ["parts"]
    assert tasks["each.check"]["args"]["op_args"] == [{"$": "mapped_argument", "name": "item"}]


def test_mapped_tasks_have_what_partial_was_given(inferred: tuple[dict[str, Any], Any]) -> None:
    tasks, groups = inferred[0]["tasks"], inferred[0]["groups"]
    assert tasks["parts"]["args"] == {"pool": "small", "retries": 2}
    assert tasks["parts"]["mapping"] == {"expand": [["bash_command", ["a", "b"]]]}
    assert tasks["check"]["args"]["op_kwargs"] == {"limit": 2}
    assert tasks["check"]["args"]["python_callable"]["name"] == "<run_path>.check"
    assert groups == {
        "each": {"mapping": {"expand": [["item", [1]]]}},
        "load": {"default_args": {"retries": 5}, "tooltip": "t"},
    }


def test_it_says_that_it_is_inferred(inferred: tuple[dict[str, Any], Any]) -> None:
    (warning,) = inferred[1]
    assert "inferred" in warning
