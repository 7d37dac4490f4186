"""Nothing but the DAG moves its digest: neither where it lies, nor the configuration, nor the machine, nor versions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from collision_cases import CASES, HEAD, side
from support import ROOT

CONFIGURED = {
    "max_active_tasks_per_dag": "3",
    "catchup_by_default": "True",
    "default_timezone": "Asia/Tokyo",
    "default_task_retries": "7",
    "default_owner": "somebody",
    "dags_folder": "/somewhere/dags",
}
"""Settings of `[core]` on which Airflow's own hash depends, and the like."""

FILE = """
import datetime as dt
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

def work(): return 1

with DAG("unsaid", start_date=dt.datetime(2026, 1, 1), schedule="@daily"):
    BashOperator(task_id="bash", bash_command="run") >> PythonOperator(task_id="python", python_callable=work)
"""
"""A DAG that leaves to the configuration what can be left to it."""


def tree(root: Path, dags: str = "dags") -> Path:
    """Lay the DAG files of the fixtures, one side of every measured pair, and one more in a folder."""
    shutil.copytree(ROOT / "fixtures" / "dags", root / dags, ignore=shutil.ignore_patterns("__pycache__"))
    declared = (side(name, 0).removeprefix(HEAD) for name in CASES)
    (root / dags / "cases.py").write_text(HEAD + "".join(declared))
    (root / dags / "unsaid.py").write_text(FILE)
    (root / "dagserial.toml").write_text(f'dags = ["{dags}"]\n')
    return root


def bodies(
    root: Path, *flags: str, python: Path | str = sys.executable, cwd: Path | None = None, **env: str
) -> dict[str, bytes]:
    """Return the records of a tree by dag_id, as the command line writes them in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "TZ", "AIRFLOW"))}
    folder = root.parent / f"{root.name}-records"
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(python), "-m", "dagserial", "serialize", str(root), "-o", str(folder), *flags]
    env = {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **env}
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {file.stem: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("measured") / "clone")


@pytest.fixture(scope="module")
def expected(clone: Path) -> dict[str, bytes]:
    return bodies(clone, PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C.UTF-8")


def test_every_dag_is_read(expected: dict[str, bytes]) -> None:
    assert len(expected) == len(CASES) + 21
    assert expected.keys() >= CASES.keys() | {"unsaid", "airflow_2", "kubernetes_pods"}


def test_what_the_author_left_unsaid_stays_unsaid(expected: dict[str, bytes]) -> None:
    assert b"catchup" not in expected["unsaid"]
    assert b"owner" not in expected["unsaid"]
    assert b'"start_date":{"$":"datetime","value":"2026-01-01T00:00:00"}' in expected["unsaid"]


@pytest.mark.parametrize("setting", sorted(CONFIGURED))
def test_a_setting_of_airflow_moves_no_digest(setting: str, clone: Path, expected: dict[str, bytes]) -> None:
    variable = f"AIRFLOW__CORE__{setting.upper()}"
    found = bodies(clone, "--env", f"{variable}={CONFIGURED[setting]}", **{variable: CONFIGURED[setting]})
    assert found == expected


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"TZ": "America/St_Johns"}, id="TZ"),
        pytest.param({"LC_ALL": "C"}, id="LC_ALL-C"),
        pytest.param({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, id="LC_ALL-turkish"),
        pytest.param({"PYTHONHASHSEED": "4242"}, id="PYTHONHASHSEED"),
        pytest.param({"PYTHONUTF8": "1", "PYTHONOPTIMIZE": "1"}, id="python-flags"),
        pytest.param({"AIRFLOW_HOME": "/elsewhere", "HOME": "/nowhere", "USER": "somebody"}, id="home-and-user"),
    ],
)
def test_the_process_moves_no_digest(env: dict[str, str], clone: Path, expected: dict[str, bytes]) -> None:
    assert bodies(clone, **env) == expected


def test_the_working_directory_moves_no_digest(clone: Path, expected: dict[str, bytes]) -> None:
    assert bodies(clone, cwd=Path("/")) == expected
    assert bodies(clone, cwd=clone / "dags") == expected


def test_the_path_of_the_clone_moves_no_digest(tmp_path: Path, expected: dict[str, bytes]) -> None:
    assert bodies(tree(tmp_path / "another clone" / "at a much longer path")) == expected


def test_the_path_of_the_dag_folder_moves_no_digest(tmp_path: Path, expected: dict[str, bytes]) -> None:
    found = bodies(tree(tmp_path / "clone", "orchestration/airflow/workflows"))
    names_its_folder = {name for name, body in expected.items() if b'"rooted"' in body}
    assert names_its_folder == {"rooted"}
    assert {name for name in expected if found[name] != expected[name]} <= names_its_folder


@pytest.mark.parametrize("version", ["3.0.6", "3.4.0"])
def test_the_version_of_airflow_moves_no_digest(version: str, clone: Path, expected: dict[str, bytes]) -> None:
    assert bodies(clone, "--airflow-version", version) == expected


def test_airflow_2_moves_no_digest_of_a_dag_that_does_not_ask_for_3(tmp_path: Path, expected: dict[str, bytes]) -> None:
    root = tree(tmp_path / "clone")
    for file in (root / "dags").rglob("*.py"):
        if "airflow.sdk" in file.read_text() and file.stem != "import_ladder":
            file.unlink()
    found = bodies(root, "--airflow-version", "2.9.2")
    assert len(found) > len(expected) / 2
    assert {name for name, body in found.items() if body != expected[name]} <= {"import_ladder"}


def test_the_version_of_python_moves_no_digest(another_python: Path, clone: Path, expected: dict[str, bytes]) -> None:
    assert bodies(clone, python=another_python) == expected
