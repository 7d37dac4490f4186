"""Changes that other tools' comparisons lose, found in DAG files by the command."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from support import Repo

Run = Callable[..., subprocess.CompletedProcess[str]]
Found = tuple[str, str, str, str]

DAG = """
from airflow.sdk import DAG, TaskGroup, task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from rates import in_euro

with DAG("etl", schedule="@daily", template_searchpath="sql"):
    with TaskGroup("inputs", prefix_group_id=False):
        get = BashOperator(task_id="get", bash_command=["cp", "a", "b"])
    with TaskGroup("outputs", prefix_group_id=False):
        report = BashOperator(task_id="report", bash_command="echo {{ ds }}")
    load = SQLExecuteQueryOperator(task_id="load", conn_id="db", sql="load.sql", retries=2)

    @task
    def convert(amount=1):
        return in_euro(amount)

    @task
    def count(amount=1):
        return amount

    get >> convert() >> load >> count() >> report
"""
RATES = "def in_euro(amount):\n    return amount * 0.5\n"
LONG = "echo " + "x" * 5000
FILES = {
    "dags/etl.py": DAG,
    "dags/rates.py": RATES,
    "dags/sql/load.sql": f"select 1 -- {'y' * 5000}\nfrom a\n",
    "dags/long.py": f"""
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
with DAG("long"):
    BashOperator(task_id="a", bash_command={LONG!r})
""",
}

DAG_FILE, LONG_FILE, SQL_FILE = "dags/etl.py", "dags/long.py", "dags/sql/load.sql"
GET = 'get = BashOperator(task_id="get", bash_command=["cp", "a", "b"])'
LOAD = 'load = SQLExecuteQueryOperator(task_id="load", conn_id="db", sql="load.sql", retries=2)'

CASES: dict[str, tuple[str, str, str, list[Found]]] = {
    "a task renamed and edited": (
        DAG_FILE,
        'task_id="load", conn_id="db", sql="load.sql", retries=2',
        'task_id="save", conn_id="db", sql="load.sql", retries=5',
        [
            ("task-renamed", "save", "/tasks/save", "breaking"),
            ("task-retries-changed", "save", "/tasks/save/args/retries", "behavioural"),
        ],
    ),
    "a task removed": (
        DAG_FILE,
        "load >> count() >> report",
        "load >> report",
        [
            ("task-removed", "count", "/tasks/count", "breaking"),
            ("task-upstream-removed", "count -> report", "/tasks/report/upstream/count", "behavioural"),
            ("task-upstream-added", "load -> report", "/tasks/report/upstream/load", "behavioural"),
        ],
    ),
    "an unmapped task is mapped": (
        DAG_FILE,
        GET,
        'get = BashOperator.partial(task_id="get").expand(bash_command=["cp", "a", "b"])',
        [
            ("task-argument-changed", "get", "/tasks/get/args/bash_command", "behavioural"),
            ("task-mapping-added", "get", "/tasks/get/mapping", "breaking"),
        ],
    ),
    "a trigger rule": (
        DAG_FILE,
        'bash_command="echo {{ ds }}"',
        'bash_command="echo {{ ds }}", trigger_rule="all_done"',
        [("task-trigger-rule-changed", "report", "/tasks/report/args/trigger_rule", "behavioural")],
    ),
    "a group moved, no id changed": (
        DAG_FILE,
        'with TaskGroup("outputs", prefix_group_id=False):\n        report',
        'with TaskGroup("all", prefix_group_id=False), TaskGroup("outputs", prefix_group_id=False):\n        report',
        [
            ("group-added", "all", "/groups/all", "cosmetic"),
            ("group-moved", "outputs", "/groups/outputs/parent", "cosmetic"),
        ],
    ),
    "the order of a list": (
        DAG_FILE,
        '["cp", "a", "b"]',
        '["cp", "b", "a"]',
        [("task-argument-order-changed", "get", "/tasks/get/args/bash_command", "behavioural")],
    ),
    "the body of a function that a task calls": (
        "dags/rates.py",
        "0.5",
        "0.6",
        [("task-code-changed", "convert", "/tasks/convert/args/python_callable", "behavioural")],
    ),
    "a SQL file beyond its 4,096th character": (
        SQL_FILE,
        "from a",
        "from b",
        [("task-code-changed", "load", "/tasks/load/args/sql", "behavioural")],
    ),
    "text beyond its 4,096th character": (
        LONG_FILE,
        LONG,
        LONG[:-1] + "y",
        [("task-argument-changed", "a", "/tasks/a/args/bash_command", "behavioural")],
    ),
}


def found(dagserial: Run, repo: Repo) -> list[Any]:
    done = dagserial("diff", "HEAD", "@worktree", "-f", "json", cwd=repo.folder)
    assert (done.returncode, done.stderr) == (0, "")
    changes: list[Any] = json.loads(done.stdout)["changes"]
    return changes


@pytest.mark.parametrize("case", CASES)
def test_what_others_lose_is_found_and_nothing_else(dagserial: Run, repo: Repo, case: str) -> None:
    file, old, new, expected = CASES[case]
    assert FILES[file].count(old) == 1
    repo.commit(FILES)
    repo.write({file: FILES[file].replace(old, new)})
    changes = found(dagserial, repo)
    assert [(one["rule"], one["object"]["id"], one["path"], one["severity"]) for one in changes] == expected
