"""Airflow's own example DAGs, from its published wheels, against what real Airflow says of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, skip_or_fail

from dagserial.model import Dag
from dagserial.sources import files
from dagserial.sources.reading import Reading, ReadOptions

WHEELS = {
    "2.9.2": ("apache-airflow==2.9.2",),
    "3.3.2": ("apache-airflow-core==3.3.2", "apache-airflow-providers-standard==1.21.0"),
}
FOLDERS = {
    "2.9.2": ("airflow/example_dags",),
    "3.3.2": ("airflow/example_dags", "airflow/providers/standard/example_dags"),
}
WITH_TOOLS = {
    "2.9.2": {
        # `if is_venv_installed():`; true here, as for whoever has virtualenv.
        *("example_branch_operator", "example_branch_python_operator_decorator", "example_python_decorator"),
        *("example_python_operator", "tutorial_taskflow_api_virtualenv"),
        # `try: from kubernetes.client import models`; importable here.
        *("example_kubernetes_executor", "example_local_kubernetes_executor"),
    },
    "3.3.2": {"example_kubernetes_executor", "example_local_kubernetes_executor"},
}
"""DAGs that say something else where virtualenv or kubernetes is installed; the facts are from where neither is."""


@pytest.fixture(scope="module", params=sorted(WHEELS))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reading(version: str, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    folder = tmp_path_factory.mktemp(f"airflow-{version}")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *WHEELS[version]]
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
    if done.returncode:
        skip_or_fail(
            "wheels", f"cannot fetch the wheels of Airflow: pip download --no-deps {' '.join(WHEELS[version])}"
        )
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "tree")
    return files.read(folder / "tree", ReadOptions(dags=FOLDERS[version], airflow_version=version))


@pytest.fixture(scope="module")
def facts(version: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "fixtures/airflow_examples" / f"{version}.json").read_text())
    return {dag_id: fact for dag_id, fact in loaded.items() if dag_id not in WITH_TOOLS[version]}


@pytest.fixture(scope="module")
def dags(reading: Reading, version: str) -> dict[str, Dag]:
    read = {parsed.dag.dag_id: parsed.dag for parsed in reading.parsed}
    return {dag_id: dag for dag_id, dag in read.items() if dag_id not in WITH_TOOLS[version]}


def test_every_example_file_reads(reading: Reading) -> None:
    assert reading.errors == ()


def test_dag_ids_are_those_of_airflow(dags: dict[str, Dag], facts: dict[str, Any]) -> None:
    assert sorted(dags) == sorted(facts)


def test_tasks_are_those_of_airflow(dags: dict[str, Dag], facts: dict[str, Any]) -> None:
    assert {dag_id: sorted(dag.tasks) for dag_id, dag in dags.items()} == {
        dag_id: fact["tasks"] for dag_id, fact in facts.items()
    }


def test_edges_are_those_of_airflow(dags: dict[str, Dag], facts: dict[str, Any]) -> None:
    assert {dag_id: edges(dag) for dag_id, dag in dags.items()} == {
        dag_id: fact["edges"] for dag_id, fact in facts.items()
    }


def test_mapped_tasks_and_groups_are_those_of_airflow(dags: dict[str, Dag], facts: dict[str, Any]) -> None:
    found = {
        dag_id: (sorted(task_id for task_id, task in dag.tasks.items() if task.mapping), sorted(dag.groups))
        for dag_id, dag in dags.items()
    }
    assert found == {dag_id: (fact["mapped"], fact["groups"]) for dag_id, fact in facts.items()}


def edges(dag: Dag) -> list[list[str]]:
    return sorted([before, task_id] for task_id, task in dag.tasks.items() for before in task.upstream)


def test_the_facts_are_of_many_dags() -> None:
    counts = {
        path.stem: len(json.loads(path.read_text())) for path in Path(ROOT / "fixtures/airflow_examples").glob("*.json")
    }
    assert counts == {"2.9.2": 56, "3.3.2": 113}
