"""The page of commits that were read by hand says what the data says; the checker tells agreement from difference."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Repo

from dagserial.diff import RULES

SCRIPT = ROOT / "benchmarks" / "ground_truth.py"
TRUTH = json.loads(SCRIPT.with_suffix(".json").read_text())
PAGE = (ROOT / "docs" / "ground-truth.md").read_text()
ROWS = {
    cells[1].strip("`"): cells
    for line in PAGE.splitlines()
    if re.search(r" \| `[0-9a-f]{12}` \| ", line) and (cells := line.strip("| ").split(" | "))
}
"""The rows of the table, by commit."""

DAG = """
from airflow import DAG
from airflow.models import Variable
from airflow.operators.bash import BashOperator
with DAG("etl"):
    BashOperator(task_id="load", bash_command="{command}", pool=Variable.get("pool"){more})
"""


def counts(entry: dict[str, Any]) -> Counter[str]:
    """Return how often each rule is told of a commit."""
    found: Counter[str] = Counter()
    for part in ("changes", "beyond"):
        for rules in entry.get(part, {}).values():
            found.update({rule: one if isinstance(one, int) else len(one) for rule, one in rules.items()})
    return found


def test_the_page_and_the_data_have_the_same_commits() -> None:
    assert list(ROWS) == [entry["commit"] for entry in TRUTH["commits"]]
    assert len(ROWS) >= 30
    assert len({entry["repository"] for entry in TRUTH["commits"]}) >= 3


@pytest.mark.parametrize("entry", TRUTH["commits"], ids=lambda entry: entry["commit"])
def test_a_row_says_what_its_data_says(entry: dict[str, Any]) -> None:
    repository, _commit, date, _fact, told, agrees = ROWS[entry["commit"]]
    assert repository.strip("`") == entry["repository"]
    assert date == entry["date"]
    assert Counter({rule: int(count) for rule, count in re.findall(r"`([a-z-]+)` (\d+)", told)}) == counts(entry)
    assert counts(entry).keys() <= RULES.keys()
    assert not entry.get("beyond") or agrees.startswith("no")


def test_the_page_counts_its_rows() -> None:
    answers = Counter("yes" if cells[-1].startswith("yes") else "no" for cells in ROWS.values())
    assert f"| read | {len(ROWS)} |" in PAGE
    assert f"| dagserial tells what was read | {answers['yes']} |" in PAGE
    assert f"in the last column | {answers['no']} |" in PAGE


def check(folder: Path, entry: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the checker on one commit, as a stranger does."""
    truth = folder / "truth.json"
    truth.write_text(json.dumps({"repositories": {"me/mine": {}}, "commits": [{"repository": "me/mine", **entry}]}))
    command = [sys.executable, str(SCRIPT), str(folder), "--truth", str(truth)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_checker_tells_agreement_from_difference(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "mine")
    repo.commit({"dags/etl.py": DAG.format(command="one", more=""), "values.json": '{"pool": "small"}'})
    edited, broken = DAG.format(command="two", more=", retries=3"), "import airflow\n1 / 0  # dag\n"
    commit = repo.commit({"dags/etl.py": edited, "dags/bad.py": broken})
    read = {"task-argument-changed": ["load"], "task-retries-changed": 1}
    entry = {"commit": commit, "changes": {"etl": read}, "unreadable": {"head": ["dags/bad.py"]}}
    entry["variables"] = "values.json"
    done = check(tmp_path, entry)
    assert (done.returncode, done.stdout) == (0, f"agrees   me/mine {commit}: 3\n")
    done = check(tmp_path, entry | {"changes": {"etl": read | {"task-retries-changed": 2}}})
    assert (done.returncode, done.stdout) == (1, f"differs  me/mine {commit}: - 1 etl task-retries-changed\n")
    done = check(tmp_path, entry | {"changes": {"etl": {"task-retries-changed": ["load"]}}})
    assert (done.returncode, done.stdout) == (1, f"differs  me/mine {commit}: + 1 etl task-argument-changed load\n")


def test_the_checker_names_a_commit_that_is_not_there(tmp_path: Path) -> None:
    Repo(tmp_path / "mine").commit({"dags/etl.py": DAG.format(command="one", more="")})
    done = check(tmp_path, {"commit": "0123456789ab"})
    assert done.returncode == 1
    assert done.stdout.startswith("fails    me/mine 0123456789ab: ")
