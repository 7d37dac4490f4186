"""`diff` with what was renamed: flags and settings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Repo

from dagserial.cli.settings import moved, settings
from dagserial.errors import SettingsError

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ETL = """
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("{dag}", schedule="@daily") as dag:
    BashOperator(task_id="extract", bash_command="fetch all rows") >> BashOperator(
        task_id="{task}", bash_command="{command}"
    )
"""
CLEAN = "clean the rows of yesterday"


@pytest.fixture
def renamed(repo: Repo) -> Repo:
    """Two commits: a DAG is renamed and moves to another file, its task is renamed and edited."""
    repo.commit({"dags/etl.py": ETL.format(dag="etl", task="clean", command=CLEAN)})
    (repo.folder / "dags/etl.py").unlink()
    repo.commit({"dags/elt.py": ETL.format(dag="elt", task="scrub", command=CLEAN + " and today")})
    return repo


def changes(run: Run, repo: Repo, *flags: str) -> list[dict[str, Any]]:
    done = run("diff", "HEAD~1", "HEAD", "-f", "json", *flags, cwd=repo.folder)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
    return found


def fates(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(change["operation"], change["object"]["id"]) for change in found]


def test_what_was_renamed_is_found_and_picked_by_either_id(dagserial: Run, renamed: Repo) -> None:
    flags = ("-M", "30")
    expected = [("renamed", "elt"), ("renamed", "scrub"), ("changed", "scrub")]
    assert fates(changes(dagserial, renamed, *flags)) == expected
    assert fates(changes(dagserial, renamed, *flags, "--", "etl")) == expected
    assert fates(changes(dagserial, renamed, *flags, "--", "etl.clean")) == expected[1:]
    assert changes(dagserial, renamed, *flags, "--", "other") == []


def test_only_declared_renames_are_left_without_detection(dagserial: Run, renamed: Repo) -> None:
    assert fates(changes(dagserial, renamed, "--no-renames")) == [("added", "elt"), ("removed", "etl")]
    renamed.write({"dagserial.toml": '[moved]\netl = "elt"\n"etl.clean" = "elt.scrub"\n'})
    found = changes(dagserial, renamed, "--no-renames")
    assert [change["declared"] for change in found if change["operation"] == "renamed"] == [True, True]


def test_declared_moves_are_no_option_of_reading(tmp_path: Path) -> None:
    (tmp_path / "dagserial.toml").write_text('timeout = 5\n[moved]\na = "b"\n')
    assert (settings(tmp_path), moved(tmp_path), moved(None)) == ({"timeout": 5}, {"a": "b"}, {})


@pytest.mark.parametrize("table", ['moved = "a"', "[moved]\na = 1"])
def test_moves_that_are_no_ids_are_refused(tmp_path: Path, table: str) -> None:
    (tmp_path / "dagserial.toml").write_text(table)
    with pytest.raises(SettingsError, match=r"moved in dagserial\.toml is no table"):
        moved(tmp_path)


def test_a_function_renamed_is_a_task_renamed_and_no_more(dagserial: Run, repo: Repo) -> None:
    flow = """
from airflow.decorators import dag, task

@dag(schedule="@daily")
def etl():
    @task
    def extract(n=1):
        return [n, n + 1]

    @task
    def load(rows):
        return len(rows)

    load(extract())
    load(extract(2))

etl()
"""
    repo.commit({"dags/etl.py": flow})
    repo.commit({"dags/etl.py": flow.replace("extract", "pull")})
    assert fates(changes(dagserial, repo)) == [("renamed", "pull"), ("renamed", "pull__1")]
    repo.commit({"dags/etl.py": flow.replace("extract", "pull").replace("n + 1", "n + 2")})
    found = changes(dagserial, repo)
    assert [(one["rule"], one["object"]["id"]) for one in found] == [
        ("task-code-changed", "pull"),
        ("task-code-changed", "pull__1"),
    ]
